#include "timeline.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

#include "table.h"
#include "user.h"

struct strip { /* of one alert */
	struct str head;
	struct buf lines;
	struct plan waits; /* as the last line says */
};

struct timeline {
	struct arena arena;
	struct strip **v;
	size_t n, cap;
	struct table by_id;
	uint64_t more;
};

struct timeline *timeline_new(void)
{
	return xcalloc(1, sizeof(struct timeline));
}

void timeline_free(struct timeline **tp)
{
	struct timeline *tl = *tp;

	if (!tl)
		return;
	for (size_t i = 0; i < tl->n; i++) {
		buf_free(&tl->v[i]->lines);
		free(tl->v[i]);
	}
	free(tl->v);
	table_free(&tl->by_id);
	arena_free(&tl->arena);
	free(tl);
	*tp = NULL;
}

/* "2026-03-01 22:10:00Z": nobody reads microseconds. */
static void add_time(struct buf *b, int64_t us)
{
	char text[CLK_TEXT_SIZE];

	clk_format(us, text);
	buf_addf(b, "%.10s %.8sZ", text, text + 11);
}

/* The day is said where it is another one. */
static void add_until(struct buf *b, int64_t at_us, int64_t until_us)
{
	char at[CLK_TEXT_SIZE], until[CLK_TEXT_SIZE];

	clk_format(at_us, at);
	clk_format(until_us, until);
	if (strncmp(at, until, strlen("2026-03-01")) != 0)
		add_time(b, until_us);
	else
		buf_addf(b, "%.8sZ", until + 11);
}

static struct strip *find(const struct timeline *tl, struct str id)
{
	const struct table_entry *found =
		tl ? table_find(&tl->by_id, id) : NULL;

	return found ? found->v[0] : NULL;
}

/* The lines of an alert, with a new one begun; NULL: it is not drawn. */
static struct buf *begin(struct timeline *tl, struct str id, int64_t at_us,
			 char sign)
{
	struct strip *strip = find(tl, id);

	if (!strip)
		return NULL;
	strip->waits.at_us = CLK_NONE;
	buf_puts(&strip->lines, "  ");
	add_time(&strip->lines, at_us);
	buf_addf(&strip->lines, "  %c ", sign);
	return &strip->lines;
}

void timeline_fires(struct timeline *tl, const struct type_alert *alert,
		    int64_t at_us)
{
	struct strip *strip;
	struct buf b = { 0 };
	char *head;

	if (!tl)
		return;
	if (tl->n == TIMELINE_ALERTS_MAX) {
		tl->more++;
		return;
	}
	strip = xcalloc(1, sizeof(*strip));
	strip->waits.at_us = CLK_NONE;
	buf_addf(&b, "%.*s %.*s/%.*s: ", STR_ARG(alert->id),
		 STR_ARG(alert->item.id), STR_ARG(alert->rule));
	buf_add_str(&b, str_utf8_prefix(alert->message, 200));
	head = arena_strdup(&tl->arena, buf_str(&b));
	buf_free(&b);
	str_make_printable(head);
	strip->head = str_from(head);
	xgrow(&tl->v, &tl->cap, tl->n, sizeof(struct strip *));
	tl->v[tl->n++] = strip;
	table_add(&tl->by_id, alert->id, strip);
	buf_puts(begin(tl, alert->id, at_us, '*'), "fires\n");
}

void timeline_waits(struct timeline *tl, struct str id, int64_t at_us,
		    struct plan p, const struct user *u)
{
	struct strip *strip = find(tl, id);
	struct buf *b;

	/* That it still does is not said twice. */
	if (!strip ||
	    (strip->waits.at_us == p.at_us && strip->waits.why == p.why))
		return;
	b = begin(tl, id, at_us, '.');
	strip->waits = p;
	buf_puts(b, "waits until ");
	add_until(b, at_us, p.at_us);
	buf_addf(b, ": %s", plan_words(p.why));
	if (p.why == PLAN_QUIET || p.why == PLAN_USER_LIMIT ||
	    p.why == PLAN_DIGEST) {
		buf_puts(b, " of ");
		buf_add_str(b, u->id);
	}
	buf_putc(b, '\n');
}

void timeline_inhibited(struct timeline *tl, struct str id, int64_t at_us)
{
	struct buf *b = begin(tl, id, at_us, '.');

	if (b)
		buf_puts(b, "waits for the end of what inhibits it\n");
}

void timeline_told(struct timeline *tl, struct str id, int64_t at_us,
		   const struct notice *what, struct str user)
{
	struct buf *b = begin(tl, id, at_us, '>');
	size_t others = what->n + what->more - 1;

	if (!b)
		return;
	buf_puts(b, "told ");
	buf_add_str(b, user);
	for (size_t i = 0; i < what->notify.n; i++) {
		buf_puts(b, i ? ", " : " over ");
		buf_add_str(b, what->notify.v[i]);
	}
	if (what->escalation)
		buf_addf(b, ", step %u of the escalation", what->escalation);
	if (what->kind == NOTICE_DIGEST)
		buf_puts(b, ", in the digest");
	if (others)
		buf_addf(b, ", with %zu other%s", others,
			 others == 1 ? "" : "s");
	if (what->update.p)
		buf_puts(b, ", in place of what was told");
	if (what->last_of)
		buf_puts(b, ", the last one of the day");
	buf_putc(b, '\n');
}

void timeline_acked(struct timeline *tl, struct str id, int64_t at_us,
		    bool undone)
{
	struct buf *b = begin(tl, id, at_us, '+');

	if (b)
		buf_puts(b, undone ? "acknowledged no longer\n"
				   : "acknowledged\n");
}

void timeline_over(struct timeline *tl, struct str id, int64_t at_us)
{
	struct buf *b = begin(tl, id, at_us, 'x');

	if (b)
		buf_puts(b, "is over\n");
}

void timeline_draw(const struct timeline *tl, struct buf *b)
{
	for (size_t i = 0; i < tl->n; i++) {
		buf_add_str(b, tl->v[i]->head);
		buf_putc(b, '\n');
		buf_add_str(b, buf_str(&tl->v[i]->lines));
	}
	if (tl->more)
		buf_addf(b, "and %llu more\n", (unsigned long long)tl->more);
}
