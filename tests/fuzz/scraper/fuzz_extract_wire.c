/* Whatever a process answers, what is taken of it is an observation. */
#include <stdint.h>

#include "tests/fuzz/scraper/observations.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct observation o;
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct str filter;
	struct err e;

	if (wire_get_answer(s, &a, &o, &e) == 0) {
		for (size_t i = 0; i < o.n_items; i++)
			observation_check_item(&o.items[i]);
		observation_print(&o, &b);
		assert(json_check(buf_str(&b), JSON_UNIQUE | JSON_NO_NUL, &e) ==
		       0);
		observation_check_wire(&o, buf_str(&b));
	}
	wire_get_ready(s, &filter, &e);
	buf_free(&b);
	arena_free(&a);
	return 0;
}
