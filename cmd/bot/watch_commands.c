/* Commands about what is watched. */
#include <stdio.h>

#include "common/decimal.h"
#include "common/types.h"

#include "desk.h"
#include "finds.h"
#include "known.h"

enum { PAGE = 20, ALL_MAX = 5000 };

static int usage(struct desk *d, const char *text)
{
	reply_puts(&d->reply, text);
	return 0;
}

/* ---- wait for the first look ---- */

static struct str wait_key(struct desk *d, struct str watch)
{
	struct buf b = { 0 };
	struct str key;

	buf_puts(&b, "n/");
	buf_add_str(&b, watch);
	buf_addf(&b, "/%lld", (long long)d->up->chat);
	key = arena_str(d->a, buf_str(&b));
	buf_free(&b);
	return key;
}

static int wait_for(struct desk *d, struct str watch, struct err *e)
{
	char now[CLK_TEXT_SIZE];

	clk_format(clk_wall_us(), now);
	return stage_put(d->stage, wait_key(d, watch), str_from(now), e);
}

/* ---- /addwatch ---- */

/* "8000" or "8000 EUR" at the end of the arguments. */
static bool read_target(struct str args, struct str *target_r,
			struct str *currency_r)
{
	struct decimal dec;
	struct str rest = args, one = { 0 }, two = { 0 }, three;

	*target_r = *currency_r = (struct str){ 0 };
	if (!str_token(&rest, " \t\n", &one))
		return true;
	if (str_token(&rest, " \t\n", &two) && str_token(&rest, " ", &three))
		return false;
	if (!decimal_parse(one, &dec) || (two.p && !shape_is_currency(two)))
		return false;
	*target_r = one;
	*currency_r = two;
	return true;
}

static int set_new(struct desk *d, struct type_watch *w, struct err *e)
{
	struct type_watch old;
	struct err bad;
	int got;

	if (watch_complete(w, d->a, &bad)) {
		reply_textf(&d->reply, "That cannot be watched: %s.", bad.msg);
		return 0;
	}
	got = known_watch(d->stage, w->id, d->a, &old, e);
	if (got < 0)
		return -1;
	if (got) {
		reply_puts(&d->reply, "That is watched already: <code>");
		reply_text(&d->reply, w->id);
		reply_puts(&d->reply, "</code>");
		return 0;
	}
	got = desk_set_watch(d, w, e);
	if (got <= 0)
		return got;
	reply_puts(&d->reply, "Watching <b>");
	reply_text(&d->reply, desk_name(w));
	reply_puts(&d->reply, "</b> (<code>");
	reply_text(&d->reply, w->id);
	reply_puts(&d->reply, "</code>). Its first price comes soon.");
	return wait_for(d, w->id, e);
}

static int add_url(struct desk *d, struct str url, struct str args,
		   struct err *e)
{
	struct type_watch w = { .url = url };
	struct str target, currency;

	if (!read_target(args, &target, &currency))
		return usage(d, "After the link comes a price to wait for, as "
				"in: /addwatch https://… 80 EUR");
	if (target.p) {
		w.item.present = true;
		w.item.target = target;
		w.item.currency = currency;
	}
	return set_new(d, &w, e);
}

static int ask_kind(struct desk *d, struct str name)
{
	reply_puts(&d->reply, "What kind of thing is it?");
	for (size_t i = 0; i < d->bot->lookups.n; i++) {
		struct str kind = d->bot->lookups.v[i].kind;
		struct buf data = { 0 };

		buf_addf(&data, "k:%.*s:%.*s", STR_ARG(kind), STR_ARG(name));
		if (!reply_button(&d->reply, kind, buf_str(&data))) {
			reply_puts(&d->reply, "\n/addwatch ");
			reply_text(&d->reply, kind);
			reply_puts(&d->reply, " …");
		}
		buf_free(&data);
	}
	return 0;
}

static int look_up(struct desk *d, struct str args, struct err *e)
{
	const struct lookups *ls = &d->bot->lookups;
	struct str rest = args, word = { 0 }, kind;

	if (ls->n == 0)
		return usage(d, "A link, please: /addwatch https://…");
	kind = ls->v[0].kind;
	str_token(&rest, " ", &word);
	if (lookups_find(ls, word) && str_trim(rest).len) {
		kind = word;
		args = str_trim(rest);
	} else if (ls->n > 1) {
		return ask_kind(d, args);
	}
	reply_puts(&d->reply, "Looking for <b>");
	reply_text(&d->reply, str_utf8_prefix(args, LOOKUP_QUERY_MAX));
	reply_puts(&d->reply, "</b> …");
	return errand_lookup(d->bot, d->up->chat, kind,
			     str_utf8_prefix(args, LOOKUP_QUERY_MAX), e);
}

static int addwatch(struct desk *d, struct str args, struct err *e)
{
	struct str rest = args, word;

	if (!str_token(&rest, " \t\n", &word))
		return usage(d, "/addwatch LINK [TARGET [CURRENCY]], or the "
				"name of a thing");
	if (str_find(word, STR("://")) != (size_t)-1)
		return add_url(d, word, rest, e);
	return look_up(d, args, e);
}

/* k:KIND:NAME */
static int press_kind(struct desk *d, struct str args, struct err *e)
{
	struct str name, kind = str_cut(args, ':', &name);

	if (!lookups_find(&d->bot->lookups, kind)) {
		d->toast = "This kind is not looked up any more.";
		return 0;
	}
	d->toast = "Looking …";
	return errand_lookup(d->bot, d->up->chat, kind, name, e);
}

/* f:KEY:N */
static int press_find(struct desk *d, struct str args, struct err *e)
{
	struct type_watch w = { .item = { .present = true } };
	struct find find;
	int got;

	(void)args;
	got = finds_get(d->bot, d->up->text, d->a, &find, e);
	if (got <= 0) {
		d->toast = "That is too long ago: look it up again.";
		return got;
	}
	w.url = find.url;
	w.item.name = find.title;
	w.item.kind = find.kind;
	return set_new(d, &w, e);
}

/* ---- /watches ---- */

static int list_one(struct desk *d, const struct type_watch *w, struct err *e)
{
	struct known_price prices[KNOWN_PRICES_MAX];
	int n = w->item.present
			? known_prices(d->stage, w->item.id, d->a, prices, e)
			: 0;

	if (n < 0)
		return -1;
	reply_puts(&d->reply, "\n<b>");
	reply_text(&d->reply, desk_name(w));
	reply_puts(&d->reply, "</b>");
	if (n) {
		reply_puts(&d->reply, " ");
		desk_price(d, prices[0].p.price, prices[0].p.currency);
	}
	if (w->item.present && w->item.target.p) {
		reply_puts(&d->reply, ", target ");
		reply_text(&d->reply, w->item.target);
	}
	if (str_is(w->enabled, "false"))
		reply_puts(&d->reply, ", paused");
	if (!str_eq(desk_name(w), w->id)) {
		reply_puts(&d->reply, " · <code>");
		reply_text(&d->reply, w->id);
		reply_puts(&d->reply, "</code>");
	}
	return 0;
}

static int list(struct desk *d, struct str after, struct err *e)
{
	struct str id[PAGE + 1];
	struct type_watch w;
	struct buf data = { 0 };
	int n = known_ids(d->stage, "w/", after, d->a, id, PAGE + 1, e);

	if (n < 0)
		return -1;
	if (n == 0)
		return usage(d, after.p ? "That was all."
					: "Nothing is watched yet. /addwatch");
	reply_puts(&d->reply, "Watched:");
	for (int i = 0; i < n && i < PAGE; i++) {
		int got = known_watch(d->stage, id[i], d->a, &w, e);

		if (got < 0 || (got > 0 && list_one(d, &w, e)))
			return -1;
	}
	if (n > PAGE) {
		buf_puts(&data, "w:");
		buf_add_str(&data, id[PAGE - 1]);
		if (!reply_button(&d->reply, STR("More"), buf_str(&data))) {
			reply_puts(&d->reply, "\n/watches ");
			reply_text(&d->reply, id[PAGE - 1]);
			reply_puts(&d->reply, " lists more.");
		}
		buf_free(&data);
	}
	return 0;
}

static int watches(struct desk *d, struct str args, struct err *e)
{
	return list(d, args.len ? args : (struct str){ 0 }, e);
}

/* ---- changes ---- */

static int removing(struct desk *d, struct str args, struct err *e)
{
	struct type_watch w;
	struct buf data = { 0 };
	int got;

	if (!args.len)
		return usage(d, "/remove WATCH");
	got = desk_find_watch(d, args, &w, e);
	if (got > 0)
		got = desk_emit(d, "watch.set", w.id, STR("null"), e);
	if (got <= 0)
		return got;
	reply_puts(&d->reply, "<b>");
	reply_text(&d->reply, desk_name(&w));
	reply_puts(&d->reply, "</b> is not watched any more.");
	/* It can be undone for as long as the row is there. */
	buf_puts(&data, "b/");
	buf_add_str(&data, w.id);
	if (w.id.len + 2 <= REPLY_DATA_MAX) {
		struct buf old = { 0 };
		struct buf press = { 0 };

		shape_encode(&shape_watch, &w, &old);
		got = stage_put(d->stage, buf_str(&data), buf_str(&old), e);
		buf_free(&old);
		buf_addf(&press, "b:%.*s", STR_ARG(w.id));
		reply_button(&d->reply, STR("Undo"), buf_str(&press));
		buf_free(&press);
	} else {
		got = 0;
	}
	buf_free(&data);
	return got;
}

/* b:ID: watch it again, as it was. */
static int press_back(struct desk *d, struct str id, struct err *e)
{
	struct type_watch now;
	struct buf key = { 0 };
	struct str old;
	int got = known_watch(d->stage, id, d->a, &now, e);

	if (got < 0)
		return -1;
	buf_puts(&key, "b/");
	buf_add_str(&key, id);
	/* What somebody has set since then stays. */
	got = got ? 0 : stage_get(d->stage, buf_str(&key), &old, e);
	if (got > 0) {
		old = arena_str(d->a, old);
		got = desk_emit(d, "watch.set", id, old, e);
		if (got > 0 && stage_del(d->stage, buf_str(&key), e) < 0)
			got = -1;
		if (got > 0)
			d->toast = "Watched again.";
	} else if (got == 0) {
		d->toast = "That was undone already.";
	}
	buf_free(&key);
	return got < 0 ? -1 : 0;
}

/* Words of a name, and behind them a price, which is one word or two. */
static bool read_name_target(struct str args, struct str *name_r,
			     struct str *target_r, struct str *currency_r)
{
	size_t at = args.len;
	bool found = false;

	for (int words = 0; words < 2 && at > 0; words++) {
		struct str name, target, currency;

		while (at > 0 && args.p[at - 1] == ' ')
			at--;
		while (at > 0 && args.p[at - 1] != ' ')
			at--;
		name = str_trim(str_sub(args, 0, at));
		if (!name.len || !read_target(str_sub(args, at, args.len),
					      &target, &currency))
			continue;
		*name_r = name;
		*target_r = target;
		*currency_r = currency;
		found = true;
	}
	return found;
}

static int settarget(struct desk *d, struct str args, struct err *e)
{
	struct str name, target, currency;
	struct type_watch w;
	int got;

	if (!read_name_target(args, &name, &target, &currency))
		return usage(d, "/settarget WATCH PRICE [CURRENCY]");
	got = desk_find_watch(d, name, &w, e);
	if (got <= 0)
		return got;
	if (!w.item.present)
		return usage(d, "That watch has no price.");
	w.item.target = target;
	w.item.currency = currency;
	got = desk_set_watch(d, &w, e);
	if (got <= 0)
		return got;
	reply_puts(&d->reply, "<b>");
	reply_text(&d->reply, desk_name(&w));
	reply_puts(&d->reply, "</b>: you are told at ");
	desk_price(d, target, currency);
	reply_puts(&d->reply, " or less.");
	return 0;
}

static int update_all(struct desk *d, struct err *e)
{
	struct str *id = arena_alloc(d->a, ALL_MAX * sizeof(*id));
	const struct str none = { 0 };
	int n = known_ids(d->stage, "w/", none, d->a, id, ALL_MAX, e);

	for (int i = 0; i < n; i++)
		if (desk_emit(d, "watch.poll", id[i], STR("{}"), e) < 0)
			return -1;
	if (n < 0)
		return -1;
	reply_textf(&d->reply, "Looking at %d watches now.", n);
	return 0;
}

static int updating(struct desk *d, struct str args, struct err *e)
{
	struct type_watch w;
	int got;

	if (!args.len || str_is(args, "all"))
		return update_all(d, e);
	got = desk_find_watch(d, args, &w, e);
	if (got > 0)
		got = desk_emit(d, "watch.poll", w.id, STR("{}"), e);
	if (got <= 0)
		return got;
	reply_puts(&d->reply, "Looking at <b>");
	reply_text(&d->reply, desk_name(&w));
	reply_puts(&d->reply, "</b> now. You hear of it if something is new.");
	return wait_for(d, w.id, e);
}

static int enable(struct desk *d, struct str args, bool on, struct err *e)
{
	struct type_watch w;
	int got;

	if (!args.len)
		return usage(d, on ? "/resume WATCH" : "/pause WATCH");
	got = desk_find_watch(d, args, &w, e);
	if (got <= 0)
		return got;
	w.enabled = on ? (struct str){ 0 } : STR("false");
	got = desk_set_watch(d, &w, e);
	if (got <= 0)
		return got;
	reply_puts(&d->reply, "<b>");
	reply_text(&d->reply, desk_name(&w));
	reply_puts(&d->reply,
		   on ? "</b> is watched again." : "</b> is paused.");
	return 0;
}

static int pausing(struct desk *d, struct str args, struct err *e)
{
	return enable(d, args, false, e);
}

static int resuming(struct desk *d, struct str args, struct err *e)
{
	return enable(d, args, true, e);
}

const struct command watch_commands[] = {
	{ "addwatch", "LINK|NAME [TARGET [CURRENCY]]", "watch a price",
	  ROLE_EDITOR, addwatch },
	{ "watches", "", "what is watched", ROLE_READER, watches },
	{ "remove", "WATCH", "watch it no more", ROLE_EDITOR, removing },
	{ "settarget", "WATCH PRICE [CURRENCY]", "the price to wait for",
	  ROLE_EDITOR, settarget },
	{ "update", "[WATCH]", "look now, at one or all", ROLE_EDITOR,
	  updating },
	{ "pause", "WATCH", "do not look for a while", ROLE_EDITOR, pausing },
	{ "resume", "WATCH", "look again", ROLE_EDITOR, resuming },
	{ .name = NULL },
};

const struct command watch_buttons[] = {
	{ "k", "", "", ROLE_EDITOR, press_kind },
	{ "f", "", "", ROLE_EDITOR, press_find },
	{ "b", "", "", ROLE_EDITOR, press_back },
	{ "w", "", "", ROLE_READER, list },
	{ .name = NULL },
};
