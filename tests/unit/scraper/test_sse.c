/* Event streams, whole and cut at every byte. */
#include "cases.h"

#include <string.h>

#include "common/buf.h"
#include "cmd/scraper/sse.h"

enum { MAX = 32 }; /* bytes of a line and of an event's data */

/* "TYPE|ID|DATA" and LF-NUL for each event; "big" where it stops there. */
static bool feed(struct sse *s, struct str in, struct buf *out)
{
	struct sse_event e;
	size_t used = 0;

	while (in.len) {
		enum sse_result r = sse_read(s, in, &used, &e);

		if (r == SSE_BIG)
			return false;
		if (r == SSE_EVENT) {
			buf_addf(out, "%.*s|%.*s|%.*s", STR_ARG(e.event),
				 STR_ARG(e.id), STR_ARG(e.data));
			buf_putc(out, '\0');
		}
		in = str_sub(in, used, in.len);
	}
	return true;
}

static void wanted(const struct json *c, struct buf *out)
{
	const struct json *list = json_member(c, "want");

	for (size_t i = 0; i < json_count(list); i++) {
		buf_add_str(out, str_from(json_string(json_at(list, i))));
		buf_putc(out, '\0');
	}
}

/* In two pieces that meet at `cut`, or a byte at a time where that is 0. */
static bool check_cut(const struct json *c, size_t cut)
{
	struct str in = str_from(case_text(c, "in"));
	struct buf got = { 0 }, want = { 0 };
	struct sse s = { .max = MAX };
	bool all = true, same;

	wanted(c, &want);
	for (size_t i = 0; !cut && i < in.len && all; i++)
		all = feed(&s, str_sub(in, i, i + 1), &got);
	if (cut)
		all = feed(&s, str_sub(in, 0, cut), &got) &&
		      feed(&s, str_sub(in, cut, in.len), &got);
	same = str_eq(buf_str(&got), buf_str(&want)) &&
	       all == !json_member(c, "big");
	if (json_member(c, "retry"))
		same = same &&
		       s.retry_ms ==
			       atoll(json_number(json_member(c, "retry")));
	buf_free(&got);
	buf_free(&want);
	sse_free(&s);
	return same;
}

static bool check(const struct json *c)
{
	size_t len = str_from(case_text(c, "in")).len;
	bool ok = true;

	for (size_t cut = 0; cut <= len; cut++)
		ok = check_cut(c, cut) && ok;
	return ok;
}

static void streams_are_read_wherever_they_are_cut(void **state)
{
	(void)state;
	cases_run("tests/fixtures/stream/sse.jsonl", 30, check);
}

static void bytes_that_are_no_text_are_marked(void **state)
{
	struct sse s = { .max = MAX };
	struct buf got = { 0 };

	(void)state;
	assert_true(feed(&s, STR("data: a\xff\xc3(\n\n"), &got));
	assert_string_equal(got.p, "message||a\xef\xbf\xbd\xef\xbf\xbd(");
	buf_reset(&got);
	/* An id with a NUL in it is none. */
	assert_true(feed(&s, STR("id: 7\nid: a\0b\ndata: x\n\n"), &got));
	assert_string_equal(got.p, "message|7|x");
	buf_free(&got);
	sse_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_are_read_wherever_they_are_cut),
		cmocka_unit_test(bytes_that_are_no_text_are_marked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
