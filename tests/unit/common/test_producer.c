/*
 * The producer against a store that is played by the test, over a bus without
 * sockets and in a time of its own.
 */
#include "common/producer.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"
#include "tests/unit/fake_bus.h"

#define EPOCH UINT32_C(0x9b1c04e7)

enum { QUEUE = 2 * BUS_WINDOW };

static struct play {
	struct loop loop;
	struct bus *bus;
	struct bus_sock *ingest, *feed;
	struct bus_msg msg;
	struct producer_memory *queue;
	struct producer *p;
	uint64_t durable;
	struct err failed;
	char source[64], nonce[40];
} t;

static void on_failed(void *arg, const struct err *e)
{
	(void)arg;
	t.failed = *e;
}

static void on_durable(void *arg, uint64_t id, uint32_t epoch)
{
	(void)arg;
	(void)epoch;
	t.durable = id;
}

static void add(unsigned n)
{
	struct event ev = { .topic = STR("test.n"), .time_us = 1 };

	while (n-- > 0)
		assert_true(producer_memory_add(t.queue, &ev, NULL) > 0);
	producer_kick(t.p);
}

/* All that was added is acknowledged. */
static bool is_idle(void)
{
	return producer_connected(t.p) && producer_memory_waiting(t.queue) == 0;
}

static int setup(void **state)
{
	struct producer_conf conf = { .loop = &t.loop,
				      .failed = on_failed,
				      .durable = on_durable };
	struct err e;

	(void)state;
	t = (struct play){ .durable = 0 };
	fake_net = (struct fake_net){ .lose = 0 };
	conf.bus = t.bus = bus_new(NULL, &e);
	t.ingest = bus_open(t.bus, BUS_INGEST, &e);
	t.feed = bus_open(t.bus, BUS_FEED, &e);
	bus_msg_init(&t.msg);
	t.queue = producer_memory_new("test", QUEUE);
	conf.queue = producer_memory_queue(t.queue);
	t.p = producer_new(&conf, &e);
	return t.p ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	producer_free(&t.p);
	producer_memory_free(&t.queue);
	bus_msg_fini(&t.msg);
	bus_close(&t.ingest);
	bus_close(&t.feed);
	bus_free(&t.bus);
	return 0;
}

/* What came to ingest since the last call: "H" a hello, else ids, "3-7". */
static const char *came(void)
{
	static char text[256];
	uint64_t from = 0, to = 0;
	size_t len = 0;
	struct err e;
	int rc;

	text[0] = '\0';
	do {
		struct str rest, word, id;
		uint64_t n = 0;

		rc = bus_recv(t.ingest, &t.msg, &e);
		if (rc > 0) {
			word = str_cut(t.msg.attrs, ' ', &rest);
			id = str_cut(rest, ' ', &rest);
			str_copy(t.source, sizeof(t.source), word);
		}
		if (rc > 0 && str_is(t.msg.topic, "$hello"))
			str_copy(t.nonce, sizeof(t.nonce), id);
		else if (rc > 0)
			assert_true(str_u64(id, &n));
		if (n && n == to + 1 && from) {
			to = n;
			continue;
		}
		if (from)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						from == to ? "%llu "
							   : "%llu-%llu ",
						(unsigned long long)from,
						(unsigned long long)to);
		from = to = n;
		if (rc > 0 && !n)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"H ");
	} while (rc > 0);
	if (len)
		text[len - 1] = '\0';
	return text;
}

static void say(uint64_t last, uint32_t epoch, const char *nonce)
{
	char topic[80], attrs[120];
	struct err e;

	snprintf(topic, sizeof(topic), "$ack/%s/", t.source);
	snprintf(attrs, sizeof(attrs), "%llu %08x %s", (unsigned long long)last,
		 epoch, nonce);
	bus_send(t.feed, str_from(topic), str_from(attrs), STR(""), &e);
	fake_loop_turn(&t.loop, 0);
}

static void ack(uint64_t last)
{
	say(last, EPOCH, "-");
}

static void greet(uint64_t last)
{
	came();
	say(last, EPOCH, t.nonce);
}

static void pass(int64_t ms)
{
	for (int64_t i = 0; i < ms; i++)
		fake_loop_turn(&t.loop, 1);
}

/* ---- hello ---- */

static void nothing_is_sent_before_hello_is_answered(void **state)
{
	(void)state;
	add(3);
	assert_string_equal(came(), "H");
	assert_false(producer_connected(t.p));
	ack(2); /* of whoever: it is no answer */
	say(0, EPOCH, "0123456789abcdef");
	assert_string_equal(came(), "");
	assert_int_equal(t.durable, 0);
	say(0, EPOCH, t.nonce);
	assert_string_equal(came(), "1-3");
	assert_true(producer_connected(t.p));
}

static void hello_is_repeated_with_growing_patience(void **state)
{
	char nonce[40];
	int n = 0;

	(void)state;
	came();
	snprintf(nonce, sizeof(nonce), "%s", t.nonce);
	for (int ms = 0; ms < 10000; ms++) {
		pass(1);
		n += strcmp(came(), "H") == 0;
	}
	/* 10, 20 ... 1280 ms, then every 2 s, give or take a quarter. */
	assert_in_range(n, 9, 16);
	assert_string_equal(t.nonce, nonce);
}

static void a_name_that_was_drawn_before_is_changed(void **state)
{
	char was[64];

	(void)state;
	add(2);
	came();
	snprintf(was, sizeof(was), "%s", t.source);
	say(1, EPOCH, t.nonce); /* but we sent nothing yet */
	assert_string_equal(came(), "H");
	assert_string_not_equal(t.source, was);
	assert_int_equal(t.durable, 0);
	greet(0);
	assert_string_equal(came(), "1-2");
	ack(2);
	assert_int_equal(t.durable, 2);
	assert_true(is_idle());
}

/* ---- the window ---- */

static void at_most_a_window_is_in_flight(void **state)
{
	char want[64];

	(void)state;
	greet(0);
	add(QUEUE);
	snprintf(want, sizeof(want), "1-%d", BUS_WINDOW);
	assert_string_equal(came(), want);
	ack(10);
	snprintf(want, sizeof(want), "%d-%d", BUS_WINDOW + 1, BUS_WINDOW + 10);
	assert_string_equal(came(), want);
	assert_int_equal(producer_memory_waiting(t.queue), QUEUE - 10);
	ack(10);
	assert_int_equal(t.durable, 10);
}

static void a_full_queue_says_so(void **state)
{
	struct event ev = { .topic = STR("test.n"), .time_us = 1 };
	struct err e;

	(void)state;
	add(QUEUE);
	assert_int_equal(producer_memory_add(t.queue, &ev, &e), 0);
	assert_int_equal(e.code, EX_TEMPFAIL);
}

static void what_the_store_would_not_take_is_not_queued(void **state)
{
	struct event ev = { .topic = STR("test.n"), .time_us = 1 };
	struct buf b = { 0 };
	struct err e;

	(void)state;
	buf_putc(&b, '"');
	while (b.len < EVENT_DATA_MAX - 1)
		buf_putc(&b, 'x');
	buf_putc(&b, '"');
	ev.data = buf_str(&b);
	assert_int_equal(producer_memory_add(t.queue, &ev, &e), 1);
	b.p[b.len - 1] = 'x';
	buf_putc(&b, '"');
	ev.data = buf_str(&b);
	assert_int_equal(producer_memory_add(t.queue, &ev, &e), 0);
	assert_int_equal(e.code, EX_DATAERR);
	assert_non_null(strstr(e.msg, "data: more than"));
	/* With the pair, that the caller did not see, it is too long. */
	buf_reset(&b);
	buf_puts(&b, "{\"x\":\"");
	while (b.len < EVENT_EXT_MAX - 2)
		buf_putc(&b, 'x');
	buf_puts(&b, "\"}");
	ev.data = STR("1");
	ev.ext = buf_str(&b);
	assert_int_equal(producer_memory_add(t.queue, &ev, &e), 2);
	ev.source = STR("shop");
	ev.idtext = STR("7");
	assert_int_equal(producer_memory_add(t.queue, &ev, &e), 0);
	assert_int_equal(e.code, EX_DATAERR);
	assert_int_equal(producer_memory_waiting(t.queue), 2);
	buf_free(&b);
}

static void what_was_lost_is_sent_again_from_there(void **state)
{
	(void)state;
	greet(0);
	add(5);
	assert_string_equal(came(), "1-5");
	pass(400);
	assert_string_equal(came(), "1-5");
	assert_false(producer_connected(t.p));
	ack(2);
	assert_true(producer_connected(t.p));
	pass(400);
	assert_string_equal(came(), "3-5");
	ack(5);
	assert_true(is_idle());
	came();
	pass(30000);
	assert_string_equal(came(), "");
}

static void a_gap_that_the_store_tells_of_is_filled_once(void **state)
{
	(void)state;
	greet(0);
	pass(1000);
	add(5);
	came();
	pass(10);
	ack(0);
	ack(0);
	ack(0);
	assert_string_equal(came(), "1-5");
}

/* ---- stores that are not the same ---- */

static void another_epoch_deletes_nothing_and_is_greeted(void **state)
{
	(void)state;
	greet(0);
	add(3);
	came();
	say(3, EPOCH + 1, "-");
	assert_int_equal(t.durable, 0);
	assert_string_equal(came(), "H");
	say(1, EPOCH + 1, t.nonce);
	assert_int_equal(t.durable, 1);
	assert_string_equal(came(), "2-3");
	say(3, EPOCH + 1, "-");
	assert_true(is_idle());
}

static void an_acknowledgement_below_the_last_one_is_greeted(void **state)
{
	(void)state;
	greet(0);
	add(3);
	came();
	ack(3);
	ack(1);
	assert_string_equal(came(), "H");
	say(3, EPOCH, t.nonce);
	assert_true(is_idle());
	assert_int_equal(t.failed.code, 0);
}

static void a_store_that_lost_events_ends_a_queue_in_memory(void **state)
{
	(void)state;
	greet(0);
	add(3);
	came();
	ack(3);
	ack(1);
	came();
	say(1, EPOCH, t.nonce);
	assert_int_equal(t.failed.code, EX_TEMPFAIL);
}

static void nonsense_is_passed_over(void **state)
{
	static const char *const attrs[] = {
		"",
		"x",
		"1",
		"1 ",
		"1 zz -",
		"-1 9b1c04e7 -",
		"18446744073709551616 9b1c04e7 -",
	};
	struct err e;
	char topic[80];

	(void)state;
	greet(0);
	add(3);
	came();
	snprintf(topic, sizeof(topic), "$ack/%s/", t.source);
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++)
		bus_send(t.feed, str_from(topic), str_from(attrs[i]), STR(""),
			 &e);
	snprintf(topic, sizeof(topic), "$ack/%s/x/", t.source);
	bus_send(t.feed, str_from(topic), STR("3 9b1c04e7 -"), STR(""), &e);
	fake_loop_turn(&t.loop, 0);
	assert_int_equal(t.durable, 0);
	ack(99); /* more than we have is all that we have */
	assert_int_equal(t.durable, 3);
}

/* ---- the queue in memory ---- */

static void ext_is(const struct event *ev, const char *want)
{
	struct producer_queue q = producer_memory_queue(t.queue);
	uint64_t id = producer_memory_add(t.queue, ev, NULL);
	struct event got;
	struct err e;

	assert_int_equal(q.get(q.arg, id, &got, &e), 0);
	assert_true(str_is(got.ext, want));
	assert_true(str_eq(got.source, producer_memory_source(t.queue)));
	assert_int_equal(got.id, id);
}

static void the_pair_that_an_event_came_with_is_kept(void **state)
{
	struct event ev = { .topic = STR("test.n"), .time_us = 1 };

	(void)state;
	ext_is(&ev, "");
	ev.ext = STR("{\"a\":1}");
	ext_is(&ev, "{\"a\":1}");
	ev.source = STR("shop");
	ext_is(&ev, "{\"a\":1}"); /* half a pair is none */
	ev.id = 7;
	ext_is(&ev, "{\"a\":1,\"originsource\":\"shop\",\"originid\":\"7\"}");
	ev.id = 0;
	ev.idtext = STR("a\"b");
	ev.ext = (struct str){ 0 };
	ext_is(&ev, "{\"originsource\":\"shop\",\"originid\":\"a\\\"b\"}");
	/* It came through weir before: its first pair is the one. */
	ev.ext = STR("{\"originsource\":\"x\",\"originid\":\"1\"}");
	ext_is(&ev, "{\"originsource\":\"x\",\"originid\":\"1\"}");
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(nothing_is_sent_before_hello_is_answered),
		test(hello_is_repeated_with_growing_patience),
		test(a_name_that_was_drawn_before_is_changed),
		test(at_most_a_window_is_in_flight),
		test(a_full_queue_says_so),
		test(what_the_store_would_not_take_is_not_queued),
		test(what_was_lost_is_sent_again_from_there),
		test(a_gap_that_the_store_tells_of_is_filled_once),
		test(another_epoch_deletes_nothing_and_is_greeted),
		test(an_acknowledgement_below_the_last_one_is_greeted),
		test(a_store_that_lost_events_ends_a_queue_in_memory),
		test(nonsense_is_passed_over),
		test(the_pair_that_an_event_came_with_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
