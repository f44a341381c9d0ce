#include "extract.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

struct extractor {
	const struct extract_kind *kind;
	void *compiled;
};

static const struct extract_kind *const kinds[] = {
	&extract_product, &extract_html, &extract_page,
	&extract_feed,	  &extract_json,
};

static const struct extract_kind *find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}

struct extractor *extractor_new(const char *kind, const struct json *config,
				struct err *e)
{
	struct extractor *x = xcalloc(1, sizeof(*x));

	x->kind = find_kind(kind);
	if (!x->kind) {
		err_set(e, EX_CONFIG,
			"kind: \"%s\" is not product, html, page, feed or json",
			kind);
		goto fail;
	}
	if (json_kind(config) == JSON_NULL)
		config = NULL;
	if (config && json_kind(config) != JSON_OBJECT) {
		err_set(e, EX_CONFIG, "extract: is no object");
		goto fail;
	}
	if (x->kind->compile) {
		if (x->kind->compile(config, &x->compiled, e))
			goto fail;
	} else if (json_child(config)) {
		err_set(e, EX_CONFIG,
			"extract: kind %s reads by itself; selectors go with "
			"html, json and page",
			kind);
		goto fail;
	}
	return x;
fail:
	free(x);
	return NULL;
}

void extractor_free(struct extractor **xp)
{
	struct extractor *x = *xp;

	if (!x)
		return;
	if (x->kind->release && x->compiled)
		x->kind->release(x->compiled);
	free(x);
	*xp = NULL;
}

bool extractor_has_programs(const struct extractor *x)
{
	return x->kind->has_programs && x->kind->has_programs(x->compiled);
}

int extractor_prepare(struct extractor *x, struct err *e)
{
	return x->kind->prepare ? x->kind->prepare(x->compiled, e) : 0;
}

void extractor_run(const struct extractor *x, const struct document *doc,
		   struct arena *a, struct observation *o)
{
	memset(o, 0, sizeof(*o));
	x->kind->run(x->compiled, doc, a, o);
}
