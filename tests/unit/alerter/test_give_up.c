/* An alert that was held, and that ends the process whenever it is due. */
#include "cmd/alerter/alerter.h"

#include "common/stage_private.h"

#include "tests/unit/cases.h"

#define HELD(hour)                                                  \
	"{\"firing\":true,\"held\":true,\"due\":\"2026-03-01T" hour \
	":00:00Z\","                                                \
	"\"cause\":\"a 1\",\"alert\":{},\"note\":{}}"

static void ok(int rc, const struct err *e)
{
	if (rc)
		fail_msg("%s", e->msg);
}

static void what_was_held_is_gone_and_the_others_stay(void **state)
{
	const struct str first = STR("state/a/b/r/x"),
			 second = STR("state/a/b/r/y");
	const struct ledger_conf conf = { .tool = "alerter" };
	const struct stage_handler *h = &alerter_handler;
	struct err e = { 0 };
	struct stage s = { .h = h, .ledger = ledger_open(&conf, &e) };
	struct alerter al = { 0 };
	struct str val;
	int64_t due;

	(void)state;
	ok(!s.ledger || ledger_begin(s.ledger, &e), &e);
	ok(stage_put(&s, first, STR(HELD("06")), &e), &e);
	ok(stage_put(&s, second, STR(HELD("07")), &e), &e);
	alerter_init(&al);
	ok(h->open(&al, &s, &e), &e);
	due = h->deadline(&al);
	ok(h->give_up(&al, &s, due, &e), &e);
	assert_true(h->deadline(&al) > due);
	assert_int_equal(stage_get(&s, first, &val, &e), 0);
	assert_int_equal(stage_get(&s, second, &val, &e), 1);
	ledger_abort(s.ledger);
	alerter_fini(&al);
	ledger_close(&s.ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_held_is_gone_and_the_others_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
