/* From a request's events to their positions, in whatever order they come. */
#include "cmd/gateway/publish.h"

#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

struct result {
	size_t calls, n;
	enum publish_end end;
	struct position pos[8];
};

struct bench {
	struct loop *loop;
	struct producer_memory *queue;
	struct publish *publish;
};

static struct bench open_bench(void)
{
	struct bench b = { .loop = loop_new(NULL) };

	b.queue = producer_memory_new("gateway", PUBLISH_WAITING_MAX);
	b.publish = publish_new(b.loop, b.queue);
	return b;
}

static void close_bench(struct bench *b)
{
	publish_free(&b->publish);
	producer_memory_free(&b->queue);
	loop_free(&b->loop);
}

static void keep(void *arg, enum publish_end end, const struct position *pos,
		 size_t n)
{
	struct result *r = arg;

	r->calls++;
	r->end = end;
	r->n = n;
	for (size_t i = 0; i < n; i++)
		r->pos[i] = pos[i];
}

static struct publish_batch *add(struct bench *b, size_t n, struct result *r)
{
	struct event ev[8];

	for (size_t i = 0; i < n; i++)
		ev[i] = (struct event){ .topic = STR("t.x"), .data = STR("1") };
	return publish_add(b->publish, ev, n, keep, r, NULL);
}

/* An event of the journal with our source, or another one. */
static void come(struct bench *b, const char *source, const char *topic,
		 uint64_t id, uint64_t offset)
{
	struct event ev = { .topic = str_from(topic),
			    .source = source ? str_from(source)
					     : producer_memory_source(b->queue),
			    .id = id,
			    .offset = offset,
			    .epoch = 5 };

	publish_event(b->publish, &ev);
}

static void positions_come_in_the_order_given(void **state)
{
	struct bench b = open_bench();
	struct result one = { 0 }, two = { 0 };

	(void)state;
	add(&b, 2, &one);
	add(&b, 1, &two);
	come(&b, NULL, "t.x", 3, 12);
	assert_int_equal(two.calls, 1);
	assert_int_equal(two.pos[0].offset, 12);
	come(&b, "somebody", "t.x", 1, 99);
	come(&b, NULL, "t.x", 4, 99);
	come(&b, NULL, "t.x", 2, 11);
	assert_int_equal(one.calls, 0);
	publish_durable(b.publish, 3, 5, NULL);
	come(&b, NULL, "t.x", 1, 10);
	assert_int_equal(one.calls, 1);
	assert_int_equal(one.end, PUBLISH_DONE);
	assert_int_equal(one.n, 2);
	assert_int_equal(one.pos[0].offset, 10);
	assert_int_equal(one.pos[1].offset, 11);
	assert_int_equal(one.pos[1].epoch, 5);
	close_bench(&b);
}

static void ids_go_on_after_what_is_done(void **state)
{
	struct bench b = open_bench();

	(void)state;
	for (uint64_t id = 1; id <= 1000; id++) {
		struct result r = { 0 };

		add(&b, 1, &r);
		come(&b, NULL, "t.x", id, id);
		assert_int_equal(r.calls, 1);
		publish_durable(b.publish, id, 5, NULL);
		producer_memory_queue(b.queue).acked(b.queue, id, NULL);
	}
	assert_int_equal(producer_memory_waiting(b.queue), 0);
	close_bench(&b);
}

static void a_refusal_by_the_store_shows(void **state)
{
	struct bench b = open_bench();
	struct result r = { 0 };

	(void)state;
	add(&b, 2, &r);
	come(&b, NULL, "event.refused", 1, 10);
	come(&b, NULL, "t.x", 2, 11);
	assert_int_equal(r.calls, 1);
	assert_int_equal(r.end, PUBLISH_REFUSED);
	close_bench(&b);
}

static void nobody_is_told_of_what_was_abandoned(void **state)
{
	struct bench b = open_bench();
	struct result r = { 0 };

	(void)state;
	publish_abandon(add(&b, 1, &r));
	come(&b, NULL, "t.x", 1, 10);
	assert_int_equal(r.calls, 0);
	close_bench(&b);
}

/* Of a batch that has one that cannot be, none is handed over. */
static void a_batch_is_handed_over_whole_or_not(void **state)
{
	struct bench b = open_bench();
	struct event ev[2] = { { .topic = STR("t.x"), .data = STR("1") },
			       { .topic = STR("t.x"), .data = STR("1\n2") } };
	struct result r = { 0 };
	struct err e;

	(void)state;
	assert_null(publish_add(b.publish, ev, 2, keep, &r, &e));
	assert_int_equal(e.code, EX_DATAERR);
	assert_int_equal(producer_memory_waiting(b.queue), 0);
	add(&b, 1, &r);
	come(&b, NULL, "t.x", 1, 10);
	assert_int_equal(r.calls, 1);
	assert_int_equal(r.pos[0].offset, 10);
	close_bench(&b);
}

static void a_full_queue_is_told_from_a_bad_event(void **state)
{
	struct bench b = open_bench();
	struct result r = { 0 };
	struct event ev = { .topic = STR("t.x"), .data = STR("1") };
	struct err e;

	(void)state;
	for (size_t i = 0; i < PUBLISH_WAITING_MAX; i++)
		assert_non_null(publish_add(b.publish, &ev, 1, keep, &r, &e));
	assert_null(publish_add(b.publish, &ev, 1, keep, &r, &e));
	assert_int_equal(e.code, EX_TEMPFAIL);
	close_bench(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(positions_come_in_the_order_given),
		cmocka_unit_test(ids_go_on_after_what_is_done),
		cmocka_unit_test(a_refusal_by_the_store_shows),
		cmocka_unit_test(nobody_is_told_of_what_was_abandoned),
		cmocka_unit_test(a_batch_is_handed_over_whole_or_not),
		cmocka_unit_test(a_full_queue_is_told_from_a_bad_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
