#include <string.h>
#include <sysexits.h>

#include "common/buf.h"

#include "extract.h"

static bool is_known(const char *name, const char *const *known)
{
	for (; *known; known++)
		if (!strcmp(*known, name))
			return true;
	return false;
}

int extract_members(const struct json *config, const char *where,
		    const char *const *known, struct err *e)
{
	if (config && json_kind(config) != JSON_OBJECT)
		return err_set(e, EX_CONFIG, "%s: not a JSON object", where);
	json_each (member, config) {
		struct buf names = { 0 };

		if (is_known(json_key(member), known))
			continue;
		for (size_t i = 0; known[i]; i++)
			buf_addf(&names, "%s%s", i ? ", " : "", known[i]);
		err_set(e, EX_CONFIG, "%s: unknown member \"%s\" (there is %s)",
			where, json_key(member), names.len ? names.p : "none");
		buf_free(&names);
		return -1;
	}
	return 0;
}
