#include "seats.h"

#include <sysexits.h>

#include "common/arena.h"
#include "common/json.h"

/* ---- out ---- */

static void add_member(struct buf *b, const char *key, struct str text)
{
	if (!text.p)
		return;
	buf_addf(b, "\"%s\":", key);
	buf_json_str(b, text);
	buf_putc(b, ',');
}

static void add_seat(void *arg, const struct rooms_seat *seat, int64_t left_ms)
{
	struct buf *b = arg;
	struct str room;

	buf_putc(b, '{');
	add_member(b, "pid", rooms_pid(seat));
	add_member(b, "sid", rooms_sid(seat));
	add_member(b, "user", rooms_user(seat));
	buf_addf(b, "\"left\":%lld,\"rooms\":[", (long long)left_ms);
	for (size_t i = 0; (room = rooms_at(seat, i)).p; i++) {
		if (i)
			buf_putc(b, ',');
		buf_json_str(b, room);
	}
	buf_puts(b, "]}\n");
}

void seats_print(const struct rooms *r, struct str namespaces, struct buf *b)
{
	buf_addf(b, "{\"weir.seats\":%d,\"namespaces\":%.*s,\"seats\":%zu}\n",
		 SEATS_VERSION, STR_ARG(namespaces), rooms_count(r).left);
	rooms_each_left(r, add_seat, b);
}

/* ---- in ---- */

struct reading {
	struct rooms *r;
	struct str rest;
	struct arena a;
	int64_t now_ms, left_ms; /* of the one before */
};

static int broken(struct err *e)
{
	return err_set(e, EX_DATAERR, "broken");
}

static bool number_of(struct str obj, const char *key, uint64_t *n_r)
{
	struct str value;

	return json_get(obj, key, &value) && str_u64(json_trim(value), n_r);
}

static int next_line(struct reading *in, struct str *line_r, struct err *e)
{
	*line_r = str_cut(in->rest, '\n', &in->rest);
	/* Each ends so: what was cut off is seen. */
	if (!in->rest.p || json_check(*line_r, JSON_STRICT, NULL))
		return broken(e);
	return 0;
}

static int read_head(struct reading *in, struct str namespaces, uint64_t *n_r,
		     struct err *e)
{
	struct str line, value;
	uint64_t version;

	if (next_line(in, &line, e) || !number_of(line, "weir.seats", &version))
		return broken(e);
	if (version != SEATS_VERSION)
		return err_set(e, EX_DATAERR, "of version %llu",
			       (unsigned long long)version);
	if (!json_get(line, "namespaces", &value) ||
	    !number_of(line, "seats", n_r) || *n_r > ROOMS_LEFT_MAX)
		return broken(e);
	if (!str_eq(json_trim(value), namespaces))
		return err_set(e, EX_DATAERR, "for other namespaces");
	return 0;
}

static int read_seat(struct reading *in, struct err *e)
{
	struct str line, pid, sid, rooms, room;
	struct rooms_seat *seat;
	struct json_iter it;
	uint64_t left;
	bool good = true;

	if (next_line(in, &line, e))
		return -1;
	pid = json_get_text(line, "pid", &in->a);
	sid = json_get_text(line, "sid", &in->a);
	if (!pid.len || !sid.len || rooms_has(in->r, pid) ||
	    !number_of(line, "left", &left) ||
	    !json_get(line, "rooms", &rooms) || left > (uint64_t)in->now_ms ||
	    (int64_t)left < in->left_ms)
		return broken(e);
	in->left_ms = (int64_t)left;
	seat = rooms_sit(in->r, pid, sid, json_get_text(line, "user", &in->a),
			 in);
	for (it = json_iter(rooms); good && json_next(&it);)
		good = json_text(it.value, &in->a, &room) &&
		       rooms_enter(in->r, seat, room);
	rooms_stand_up(in->r, seat, in->left_ms);
	return good ? 0 : broken(e);
}

int seats_read(struct rooms *r, struct str text, struct str namespaces,
	       int64_t now_ms, struct err *e)
{
	struct reading in = { .r = r, .rest = text, .now_ms = now_ms };
	uint64_t n;
	int rc = read_head(&in, namespaces, &n, e);

	for (uint64_t i = 0; rc == 0 && i < n; i++) {
		in.a = (struct arena){ .block = 256 };
		rc = read_seat(&in, e);
		arena_free(&in.a);
	}
	return rc == 0 && in.rest.len ? broken(e) : rc;
}
