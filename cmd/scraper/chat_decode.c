#include "chat_decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/clk.h"
#include "common/event.h"
#include "common/expr.h"
#include "common/json.h"
#include "common/xmem.h"

#include "chat_irc.h"
#include "chat_words.h"
#include "date.h"

/* ---- paths ---- */

struct path {
	const char *step[CHAT_PATH_STEPS];
	size_t n;
};

struct paths {
	struct path *v;
	size_t n; /* 0: not given */
};

struct chat_rules {
	struct arena arena;
	struct paths messages, id, username, message, sent, ended, cursor;
	struct expr *only;
};

static int compile_one(struct str text, struct arena *a, struct path *p,
		       struct err *e)
{
	struct str rest = text;

	while (rest.p) {
		struct str step = str_cut(rest, '.', &rest);

		if (step.len == 0)
			return err_set(e, EX_CONFIG, "a name is empty");
		if (p->n == CHAT_PATH_STEPS)
			return err_set(e, EX_CONFIG, "more than %d names",
				       CHAT_PATH_STEPS);
		p->step[p->n++] = arena_strdup(a, step);
	}
	return 0;
}

static int compile_paths(struct str text, const char *member, struct arena *a,
			 struct paths *p, struct err *e)
{
	if (!text.p)
		return 0;
	p->v = arena_alloc(a, CHAT_PATH_ALTERNATIVES * sizeof(*p->v));
	while (text.p) {
		struct str one = str_trim(str_cut(text, ',', &text));

		if (p->n == CHAT_PATH_ALTERNATIVES) {
			err_set(e, EX_CONFIG, "more than %d paths",
				CHAT_PATH_ALTERNATIVES);
			return err_prefix(e, "chat: %s", member);
		}
		if (compile_one(one, a, &p->v[p->n++], e))
			return err_prefix(e, "chat: %s", member);
	}
	return 0;
}

/* What {since} becomes is a matter of who asks, unless it is a path. */
static bool is_since_word(struct str s)
{
	return str_is(s, "id") || str_is(s, "sent") || str_is(s, "sent-ms") ||
	       str_is(s, "sent-s");
}

static int compile(struct chat_rules *r, const struct type_chat *c,
		   struct err *e)
{
	struct arena *a = &r->arena;

	if (c->only.p && !(r->only = expr_compile(c->only, e)))
		return err_prefix(e, "chat: only");
	if (!is_since_word(c->since) &&
	    compile_paths(c->since, "since", a, &r->cursor, e))
		return -1;
	return compile_paths(c->messages, "messages", a, &r->messages, e) ||
			       compile_paths(c->id, "id", a, &r->id, e) ||
			       compile_paths(c->username, "username", a,
					     &r->username, e) ||
			       compile_paths(c->message, "message", a,
					     &r->message, e) ||
			       compile_paths(c->sent, "sent", a, &r->sent, e) ||
			       compile_paths(c->ended, "ended", a, &r->ended, e)
		       ? -1
		       : 0;
}

struct chat_rules *chat_rules_new(const struct type_chat *c, struct err *e)
{
	struct chat_rules *r = xcalloc(1, sizeof(*r));

	r->arena.block = 256;
	if (compile(r, c, e)) {
		if (e)
			e->code = EX_CONFIG;
		chat_rules_free(&r);
	}
	return r;
}

void chat_rules_free(struct chat_rules **rp)
{
	struct chat_rules *r = *rp;

	if (!r)
		return;
	expr_free(&r->only);
	arena_free(&r->arena);
	free(r);
	*rp = NULL;
}

/* JSON within a text: the value in it, or v itself where there is none. */
static struct str unwrap(struct str v, struct arena *a)
{
	struct str text;

	if (json_type_of(v) != JSON_STRING || !json_text(v, a, &text))
		return v;
	text = json_trim(text);
	if (text.len == 0 || (text.p[0] != '{' && text.p[0] != '[') ||
	    json_check(text, 0, NULL))
		return v;
	return text;
}

static bool step_into(struct str *v, const char *step, struct arena *a)
{
	struct json_iter it;
	uint64_t at;

	*v = unwrap(*v, a);
	if (json_type_of(*v) == JSON_OBJECT)
		return json_get(*v, step, v);
	if (json_type_of(*v) != JSON_ARRAY || !str_u64(str_from(step), &at))
		return false;
	it = json_iter(*v);
	while (json_next(&it))
		if (at-- == 0) {
			*v = it.value;
			return true;
		}
	return false;
}

static bool follow_path(const struct paths *p, struct str from, struct arena *a,
			struct str *v_r)
{
	for (size_t i = 0; i < p->n; i++) {
		struct str v = from;
		size_t k = 0;

		while (k < p->v[i].n && step_into(&v, p->v[i].step[k], a))
			k++;
		if (k == p->v[i].n && json_type_of(v) != JSON_NULL) {
			*v_r = v;
			return true;
		}
	}
	return false;
}

/* ---- values ---- */

/* A text or a number as text; anything else is absent. */
static struct str scalar(struct str v, struct arena *a)
{
	struct str text;

	if (json_type_of(v) == JSON_NUMBER)
		return json_trim(v);
	return json_text(v, a, &text) ? text : (struct str){ 0 };
}

static bool is_epoch(struct str s)
{
	size_t digits = 0;

	while (digits < s.len && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (digits < 9 || digits > 19)
		return false;
	if (digits < s.len && s.p[digits] == '.')
		for (digits++; digits < s.len; digits++)
			if (s.p[digits] < '0' || s.p[digits] > '9')
				return false;
	return digits == s.len;
}

/* Digits of seconds end in 2286, and those of finer units begin in 2001. */
static bool epoch_us(struct str s, int64_t *us_r)
{
	struct str rest;
	struct str whole = str_cut(s, '.', &rest);
	uint64_t v, unit = 1000000;

	if (!str_u64(whole, &v) || v > INT64_MAX)
		return false;
	if (whole.len > 17)
		v /= 1000, unit = 1;
	else if (whole.len > 14)
		unit = 1;
	else if (whole.len > 11)
		unit = 1000;
	*us_r = (int64_t)(v * unit);
	for (size_t i = 0; i < rest.len && unit >= 10; i++) {
		unit /= 10;
		*us_r += (rest.p[i] - '0') * (int64_t)unit;
	}
	return true;
}

bool chat_time(struct str text, int64_t *us_r)
{
	const int64_t second = 1000000;

	text = str_trim(text);
	if (is_epoch(text) ? !epoch_us(text, us_r) : !date_parse(text, us_r))
		return false;
	/* 2000 to 2100: anything else is a mistake of somebody's. */
	return *us_r >= clk_days(2000, 1, 1) * 86400 * second &&
	       *us_r < clk_days(2100, 1, 1) * 86400 * second;
}

/* At most max bytes of printable UTF-8; blanks around it go. */
static struct str clean(struct str s, size_t max, struct arena *a)
{
	bool good;
	char *p;
	size_t n = 0;

	s = str_trim(s);
	if (s.len > max)
		s = str_trim(str_utf8_prefix(s, max));
	good = str_is_utf8(s);
	for (size_t i = 0; good && i < s.len; i++)
		good = (unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7f;
	if (good)
		return s;
	p = arena_alloc(a, s.len * 3 + 1); /* U+FFFD takes three */
	for (size_t i = 0; i < s.len;) {
		uint32_t c;
		size_t len = utf8_decode(str_sub(s, i, s.len), &c);

		if (c < ' ' || c == 0x7f)
			c = ' ';
		n += utf8_encode(c, p + n);
		i += len;
	}
	return str_trim(str_utf8_prefix((struct str){ p, n }, max));
}

static struct str clean_id(struct str id, struct arena *a)
{
	char hex[17];

	if (id.len > CHAT_ID_MAX) {
		snprintf(hex, sizeof(hex), "%016llx",
			 (unsigned long long)str_hash_id(id));
		return arena_str(a, str_from(hex));
	}
	return clean(id, CHAT_ID_MAX, a);
}

/* One more message, of what was read; false: it is none. */
static bool add(struct chat_found *f, const struct chat_message *raw,
		struct arena *a)
{
	struct chat_message m = { .sent_us = raw->sent_us };
	struct chat_message *more;

	m.text = clean(raw->text, CHAT_TEXT_MAX, a);
	if (m.text.len == 0)
		return false;
	m.username = clean(raw->username, CHAT_NAME_MAX, a);
	m.id = clean_id(raw->id, a);
	if (raw->channel.p)
		m.channel = clean(raw->channel, CHAT_NAME_MAX, a);
	if (m.username.len == 0)
		m.username = (struct str){ 0 };
	if (m.id.len == 0)
		m.id = (struct str){ 0 };
	if (f->n == CHAT_FOUND_MAX) {
		f->cut = true;
		return false;
	}
	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 4 : 2;
		more = arena_alloc(a, f->cap * sizeof(*more));
		if (f->n)
			memcpy(more, f->v, f->n * sizeof(*more));
		f->v = more;
	}
	f->v[f->n++] = m;
	return true;
}

/* ---- JSON ---- */

struct search {
	struct chat_rules *r;
	struct arena *a;
	struct chat_found *f;
	struct str unit;
};

static bool holds(const struct search *s, struct str data)
{
	const struct event ev = { .topic = STR("chat.message"), .data = data };

	return json_type_of(data) == JSON_OBJECT && expr_match(s->r->only, &ev);
}

/* An envelope often says what it is, and what is in it does not. */
static bool is_wanted(const struct search *s, struct str v)
{
	return !s->r->only || holds(s, v) || holds(s, s->unit);
}

/* What a watch says of it goes before what its names say. */
static void read_part(const struct search *s, const struct paths *p,
		      struct str v, struct str *part)
{
	struct str value;

	if (p->n)
		*part = follow_path(p, v, s->a, &value) ? value
							: (struct str){ 0 };
}

/* An object that may be a message. False: look for one in it. */
static bool read_message(struct search *s, struct str v)
{
	struct chat_parts p;
	struct chat_message m = { .sent_us = CLK_NONE };
	struct str sent;
	bool is_said = s->r->message.n > 0;

	if (!chat_words_parts(v, s->a, &p))
		return true; /* it says that it is none */
	read_part(s, &s->r->message, v, &p.text);
	read_part(s, &s->r->username, v, &p.username);
	read_part(s, &s->r->id, v, &p.id);
	read_part(s, &s->r->sent, v, &p.sent);
	m.text = scalar(p.text, s->a);
	m.username = scalar(p.username, s->a);
	if (!m.text.p || (!m.username.p && !is_said))
		return is_said && s->r->messages.n > 0;
	m.id = scalar(p.id, s->a);
	sent = scalar(p.sent, s->a);
	if (!sent.p || !chat_time(sent, &m.sent_us))
		m.sent_us = CLK_NONE;
	if (is_wanted(s, v))
		add(s->f, &m, s->a);
	return true;
}

static void look(struct search *s, struct str v, unsigned depth)
{
	struct json_iter it;

	v = unwrap(v, s->a);
	if (depth == CHAT_DEPTH_MAX || s->f->cut)
		return;
	it = json_iter(v);
	if (json_type_of(v) == JSON_ARRAY) {
		while (json_next(&it))
			look(s, it.value, depth + 1);
		return;
	}
	if (json_type_of(v) != JSON_OBJECT || read_message(s, v))
		return;
	while (json_next(&it))
		if (chat_words_is_container(it.key))
			look(s, it.value, depth + 1);
}

static bool is_true(struct str v)
{
	struct str text = json_trim(v);

	return !str_is(text, "false") && !str_is(text, "\"\"") &&
	       !str_is(text, "0");
}

static void decode_json(struct search *s)
{
	struct str v = s->unit, at;

	if (s->r->ended.n && follow_path(&s->r->ended, v, s->a, &at))
		s->f->ended = is_true(at);
	if (s->r->cursor.n && follow_path(&s->r->cursor, v, s->a, &at))
		s->f->cursor = clean(scalar(at, s->a), CHAT_TEXT_MAX, s->a);
	if (s->r->messages.n && !follow_path(&s->r->messages, v, s->a, &v))
		return;
	look(s, v, 0);
}

/* ---- text ---- */

/* "<ann> hello", as logs and bridges write it, or just what was said. */
static void decode_line(struct str line, struct arena *a, struct chat_found *f)
{
	struct chat_message m = { .text = line, .sent_us = CLK_NONE };
	size_t end = str_chr(line, '>');

	if (str_starts(line, STR("<")) && end != (size_t)-1 && end > 1) {
		m.username = str_sub(line, 1, end);
		m.text = str_sub(line, end + 1, line.len);
	}
	add(f, &m, a);
}

static void decode_text(struct str rest, struct arena *a, struct chat_found *f)
{
	while (rest.p && !f->cut)
		decode_line(str_trim(str_cut(rest, '\n', &rest)), a, f);
}

static void decode_irc(struct str line, struct arena *a, struct chat_found *f)
{
	struct chat_message m = { .sent_us = CLK_NONE };
	struct chat_irc irc;

	if (!chat_irc_parse(line, a, &irc))
		return;
	f->ended = irc.ended;
	if (!irc.text.p)
		return;
	m.id = irc.id;
	m.username = irc.username;
	m.text = irc.text;
	m.channel = irc.channel;
	if (irc.sent.p && !chat_time(irc.sent, &m.sent_us))
		m.sent_us = CLK_NONE;
	add(f, &m, a);
}

int chat_decode(struct chat_rules *r, enum chat_form form, struct str bytes,
		struct arena *a, struct chat_found *f_r, struct err *e)
{
	struct search s = { r, a, f_r, json_trim(bytes) };

	*f_r = (struct chat_found){ 0 };
	if (form == CHAT_IRC) {
		decode_irc(bytes, a, f_r);
		return 0;
	}
	if (json_check(s.unit, 0, e) == 0) {
		decode_json(&s);
		return 0;
	}
	if (form == CHAT_JSON)
		return err_prefix(e, "not JSON");
	decode_text(bytes, a, f_r);
	return 0;
}
