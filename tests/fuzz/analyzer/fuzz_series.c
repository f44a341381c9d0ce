/*
 * Bytes that decode as a series encode as something that decodes to the same,
 * and can be asked anything.
 */
#include <assert.h>

#include "cmd/analyzer/anomaly.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct series s, again;
	struct buf first = { 0 }, second = { 0 };
	struct view v;
	struct window w;
	struct anomaly a;
	struct trend t;
	int64_t now;

	if (!series_decode((struct str){ (const char *)data, size }, &s))
		return 0;
	series_encode(&s, &first);
	assert(series_decode(buf_str(&first), &again));
	series_encode(&again, &second);
	assert(str_eq(buf_str(&first), buf_str(&second)));
	/* Times of events are of the years 0 to 9999. */
	now = INT64_C(253402300799000000);
	if (s.n && (s.seg[0].start_us < INT64_C(-62167219200000000) ||
		    s.seg[s.n - 1].start_us > now))
		goto out;
	view_init(&v, &s, now);
	if (window_read(&v, WINDOW_ALL, &w))
		assert(decimal_cmp(w.min, w.max) <= 0);
	(void)window_read(&v, INT64_C(3600000000), &w);
	anomaly_judge(&v, decimal_from_int(100), &a);
	(void)trend_read(&v, &t);
out:
	buf_free(&first);
	buf_free(&second);
	return 0;
}
