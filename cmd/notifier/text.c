#include "text.h"

#include "common/json.h"

/* ---- looking up ---- */

/* A name of the delivery or its event, not of the notification. */
static bool of_event(const struct text_values *v, struct str name,
		     struct arena *a, struct str *text_r)
{
	const struct event *ev = &v->msg->ev;
	char time[CLK_TEXT_SIZE];

	if (str_is(name, "id"))
		*text_r = v->id;
	else if (str_is(name, "channel"))
		*text_r = v->channel;
	else if (str_is(name, "user"))
		*text_r = v->msg->user;
	else if (str_is(name, "source"))
		*text_r = ev->source;
	else if (!str_is(name, "time"))
		return false;
	else if (ev->time_us == CLK_NONE)
		*text_r = (struct str){ 0 };
	else
		*text_r = arena_str(a, str_from(clk_format(ev->time_us, time)));
	return true;
}

static bool step_into(struct str value, struct str step, struct arena *a,
		      struct str *value_r)
{
	struct json_iter it = json_iter(value);
	bool list = json_type_of(value) == JSON_ARRAY;
	uint64_t index = 0, i = 0;

	if (list && !str_u64(step, &index))
		return false;
	while (json_next(&it))
		if (list ? i++ == index : str_eq(json_name(it.key, a), step)) {
			*value_r = json_trim(it.value);
			return true;
		}
	return false;
}

/* A value's JSON; false where it is not there, or null. */
static bool find_json(const struct text_values *v, struct str path,
		      struct arena *a, struct str *json_r)
{
	struct str value = json_trim(v->msg->ev.data);

	while (path.p)
		if (!step_into(value, str_cut(path, '.', &path), a, &value))
			return false;
	*json_r = value;
	return json_type_of(value) != JSON_NULL;
}

static struct str find_text(const struct text_values *v, struct str path,
			    struct arena *a)
{
	struct str text = { 0 }, json;

	if (of_event(v, path, a, &text) || !find_json(v, path, a, &json))
		return text;
	if (!json_text(json, a, &text))
		text = json_one_line(json, a);
	return text;
}

static bool is_there(const struct text_values *v, struct str path,
		     struct arena *a)
{
	struct str text, json;
	struct json_iter it;

	if (of_event(v, path, a, &text))
		return text.len > 0;
	if (!find_json(v, path, a, &json))
		return false;
	switch (json_type_of(json)) {
	case JSON_STRING: return json.len > 2;
	case JSON_BOOL: return *json.p == 't';
	case JSON_ARRAY:
	case JSON_OBJECT: it = json_iter(json); return json_next(&it);
	default: return true;
	}
}

static struct str as_json(const struct text_values *v, struct str path,
			  struct arena *a)
{
	struct buf b = { .p = NULL };
	struct str text, json;

	if (of_event(v, path, a, &text)) {
		buf_json_str(&b, text);
		json = arena_str(a, buf_str(&b));
		buf_free(&b);
		return json;
	}
	if (!find_json(v, path, a, &json))
		return STR("null");
	return json_one_line(json, a);
}

/* ---- filling in ---- */

/* A piece as it will be printed: what is fixed, and what may be cut. */
struct run {
	bool fixed;
	bool cut; /* "…" follows */
	enum text_escape escape;
	struct str text;
	size_t units; /* escaped */
};

static size_t skip_section(const struct text_template *t, size_t i)
{
	size_t depth = 0;

	for (;; i++) {
		enum text_piece_kind k = t->piece[i].kind;

		if (k == TEXT_PIECE_IF || k == TEXT_PIECE_UNLESS)
			depth++;
		else if (k == TEXT_PIECE_END && --depth == 0)
			return i;
	}
}

static size_t make_runs(const struct text_template *t,
			const struct text_values *v, enum text_unit unit,
			struct arena *a, struct run *run)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct text_piece *p = &t->piece[i];
		struct run *r = &run[n];

		*r = (struct run){ .fixed = true, .text = p->text };
		switch (p->kind) {
		case TEXT_PIECE_IF:
		case TEXT_PIECE_UNLESS:
			if (is_there(v, p->text, a) !=
			    (p->kind == TEXT_PIECE_IF))
				i = skip_section(t, i);
			continue;
		case TEXT_PIECE_END: continue;
		case TEXT_PIECE_LITERAL: break;
		case TEXT_PIECE_JSON: r->text = as_json(v, p->text, a); break;
		case TEXT_PIECE_VALUE:
			r->fixed = false;
			r->escape = p->escape;
			r->text = find_text(v, p->text, a);
		}
		if (r->fixed)
			r->units = text_units(r->text, unit);
		else
			text_escape_add(NULL, r->text, r->escape, unit,
					SIZE_MAX, &r->units);
		n++;
	}
	return n;
}

static void print_run(struct buf *b, const struct run *r)
{
	size_t units;

	if (r->fixed)
		buf_add_str(b, r->text);
	else
		text_escape_add(b, r->text, r->escape, TEXT_BYTES, SIZE_MAX,
				&units);
	if (r->cut)
		buf_puts(b, "\xe2\x80\xa6");
}

static struct run *longest(struct run *run, size_t n)
{
	struct run *longest = NULL;

	for (size_t i = 0; i < n; i++)
		if (!run[i].fixed && !run[i].cut &&
		    (!longest || run[i].units > longest->units))
			longest = &run[i];
	return longest;
}

/* Where a part of so many bytes had better end: behind a line or a blank. */
static size_t break_before(struct str text, size_t len)
{
	size_t blank = 0;

	if (len == text.len)
		return len;
	for (size_t i = len; i > len - len / 4; i--) {
		if (text.p[i - 1] == '\n')
			return i;
		if (text.p[i - 1] == ' ' && !blank)
			blank = i;
	}
	return blank ? blank : len;
}

/* How much of a value goes in room. */
static size_t fit(const struct run *r, enum text_unit unit, size_t room,
		  size_t *units_r)
{
	return text_escape_add(NULL, r->text, r->escape, unit, room, units_r);
}

/* Cut values, the longest first, until all of it is no longer than max. */
static void cut_runs(struct run *run, size_t n, size_t total,
		     const struct text_limit *limit)
{
	size_t dots = text_units(STR("\xe2\x80\xa6"), limit->unit);
	struct run *r;

	while (total > limit->max && (r = longest(run, n))) {
		size_t over = total - limit->max + dots;
		size_t room = r->units > over ? r->units - over : 0;

		total -= r->units;
		r->text.len = fit(r, limit->unit, room, &r->units);
		r->cut = true;
		total += r->units + dots;
	}
}

/* The value that is the longest goes on where it does not fit. */
static size_t split_run(struct run *first, size_t total,
			const struct text_limit *limit, struct arena *a,
			struct str *part_r, size_t n)
{
	struct run rest = *first;
	size_t over = total - limit->max, units, len;

	len = fit(first, limit->unit,
		  first->units > over ? first->units - over : 0, &units);
	first->text.len = break_before(rest.text, len);
	rest.text = str_sub(rest.text, first->text.len, rest.text.len);
	while (rest.text.len && n < TEXT_PARTS_MAX) {
		struct run r = rest;
		struct buf b = { .p = NULL };

		text_escape_add(NULL, rest.text, rest.escape, limit->unit,
				SIZE_MAX, &r.units);
		if (n + 1 == TEXT_PARTS_MAX) {
			cut_runs(&r, 1, r.units, limit);
			rest.text.len = 0;
		} else {
			len = fit(&rest, limit->unit, limit->max, &units);
			r.text.len = break_before(rest.text, len);
			rest.text =
				str_sub(rest.text, r.text.len, rest.text.len);
		}
		print_run(&b, &r);
		part_r[n++] = arena_str(a, buf_str(&b));
		buf_free(&b);
	}
	return n;
}

size_t text_fill(const struct text_template *t, const struct text_values *v,
		 const struct text_limit *limit, struct arena *a,
		 struct str part_r[TEXT_PARTS_MAX])
{
	struct run run[TEXT_PIECES_MAX];
	size_t n = make_runs(t, v, limit->unit, a, run), total = 0, parts = 1;
	struct run *most = longest(run, n);
	struct buf b = { .p = NULL };

	for (size_t i = 0; i < n; i++)
		total += run[i].units;
	if (limit->max && total > limit->max) {
		/* Where the others alone are too long, only cutting helps. */
		if (limit->split && most && total - most->units < limit->max)
			parts = split_run(most, total, limit, a, part_r, 1);
		else
			cut_runs(run, n, total, limit);
	}
	for (size_t i = 0; i < n; i++)
		print_run(&b, &run[i]);
	part_r[0] = arena_str(a, buf_str(&b));
	buf_free(&b);
	return parts;
}
