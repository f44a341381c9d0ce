/* Packets of Socket.IO: read, and printed as they were. */
#include "cmd/gateway/socketio_packet.h"

#include <string.h>

#include "tests/unit/cases.h"

static bool same_number(const struct json *c, const char *key, bool has,
			uint64_t v)
{
	const char *want = json_number(json_member(c, key));
	const char *text = json_string(json_member(c, key));
	uint64_t n = 0;

	if (text)
		want = text; /* more than a double takes */
	return (want != NULL) == has &&
	       (!want || (str_u64(str_from(want), &n) && n == v));
}

static bool is_as_said(const struct json *c, const struct socketio_packet *p)
{
	struct str data = cases_str(c, "data");

	return same_number(c, "type", true, p->type) &&
	       str_eq(p->nsp, cases_str(c, "nsp")) &&
	       same_number(c, "id", p->has_id, p->id) &&
	       same_number(c, "n", p->n_attachments > 0, p->n_attachments) &&
	       (data.p != NULL) == (p->data.p != NULL) && str_eq(p->data, data);
}

static bool judge(const struct json *c, void *ctx)
{
	struct str text = cases_str(c, "text"), error = cases_str(c, "error");
	struct str printed = cases_str(c, "printed");
	struct socketio_packet p;
	struct err e = { 0 };
	struct buf b = { 0 };

	(void)ctx;
	if (socketio_read(text, &p, &e)) {
		if (error.p && strstr(e.msg, error.p))
			return true;
		fail_msg("%.*s: %s", STR_ARG(text), e.msg);
	}
	if (error.p || !is_as_said(c, &p))
		fail_msg("%.*s: taken, not as it is said", STR_ARG(text));
	socketio_print(&p, &b);
	if (!str_eq(buf_str(&b), printed.p ? printed : text))
		fail_msg("%.*s: printed as %s", STR_ARG(text), b.p);
	buf_free(&b);
	return true;
}

static void packets_are_read_as_they_are_meant(void **state)
{
	struct cases_count count = cases_run("tests/fixtures/socketio",
					     "packets.jsonl", judge, NULL);

	(void)state;
	assert_true(count.n > 80 && count.good == count.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_read_as_they_are_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
