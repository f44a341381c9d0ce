#include "common/stats.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

struct stat {
	const char *name, *label;
	int64_t value;
};

struct stats_times {
	const char *name, *label;
	uint64_t n[STATS_BOUNDS + 1]; /* of each bucket alone */
	uint64_t sum_us;
};

struct stats {
	struct stat stat[STATS_MAX];
	size_t n;
	struct stats_times times[STATS_TIMES_MAX];
	size_t n_times;
};

/* As text, too, so that every process says them in the same way. */
static const struct {
	int64_t us;
	const char *text;
} bounds[] = {
	{ 100, "0.0001" },  { 250, "0.00025" }, { 500, "0.0005" },
	{ 1000, "0.001" },  { 2500, "0.0025" }, { 5000, "0.005" },
	{ 10000, "0.01" },  { 25000, "0.025" }, { 50000, "0.05" },
	{ 100000, "0.1" },  { 250000, "0.25" }, { 500000, "0.5" },
	{ 1000000, "1" },   { 2500000, "2.5" }, { 5000000, "5" },
	{ 10000000, "10" }, { 30000000, "30" },
};
_Static_assert(ARRAY_LEN(bounds) == STATS_BOUNDS, "a bound for each bucket");

struct stats *stats_new(void)
{
	return xcalloc(1, sizeof(struct stats));
}

void stats_free(struct stats **sp)
{
	free(*sp);
	*sp = NULL;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static struct stat *find(const struct stats *s, const char *name,
			 const char *label)
{
	for (size_t i = 0; i < s->n; i++)
		if (same(s->stat[i].name, name) &&
		    same(s->stat[i].label, label))
			return (struct stat *)(uintptr_t)&s->stat[i];
	return NULL;
}

static struct stat *get(struct stats *s, const char *name, const char *label)
{
	struct stat *at = find(s, name, label);

	if (!at && s->n < STATS_MAX) {
		at = &s->stat[s->n++];
		*at = (struct stat){ name, label, 0 };
	}
	return at;
}

void stats_add(struct stats *s, const char *name, const char *label, int64_t n)
{
	struct stat *at = get(s, name, label);

	if (at)
		at->value += n;
}

void stats_set(struct stats *s, const char *name, const char *label, int64_t v)
{
	struct stat *at = get(s, name, label);

	if (at)
		at->value = v;
}

int64_t stats_get(const struct stats *s, const char *name, const char *label)
{
	const struct stat *at = find(s, name, label);

	return at ? at->value : 0;
}

struct stats_times *stats_times(struct stats *s, const char *name,
				const char *label)
{
	struct stats_times *t;

	for (size_t i = 0; i < s->n_times; i++)
		if (same(s->times[i].name, name) &&
		    same(s->times[i].label, label))
			return &s->times[i];
	if (s->n_times == STATS_TIMES_MAX)
		return NULL;
	t = &s->times[s->n_times++];
	*t = (struct stats_times){ .name = name, .label = label };
	return t;
}

void stats_took(struct stats_times *t, int64_t us)
{
	size_t lo = 0, hi = STATS_BOUNDS;

	if (!t)
		return;
	if (us < 0)
		us = 0;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (bounds[mid].us < us)
			lo = mid + 1;
		else
			hi = mid;
	}
	t->n[lo]++;
	t->sum_us += (uint64_t)us;
}

static void print_key(struct buf *b, const char *name, const char *label)
{
	struct buf key = { 0 };

	if (b->p[b->len - 1] != '{')
		buf_putc(b, ',');
	buf_puts(&key, name);
	if (label)
		buf_addf(&key, "{%s}", label);
	buf_json_str(b, buf_str(&key));
	buf_putc(b, ':');
	buf_free(&key);
}

static void print_times(const struct stats_times *t, struct buf *b)
{
	uint64_t sum = 0;

	buf_puts(b, "{\"le\":[");
	for (size_t i = 0; i < STATS_BOUNDS; i++)
		buf_addf(b, "%s%s", i ? "," : "", bounds[i].text);
	buf_puts(b, "],\"n\":[");
	for (size_t i = 0; i <= STATS_BOUNDS; i++) {
		sum += t->n[i];
		buf_addf(b, "%s%llu", i ? "," : "", (unsigned long long)sum);
	}
	buf_addf(b, "],\"sum\":%llu.%06u}",
		 (unsigned long long)(t->sum_us / 1000000),
		 (unsigned)(t->sum_us % 1000000));
}

void stats_print(const struct stats *s, struct buf *b)
{
	buf_putc(b, '{');
	for (size_t i = 0; i < s->n; i++) {
		print_key(b, s->stat[i].name, s->stat[i].label);
		buf_addf(b, "%lld", (long long)s->stat[i].value);
	}
	for (size_t i = 0; i < s->n_times; i++) {
		print_key(b, s->times[i].name, s->times[i].label);
		print_times(&s->times[i], b);
	}
	buf_putc(b, '}');
}
