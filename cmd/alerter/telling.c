#include "telling.h"

#include "common/json.h"
#include "common/types_rows.h"

static const struct shape_field telling_rows[] = {
	{ ROW(telling, id, ID, REQ, "") },
	{ ROW(telling, alert, OBJECT, REQ, "") },
	{ ROW(telling, note, OBJECT, REQ, "") },
	{ ROW(telling, cause, TEXT, 0, "") },
	{ ROW(telling, group, TEXT, 0, "") },
	{ ROW(telling, in, TEXT, 0, "") },
	{ ROW(telling, search, BOOL, 0, "") },
	{ ROW(telling, lasting, BOOL, 0, "") },
	{ ROW(telling, over, BOOL, 0, "") },
	{ ROW(telling, acked, BOOL, 0, "") },
	{ ROW(telling, said, BOOL, 0, "") },
	{ ROW(telling, fresh, BOOL, 0, "") },
	{ ROW(telling, told, ID, 0, "") },
	{ ROW(telling, at, TIME, 0, "") },
	{ ROW(telling, steps, COUNT, 0, "") },
	{ ROW(telling, due, TIME, 0, "") },
};
static const struct shape shape_telling =
	SHAPE(telling, telling_rows, OPEN, "");

static const struct shape_field queue_rows[] = {
	{ ROW(queue, alerts, LIST, REQ, ""), .max = TELLING_QUEUE_MAX },
	{ ROW(queue, due, TIME, 0, "") },
	{ ROW(queue, since, TIME, 0, "") },
	{ ROW(queue, at, TIME, 0, "") },
	{ ROW(queue, more, COUNT, 0, "") },
	{ ROW(queue, told, ID, 0, "") },
	{ ROW(queue, news, BOOL, 0, "") },
};
static const struct shape shape_queue = SHAPE(queue, queue_rows, OPEN, "");

int telling_decode(struct str text, struct arena *a, struct telling *t_r,
		   struct err *e)
{
	return shape_decode(&shape_telling, text, t_r, a, e);
}

void telling_encode(const struct telling *t, struct buf *b)
{
	shape_encode(&shape_telling, t, b);
}

int queue_decode(struct str text, struct arena *a, struct queue *q_r,
		 struct err *e)
{
	return shape_decode(&shape_queue, text, q_r, a, e);
}

void queue_encode(const struct queue *q, struct buf *b)
{
	shape_encode(&shape_queue, q, b);
}

int64_t telling_time(struct str s)
{
	int64_t us;

	return s.p && clk_parse(s, &us) ? us : CLK_NONE;
}

struct str telling_text_of(int64_t us, struct arena *a)
{
	char text[CLK_TEXT_SIZE];

	if (us == CLK_NONE)
		return (struct str){ 0 };
	return arena_str(a, (struct str){ clk_format(us, text), CLK_TEXT_LEN });
}

struct str telling_digits(uint64_t n, struct arena *a)
{
	char text[STR_U64_MAX] = { 0 };
	size_t len = str_put_u64(text, n);

	return n ? arena_str(a, (struct str){ text, len }) : (struct str){ 0 };
}

/* "20420 7": day and count. */
struct plan_count count_decode(struct str text)
{
	struct plan_count count = { 0 };
	struct str rest, day = str_cut(text, ' ', &rest);
	uint64_t d, n;

	if (str_u64(day, &d) && str_u64(rest, &n))
		count = (struct plan_count){ (int64_t)d, n };
	return count;
}

void count_encode(struct plan_count count, struct buf *b)
{
	buf_u64(b, count.day < 0 ? 0 : (uint64_t)count.day);
	buf_putc(b, ' ');
	buf_u64(b, count.n);
}
