/* A configuration in the first line, a document in the rest. */
#include <stddef.h>
#include <stdint.h>

#include "tests/fuzz/scraper/observations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body, line = { (const char *)data, size };
	struct document doc = { .url = STR("https://x.example/api") };
	struct observation o = { 0 };
	struct arena a = { 0 };
	struct json *config;
	void *compiled = NULL;
	struct err e;

	line = str_cut(line, '\n', &body);
	config = json_parse(line, 0, &e);
	if (config && extract_json.compile(config, &compiled, &e) == 0) {
		doc.body = body;
		/* Programs are jq's, and end when they like. */
		if (!extract_json.has_programs(compiled)) {
			extract_json.run(compiled, &doc, &a, &o);
			observation_check(&o);
		}
		extract_json.release(compiled);
	}
	json_free(&config);
	arena_free(&a);
	return 0;
}
