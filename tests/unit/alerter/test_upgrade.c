/* A ledger that an older version has written. */
#include "cmd/alerter/alerter.h"

#include "common/stage_private.h"

#include "tests/unit/cases.h"

#define KEY	"state/lamp/shop/r/target"
#define HELD	"state/desk/shop/r/target"
#define ID	"0123456789abcdef"
#define HELD_ID "fedcba9876543210"

static void ok(int rc, const struct err *e)
{
	if (rc)
		fail_msg("%s", e->msg);
}

static void expect(struct stage *s, const char *key, const char *want)
{
	struct str val;
	struct err e;

	assert_int_equal(stage_get(s, str_from(key), &val, &e), 1);
	if (!str_is(val, want))
		fail_msg("%s: %.*s", key, STR_ARG(val));
}

static void see(struct alerter *al, struct stage *s, const char *topic,
		const char *data)
{
	static uint64_t id;
	const struct event ev = { .topic = str_from(topic),
				  .source = STR("weir/t/-"),
				  .id = ++id,
				  .time_us = INT64_C(1772323200000000),
				  .recorded_us = INT64_C(1772323200000000),
				  .data = str_from(data) };
	struct err e;

	ok(alerter_handler.event(al, s, &ev, &e), &e);
}

#define LAMP(price)                                                        \
	"{\"item\":{\"id\":\"lamp\",\"target\":\"80\"},\"price\":\"" price \
	"\",\"currency\":\"EUR\",\"source\":\"shop\"}"

static void what_was_told_is_known_and_not_told_again(void **state)
{
	const struct ledger_conf conf = { .tool = "alerter" };
	const struct stage_handler *h = &alerter_handler;
	const struct stage_options options = { .state_dir = "-" };
	struct err e = { 0 };
	struct stage s = { .h = h,
			   .options = &options,
			   .stats = stats_new(),
			   .ledger = ledger_open(&conf, &e) };
	struct alerter al = { 0 };
	uint64_t before;

	(void)state;
	ok(!s.ledger || ledger_begin(s.ledger, &e), &e);
	ok(stage_put(&s, STR(KEY),
		     STR("{\"firing\":true,\"told\":true,"
			 "\"fired\":\"2026-02-01T00:00:00.000000Z\","
			 "\"id\":\"" ID "\"}"),
		     &e),
	   &e);
	ok(stage_put(&s, STR(HELD),
		     STR("{\"firing\":true,\"held\":true,"
			 "\"due\":\"2026-03-09T00:00:00.000000Z\","
			 "\"id\":\"0000000000000000\",\"cause\":\"a 1\","
			 "\"alert\":{\"id\":\"" HELD_ID "\","
			 "\"user\":\"default\",\"rule\":\"target\","
			 "\"item\":{\"id\":\"desk\"}},"
			 "\"note\":{\"type\":\"custom\",\"title\":\"Desk\","
			 "\"message\":\"Desk\"}}"),
		     &e),
	   &e);
	alerter_init(&al);
	ok(h->open(&al, &s, &e), &e);
	expect(&s, KEY,
	       "{\"state\":\"firing\","
	       "\"fired\":\"2026-02-01T00:00:00.000000Z\","
	       "\"id\":\"" ID "\"}");
	expect(&s, "alert/" ID, KEY);
	before = ledger_outbox_count(s.ledger);
	see(&al, &s, "price.update/lamp", LAMP("79"));
	assert_int_equal(ledger_outbox_count(s.ledger), before);
	/* It can be acknowledged, and is over once. */
	see(&al, &s, "alert.ack/" ID, "{\"user\":\"ana\"}");
	assert_int_equal(ledger_outbox_count(s.ledger), before + 1);
	see(&al, &s, "price.update/lamp", LAMP("90"));
	assert_int_equal(ledger_outbox_count(s.ledger), before + 2);
	/* What was held by a silence that is not there is told by any change. */
	see(&al, &s, "silence.set/s", "null");
	assert_true(ledger_outbox_count(s.ledger) > before + 2);
	expect(&s, "alert/" HELD_ID, HELD);
	ledger_abort(s.ledger);
	alerter_fini(&al);
	ledger_close(&s.ledger);
	buf_free(&s.data);
	stats_free(&s.stats);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_told_is_known_and_not_told_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
