#include "lifetime.h"

#include "common/buf.h"
#include "common/http.h"
#include "common/retry_after.h"

#include "header_value.h"

enum { YEAR_S = 31536000 };

/* What Cache-Control says, as far as it concerns us. */
struct control {
	bool never;    /* no-cache, no-store, or what cannot be understood */
	int64_t max_s; /* -1: it does not say */
};

/* Seconds (1.2.2): what is too large is a year. -1: none. */
static int64_t seconds(struct str s)
{
	uint64_t n;

	if (s.len == 0)
		return -1;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
	return str_u64(s, &n) && n < YEAR_S ? (int64_t)n : YEAR_S;
}

/*
 * no-cache="Set-Cookie" is about one field only. Of several max-age the first
 * holds (4.2.1).
 */
static void read_directive(struct control *c, struct str part)
{
	struct str value, name = str_trim(str_cut(part, '=', &value));

	if (str_eq_nocase(name, STR("no-store")) ||
	    (str_eq_nocase(name, STR("no-cache")) && !value.p)) {
		c->never = true;
	} else if (str_eq_nocase(name, STR("max-age")) && c->max_s < 0) {
		c->max_s = seconds(header_unquoted(value));
		c->never |= c->max_s < 0;
	}
}

static struct control read_control(struct str rest)
{
	struct control c = { .max_s = -1 };

	while (rest.len) {
		read_directive(&c, header_take(&rest, ","));
		rest = str_sub(rest, 1, rest.len);
	}
	return c;
}

/* 4.2.1; an Expires that is no date, as "0", is in the past (5.3). */
static int64_t total_ms(const struct lifetime *l, const struct control *c,
			int64_t date_us)
{
	int64_t expires_us;

	if (c->max_s >= 0)
		return c->max_s * 1000;
	if (!http_date_parse(l->expires, &expires_us) || expires_us <= date_us)
		return 0;
	return (expires_us - date_us) / 1000;
}

/*
 * 4.2.3. A clock of theirs that is behind makes the answer old before its time,
 * and costs one request more.
 */
static int64_t age_ms(const struct lifetime *l, int64_t date_us, int64_t now_us)
{
	struct str first, rest;
	int64_t age,
		apparent = now_us > date_us ? (now_us - date_us) / 1000 : 0;

	first = str_trim(str_cut(l->age, ',', &rest));
	age = seconds(first);
	return age * 1000 > apparent ? age * 1000 : apparent;
}

int64_t lifetime_ms(const struct lifetime *l, int64_t now_us)
{
	struct control c = read_control(l->cache_control);
	int64_t date_us = now_us, ms;

	if (c.never || str_chr(l->vary, '*') != (size_t)-1)
		return 0;
	if (l->date.p && !http_date_parse(l->date, &date_us))
		date_us = now_us;
	ms = total_ms(l, &c, date_us);
	if (ms > LIFETIME_MAX_MS)
		ms = LIFETIME_MAX_MS;
	ms -= age_ms(l, date_us, now_us);
	return ms > 0 ? ms : 0;
}

int64_t lifetime_of(const struct http_response *r, int64_t now_us)
{
	struct buf control = { 0 };
	struct lifetime l = {
		.cache_control = http_header_all(r, "cache-control", &control),
		.expires = http_header(r, "expires"),
		.date = http_header(r, "date"),
		.age = http_header(r, "age"),
		.vary = http_header(r, "vary"),
	};
	int64_t ms = 0;

	if (l.cache_control.p || l.expires.p)
		ms = lifetime_ms(&l, now_us);
	buf_free(&control);
	return ms;
}
