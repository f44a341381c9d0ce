#include "outcomes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clk.h"
#include "common/json.h"
#include "common/xmem.h"

enum { KINDS = 16 };

struct outcomes {
	struct arena arena;
	struct str *ids; /* of the watches */
	size_t n, cap;
	struct {
		struct str outcome;
		size_t n;
	} kind[KINDS];
	struct buf good, bad; /* entries of the list */
	size_t n_good, n_bad;
	struct str id; /* of the one that is looked up */
	bool seen;
};

static int on_watch(void *arg, const struct event *ev, struct err *e)
{
	struct outcomes *o = arg;

	(void)e;
	if (!ev->data.p || json_type_of(ev->data) == JSON_NULL)
		return 0; /* deleted */
	xgrow(&o->ids, &o->cap, o->n, sizeof(*o->ids));
	o->ids[o->n++] = arena_str(&o->arena, event_subject(ev));
	return o->n == OUTCOMES_WATCHES_MAX;
}

static void count(struct outcomes *o, struct str outcome)
{
	size_t i = 0;

	while (i < KINDS - 1 && o->kind[i].n &&
	       !str_eq(o->kind[i].outcome, outcome))
		i++;
	if (!o->kind[i].n)
		o->kind[i].outcome = arena_str(&o->arena, outcome);
	o->kind[i].n++;
}

/* The next try was told once, and others may have followed it. */
static bool is_over(const char *member, struct str value)
{
	int64_t us;

	return strcmp(member, "next") == 0 &&
	       clk_parse(str_sub(value, 1, value.len - 1), &us) &&
	       us <= clk_wall_us();
}

static void add_entry(struct buf *b, struct str id, const struct event *ev)
{
	static const char *const members[] = { "outcome", "reason", "next" };
	char since[CLK_TEXT_SIZE];
	struct str value;

	if (b->len)
		buf_putc(b, ',');
	buf_puts(b, "{\"id\":");
	buf_json_str(b, id);
	buf_addf(b, ",\"since\":\"%s\"", clk_format(ev->time_us, since));
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (!json_get(ev->data, members[i], &value) ||
		    is_over(members[i], value))
			continue;
		buf_addf(b, ",\"%s\":", members[i]);
		buf_add_str(b, value);
	}
	buf_putc(b, '}');
}

static int on_last(void *arg, const struct event *ev, struct err *e)
{
	struct outcomes *o = arg;
	struct str value, outcome;
	bool good;

	(void)e;
	if (!json_get(ev->data, "outcome", &value) ||
	    !json_text(value, &o->arena, &outcome))
		return 1;
	o->seen = true;
	count(o, outcome);
	good = str_is(outcome, "changed") || str_is(outcome, "unchanged");
	if (good && o->n_good++ < OUTCOMES_SHOWN_MAX)
		add_entry(&o->good, o->id, ev);
	if (!good && o->n_bad++ < OUTCOMES_SHOWN_MAX)
		add_entry(&o->bad, o->id, ev);
	return 1;
}

static int look_up(struct outcomes *o, struct journal *j, struct err *e)
{
	char topic[EVENT_TOPIC_MAX + 1];

	for (size_t i = 0; i < o->n; i++) {
		o->id = o->ids[i];
		o->seen = false;
		snprintf(topic, sizeof(topic), "observation.change/%.*s",
			 STR_ARG(o->id));
		if (journal_history(j, str_from(topic), 0, on_last, o, e) < 0)
			return -1;
		if (!o->seen)
			count(o, STR("none"));
	}
	return 0;
}

static void print(const struct outcomes *o, struct buf *b)
{
	buf_addf(b, "{\"total\":%zu,\"outcomes\":{", o->n);
	for (size_t i = 0; i < KINDS && o->kind[i].n; i++) {
		if (i)
			buf_putc(b, ',');
		buf_json_str(b, o->kind[i].outcome);
		buf_addf(b, ":%zu", o->kind[i].n);
	}
	buf_puts(b, "},\"list\":[");
	buf_add_str(b, buf_str(&o->bad));
	if (o->bad.len && o->good.len)
		buf_putc(b, ',');
	buf_add_str(b, buf_str(&o->good));
	buf_puts(b, "]}");
}

int outcomes_print(struct journal *j, struct buf *b, struct err *e)
{
	struct outcomes o = { .n = 0 };
	int rc = journal_retained(j, STR("watch.set/"), on_watch, &o, e);

	if (rc >= 0)
		rc = look_up(&o, j, e);
	if (rc >= 0)
		print(&o, b);
	free(o.ids);
	buf_free(&o.good);
	buf_free(&o.bad);
	arena_free(&o.arena);
	return rc < 0 ? -1 : 0;
}
