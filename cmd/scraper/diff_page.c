/*
 * A page's text, line by line.
 *
 * Where only new lines are wanted, those that went are remembered like the
 * entries of a list: a line that comes back in time is not new.
 */
#include "diff_work.h"

#include <string.h>

#include "common/blob.h"
#include "common/types_finding.h"

#include "linediff.h"
#include "page_rules.h"

enum { KEY_TEXT = 1 };

/* As many lines as fit; true if that is not all. */
static bool take_lines(struct str *lines, size_t n, struct arena *a,
		       struct shape_list *list)
{
	size_t bytes = 0;

	list->v = arena_alloc(a, DIFF_LINES_MAX * sizeof(*list->v));
	list->present = true;
	for (size_t i = 0; i < n; i++) {
		struct str line =
			str_utf8_prefix(lines[i], DIFF_LINE_BYTES_MAX);

		bytes += line.len;
		if (list->n == DIFF_LINES_MAX || bytes > DIFF_PAGE_BYTES_MAX)
			return true;
		list->v[list->n++] = line;
	}
	return false;
}

/* The name of a text that is to be kept. */
static struct str name_text(struct work *k, struct str text,
			    char id[BLOB_ID_SIZE])
{
	struct err none;

	if (text.len > k->w->keep_max || blob_id(text, id, &none))
		return (struct str){ 0 };
	k->d->keep = text;
	return str_from(id);
}

static bool is_remembered(const struct gone *v, size_t n, uint64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].id == id)
			return true;
	return false;
}

/* What went is remembered, what came back is left out of the new lines. */
static void keep_new(struct work *k, struct linediff *d)
{
	const struct watch_state *b = k->before;
	struct gone *left =
		arena_alloc(k->a, (b->n_gone + d->n_removed) * sizeof(*left));
	size_t n = 0, n_new = 0;

	for (size_t i = 0; i < b->n_gone; i++)
		if (k->now_s - b->gone[i].time_s <= k->w->forget_s)
			left[n++] = b->gone[i];
	for (size_t i = 0; i < d->n_added; i++)
		if (!is_remembered(left, n, str_hash(d->added[i])))
			d->added[n_new++] = d->added[i];
	for (size_t i = 0; i < d->n_removed; i++)
		left[n++] = (struct gone){ .id = str_hash(d->removed[i]),
					   .time_s = k->now_s };
	if (n > WATCHSTATE_GONE_MAX) {
		left += n - WATCHSTATE_GONE_MAX;
		n = WATCHSTATE_GONE_MAX;
	}
	k->after->gone = left;
	k->after->n_gone = n;
	d->n_added = n_new;
	d->n_removed = 0;
}

static bool is_triggered(const struct page_rules *r, const struct linediff *d)
{
	if (!r || !r->trigger.n)
		return true;
	for (size_t i = 0; i < d->n_added; i++)
		if (page_patterns_match(&r->trigger, d->added[i]))
			return true;
	return false;
}

/* Does the text say anything else that is worth telling? */
static bool compare(struct work *k, struct str old, struct str now,
		    struct linediff *d)
{
	const struct page_rules *r = k->w->rules;

	linediff(old, now, r && (r->unordered || r->only_new), k->a, d);
	if (!d->n_added && !d->n_removed)
		return false;
	if (k->w->confirm.times > 1 &&
	    !trails_see(&k->trails, KEY_TEXT, str_hash(now), str_hash(old)))
		return false;
	/* From here on this is the text that is known, told or not. */
	k->after->text = now;
	k->d->moved = true;
	if (r && r->only_new)
		keep_new(k, d);
	return (d->n_added || d->n_removed) && is_triggered(r, d);
}

void diff_page(struct work *k)
{
	struct str now = str_utf8_prefix(k->o->text, WATCHSTATE_TEXT_MAX);
	struct type_page_change t = { .watch = k->w->id,
				      .url = k->w->url,
				      .baseline = !k->before->based };
	char id[BLOB_ID_SIZE];
	struct linediff lines;

	if (k->before->based) {
		if (!compare(k, k->before->text, now, &lines))
			return;
		t.truncated =
			take_lines(lines.added, lines.n_added, k->a, &t.added);
		t.truncated |= take_lines(lines.removed, lines.n_removed, k->a,
					  &t.removed);
	}
	k->after->text = now;
	t.blob = name_text(k, now, id);
	diff_say(k, "page.change", k->w->id, &shape_page_change, &t);
}
