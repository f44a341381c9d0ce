/*
 * A definition: what is taken can be fetched and compared; headers are lines,
 * and a version is only ever sent back in one of its own.
 */
#include <assert.h>
#include <string.h>

#include "common/json.h"

#include "cmd/scraper/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tz_cache zones;
	const struct watch_env env = { .zones = &zones };
	struct str json = { (const char *)data, size };
	struct watch *w;

	if (json_check(json, JSON_STRICT, NULL) ||
	    json_type_of(json) != JSON_OBJECT)
		return 0;
	w = watch_new(json, (struct str){ 0 }, &env, NULL);
	if (!w)
		return 0;
	assert(str_is_id(w->def.id) && w->url);
	assert(w->extracts || w->chat || str_starts(w->def.url, STR("mock:")));
	for (size_t i = 0; i < w->lines.n; i++)
		assert(!strpbrk(w->lines.v[i], "\r\n"));
	watch_set_version(w, json, json);
	watch_free(&w);
	return 0;
}
