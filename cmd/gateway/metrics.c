#include "metrics.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"

/* ---- what can be one ---- */

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      c == '_' || (i && c >= '0' && c <= '9')))
			return false;
	}
	return s.len > 0;
}

/* Words of ours are not to be said again. */
static bool is_label_name(struct str s)
{
	return is_name(s) && !str_starts(s, STR("__")) && !str_is(s, "id") &&
	       !str_is(s, "le");
}

/* "word", or "name=value,name=value" with names that differ. */
static bool is_label(struct str label)
{
	struct str rest = label, one, value;
	struct str seen[8];
	size_t n = 0;

	if (!label.len || label.len > METRICS_LABEL_MAX)
		return false;
	for (size_t i = 0; i < label.len; i++)
		if ((unsigned char)label.p[i] < ' ' || label.p[i] == 0x7f)
			return false;
	if (str_find(label, STR("=")) == (size_t)-1)
		return true;
	while (rest.p) {
		one = str_cut(rest, ',', &rest);
		one = str_cut(one, '=', &value);
		if (!value.p || !is_label_name(one) || n == 8)
			return false;
		for (size_t i = 0; i < n; i++)
			if (str_eq(seen[i], one))
				return false;
		seen[n++] = one;
	}
	return true;
}

struct histogram {
	struct str le[METRICS_BOUNDS_MAX], n[METRICS_BOUNDS_MAX + 1], sum;
	size_t bounds, counts;
};

/* The elements of an array, each a number that is not below the one before. */
static bool read_rising(struct str array, struct str *v, size_t max,
			size_t *n_r)
{
	struct json_iter it = json_iter(array);

	*n_r = 0;
	if (json_type_of(array) != JSON_ARRAY)
		return false;
	while (json_next(&it)) {
		if (*n_r == max || json_type_of(it.value) != JSON_NUMBER)
			return false;
		if (*n_r && json_number_cmp(v[*n_r - 1], it.value) > 0)
			return false;
		v[(*n_r)++] = it.value;
	}
	return true;
}

static bool read_histogram(struct str value, struct histogram *h)
{
	struct str le, n;

	return json_get(value, "le", &le) && json_get(value, "n", &n) &&
	       json_get(value, "sum", &h->sum) &&
	       json_type_of(h->sum) == JSON_NUMBER &&
	       read_rising(le, h->le, METRICS_BOUNDS_MAX, &h->bounds) &&
	       read_rising(n, h->n, METRICS_BOUNDS_MAX + 1, &h->counts) &&
	       h->counts == h->bounds + 1;
}

bool metrics_check(struct str name, struct str label, struct str value)
{
	struct histogram h;

	if (!is_name(name) || (label.p && !is_label(label)))
		return false;
	return json_type_of(value) == JSON_NUMBER ||
	       (json_type_of(value) == JSON_OBJECT &&
		read_histogram(value, &h));
}

/* ---- text ---- */

void metrics_escape(struct str value, struct buf *out)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.p[i];

		if (c == '\n')
			buf_puts(out, "\\n");
		else if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else
			buf_putc(out, c);
	}
}

static void print_name(const struct metrics_sample *s, struct buf *out)
{
	buf_puts(out, "weir_");
	for (size_t i = 0; i < s->tool.len; i++)
		buf_putc(out, s->tool.p[i] == '-' ? '_' : s->tool.p[i]);
	buf_putc(out, '_');
	buf_add_str(out, s->name);
}

static void print_label(const char *name, size_t len, struct str value,
			struct buf *out)
{
	buf_addf(out, "%.*s=\"", (int)len, name);
	metrics_escape(value, out);
	buf_putc(out, '"');
}

/* NAME+suffix{id="...",LABELS; without the closing brace. */
static void begin_line(const struct metrics_sample *s, const char *suffix,
		       struct buf *out)
{
	struct str rest = s->label, one, value;

	print_name(s, out);
	buf_puts(out, suffix);
	buf_putc(out, '{');
	print_label("id", 2, s->id, out);
	if (!s->label.len)
		return;
	if (str_find(s->label, STR("=")) == (size_t)-1) {
		buf_putc(out, ',');
		print_label("kind", 4, s->label, out);
		return;
	}
	while (rest.p) {
		one = str_cut(rest, ',', &rest);
		one = str_cut(one, '=', &value);
		buf_putc(out, ',');
		print_label(one.p, one.len, value, out);
	}
}

static void end_line(struct str value, struct buf *out)
{
	buf_addf(out, "} %.*s\n", STR_ARG(value));
}

static void print_histogram(const struct metrics_sample *s, struct buf *out)
{
	struct histogram h;

	if (!read_histogram(s->value, &h))
		return;
	for (size_t i = 0; i <= h.bounds; i++) {
		begin_line(s, "_bucket", out);
		buf_putc(out, ',');
		print_label("le", 2, i < h.bounds ? h.le[i] : STR("+Inf"), out);
		end_line(h.n[i], out);
	}
	begin_line(s, "_sum", out);
	end_line(h.sum, out);
	begin_line(s, "_count", out);
	end_line(h.n[h.bounds], out);
}

static bool is_histogram(const struct metrics_sample *s)
{
	return json_type_of(s->value) == JSON_OBJECT;
}

static const char *type_of(const struct metrics_sample *s)
{
	if (is_histogram(s))
		return "histogram";
	return str_ends(s->name, STR("_total")) ? "counter" : "gauge";
}

static void print_head(const struct metrics_sample *s, struct buf *out)
{
	const char *help = metrics_help(s->name);

	buf_puts(out, "# HELP ");
	print_name(s, out);
	buf_addf(out, " %s\n# TYPE ", help ? help : "Not described.");
	print_name(s, out);
	buf_addf(out, " %s\n", type_of(s));
}

static int by_name(const void *a, const void *b)
{
	const struct metrics_sample *x = a, *y = b;
	int rc = str_cmp(x->tool, y->tool);

	if (rc == 0)
		rc = str_cmp(x->name, y->name);
	if (rc == 0)
		rc = str_cmp(x->id, y->id);
	return rc ? rc : str_cmp(x->label, y->label);
}

void metrics_print(struct metrics_sample *v, size_t n, struct buf *out)
{
	const struct metrics_sample *first = v;

	if (n)
		qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i < n; i++) {
		const struct metrics_sample *s = &v[i];

		if (i == 0 || !str_eq(s->tool, first->tool) ||
		    !str_eq(s->name, first->name)) {
			first = s;
			print_head(s, out);
		}
		if (is_histogram(s) != is_histogram(first))
			continue; /* of another version */
		if (is_histogram(s)) {
			print_histogram(s, out);
		} else {
			begin_line(s, "", out);
			end_line(s->value, out);
		}
	}
}
