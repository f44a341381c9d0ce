#include "common/stats.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

struct stat {
	const char *name, *label;
	int64_t value;
};

struct stats {
	struct stat stat[STATS_MAX];
	size_t n;
};

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

void stats_print(const struct stats *s, struct buf *b)
{
	buf_putc(b, '{');
	for (size_t i = 0; i < s->n; i++) {
		const struct stat *at = &s->stat[i];

		buf_addf(b, "%s\"%s", i ? "," : "", at->name);
		if (at->label)
			buf_addf(b, "{%s}", at->label);
		buf_addf(b, "\":%lld", (long long)at->value);
	}
	buf_putc(b, '}');
}
