#include "notice.h"

static bool are_over(const struct notice *what)
{
	for (size_t i = 0; i < what->n; i++)
		if (!what->v[i]->over)
			return false;
	return !what->more;
}

static struct str take(struct buf *b, struct arena *a)
{
	struct str s = arena_str(a, buf_str(b));

	buf_free(b);
	return s;
}

/* "3 alerts: deals", "Digest: 3 alerts", "Over: 2 alerts" */
static struct str title_of(const struct notice *what, struct str rule,
			   struct arena *a)
{
	size_t n = what->n + what->more;
	struct buf b = { 0 };

	if (what->kind == NOTICE_DIGEST)
		buf_puts(&b, "Digest: ");
	else if (are_over(what))
		buf_puts(&b, "Over: ");
	buf_addf(&b, "%zu alert%s", n, n == 1 ? "" : "s");
	if (what->kind == NOTICE_GROUP) {
		buf_puts(&b, ": ");
		buf_add_str(&b, rule);
	}
	return take(&b, a);
}

/* A line for each, as far as there is room; then how many there is not. */
static int add_lines(const struct notice *what, struct arena *a, struct buf *b,
		     struct err *e)
{
	struct type_notification one;
	size_t i;

	for (i = 0; i < what->n && i < TELLING_LINES_MAX; i++) {
		const struct telling *t = what->v[i];

		if (shape_decode(&shape_notification, t->note, &one, a, e))
			return err_prefix(e, "alert %.*s", STR_ARG(t->id));
		if (b->len + TELLING_LINE_MAX > TELLING_MESSAGE_MAX)
			break;
		buf_puts(b, i ? "\n- " : "- ");
		buf_puts(b, t->over ? "over: " : "");
		buf_add_str(b, str_utf8_prefix(one.message, TELLING_LINE_MAX));
	}
	if (what->n + what->more > i)
		buf_addf(b, "%sand %zu more", i ? "\n" : "",
			 (size_t)(what->n + what->more - i));
	return 0;
}

static void add_limit(const struct notice *what, struct type_notification *n,
		      struct arena *a)
{
	struct buf b = { 0 };

	if (!what->last_of)
		return;
	buf_add_str(&b, str_utf8_prefix(n->message, SHAPE_TEXT_MAX - 100));
	buf_addf(&b, "\nThis is the last of %llu notification%s today.",
		 (unsigned long long)what->last_of,
		 what->last_of == 1 ? "" : "s");
	n->message = take(&b, a);
}

static struct shape_list ids_of(const struct notice *what, struct arena *a)
{
	struct shape_list ids = { .present = true };

	ids.v = arena_alloc(a, NOTIFICATION_ALERTS_MAX * sizeof(*ids.v));
	for (; ids.n < what->n && ids.n < NOTIFICATION_ALERTS_MAX; ids.n++)
		ids.v[ids.n] = what->v[ids.n]->id;
	return ids;
}

/* What they have in common is that of the first. */
static int make_list(const struct notice *what, struct arena *a,
		     struct type_notification *n_r, struct err *e)
{
	struct type_notification first;
	struct type_alert alert;
	struct buf b = { 0 };
	char time[CLK_TEXT_SIZE];
	const struct telling *t = what->v[0];

	if (shape_decode(&shape_notification, t->note, &first, a, e) ||
	    shape_decode(&shape_alert, t->alert, &alert, a, e))
		return err_prefix(e, "alert %.*s", STR_ARG(t->id));
	if (add_lines(what, a, &b, e)) {
		buf_free(&b);
		return -1;
	}
	*n_r = (struct type_notification){
		.type = what->kind == NOTICE_GROUP ? first.type : STR("custom"),
		.title = title_of(what, alert.rule, a),
		.message = take(&b, a),
		.id = what->id,
		.alerts = ids_of(what, a),
	};
	n_r->timestamp =
		arena_str(a, (struct str){ clk_format(what->now_us, time),
					   CLK_TEXT_LEN });
	buf_addf(&b, "{\"count\":%zu}", (size_t)(what->n + what->more));
	n_r->data = take(&b, a);
	return 0;
}

static struct str late_title(struct str title, struct arena *a)
{
	struct buf b = { 0 };

	buf_puts(&b, "Not acknowledged: ");
	buf_add_str(&b, str_utf8_prefix(title, 480));
	return take(&b, a);
}

int notice_make(const struct notice *what, struct arena *a, struct buf *b,
		struct err *e)
{
	struct type_notification n;
	bool alone = what->n == 1 && !what->more && what->kind != NOTICE_DIGEST;

	if (!alone && make_list(what, a, &n, e))
		return -1;
	if (alone &&
	    shape_decode(&shape_notification, what->v[0]->note, &n, a, e))
		return err_prefix(e, "alert %.*s", STR_ARG(what->v[0]->id));
	n.id = what->id;
	n.notify = what->notify;
	n.priority = what->priority;
	n.update = what->update;
	n.resolved = are_over(what);
	if (what->escalation && !n.resolved)
		n.title = late_title(n.title, a);
	n.escalation = telling_digits(what->escalation, a);
	add_limit(what, &n, a);
	shape_encode(&shape_notification, &n, b);
	return 0;
}
