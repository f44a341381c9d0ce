#include "linediff.h"

#include <stdlib.h>

#include "common/xmem.h"

/* One text: its lines, what number stands for each, and what stays. */
struct side {
	struct str *lines;
	unsigned *ids; /* equal lines have equal ones, from 1 */
	bool *kept;
	size_t n;
};

/* A hash table that numbers texts; open addressing, at most half full. */
struct numbers {
	struct slot {
		struct str text;
		unsigned id;
	} * slots;
	size_t mask;
	unsigned n;
};

static void split(struct str text, struct arena *a, struct side *s)
{
	size_t n = 1;

	for (size_t i = 0; i < text.len; i++)
		n += text.p[i] == '\n';
	s->lines = arena_alloc(a, n * sizeof(*s->lines));
	s->ids = arena_alloc(a, n * sizeof(*s->ids));
	s->kept = arena_alloc(a, n * sizeof(*s->kept));
	while (text.len)
		s->lines[s->n++] = str_cut(text, '\n', &text);
}

static unsigned number_of(struct numbers *t, struct str line)
{
	size_t i = str_hash(line) & t->mask;

	while (t->slots[i].id && !str_eq(t->slots[i].text, line))
		i = (i + 1) & t->mask;
	if (!t->slots[i].id)
		t->slots[i] = (struct slot){ line, ++t->n };
	return t->slots[i].id;
}

/* Returns the largest number. */
static unsigned number_lines(struct side *x, struct side *y, struct arena *a)
{
	struct numbers t = { .mask = 15 };

	while (t.mask < 2 * (x->n + y->n))
		t.mask = t.mask * 2 + 1;
	t.slots = arena_alloc(a, (t.mask + 1) * sizeof(*t.slots));
	for (size_t i = 0; i < x->n; i++)
		x->ids[i] = number_of(&t, x->lines[i]);
	for (size_t i = 0; i < y->n; i++)
		y->ids[i] = number_of(&t, y->lines[i]);
	return t.n;
}

/* What both begin and end with; leaves [*from_r, n - *tail_r) of each. */
static void keep_ends(struct side *x, struct side *y, size_t *from_r,
		      size_t *tail_r)
{
	size_t n = x->n < y->n ? x->n : y->n, from = 0, tail = 0;

	while (from < n && x->ids[from] == y->ids[from]) {
		x->kept[from] = y->kept[from] = true;
		from++;
	}
	while (tail < n - from &&
	       x->ids[x->n - 1 - tail] == y->ids[y->n - 1 - tail]) {
		tail++;
		x->kept[x->n - tail] = y->kept[y->n - tail] = true;
	}
	*from_r = from;
	*tail_r = tail;
}

/* Is diagonal k reached by a step down (a line of y), not one to the right? */
static bool is_down(const long *prev, long k, long d)
{
	return k == -d || (k != d && prev[k - 1] < prev[k + 1]);
}

/* Mark the diagonal steps of the path that ends at i, j after d edits. */
static void walk_back(struct side *x, struct side *y, size_t from, long i,
		      long j, long *const *rows, long d)
{
	for (; d >= 0; d--) {
		const long *prev = d ? rows[d - 1] : NULL;
		long k = i - j, start = 0, next_k = 0;
		bool down = false;

		if (d) {
			down = is_down(prev, k, d);
			next_k = down ? k + 1 : k - 1;
			start = down ? prev[next_k] : prev[next_k] + 1;
		}
		while (i > start) {
			i--;
			x->kept[from + (size_t)i] = true;
			y->kept[from + (size_t)(i - k)] = true;
		}
		if (!d)
			return;
		i = prev[next_k];
		j = i - next_k;
	}
}

/* rows[d][k]: how far into x diagonal k gets with d edits. */
static bool keep_common(struct side *x, struct side *y, size_t from,
			size_t tail, struct arena *a)
{
	const unsigned *xs = x->ids + from, *ys = y->ids + from;
	long n = (long)(x->n - from - tail), m = (long)(y->n - from - tail);
	long *rows[LINEDIFF_EDITS_MAX + 1];

	for (long d = 0; d <= LINEDIFF_EDITS_MAX; d++) {
		long *row = arena_alloc(a, (size_t)(2 * d + 1) * sizeof(*row));

		rows[d] = row += d;
		for (long k = -d; k <= d; k += 2) {
			long i = 0;

			if (d) {
				const long *prev = rows[d - 1];

				i = is_down(prev, k, d) ? prev[k + 1]
							: prev[k - 1] + 1;
			}
			while (i < n && i - k < m && xs[i] == ys[i - k])
				i++;
			row[k] = i;
			if (k == n - m && i >= n) {
				walk_back(x, y, from, n, m, rows, d);
				return true;
			}
		}
	}
	return false;
}

/* As multisets: of each text, as many lines stay as both sides have. */
static void keep_counted(struct side *x, struct side *y, unsigned n_ids,
			 struct arena *a)
{
	size_t *in_x = arena_alloc(a, (n_ids + 1) * sizeof(*in_x));
	size_t *in_y = arena_alloc(a, (n_ids + 1) * sizeof(*in_y));

	for (size_t i = 0; i < x->n; i++)
		in_x[x->ids[i]]++;
	for (size_t i = 0; i < y->n; i++)
		in_y[y->ids[i]]++;
	for (size_t i = 0; i < x->n; i++)
		if ((x->kept[i] = in_y[x->ids[i]] > 0))
			in_y[x->ids[i]]--;
	for (size_t i = 0; i < y->n; i++)
		if ((y->kept[i] = in_x[y->ids[i]] > 0))
			in_x[y->ids[i]]--;
}

static struct str *collect(const struct side *s, struct arena *a, size_t *n_r)
{
	struct str *out;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += !s->kept[i];
	out = arena_alloc(a, n * sizeof(*out));
	*n_r = n;
	for (size_t i = s->n; i-- > 0;)
		if (!s->kept[i])
			out[--n] = s->lines[i];
	return out;
}

void linediff(struct str before, struct str after, bool unordered,
	      struct arena *a, struct linediff *d_r)
{
	struct side x = { 0 }, y = { 0 };
	struct arena scratch = { 0 };
	size_t from, tail;
	unsigned n_ids;

	split(before, &scratch, &x);
	split(after, &scratch, &y);
	n_ids = number_lines(&x, &y, &scratch);
	*d_r = (struct linediff){ .unordered = unordered };
	if (!unordered) {
		keep_ends(&x, &y, &from, &tail);
		d_r->unordered = !keep_common(&x, &y, from, tail, &scratch);
	}
	if (d_r->unordered)
		keep_counted(&x, &y, n_ids, &scratch);
	d_r->removed = collect(&x, a, &d_r->n_removed);
	d_r->added = collect(&y, a, &d_r->n_added);
	arena_free(&scratch);
}
