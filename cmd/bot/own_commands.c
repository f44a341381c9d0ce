/* Commands about what is one's own: searches, silences, alerts. */
#include <stdio.h>

#include "common/decimal.h"
#include "common/types_rule.h"

#include "desk.h"
#include "known.h"

enum { SEARCHES_LISTED = 10, SEARCH_WORDS_BYTES = 200 };

/* ---- searches ---- */

/* "blue bike < 300 EUR": the words, and a bound behind a sign. */
static bool read_search(struct str args, struct str *words_r, struct str *max_r,
			struct str *currency_r)
{
	size_t at = str_chr(args, '<');
	struct decimal dec;
	struct str rest;

	*words_r = args;
	*max_r = *currency_r = (struct str){ 0 };
	if (at == (size_t)-1)
		return true;
	*words_r = str_trim(str_sub(args, 0, at));
	rest = str_sub(args, at + 1, args.len);
	if (!str_token(&rest, " ", max_r) || !decimal_parse(*max_r, &dec))
		return false;
	return !str_token(&rest, " ", currency_r) ||
	       (shape_is_currency(*currency_r) && !str_trim(rest).len);
}

/* "ana.9f3c51aa": the same words of the same user are the same search. */
static struct str search_id(const struct desk *d, struct str words)
{
	struct buf b = { 0 };
	struct str id;

	buf_add_str(&b, d->who->user);
	buf_addf(&b, ".%08x", (unsigned)str_hash_id(words));
	id = arena_str(d->a, buf_str(&b));
	buf_free(&b);
	return id;
}

static int search(struct desk *d, struct str args, struct err *e)
{
	struct type_search t = { .user = d->who->user };
	struct str words, max, currency;
	struct buf data = { 0 };
	int got;

	if (!args.len || args.len > SEARCH_WORDS_BYTES ||
	    !read_search(args, &words, &max, &currency) || !words.len) {
		reply_puts(&d->reply,
			   "/search WORDS [&lt; PRICE [CURRENCY]], as in: "
			   "/search blue bike &lt; 300 EUR");
		return 0;
	}
	/* Each word must be there; their order does not matter. */
	t.keywords.present = true;
	t.keywords.v = arena_alloc(d->a, SHAPE_LIST_MAX * sizeof(struct str));
	for (struct str rest = words, word;
	     t.keywords.n < SHAPE_LIST_MAX && str_token(&rest, " ", &word);)
		t.keywords.v[t.keywords.n++] = word;
	t.price.present = max.p != NULL;
	t.price.max = max;
	t.currency = currency;
	shape_encode(&shape_search, &t, &data);
	got = desk_emit(d, "search.set", search_id(d, args), buf_str(&data), e);
	buf_free(&data);
	if (got <= 0)
		return got;
	reply_puts(&d->reply, "You are told of each new ad with <b>");
	reply_text(&d->reply, words);
	reply_puts(&d->reply, "</b>.");
	return 0;
}

static void list_search(struct desk *d, const struct type_search *t)
{
	struct buf text = { 0 }, data = { 0 };

	for (size_t i = 0; i < t->keywords.n; i++) {
		if (i)
			buf_putc(&text, ' ');
		buf_add_str(&text, t->keywords.v[i]);
	}
	if (t->price.present && t->price.max.p) {
		buf_puts(&text, " < ");
		buf_add_str(&text, t->price.max);
	}
	if (t->currency.p) {
		buf_putc(&text, ' ');
		buf_add_str(&text, t->currency);
	}
	reply_puts(&d->reply, "\n");
	reply_text(&d->reply, str_utf8_prefix(buf_str(&text), 200));
	if (d->who->role >= ROLE_EDITOR) {
		struct buf label = { 0 };

		buf_puts(&data, "s:");
		buf_add_str(&data, t->id);
		buf_puts(&label, "Forget: ");
		buf_add_str(&label, str_utf8_prefix(buf_str(&text), 60));
		reply_button(&d->reply, buf_str(&label), buf_str(&data));
		buf_free(&label);
	}
	buf_free(&text);
	buf_free(&data);
}

static bool may_have(const struct desk *d, struct str user)
{
	return d->who->role == ROLE_ADMIN ||
	       str_eq(user.p ? user : STR("default"), d->who->user);
}

struct listing {
	struct desk *d;
	struct str last; /* id */
	int n;
};

static int list_next(void *arg, const struct type_search *t, struct err *e)
{
	struct listing *l = arg;
	struct desk *d = l->d;

	(void)e;
	if (!may_have(d, t->user))
		return 0;
	if (l->n == SEARCHES_LISTED) {
		reply_puts(&d->reply, "\n/searches ");
		reply_text(&d->reply, l->last);
		reply_puts(&d->reply, " lists more.");
		return 1;
	}
	if (l->n++ == 0)
		reply_puts(&d->reply, "Looked for:");
	list_search(d, t);
	l->last = arena_str(d->a, t->id);
	return 0;
}

static int searches(struct desk *d, struct str args, struct err *e)
{
	struct listing l = { .d = d };
	struct str after = args.len ? args : (struct str){ 0 };

	if (known_searches(d->stage, after, list_next, &l, e))
		return -1;
	if (!l.n)
		reply_puts(&d->reply, "Nothing is looked for yet. /search");
	return 0;
}

/* s:ID */
static int press_forget(struct desk *d, struct str id, struct err *e)
{
	struct type_search t;
	int got = known_search(d->stage, id, d->a, &t, e);

	if (got > 0 && !may_have(d, t.user)) {
		d->toast = "That is somebody else's.";
		return 0;
	}
	if (got > 0)
		got = desk_emit(d, "search.set", id, STR("null"), e);
	if (got >= 0)
		d->toast = got ? "Forgotten." : "That was forgotten already.";
	return got < 0 ? -1 : 0;
}

/* ---- silences ---- */

/* pattern: of alerts; as an id it is hashed, so that silences do not pile up. */
static int set_silence(struct desk *d, struct str pattern, int64_t ms,
		       struct err *e)
{
	char until[CLK_TEXT_SIZE];
	struct type_silence t = { .pattern = pattern };
	struct buf id = { 0 }, data = { 0 };
	int got;

	t.user = d->who->user;
	t.until = str_from(clk_format(clk_wall_us() + ms * 1000, until));
	t.note = STR("by the bot");
	buf_puts(&id, "bot.");
	buf_add_str(&id, d->who->user);
	buf_addf(&id, ".%08x", (unsigned)str_hash_id(pattern));
	shape_encode(&shape_silence, &t, &data);
	got = desk_emit(d, "silence.set", buf_str(&id), buf_str(&data), e);
	buf_free(&id);
	buf_free(&data);
	return got;
}

static struct str alerts_of(struct desk *d, struct str item)
{
	struct buf b = { 0 };
	struct str pattern;

	buf_puts(&b, "alert.new/");
	if (item.p) {
		buf_add_str(&b, item);
		buf_putc(&b, '/');
	}
	pattern = arena_str(d->a, buf_str(&b));
	buf_free(&b);
	return pattern;
}

/* The last word is how long; what stands before it, which watch. */
static int silence(struct desk *d, struct str args, struct err *e)
{
	size_t at = args.len;
	struct str name, time;
	struct type_watch w;
	int64_t ms;
	int got = 1;

	while (at > 0 && args.p[at - 1] != ' ')
		at--;
	time = str_sub(args, at, args.len);
	name = str_trim(str_sub(args, 0, at));
	if (!str_duration_ms(time, &ms) || ms <= 0) {
		reply_puts(&d->reply, "/silence [WATCH] TIME, as in: /silence "
				      "lamp 8h");
		return 0;
	}
	if (name.len)
		got = desk_find_watch(d, name, &w, e);
	if (got <= 0)
		return got;
	got = set_silence(d,
			  alerts_of(d, !name.len	? (struct str){ 0 }
				       : w.item.present ? w.item.id
							: w.id),
			  ms, e);
	if (got <= 0)
		return got;
	reply_puts(&d->reply, "Silence for ");
	reply_text(&d->reply, time);
	if (name.len) {
		reply_puts(&d->reply, " about <b>");
		reply_text(&d->reply, desk_name(&w));
		reply_puts(&d->reply, "</b>");
	}
	reply_puts(&d->reply, ".");
	return 0;
}

/* day:ALERT-ID, under an alert. */
static int press_day(struct desk *d, struct str id, struct err *e)
{
	struct known_alert alert;
	int got = known_alert(d->stage, id, d->a, &alert, e);

	if (got > 0)
		got = set_silence(d, alert.topic, 86400 * 1000LL, e);
	if (got >= 0)
		d->toast = got ? "Silence for a day."
			       : "That alert is too long ago.";
	return got < 0 ? -1 : 0;
}

/* ---- acknowledging ---- */

static int acknowledge(struct desk *d, struct str id,
		       const struct known_alert *alert, struct err *e)
{
	struct buf data = { 0 };
	int got;

	if (!may_have(d, alert->user)) {
		d->toast = "That is somebody else's.";
		return 0;
	}
	buf_puts(&data, "{\"user\":");
	buf_json_str(&data, d->who->user);
	buf_putc(&data, '}');
	got = desk_emit(d, "alert.ack", id, buf_str(&data), e);
	buf_free(&data);
	if (got > 0)
		d->toast = "Acknowledged.";
	return got;
}

/* ack:ALERT-ID */
static int press_ack(struct desk *d, struct str id, struct err *e)
{
	struct known_alert alert;
	int got = known_alert(d->stage, id, d->a, &alert, e);

	if (got == 0)
		d->toast = "That alert is too long ago.";
	if (got > 0)
		got = acknowledge(d, id, &alert, e);
	return got < 0 ? -1 : 0;
}

/* The alert that is answered, the one that is named, or the newest. */
static int ack(struct desk *d, struct str args, struct err *e)
{
	struct known_alert alert;
	struct str id = args, rest;
	int got = 1;

	if (!id.len && d->up->about.p) {
		str_cut(d->up->about, ':', &rest);
		id = rest;
	}
	if (!id.len)
		got = known_newest(d->stage, d->who->user, d->a, &id, e);
	if (got > 0)
		got = known_alert(d->stage, id, d->a, &alert, e);
	if (got == 0)
		reply_puts(&d->reply, "There is no such alert.");
	if (got > 0)
		got = acknowledge(d, id, &alert, e);
	if (got == 0 && !d->reply.text.len)
		reply_puts(&d->reply, d->toast);
	if (got <= 0)
		return got;
	reply_puts(&d->reply, "Acknowledged: ");
	reply_text(&d->reply, alert.message);
	return 0;
}

const struct command own_commands[] = {
	{ "search", "WORDS [< PRICE [CURRENCY]]", "be told of new ads",
	  ROLE_EDITOR, search },
	{ "searches", "", "what is looked for", ROLE_READER, searches },
	{ "silence", "[WATCH] TIME", "no messages for so long", ROLE_EDITOR,
	  silence },
	{ "ack", "[ALERT]", "you know of it", ROLE_EDITOR, ack },
	{ .name = NULL },
};

const struct command own_buttons[] = {
	{ "s", "", "", ROLE_EDITOR, press_forget },
	{ "day", "", "", ROLE_EDITOR, press_day },
	{ "ack", "", "", ROLE_EDITOR, press_ack },
	{ .name = NULL },
};
