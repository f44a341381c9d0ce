#include "budget.h"

#include <string.h>
#include <time.h>

#include "common/xmem.h"

/* Midnight in the zone, of a day of a month that may be out of 0 to 11. */
static int64_t midnight(const struct budget_rules *r, int year, int month)
{
	struct tm tm = { .tm_year = year, .tm_mon = month + 1, .tm_mday = 0 };
	int last;

	/* The 0th of the next month is the last of this one. */
	timegm(&tm);
	last = tm.tm_mday;
	tm = (struct tm){ .tm_year = year,
			  .tm_mon = month,
			  .tm_mday = r->day < last ? r->day : last };
	return tz_to_utc(r->tz, timegm(&tm));
}

struct budget_period budget_period(const struct budget_rules *r, int64_t now_s)
{
	time_t local = now_s + tz_span_at(r->tz, now_s).offset_s;
	struct budget_period p = { .base = 0 };
	struct tm tm;

	gmtime_r(&local, &tm);
	p.start_s = midnight(r, tm.tm_year, tm.tm_mon);
	if (now_s >= p.start_s) {
		p.end_s = midnight(r, tm.tm_year, tm.tm_mon + 1);
	} else {
		p.end_s = p.start_s;
		p.start_s = midnight(r, tm.tm_year, tm.tm_mon - 1);
	}
	return p;
}

static void insert(struct budget *b, size_t at, struct budget_period p)
{
	if (b->n == BUDGET_PERIODS) {
		if (at == 0) { /* older than all that are remembered */
			b->v[0] = p;
			b->now = 0;
			return;
		}
		memmove(b->v, b->v + 1, (b->n - 1) * sizeof(*b->v));
		b->n--;
		at--;
	}
	memmove(b->v + at + 1, b->v + at, (b->n - at) * sizeof(*b->v));
	b->v[at] = p;
	b->n++;
	b->now = at;
}

void budget_roll(const struct budget_rules *r, struct budget *b, int64_t now_s)
{
	struct budget_period p = budget_period(r, now_s), *last;
	size_t at = 0;

	while (at < b->n && now_s >= b->v[at].end_s)
		at++;
	last = at ? &b->v[at - 1] : NULL;
	if (at < b->n && now_s >= b->v[at].start_s) {
		b->now = at;
		if (at + 1 == b->n)
			b->v[at].end_s = p.end_s; /* the rule may be new */
	} else if (at == b->n && last && p.start_s < last->end_s) {
		last->end_s = p.end_s; /* likewise */
		b->now = at - 1;
	} else {
		/* Known time behind it: all that was taken there may be its. */
		p.base = at < b->n ? b->v[at].base : b->total;
		if (at < b->n && p.end_s > b->v[at].start_s)
			p.end_s = b->v[at].start_s;
		insert(b, at, p);
	}
}

int64_t budget_used(const struct budget *b)
{
	return b->n ? b->total - b->v[b->now].base : 0;
}

int64_t budget_left(const struct budget_rules *r, const struct budget *b)
{
	int64_t used = budget_used(b);

	return used < r->budget ? r->budget - used : 0;
}

bool budget_take(const struct budget_rules *r, struct budget *b, int64_t now_s)
{
	budget_roll(r, b, now_s);
	if (budget_left(r, b) < r->cost)
		return false;
	b->total += r->cost;
	return true;
}

void budget_encode(const struct budget *b, struct buf *out)
{
	buf_addf(out, "%lld", (long long)b->total);
	for (size_t i = 0; i < b->n; i++)
		buf_addf(out, " %lld %lld %lld", (long long)b->v[i].start_s,
			 (long long)b->v[i].end_s, (long long)b->v[i].base);
}

bool budget_decode(struct str text, struct budget *b)
{
	int64_t n[1 + 3 * BUDGET_PERIODS];
	struct budget got = { .n = 0 };
	struct str token;
	size_t len = 0;
	uint64_t u;

	while (str_token(&text, " ", &token)) {
		if (len == ARRAY_LEN(n) || !str_u64(token, &u) || u > INT64_MAX)
			return false;
		n[len++] = (int64_t)u;
	}
	if (len % 3 != 1)
		return false;
	got.total = n[0];
	for (size_t i = 1; i < len; i += 3) {
		got.v[got.n] =
			(struct budget_period){ n[i], n[i + 1], n[i + 2] };
		if (n[i] >= n[i + 1] || n[i + 2] > got.total)
			return false;
		got.now = got.n++;
	}
	*b = got;
	return true;
}
