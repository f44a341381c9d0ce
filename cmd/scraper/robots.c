#include "robots.h"

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/decimal.h"
#include "common/xmem.h"

enum { DELAY_MAX_MS = 3600 * 1000 };

struct rule {
	struct str pattern; /* normal form */
	bool allow;
};

/* The rules of all groups for one agent. */
struct group {
	struct rule *rules;
	size_t n, cap;
	int64_t delay_ms;
	bool present;
};

struct robots {
	struct group own, any; /* for our agent, for "*" */
	struct arena arena;
};

/* Where the reader stands: which groups the lines are for. */
struct reader {
	struct robots *r;
	struct str agent;
	struct buf scratch;
	bool own, any;
	bool ruled; /* a rule was seen: the next User-agent starts a group */
};

/* RFC 9309 has no digits or foreign letters here; names in use do. */
static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       (unsigned char)c >= 0x80;
}

/* The product token that s starts with. */
static struct str product(struct str s)
{
	size_t i = 0;

	while (i < s.len && is_token_char(s.p[i]))
		i++;
	return str_sub(s, 0, i);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The octet of a "%41" at s, or -1. */
static int escaped(struct str s)
{
	int high, low;

	if (s.len < 3 || s.p[0] != '%')
		return -1;
	high = hex(s.p[1]);
	low = hex(s.p[2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static bool is_unreserved(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

/*
 * Add s in the one form in which targets and patterns are compared: octets
 * outside ASCII, spaces and controls encoded, unreserved characters not,
 * upper-case hex digits. Of a target `special` is "*$": there the two
 * characters mean themselves, and are written as a pattern must write them.
 */
static void normalize(struct buf *b, struct str s, const char *special)
{
	for (size_t i = 0; i < s.len; i++) {
		int c = escaped(str_sub(s, i, s.len));
		unsigned char plain = (unsigned char)s.p[i];

		if (c >= 0)
			i += 2;
		if (c < 0 && plain > ' ' && plain < 0x7f &&
		    !strchr(special, plain))
			buf_putc(b, s.p[i]);
		else if (is_unreserved(c))
			buf_putc(b, (char)c);
		else
			buf_addf(b, "%%%02X", c < 0 ? plain : (unsigned)c);
	}
}

static void add_rule(struct reader *rd, struct group *g, bool allow)
{
	struct str pattern = arena_str(&rd->r->arena, buf_str(&rd->scratch));

	xgrow(&g->rules, &g->cap, g->n, sizeof(*g->rules));
	g->rules[g->n++] = (struct rule){ pattern, allow };
}

static void read_rule(struct reader *rd, struct str value, bool allow)
{
	bool anchored = str_ends(value, STR("$"));

	rd->ruled = true;
	if (value.len == 0)
		return;
	buf_reset(&rd->scratch);
	normalize(&rd->scratch, str_sub(value, 0, value.len - anchored), "$");
	if (anchored)
		buf_putc(&rd->scratch, '$');
	if (rd->own)
		add_rule(rd, &rd->r->own, allow);
	if (rd->any)
		add_rule(rd, &rd->r->any, allow);
}

static void read_agent(struct reader *rd, struct str value)
{
	struct str name = { 0 };

	if (rd->ruled)
		rd->own = rd->any = rd->ruled = false;
	if (str_token(&value, " \t", &name) && str_is(name, "*"))
		rd->any = rd->r->any.present = true;
	else if (rd->agent.len && str_eq_nocase(product(name), rd->agent))
		rd->own = rd->r->own.present = true;
}

static void read_delay(struct reader *rd, struct str value)
{
	struct decimal d, ms;
	int64_t delay;

	if (!decimal_parse(value, &d) || decimal_sign(d) < 0 ||
	    !decimal_mul(d, decimal_from_int(1000), &ms) ||
	    !decimal_round(ms, 0, &ms))
		return;
	delay = ms.coef > DELAY_MAX_MS ? DELAY_MAX_MS : (int64_t)ms.coef;
	if (rd->own)
		rd->r->own.delay_ms = delay;
	if (rd->any)
		rd->r->any.delay_ms = delay;
}

/* "key: value"; some leave the colon out ("disallow /x"), as Google allows. */
static bool split_line(struct str line, struct str *key_r, struct str *value_r)
{
	struct str rest, token;

	line = str_trim(str_cut(line, '#', &rest));
	*key_r = str_trim(str_cut(line, ':', value_r));
	if (value_r->p) {
		*value_r = str_trim(*value_r);
		return key_r->len > 0;
	}
	rest = line;
	return str_token(&rest, " \t", key_r) &&
	       str_token(&rest, " \t", value_r) &&
	       !str_token(&rest, " \t", &token);
}

static bool is_any_of(struct str key, const char *const names[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(key, str_from(names[i])))
			return true;
	return false;
}

static void read_line(struct reader *rd, struct str line)
{
	/* With the slips of the pen that all large crawlers forgive. */
	static const char *const agent[] = { "user-agent", "useragent",
					     "user agent" };
	static const char *const disallow[] = { "disallow", "dissallow",
						"dissalow", "disalow",
						"diasllow", "disallaw" };
	struct str key, value;

	if (!split_line(line, &key, &value))
		return;
	if (is_any_of(key, agent, ARRAY_LEN(agent)))
		read_agent(rd, value);
	else if (is_any_of(key, disallow, ARRAY_LEN(disallow)))
		read_rule(rd, value, false);
	else if (str_eq_nocase(key, STR("allow")))
		read_rule(rd, value, true);
	else if (str_eq_nocase(key, STR("crawl-delay")))
		read_delay(rd, value);
}

/* The rule that decides comes first: longest pattern, then allow. */
static int compare_rules(const void *a, const void *b)
{
	const struct rule *ra = a, *rb = b;

	if (ra->pattern.len != rb->pattern.len)
		return ra->pattern.len > rb->pattern.len ? -1 : 1;
	return (int)rb->allow - (int)ra->allow;
}

static void sort_rules(struct group *g)
{
	if (g->n)
		qsort(g->rules, g->n, sizeof(*g->rules), compare_rules);
}

struct robots *robots_parse(struct str body, struct str agent)
{
	struct robots *r = xcalloc(1, sizeof(*r));
	struct reader rd = { .r = r, .agent = product(agent) };
	struct str line;

	r->own.delay_ms = r->any.delay_ms = -1;
	if (str_starts(body, STR("\xef\xbb\xbf")))
		body = str_sub(body, 3, body.len);
	if (body.len > ROBOTS_BYTES_MAX) {
		/* Half a rule could forbid or allow far more than a whole. */
		body.len = ROBOTS_BYTES_MAX;
		while (body.len && body.p[body.len - 1] != '\n')
			body.len--;
	}
	while (str_token(&body, "\r\n", &line))
		read_line(&rd, line);
	buf_free(&rd.scratch);
	sort_rules(&r->own);
	sort_rules(&r->any);
	return r;
}

void robots_free(struct robots **rp)
{
	if (!*rp)
		return;
	free((*rp)->own.rules);
	free((*rp)->any.rules);
	arena_free(&(*rp)->arena);
	free(*rp);
	*rp = NULL;
}

/* Each piece between stars is taken where it first occurs. */
static bool matches(struct str pattern, struct str target)
{
	bool anchored = str_ends(pattern, STR("$"));
	struct str rest = str_sub(pattern, 0, pattern.len - anchored);
	struct str piece = str_cut(rest, '*', &rest);

	if (!str_starts(target, piece))
		return false;
	target = str_sub(target, piece.len, target.len);
	if (!rest.p)
		return !anchored || target.len == 0;
	for (;;) {
		size_t at;

		piece = str_cut(rest, '*', &rest);
		if (!rest.p && anchored)
			return str_ends(target, piece);
		at = str_find(target, piece);
		if (at == (size_t)-1)
			return false;
		if (!rest.p)
			return true;
		target = str_sub(target, at + piece.len, target.len);
	}
}

/*
 * Allowing /x/index.html allows /x/ too (Google's reading; sites that open
 * only their index rely on it).
 */
static bool allows_index(const struct rule *rule, struct str target)
{
	static const char index[] = "index.htm";
	struct str p = rule->pattern;

	if (str_ends(p, STR("l")))
		p.len--;
	return rule->allow && str_ends(p, str_from(index)) &&
	       str_eq(target, str_sub(p, 0, p.len - strlen(index))) &&
	       str_ends(target, STR("/"));
}

bool robots_allowed(const struct robots *r, struct str target)
{
	const struct group *g = r->own.present ? &r->own : &r->any;
	struct buf b = { 0 };
	struct str rest, path;
	bool allowed = true;

	target = str_cut(str_sub(target, 0, ROBOTS_PATH_MAX), '#', &rest);
	if (target.len == 0 || target.p[0] != '/')
		buf_putc(&b, '/');
	normalize(&b, target, "*$");
	path = buf_str(&b);
	for (size_t i = 0; i < g->n; i++) {
		const struct rule *rule = &g->rules[i];

		if (matches(rule->pattern, path) || allows_index(rule, path)) {
			allowed = rule->allow;
			break;
		}
	}
	allowed = allowed || str_is(path, "/robots.txt");
	buf_free(&b);
	return allowed;
}

int64_t robots_delay_ms(const struct robots *r)
{
	return r->own.present ? r->own.delay_ms : r->any.delay_ms;
}

struct str robots_target(struct str url)
{
	size_t at = str_find(url, STR("://"));
	size_t slash = str_chr(url, '/');

	/* "://" behind the first slash is part of a query. */
	if (at == (size_t)-1 || slash < at)
		return url;
	at += 3;
	while (at < url.len && !memchr("/?#", url.p[at], 3))
		at++;
	return str_sub(url, at, url.len);
}
