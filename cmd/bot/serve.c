#include "serve.h"

#include <stdio.h>

#include "common/log.h"
#include "common/types.h"
#include "common/words.h"

#include "desk.h"
#include "known.h"

static const struct command *const commands[] = { watch_commands, look_commands,
						  own_commands };
static const struct command *const buttons[] = { watch_buttons, look_buttons,
						 own_buttons };
enum { TABLES = sizeof(commands) / sizeof(commands[0]) };

/* ---- what commands do ---- */

/* The further attributes of what somebody wanted. */
static struct str attributes(const struct desk *d)
{
	struct buf b = { 0 };
	struct str ext;

	buf_addf(&b, "{\"actor\":\"telegram/%lld\",\"update\":\"%.*s/%llu\"}",
		 (long long)d->who->id, STR_ARG(bot_number(d->bot)),
		 (unsigned long long)d->up->id);
	ext = arena_str(d->a, buf_str(&b));
	buf_free(&b);
	return ext;
}

int desk_emit(struct desk *d, const char *type, struct str id, struct str data,
	      struct err *e)
{
	struct buf topic = { 0 };
	struct event ev = { .data = data, .time_us = clk_wall_us() };
	struct err bad;
	int rc = 1;

	buf_addf(&topic, "%s/", type);
	buf_add_str(&topic, id);
	ev.topic = buf_str(&topic);
	if (topic_check(ev.topic, &bad) || type_check(&ev, &bad)) {
		reply_reset(&d->reply);
		reply_textf(&d->reply, "That cannot be: %s.", bad.msg);
		d->toast = "That cannot be.";
		rc = 0;
	} else if (stage_emit(d->stage, ev.topic, ev.time_us, NULL,
			      attributes(d), data, e) ||
		   /* For the next command, which may not wait for the store. */
		   known_event(d->stage, &ev, d->a, e)) {
		rc = -1;
	}
	buf_free(&topic);
	return rc;
}

int desk_set_watch(struct desk *d, const struct type_watch *w, struct err *e)
{
	struct buf data = { 0 };
	int rc;

	shape_encode(&shape_watch, w, &data);
	rc = desk_emit(d, "watch.set", w->id, buf_str(&data), e);
	buf_free(&data);
	return rc;
}

struct str desk_name(const struct type_watch *w)
{
	struct str name =
		w->item.present && w->item.name.p ? w->item.name : w->id;

	return str_utf8_prefix(name, 120);
}

void desk_price(struct desk *d, struct str price, struct str currency)
{
	if (!price.p) {
		reply_puts(&d->reply, "no price");
		return;
	}
	reply_text(&d->reply, price);
	if (currency.p) {
		reply_puts(&d->reply, " ");
		reply_text(&d->reply, currency);
	}
}

/* ---- which watch is meant ---- */

enum { CANDIDATES_MAX = 10, IDS_A_TURN = 64 };

struct search {
	struct str row; /* the words that were said */
	struct str found[CANDIDATES_MAX];
	int n;
};

/* Does the name or id hold these words? */
static bool fits(const struct search *s, const struct type_watch *w)
{
	struct buf row = { 0 };
	bool is;

	words_add(&row, desk_name(w));
	words_add(&row, w->id);
	if (w->item.present)
		words_add(&row, w->item.id);
	is = words_contain(buf_str(&row), s->row);
	buf_free(&row);
	return is;
}

/* All watches in turn: there are thousands at most, and people wait. */
static int search_watches(struct desk *d, struct str name, struct search *s,
			  struct err *e)
{
	struct str id[IDS_A_TURN], after = { 0 };
	struct type_watch w;
	int n;

	do {
		n = known_ids(d->stage, "w/", after, d->a, id, IDS_A_TURN, e);
		for (int i = 0; i < n; i++) {
			int got = known_watch(d->stage, id[i], d->a, &w, e);

			if (got < 0)
				return -1;
			if (got == 0)
				continue;
			if (w.item.present && str_eq(w.item.id, name)) {
				s->found[0] = id[i];
				s->n = 1;
				return 0;
			}
			if (s->n < CANDIDATES_MAX && fits(s, &w))
				s->found[s->n++] = id[i];
		}
		if (n > 0)
			after = id[n - 1];
	} while (n == IDS_A_TURN);
	return n < 0 ? -1 : 0;
}

static void say_which(struct desk *d, struct str name, const struct search *s)
{
	reply_reset(&d->reply);
	if (s->n == 0) {
		reply_puts(&d->reply, "No watch is called <b>");
		reply_text(&d->reply, str_utf8_prefix(name, 120));
		reply_puts(&d->reply, "</b>. /watches lists them.");
		return;
	}
	reply_puts(&d->reply, "Several are called so:");
	for (int i = 0; i < s->n; i++) {
		reply_puts(&d->reply, "\n<code>");
		reply_text(&d->reply, s->found[i]);
		reply_puts(&d->reply, "</code>");
	}
}

int desk_find_watch(struct desk *d, struct str name, struct type_watch *w_r,
		    struct err *e)
{
	struct search s = { .n = 0 };
	struct buf row = { 0 };
	int got =
		str_is_id(name) ? known_watch(d->stage, name, d->a, w_r, e) : 0;

	if (got)
		return got;
	words_add(&row, name);
	s.row = arena_str(d->a, buf_str(&row));
	buf_free(&row);
	if (s.row.len && search_watches(d, name, &s, e))
		return -1;
	if (s.n == 1)
		return known_watch(d->stage, s.found[0], d->a, w_r, e);
	say_which(d, name, &s);
	return 0;
}

/* ---- who asks for what ---- */

static const struct command *find(const struct command *const *tables,
				  struct str name)
{
	for (size_t i = 0; i < TABLES; i++)
		for (const struct command *c = tables[i]; c->name; c++)
			if (str_is(name, c->name))
				return c;
	return NULL;
}

/* How far two words are apart: changed, missing and doubled letters. */
static size_t distance(struct str a, const char *word)
{
	struct str b = str_from(word);
	size_t row[32], corner, last;

	if (a.len > 24 || b.len > 24)
		return 99;
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			last = row[j];
			row[j] = corner + (a.p[i - 1] != b.p[j - 1]);
			if (last + 1 < row[j])
				row[j] = last + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			corner = last;
		}
	}
	return row[b.len];
}

static const char *meant(struct str name)
{
	const char *best = NULL;
	size_t near = 3;

	for (size_t i = 0; i < TABLES; i++) {
		for (const struct command *c = commands[i]; c->name; c++) {
			size_t d = distance(name, c->name);

			if (d < near) {
				near = d;
				best = c->name;
			}
		}
	}
	return best;
}

static int help(struct desk *d)
{
	reply_puts(&d->reply, "<b>weir</b> watches prices, pages and ads.\n");
	for (size_t i = 0; i < TABLES; i++) {
		for (const struct command *c = commands[i]; c->name; c++) {
			if (c->role > d->who->role)
				continue;
			reply_textf(&d->reply, "\n/%s %s", c->name, c->args);
			reply_puts(&d->reply, *c->args ? " – " : "– ");
			reply_puts(&d->reply, c->help);
		}
	}
	return 0;
}

static int run(struct desk *d, const struct command *c, struct str args,
	       struct err *e)
{
	if (d->who->role >= c->role)
		return c->run(d, args, e);
	reply_puts(&d->reply, c->role == ROLE_ADMIN
				      ? "Only an admin may do that."
				      : "You may look, but not change that.");
	d->toast = "You may not do that.";
	return 0;
}

static int serve_message(struct desk *d, struct err *e)
{
	struct str name, args;
	const struct command *c;
	const char *near;

	if (!update_command(d->up->text, &name, &args)) {
		/* People in a group talk to each other. */
		if (!d->up->is_private)
			return 0;
		reply_puts(&d->reply,
			   "A command begins with a slash; /help lists them.");
		return 0;
	}
	if (str_is(name, "help") || str_is(name, "start"))
		return help(d);
	c = find(commands, name);
	if (c)
		return run(d, c, args, e);
	near = meant(name);
	reply_puts(&d->reply, "There is no such command");
	if (near)
		reply_textf(&d->reply, "; is it /%s?", near);
	else
		reply_puts(&d->reply, "; /help lists them.");
	return 0;
}

static int serve_press(struct desk *d, struct err *e)
{
	struct str rest, name = str_cut(d->up->text, ':', &rest);
	const struct command *c = find(buttons, name);
	int rc = 0;

	d->toast = "";
	if (c)
		rc = run(d, c, rest, e);
	else
		d->toast = "This button does nothing any more.";
	if (rc)
		return -1;
	return errand_press(d->bot, d->up->chat, d->up->press, d->toast, e);
}

/* ---- strangers ---- */

static int count_row(void *arg, struct str key, struct str val, struct err *e)
{
	(void)key;
	(void)val;
	(void)e;
	return ++*(int *)arg > SERVE_STRANGERS_MAX;
}

/* Told once a day, each; whoever writes then is not answered. */
static int serve_stranger(struct bot *b, const struct update *u, struct err *e)
{
	struct reply r = { .n_buttons = 0 };
	char key[40], now[CLK_TEXT_SIZE];
	int64_t now_us = clk_wall_us(), then_us;
	struct str val;
	int got, n = 0, rc;

	stats_add(stage_stats(b->stage), "strangers_total", NULL, 1);
	if (!u->is_private || u->kind != UPDATE_MESSAGE)
		return 0;
	snprintf(key, sizeof(key), "x/%lld", (long long)u->chat);
	got = stage_get(b->stage, str_from(key), &val, e);
	if (got < 0 || stage_each(b->stage, STR("x/"), count_row, &n, e) < 0)
		return -1;
	if ((got && clk_parse(val, &then_us) &&
	     now_us - then_us < SERVE_STRANGER_S * 1000000LL) ||
	    (!got && n > SERVE_STRANGERS_MAX))
		return 0;
	log_info("a stranger: chat %lld", (long long)u->chat);
	reply_textf(&r,
		    "This bot serves people it knows. Your number is %lld; "
		    "who runs it can let you in.",
		    (long long)u->from);
	rc = errand_send(b, u->chat, &r, e);
	reply_free(&r);
	clk_format(now_us, now);
	return rc ? -1 : stage_put(b->stage, str_from(key), str_from(now), e);
}

int serve(struct bot *b, const struct update *u, struct err *e)
{
	struct desk d = {
		.bot = b, .stage = b->stage, .a = &b->arena, .up = u
	};
	int rc;

	if (u->kind == UPDATE_OTHER)
		return 0;
	d.who = guests_find(&b->guests, u->from, u->chat);
	if (!d.who)
		return serve_stranger(b, u, e);
	arena_reset(&b->arena);
	rc = u->kind == UPDATE_BUTTON ? serve_press(&d, e)
				      : serve_message(&d, e);
	if (!rc && d.reply.text.len)
		rc = errand_send(b, u->chat, &d.reply, e);
	reply_free(&d.reply);
	return rc;
}
