#include "chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/clk.h"
#include "common/json.h"
#include "common/url.h"
#include "common/xmem.h"

#include "secrets.h"

/* ---- what is sent ---- */

/* {"file":NAME} and nothing else stands for what is in the file. */
static bool is_secret(struct str v)
{
	struct json_iter it = json_iter(v);

	return json_type_of(v) == JSON_OBJECT && json_next(&it) &&
	       str_is(it.key, "file") && !json_next(&it);
}

static int set_send(struct chat *c, struct str send, const char *dir,
		    struct arena *a, struct err *e)
{
	struct json_iter it = json_iter(send);
	const char **v = arena_alloc(a, CHAT_SEND_MAX * sizeof(*v));

	while (send.p && json_next(&it)) {
		struct str text = json_one_line(json_trim(it.value), a);

		if (is_secret(it.value)) {
			if (secrets_value(it.value, dir, a, &text, e))
				return err_prefix(e, "chat: send");
		} else if (json_type_of(it.value) == JSON_STRING) {
			json_text(it.value, a, &text);
		}
		if (text.len > CHAT_SENT_BYTES_MAX)
			return err_set(e, EX_CONFIG,
				       "chat: send: longer than %d bytes",
				       CHAT_SENT_BYTES_MAX);
		v[c->target.n_send++] = arena_strdup(a, text);
	}
	c->target.send = v;
	return 0;
}

static void set_channels(struct chat *c, const struct shape_list *l,
			 struct arena *a)
{
	const char **v = arena_alloc(a, (l->n + 1) * sizeof(*v));

	for (size_t i = 0; i < l->n; i++)
		v[i] = arena_strdup(a, l->v[i]);
	c->target.channels = v;
	c->target.n_channels = l->n;
}

static int set_login(struct chat *c, const struct type_chat *t, const char *dir,
		     struct arena *a, struct err *e)
{
	struct str pass;

	c->target.nick = t->nick.p ? arena_strdup(a, t->nick) : NULL;
	if (!t->pass.p)
		return 0;
	if (secrets_value(t->pass, dir, a, &pass, e))
		return err_prefix(e, "chat: pass");
	c->target.pass = arena_strdup(a, pass);
	return 0;
}

/* ---- how it is read ---- */

static enum link_protocol protocol_of(const struct type_watch *w)
{
	if (str_is(w->chat.protocol, "websocket"))
		return LINK_WEBSOCKET;
	if (str_is(w->chat.protocol, "sse"))
		return LINK_SSE;
	if (str_is(w->chat.protocol, "poll"))
		return LINK_POLL;
	return str_starts(w->url, STR("ws")) ? LINK_IRC_WEBSOCKET : LINK_IRC;
}

static enum chat_form form_of(enum link_protocol p)
{
	switch (p) {
	case LINK_IRC:
	case LINK_IRC_WEBSOCKET: return CHAT_IRC;
	case LINK_POLL: return CHAT_JSON;
	default: return CHAT_JSON_OR_TEXT;
	}
}

/* Where {since} or {since:DEFAULT} stands; absent: nowhere. */
static struct str find_since(struct str url, struct str *first_r)
{
	struct str head = STR("{since"), rest, placeholder;
	size_t at = str_find(url, head), end;

	*first_r = (struct str){ 0 };
	if (at == (size_t)-1)
		return (struct str){ 0 };
	rest = str_sub(url, at, url.len);
	end = str_chr(rest, '}');
	if (end == (size_t)-1 || (end != head.len && rest.p[head.len] != ':'))
		return (struct str){ 0 };
	placeholder = str_sub(rest, 0, end + 1);
	if (end > head.len)
		*first_r = str_sub(rest, head.len + 1, end);
	return placeholder;
}

static enum chat_since since_of(const struct type_watch *w)
{
	struct str first, how = w->chat.since;

	if (!find_since(w->url, &first).p)
		return CHAT_SINCE_NONE;
	if (!how.p || str_is(how, "id"))
		return CHAT_SINCE_ID;
	if (str_is(how, "sent"))
		return CHAT_SINCE_SENT;
	if (str_is(how, "sent-ms"))
		return CHAT_SINCE_SENT_MS;
	if (str_is(how, "sent-s"))
		return CHAT_SINCE_SENT_S;
	return CHAT_SINCE_CURSOR;
}

static uint64_t hash_of(const struct chat *c, const struct type_watch *w)
{
	const struct link_target *t = &c->target;
	struct buf b = { 0 };
	uint64_t hash;

	shape_encode(&shape_watch, w, &b);
	for (size_t i = 0; i < t->n_send; i++)
		buf_add(&b, t->send[i], strlen(t->send[i]) + 1);
	if (t->pass)
		buf_puts(&b, t->pass);
	hash = str_hash(buf_str(&b));
	buf_free(&b);
	return hash;
}

static uint64_t place_of(const struct type_watch *w)
{
	struct buf b = { 0 };
	uint64_t hash;

	buf_add_str(&b, w->url);
	for (size_t i = 0; i < w->chat.channels.n; i++) {
		buf_putc(&b, ' ');
		buf_add_str(&b, w->chat.channels.v[i]);
	}
	hash = str_hash(buf_str(&b));
	buf_free(&b);
	return hash;
}

struct chat *chat_new(const struct type_watch *w, const char *dir,
		      struct arena *a, struct err *e)
{
	struct chat *c = xcalloc(1, sizeof(*c));
	struct link_target *t = &c->target;
	int64_t every_ms = CHAT_EVERY_MS;

	if (w->every.p)
		str_duration_ms(w->every, &every_ms);
	t->protocol = protocol_of(w);
	t->url = arena_strdup(a, w->url);
	t->every_ms = every_ms;
	if (w->chat.subprotocol.p)
		t->subprotocol = arena_strdup(a, w->chat.subprotocol);
	set_channels(c, &w->chat.channels, a);
	c->form = form_of(t->protocol);
	c->since = t->protocol == LINK_POLL ? since_of(w) : CHAT_SINCE_NONE;
	c->platform = w->chat.platform;
	c->rules = chat_rules_new(&w->chat, e);
	if (!c->rules || set_send(c, w->chat.send, dir, a, e) ||
	    set_login(c, &w->chat, dir, a, e)) {
		chat_free(&c);
		return NULL;
	}
	c->place = place_of(w);
	c->hash = hash_of(c, w);
	return c;
}

void chat_free(struct chat **cp)
{
	struct chat *c = *cp;

	if (!c)
		return;
	chat_rules_free(&c->rules);
	free(c);
	*cp = NULL;
}

/* ---- where to go on ---- */

void chat_url(const struct chat *c, struct str since, struct buf *b)
{
	struct str url = str_from(c->target.url), first;
	struct str placeholder = find_since(url, &first);
	size_t at;

	if (!placeholder.p) {
		buf_add_str(b, url);
		return;
	}
	at = (size_t)(placeholder.p - url.p);
	buf_add_str(b, str_sub(url, 0, at));
	if (since.p)
		url_add_encoded(b, since);
	else
		buf_add_str(b, first);
	buf_add_str(b, str_sub(url, at + placeholder.len, url.len));
}

/* The latest time; servers need not give them in order. */
static int64_t latest(const struct chat_found *f)
{
	int64_t us = CLK_NONE;

	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].sent_us > us)
			us = f->v[i].sent_us;
	return us;
}

static bool sent_after(const struct chat *c, const struct chat_found *f,
		       struct arena *a, struct str *since_r)
{
	int64_t us = latest(f);
	char text[CLK_TEXT_SIZE];

	if (us == CLK_NONE)
		return false;
	if (c->since == CHAT_SINCE_SENT)
		clk_format(us, text);
	else
		snprintf(text, sizeof(text), "%lld",
			 (long long)(c->since == CHAT_SINCE_SENT_MS
					     ? us / 1000
					     : us / 1000000));
	*since_r = arena_str(a, str_from(text));
	return true;
}

bool chat_since_after(const struct chat *c, const struct chat_found *f,
		      struct arena *a, struct str *since_r)
{
	switch (c->since) {
	case CHAT_SINCE_NONE: return false;
	case CHAT_SINCE_CURSOR: *since_r = f->cursor; break;
	case CHAT_SINCE_ID:
		*since_r = f->n ? f->v[f->n - 1].id : (struct str){ 0 };
		break;
	default: return sent_after(c, f, a, since_r);
	}
	return since_r->p && since_r->len <= CHAT_SINCE_MAX;
}
