#include "errand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/backoff.h"
#include "common/child.h"
#include "common/json.h"
#include "common/log.h"
#include "common/xmem.h"

#include "bot.h"
#include "finds.h"
#include "telegram.h"

#define ROWS	 "o/"
#define KEY_SIZE 24

struct errand {
	struct errands *all;
	uint64_t seq;
	int64_t chat, due_ms;
	unsigned failures;
	bool active;
	char *row; /* JSON, while it is active */
	struct telegram_call *call;
	struct child *child;
};

struct errands {
	struct bot *bot;
	struct telegram *telegram;
	struct loop_timer *timer;
	struct loop_work *work;
	struct errand *v[ERRAND_WINDOW]; /* by seq; of a chat the first */
	size_t n;
	uint64_t seq; /* the last one given */
	bool whole;   /* the window holds all there are */
	unsigned active;
};

static struct str row_key(uint64_t seq, char out[KEY_SIZE])
{
	int n = snprintf(out, KEY_SIZE, ROWS "%020llu",
			 (unsigned long long)seq);

	return (struct str){ out, (size_t)n };
}

static int64_t now_ms(const struct errands *es)
{
	return loop_now_ms(stage_loop(es->bot->stage));
}

/* ---- new ones ---- */

/* members: ,"name":value … behind those that all have. */
static int add(struct bot *b, int64_t chat, const char *what,
	       struct str members, struct err *e)
{
	struct errands *es = b->errands;
	char time[CLK_TEXT_SIZE], key[KEY_SIZE];
	struct buf row = { 0 };
	int rc;

	buf_addf(&row, "{\"do\":\"%s\",\"chat\":\"%lld\",\"born\":\"%s\"", what,
		 (long long)chat, clk_format(clk_wall_us(), time));
	buf_add_str(&row, members);
	buf_putc(&row, '}');
	rc = stage_put(b->stage, row_key(es->seq + 1, key), buf_str(&row), e);
	buf_free(&row);
	if (rc)
		return -1;
	es->seq++;
	es->whole = false;
	return 0;
}

int errand_send(struct bot *b, int64_t chat, const struct reply *r,
		struct err *e)
{
	struct buf m = { 0 };
	int rc;

	buf_addf(&m, ",\"body\":{\"chat_id\":%lld,", (long long)chat);
	reply_print(r, &m);
	buf_putc(&m, '}');
	rc = add(b, chat, "send", buf_str(&m), e);
	buf_free(&m);
	return rc;
}

int errand_press(struct bot *b, int64_t chat, struct str press,
		 const char *text, struct err *e)
{
	struct buf m = { 0 };
	int rc;

	buf_puts(&m, ",\"body\":{\"callback_query_id\":");
	buf_json_str(&m, press);
	if (*text) {
		buf_puts(&m, ",\"text\":");
		buf_json_str(&m, str_utf8_prefix(str_from(text), 190));
	}
	buf_putc(&m, '}');
	rc = add(b, chat, "press", buf_str(&m), e);
	buf_free(&m);
	return rc;
}

static void add_member(struct buf *b, const char *name, struct str value)
{
	buf_addf(b, ",\"%s\":", name);
	buf_json_str(b, value);
}

int errand_chart(struct bot *b, int64_t chat, struct str item, struct str since,
		 struct str caption, struct err *e)
{
	struct buf m = { 0 };
	int rc;

	add_member(&m, "item", item);
	add_member(&m, "since", since);
	add_member(&m, "caption", caption);
	rc = add(b, chat, "chart", buf_str(&m), e);
	buf_free(&m);
	return rc;
}

int errand_lookup(struct bot *b, int64_t chat, struct str kind,
		  struct str query, struct err *e)
{
	struct buf m = { 0 };
	int rc;

	add_member(&m, "kind", kind);
	add_member(&m, "query", query);
	rc = add(b, chat, "lookup", buf_str(&m), e);
	buf_free(&m);
	return rc;
}

/* ---- the end of one ---- */

static void free_errand(struct errand *d)
{
	telegram_cancel(&d->call);
	child_cancel(&d->child);
	free(d->row);
	free(d);
}

static void drop(struct errand *d)
{
	struct errands *es = d->all;
	size_t i = 0;

	while (es->v[i] != d)
		i++;
	es->n--;
	memmove(&es->v[i], &es->v[i + 1], (es->n - i) * sizeof(es->v[0]));
	free_errand(d);
}

static void rest(struct errand *d)
{
	d->active = false;
	d->all->active--;
	free(d->row);
	d->row = NULL;
}

/* Done, or given up: its row goes. more: what follows from it, or NULL. */
static void finish(struct errand *d,
		   int (*more)(struct errand *d, void *arg, struct err *e),
		   void *arg)
{
	struct errands *es = d->all;
	struct stage *s = es->bot->stage;
	char key[KEY_SIZE];
	struct err e;

	if (stage_begin(s, &e) || stage_del(s, row_key(d->seq, key), &e) < 0 ||
	    (more && more(d, arg, &e)) || stage_commit(s, &e)) {
		stage_fail(s, &e);
		return;
	}
	rest(d);
	drop(d);
	errands_go(es);
}

/* Ids and the like go wrong for good; the rest passes. */
static bool may_pass(const struct telegram_answer *a)
{
	return a->status == 0 || a->status == 429 || a->status >= 500;
}

static bool is_too_old(const struct errand *d)
{
	struct arena a = { 0 };
	struct str born = json_get_text(str_from(d->row), "born", &a);
	int64_t us;
	bool old = !clk_parse(born, &us) ||
		   clk_wall_us() - us > ERRAND_LIFE_S * 1000000LL;

	arena_free(&a);
	return old;
}

static void retry(struct errand *d, int64_t wait_ms)
{
	int64_t ms =
		backoff_ms(ERRAND_RETRY_MS, ++d->failures, ERRAND_RETRY_MAX_MS);

	ms = ms / 2 + arc4random_uniform((uint32_t)(ms / 2) + 1);
	/* It may be asked for this chat alone; the others learn it themselves. */
	d->due_ms = now_ms(d->all) + (wait_ms > ms ? wait_ms : ms);
	rest(d);
	errands_go(d->all);
}

static void on_sent(void *arg, const struct telegram_answer *a)
{
	struct errand *d = arg;
	struct stats *stats = stage_stats(d->all->bot->stage);

	d->call = NULL;
	if (a->ok) {
		stats_add(stats, "sent_total", NULL, 1);
		finish(d, NULL, NULL);
		return;
	}
	if (may_pass(a) && !is_too_old(d)) {
		stats_add(stats, "retries_total", NULL, 1);
		if (d->failures == 0)
			log_warn("chat %lld: not sent yet: %s",
				 (long long)d->chat, a->why);
		retry(d, a->wait_ms);
		return;
	}
	stats_add(stats, "failed_total", NULL, 1);
	log_warn("chat %lld: not sent: %s", (long long)d->chat, a->why);
	finish(d, NULL, NULL);
}

/* ---- what they do ---- */

/* Ends in a NUL. */
static struct str member(const struct errand *d, const char *name,
			 struct arena *a)
{
	return arena_str(a, json_get_text(str_from(d->row), name, a));
}

static void begin_call(struct errand *d, const char *method)
{
	struct str body = STR("{}");

	json_get(str_from(d->row), "body", &body);
	d->call = telegram_call(d->all->telegram, method, body,
				TELEGRAM_TIMEOUT_MS, on_sent, d);
}

/* Say in words what a picture or a list would have said. */
static int say_instead(struct errand *d, void *arg, struct err *e)
{
	struct reply r = { .n_buttons = 0 };
	int rc;

	reply_text(&r, str_from(arg));
	rc = errand_send(d->all->bot, d->chat, &r, e);
	reply_free(&r);
	return rc;
}

static void apologize(struct errand *d, const char *text)
{
	finish(d, say_instead, (void *)(uintptr_t)text);
}

static void on_chart(void *arg, bool ok, struct str png)
{
	struct errand *d = arg;
	struct arena a = { 0 };
	struct str caption = member(d, "caption", &a);

	d->child = NULL;
	if (ok)
		d->call = telegram_photo(d->all->telegram, d->chat,
					 str_utf8_prefix(caption,
							 TELEGRAM_CAPTION_MAX),
					 png, on_sent, d);
	else
		apologize(d, "There is no price to draw in that time.");
	arena_free(&a);
}

static void begin_chart(struct errand *d, struct child_want *w, struct arena *a,
			struct err *e)
{
	const char *args[] = { "--since", member(d, "since", a).p,
			       "--zone",  d->all->bot->zone,
			       "--",	  member(d, "item", a).p,
			       NULL };

	w->tool = "chart";
	w->args = args;
	d->child =
		child_start(stage_loop(d->all->bot->stage), w, on_chart, d, e);
}

static int offer_finds(struct errand *d, void *arg, struct err *e)
{
	struct arena a = { 0 };
	struct str kind = member(d, "kind", &a), query = member(d, "query", &a);
	int rc =
		finds_offer(d->all->bot, d->chat, kind, query, buf_str(arg), e);

	arena_free(&a);
	return rc;
}

static void on_lookup(void *arg, bool ok, struct str output)
{
	struct errand *d = arg;
	struct buf finds = { 0 };

	d->child = NULL;
	if (lookup_finds(output, &finds))
		finish(d, offer_finds, &finds);
	else
		apologize(d, ok ? "Nothing was found."
				: "That could not be looked up now.");
	buf_free(&finds);
}

static void begin_lookup(struct errand *d, struct child_want *w,
			 struct arena *a, struct err *e)
{
	const char *args[] = { "-1", "-w", "/dev/stdin", "-o", "-", NULL };
	const char *watch =
		lookups_find(&d->all->bot->lookups, member(d, "kind", a));
	struct buf line = { 0 };

	if (!watch) {
		apologize(d, "This kind is not looked up any more.");
		return;
	}
	lookup_watch(watch, member(d, "query", a), &line);
	buf_putc(&line, '\n');
	w->tool = "scraper";
	w->args = args;
	w->input = buf_str(&line);
	d->child =
		child_start(stage_loop(d->all->bot->stage), w, on_lookup, d, e);
	buf_free(&line);
}

static int load_row(struct errand *d)
{
	char key[KEY_SIZE];
	struct stage *s = d->all->bot->stage;
	struct str val = { 0 };
	struct err e;
	int got = -1;

	if (stage_begin(s, &e) == 0)
		got = stage_get(s, row_key(d->seq, key), &val, &e);
	if (got > 0)
		d->row = xstrndup(val.p, val.len);
	if (got < 0 || stage_commit(s, &e)) {
		stage_fail(s, &e);
		return -1;
	}
	return got;
}

static void begin(struct errand *d)
{
	const struct bot *b = d->all->bot;
	struct child_want w = { .dir = b->dir,
				.config = b->config,
				.timeout_ms = ERRAND_CHILD_MS,
				.max_bytes = ERRAND_OUTPUT_MAX };
	struct arena a = { 0 };
	struct err e = { 0 };
	struct str what;
	int got = load_row(d);

	if (got <= 0) {
		drop(d);
		return;
	}
	d->active = true;
	d->all->active++;
	what = member(d, "do", &a);
	if (str_is(what, "chart"))
		begin_chart(d, &w, &a, &e);
	else if (str_is(what, "lookup"))
		begin_lookup(d, &w, &a, &e);
	else
		begin_call(d, str_is(what, "press") ? "answerCallbackQuery"
						    : "sendMessage");
	if (e.code) {
		log_error("%s", e.msg);
		apologize(d, "That could not be done now.");
	}
	arena_free(&a);
}

/* ---- which is next ---- */

static struct errand *find_seq(const struct errands *es, uint64_t seq)
{
	for (size_t i = 0; i < es->n; i++)
		if (es->v[i]->seq == seq)
			return es->v[i];
	return NULL;
}

/* What follows it in its chat would only take room from others. */
static struct errand *find_chat(const struct errands *es, int64_t chat)
{
	for (size_t i = 0; i < es->n; i++)
		if (es->v[i]->chat == chat)
			return es->v[i];
	return NULL;
}

static void insert(struct errands *es, uint64_t seq, int64_t chat)
{
	struct errand *d = xcalloc(1, sizeof(*d));
	size_t i = es->n++;

	*d = (struct errand){ .all = es, .seq = seq, .chat = chat };
	for (; i > 0 && es->v[i - 1]->seq > seq; i--)
		es->v[i] = es->v[i - 1];
	es->v[i] = d;
}

struct filling {
	struct errands *es;
	bool is_full; /* there are more */
};

static int load(void *arg, struct str key, struct str val, struct err *e)
{
	struct filling *f = arg;
	struct errands *es = f->es;
	struct arena a = { 0 };
	struct str text;
	int64_t chat;
	uint64_t seq;

	if (!str_u64(str_sub(key, strlen(ROWS), key.len), &seq))
		return err_set(e, EX_DATAERR, "ledger: a damaged errand");
	if (find_seq(es, seq))
		return 0;
	text = json_get_text(val, "chat", &a);
	chat = text.p ? strtoll(arena_strdup(&a, text), NULL, 10) : 0;
	arena_free(&a);
	if (es->n == ERRAND_WINDOW || find_chat(es, chat))
		f->is_full = true;
	else
		insert(es, seq, chat);
	return es->n == ERRAND_WINDOW && f->is_full;
}

static int fill(struct errands *es, struct err *e)
{
	struct stage *s = es->bot->stage;
	struct filling f = { .es = es };

	if (es->whole || es->n == ERRAND_WINDOW)
		return 0;
	if (stage_begin(s, e) || stage_each(s, STR(ROWS), load, &f, e) < 0 ||
	    stage_commit(s, e))
		return -1;
	es->whole = !f.is_full;
	return 0;
}

/* One that can begin, or NULL and when to look again (-1: not by time). */
static struct errand *next(struct errands *es, int64_t *wait_ms_r)
{
	int64_t now = now_ms(es);

	*wait_ms_r = -1;
	if (es->active == ERRAND_ACTIVE_MAX)
		return NULL;
	for (size_t i = 0; i < es->n; i++) {
		struct errand *d = es->v[i];
		int64_t wait = d->due_ms - now;

		if (d->active)
			continue;
		if (wait <= 0)
			return d;
		if (*wait_ms_r < 0 || wait < *wait_ms_r)
			*wait_ms_r = wait;
	}
	return NULL;
}

/* From the loop, never from within a commit, which would come back here. */
static bool on_work(void *arg)
{
	struct errands *es = arg;
	struct errand *d;
	int64_t wait_ms;
	struct err e;

	if (fill(es, &e)) {
		stage_fail(es->bot->stage, &e);
		return false;
	}
	while ((d = next(es, &wait_ms)) != NULL)
		begin(d);
	if (wait_ms >= 0)
		loop_timer_start(es->timer, wait_ms);
	stats_set(stage_stats(es->bot->stage), "waiting", NULL, (int64_t)es->n);
	return false;
}

void errands_go(struct errands *es)
{
	loop_work_wake(es->work);
}

static void on_timer(void *arg)
{
	errands_go(arg);
}

/* ---- a life ---- */

static int find_last(void *arg, struct str key, struct str val, struct err *e)
{
	struct errands *es = arg;

	(void)val;
	if (!str_u64(str_sub(key, strlen(ROWS), key.len), &es->seq))
		return err_set(e, EX_DATAERR, "ledger: a damaged errand");
	return 0;
}

int errands_load(struct errands *es, struct err *e)
{
	return stage_each(es->bot->stage, STR(ROWS), find_last, es, e) < 0 ? -1
									   : 0;
}

struct errands *errands_new(struct bot *b, struct err *e)
{
	struct errands *es = xcalloc(1, sizeof(*es));

	es->bot = b;
	es->telegram = telegram_new(stage_loop(b->stage), b->base, b->token, e);
	es->timer = loop_timer_new(stage_loop(b->stage), on_timer, es);
	es->work = loop_work_new(stage_loop(b->stage), on_work, es);
	if (!es->telegram)
		errands_free(&es);
	return es;
}

void errands_free(struct errands **ep)
{
	struct errands *es = *ep;

	if (!es)
		return;
	for (size_t i = 0; i < es->n; i++)
		free_errand(es->v[i]);
	loop_timer_free(&es->timer);
	loop_work_free(&es->work);
	telegram_free(&es->telegram);
	free(es);
	*ep = NULL;
}
