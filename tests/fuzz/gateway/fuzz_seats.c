/*
 * Seats as text, from the program that was there before: what is taken is
 * printed as what is taken again, and stands for the same seats; the rest is
 * refused with a reason.
 */
#include <assert.h>

#include "common/json.h"

#include "cmd/gateway/rooms.h"
#include "cmd/gateway/seats.h"

enum { NOW = 1000000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct check {
	const struct rooms *r;
	size_t seats;
	int64_t last_ms;
};

static void on_seat(void *arg, const struct rooms_seat *seat, int64_t left_ms)
{
	struct check *c = arg;
	size_t rooms = 0;

	c->seats++;
	assert(left_ms >= c->last_ms && left_ms <= NOW);
	c->last_ms = left_ms;
	assert(rooms_pid(seat).len && rooms_sid(seat).len);
	assert(rooms_has(c->r, rooms_pid(seat)));
	while (rooms_at(seat, rooms).p)
		rooms++;
	assert(rooms <= ROOMS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str namespaces = STR("[\"/\",\"/prices\"]");
	struct str text = { (const char *)data, size };
	struct rooms *r = rooms_new(), *copy = rooms_new();
	struct buf out = { 0 }, again = { 0 };
	struct err e = { 0 };

	if (seats_read(r, text, namespaces, NOW, &e) == 0) {
		struct check c = { r, 0, 0 };

		rooms_each_left(r, on_seat, &c);
		assert(c.seats == rooms_count(r).left);
		assert(rooms_count(r).rooms == 0); /* nobody is there */
		seats_print(r, namespaces, &out);
		assert(seats_read(copy, buf_str(&out), namespaces, NOW, &e) ==
		       0);
		seats_print(copy, namespaces, &again);
		assert(str_eq(buf_str(&out), buf_str(&again)));
		/* What was cut off is seen. */
		assert(seats_read(copy, str_sub(text, 0, size - 1), namespaces,
				  NOW, &e) < 0);
	} else {
		assert(e.msg[0]);
	}
	rooms_free(&r);
	rooms_free(&copy);
	buf_free(&out);
	buf_free(&again);
	return 0;
}
