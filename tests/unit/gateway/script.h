#ifndef TESTS_UNIT_GATEWAY_SCRIPT_H
#define TESTS_UNIT_GATEWAY_SCRIPT_H

/*
 * script - Engine.IO's connections, played from a case:
 *
 *	{"name":"...","steps":["GET a EIO=4&transport=polling","= a 200 0{...}"]}
 *
 * A step is something that happens, or, after "= ", the next thing that it led
 * to; all that it leads to must be named. Connections are a to z; $1 stands for
 * the first id that was drawn, and so on.
 *
 *	GET|PUT c QUERY		a request	= c STATUS BODY
 *	POST c QUERY BODY	(BODY is all that follows the first space)
 *	BEGIN c QUERY		the head of a POST ...
 *	END c BODY		... and its body
 *	OPEN c QUERY		a WebSocket; or UPGRADE, and later OPENED
 *	TEXT|BYTES c DATA	a message	= c <TEXT, = c b<BYTES
 *	BIG c			one that net refused
 *	CHOKE c			its socket takes no more; WRITABLE c: it does
 *	GONE c			the connection	= c hung up WHY
 *	AT MS			time passes
 *
 * Anything else is the application's.
 */
#include <string.h>

#include "common/xmem.h"

#include "cmd/gateway/engineio.h"
#include "cmd/gateway/engineio_packet.h"
#include "cmd/gateway/frame.h"

#include "tests/unit/cases.h"

enum { SCRIPT_LINKS = 26, SCRIPT_IDS = 9 };

struct script {
	struct engineio *e;
	/* False: it is no verb of the application's. */
	bool (*verb)(struct script *s, struct str verb, struct str rest);
	struct engineio_link link[SCRIPT_LINKS];
	bool choked[SCRIPT_LINKS];
	struct buf log; /* lines, what has happened */
	size_t seen;	/* bytes of it that were expected */
	int64_t now_ms;
	int drawn;
	char id[SCRIPT_IDS + 1][ENGINEIO_SID_LEN + 1];
	const struct json *c;
};

/* ---- what happens ---- */

static inline char script_name(const struct script *s,
			       const struct engineio_link *l)
{
	return (char)('a' + (l - s->link));
}

static inline void script_answer(void *arg, struct engineio_link *l,
				 const struct net_answer *a)
{
	struct script *s = arg;

	buf_addf(&s->log, "%c %d %.*s\n", script_name(s, l), a->status,
		 STR_ARG(a->body));
	*l = (struct engineio_link){ 0 };
}

static inline bool script_send(void *arg, struct engineio_link *l,
			       struct str frames)
{
	struct script *s = arg;
	struct str data;
	bool binary;

	while (frame_next(&frames, &data, &binary))
		buf_addf(&s->log, "%c %s<%.*s\n", script_name(s, l),
			 binary ? "b" : "", STR_ARG(data));
	return !s->choked[l - s->link];
}

static inline void script_hang_up(void *arg, struct engineio_link *l,
				  uint16_t code, const char *why)
{
	struct script *s = arg;

	assert_int_equal(code, 1000);
	buf_addf(&s->log, "%c hung up %s\n", script_name(s, l), why);
}

/* What is all A's in base64, and next time B's. */
static inline void script_random(void *arg, void *p, size_t n)
{
	struct script *s = arg;
	unsigned v = (unsigned)s->drawn++;
	const unsigned char three[] = {
		(unsigned char)(v << 2 | v >> 4),
		(unsigned char)((v & 15) << 4 | v >> 2),
		(unsigned char)((v & 3) << 6 | v),
	};

	for (size_t i = 0; i < n; i++)
		((unsigned char *)p)[i] = three[i % 3];
}

static const struct engineio_wire script_wire = {
	.answer = script_answer,
	.send = script_send,
	.hang_up = script_hang_up,
	.random = script_random,
};

/* ---- steps ---- */

/* Put the ids where $1, $2 ... stand. */
static inline struct str script_sids(const struct script *s, struct str text,
				     struct buf *b)
{
	buf_reset(b);
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] == '$' && i + 1 < text.len)
			buf_puts(b, s->id[text.p[++i] - '0']);
		else
			buf_putc(b, text.p[i]);
	return buf_str(b);
}

static inline void script_params(struct net_request *r, struct str query)
{
	struct str one;

	while (str_token(&query, "&", &one)) {
		struct net_param *p = &r->param[r->n_params++];

		p->name = str_cut(one, '=', &p->value);
	}
}

static inline void script_request(struct script *s, struct engineio_link *l,
				  enum net_method method, struct str query,
				  struct str body)
{
	struct net_request r = { .method = method, .body = body };
	size_t before = s->log.len;

	script_params(&r, query);
	engineio_head(s->e, l, &r, s->now_ms);
	if (s->log.len == before)
		engineio_request(s->e, l, &r, s->now_ms);
}

static inline bool script_http(struct script *s, struct str verb,
			       struct engineio_link *l, struct str rest)
{
	struct str body = { 0 }, query = str_cut(rest, ' ', &body);
	struct net_request r = { .method = NET_POST };

	if (str_is(verb, "GET")) {
		script_request(s, l, NET_GET, query, body);
	} else if (str_is(verb, "PUT")) {
		script_request(s, l, NET_PUT, query, body);
	} else if (str_is(verb, "POST")) {
		script_request(s, l, NET_POST, query, body);
	} else if (str_is(verb, "BEGIN")) {
		script_params(&r, rest);
		engineio_head(s->e, l, &r, s->now_ms);
	} else if (str_is(verb, "END")) {
		r.body = rest;
		engineio_request(s->e, l, &r, s->now_ms);
	} else {
		return false;
	}
	return true;
}

static inline bool script_socket(struct script *s, struct str verb,
				 struct engineio_link *l, struct str rest)
{
	struct net_request r = { .method = NET_GET };

	if (str_is(verb, "OPEN") || str_is(verb, "UPGRADE")) {
		script_params(&r, rest);
		if (engineio_upgrade(s->e, l, &r) && str_is(verb, "OPEN"))
			engineio_opened(s->e, l, s->now_ms);
	} else if (str_is(verb, "OPENED")) {
		engineio_opened(s->e, l, s->now_ms);
	} else if (str_is(verb, "TEXT") || str_is(verb, "BYTES")) {
		engineio_received(s->e, l, rest, str_is(verb, "BYTES"),
				  s->now_ms);
	} else if (str_is(verb, "BIG")) {
		engineio_refused(s->e, l, s->now_ms);
	} else if (str_is(verb, "CHOKE")) {
		s->choked[l - s->link] = true;
	} else if (str_is(verb, "WRITABLE")) {
		s->choked[l - s->link] = false;
		engineio_writable(s->e, l, s->now_ms);
	} else if (str_is(verb, "GONE")) {
		engineio_gone(s->e, l, s->now_ms);
		*l = (struct engineio_link){ 0 };
	} else {
		return false;
	}
	return true;
}

static inline void script_at(struct script *s, struct str ms)
{
	uint64_t v;

	assert_true(str_u64(ms, &v));
	s->now_ms = (int64_t)v;
	engineio_tick(s->e, s->now_ms);
	assert_true(engineio_deadline(s->e) > s->now_ms);
}

static inline void script_step(struct script *s, struct str step)
{
	struct str rest = { 0 }, verb = str_cut(step, ' ', &rest), args = { 0 };
	struct str name = str_cut(rest, ' ', &args);
	struct engineio_link *l = s->link;

	if (str_is(verb, "AT")) {
		script_at(s, rest);
		return;
	}
	if (name.len == 1 && name.p[0] >= 'a' && name.p[0] <= 'z')
		l += name.p[0] - 'a';
	if (!script_http(s, verb, l, args) &&
	    !script_socket(s, verb, l, args) && !s->verb(s, verb, rest))
		fail_msg("%.*s: no such step", STR_ARG(step));
}

static inline struct str script_next(struct script *s)
{
	struct str rest = str_sub(buf_str(&s->log), s->seen, s->log.len);
	size_t end = str_chr(rest, '\n');

	if (rest.len == 0)
		return rest;
	s->seen += end + 1;
	return str_sub(rest, 0, end);
}

static inline void script_expect(struct script *s, struct str want)
{
	struct str got = script_next(s);

	if (!str_eq(got, want))
		fail_msg("%s: want '%.*s', got '%.*s'",
			 json_string(json_member(s->c, "name")), STR_ARG(want),
			 STR_ARG(got));
}

/* Play a case, and close what it has left. */
static inline void script_play(struct script *s, const struct json *c)
{
	struct buf b = { 0 };

	s->c = c;
	for (int i = 1; i <= SCRIPT_IDS; i++)
		memset(s->id[i], 'A' + i - 1, ENGINEIO_SID_LEN);
	json_each (step, json_member(c, "steps")) {
		struct str text =
			script_sids(s, str_from(json_string(step)), &b);

		if (str_starts(text, STR("= "))) {
			script_expect(s, str_sub(text, 2, text.len));
			continue;
		}
		script_expect(s, STR(""));
		script_step(s, text);
	}
	script_expect(s, STR(""));
	buf_free(&b);
}

#endif
