/* "html CONFIG" or "page CONFIG" in the first line, a document in the rest. */
#include <stddef.h>
#include <stdint.h>

#include "tests/fuzz/scraper/observations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body, config, line = { (const char *)data, size };
	struct document doc = { .url = STR("https://x.example/list") };
	struct observation o = { 0 };
	struct arena a = { 0 };
	struct extractor *x = NULL;
	struct json *json;
	struct str kind;
	struct err e;

	line = str_cut(line, '\n', &body);
	kind = str_cut(line, ' ', &config);
	doc.body = body;
	json = json_parse(config, 0, &e);
	if (json)
		x = extractor_new(str_is(kind, "page") ? "page" : "html", json,
				  &e);
	json_free(&json);
	if (x) {
		extractor_run(x, &doc, &a, &o);
		observation_check(&o);
	}
	extractor_free(&x);
	arena_free(&a);
	return 0;
}
