#include "common/shape.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/blob.h"
#include "common/clk.h"
#include "common/json.h"

enum { PATH_BYTES_MAX = 160 };

/* Where decoding stands, for messages: "price.min", "keywords[2]". */
struct path {
	const struct path *up;
	struct str name;
	size_t index; /* from 1; 0: a member */
};

struct decoding {
	struct arena *a;
	struct err *e;
};

static void path_print(const struct path *p, struct buf *b)
{
	if (!p)
		return;
	path_print(p->up, b);
	if (p->index) {
		buf_addf(b, "[%zu]", p->index);
		return;
	}
	if (b->len)
		buf_putc(b, '.');
	buf_add_str(b, str_utf8_prefix(p->name, 64));
}

static int __attribute__((format(printf, 3, 4)))
refuse(const struct decoding *d, const struct path *p, const char *fmt, ...)
{
	struct buf b = { .max = PATH_BYTES_MAX };
	char why[sizeof(d->e->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	path_print(p, &b);
	err_set(d->e, EX_DATAERR, "%.*s%s%s", STR_ARG(buf_str(&b)),
		b.len ? ": " : "", why);
	buf_free(&b);
	return -1;
}

static int refuse_name(const struct decoding *d, const struct path *p,
		       const char *const *names)
{
	struct buf b = { 0 };

	for (; *names; names++)
		buf_addf(&b, "%s%s", b.len ? ", " : "", *names);
	refuse(d, p, "not one of %.*s", STR_ARG(buf_str(&b)));
	buf_free(&b);
	return -1;
}

static int refuse_absence(const struct decoding *d, const struct path *p,
			  const char *const *names)
{
	struct buf b = { 0 };

	for (; *names; names++)
		buf_addf(&b, "%s%s", b.len ? ", " : "", *names);
	refuse(d, p, "one of %.*s is missing", STR_ARG(buf_str(&b)));
	buf_free(&b);
	return -1;
}

/* Somebody mistyped a name: what could it have been? */
static int refuse_member(const struct decoding *d, const struct path *p,
			 const struct shape *shape)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < shape->n; i++)
		buf_addf(&b, "%s%s", i ? ", " : "", shape->fields[i].name);
	refuse(d, p, "unknown member; known are %.*s", STR_ARG(buf_str(&b)));
	buf_free(&b);
	return -1;
}

/* ---- what a text must be ---- */

static bool is_short(struct str s, size_t max)
{
	size_t n = 0;

	if (s.len <= max)
		return true;
	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n <= max;
}

static bool is_percent(struct str s)
{
	struct decimal d;

	return str_ends(s, STR("%")) && s.p[0] != '-' &&
	       decimal_parse(str_sub(s, 0, s.len - 1), &d) && d.scale <= 6 &&
	       decimal_cmp(d, decimal_from_int(100)) <= 0;
}

bool shape_is_currency(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 'A' || s.p[i] > 'Z')
			return false;
	return s.len == 3;
}

/*
 * A limit on the digits instead of one on the value is something that a
 * schema can say too.
 */
static bool is_duration(struct str s)
{
	static const struct {
		const char *unit;
		size_t digits;
	} limits[] = { { "ms", 11 }, { "s", 8 }, { "m", 6 },
		       { "h", 4 },   { "d", 3 }, { "w", 2 } };
	int64_t ms;
	size_t n = 0;

	if (!str_duration_ms(s, &ms))
		return false;
	while (s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (str_is(str_sub(s, n, s.len), limits[i].unit))
			return n <= limits[i].digits;
	return false;
}

static bool is_interval(struct str s)
{
	int64_t ms;

	return is_duration(s) && str_duration_ms(s, &ms) &&
	       ms >= SHAPE_INTERVAL_MIN_MS;
}

bool shape_is_url(struct str s)
{
	static const char *const starts[] = { "https://", "http://", "wss://",
					      "ws://",	  "ircs://", "irc://",
					      "mock:" };

	if (!is_short(s, SHAPE_URL_MAX))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (str_starts(s, str_from(starts[i])))
			return s.len > strlen(starts[i]);
	return false;
}

/* NULL if s is what the field wants, else what is wrong. */
static const char *judge_text(const struct shape_field *f, struct str s)
{
	struct decimal d;
	int64_t us;

	switch (f->kind) {
	case SHAPE_ID:
		return str_is_id(s) ? NULL
				    : "not an id ([A-Za-z0-9._-], "
				      "1 to 128 characters)";
	case SHAPE_BLOB:
		return blob_is_id(s) ? NULL : "not 64 hexadecimal digits";
	case SHAPE_DECIMAL:
		if (!decimal_parse(s, &d))
			return "not a decimal";
		return (f->flags & SHAPE_POSITIVE) && decimal_sign(d) <= 0
			       ? "not above 0"
			       : NULL;
	case SHAPE_PERCENT:
		return is_percent(s) ? NULL : "not a percentage such as 1%";
	case SHAPE_CURRENCY:
		return shape_is_currency(s) ? NULL
					    : "not a currency (three capitals)";
	case SHAPE_DURATION:
		return is_duration(s) ? NULL
				      : "not a duration such as 90s, 6h or 7d "
					"(at most 999d)";
	case SHAPE_INTERVAL:
		return is_interval(s) ? NULL
				      : "not a duration such as 90s, 6h or 7d "
					"(50ms to 999d)";
	case SHAPE_TIME:
		return clk_parse(s, &us) ? NULL : "not an RFC 3339 time";
	case SHAPE_URL:
		return shape_is_url(s)
			       ? NULL
			       : "not an http, https, ws, wss, irc, ircs "
				 "or mock URL";
	default: return NULL;
	}
}

/* How many characters a text may have; 0: its form says it. */
static size_t length_max(const struct shape_field *f)
{
	if (f->kind == SHAPE_URL)
		return SHAPE_URL_MAX;
	if (f->kind == SHAPE_TEXT)
		return f->max ? f->max : SHAPE_TEXT_MAX;
	return 0;
}

/* ---- decode ---- */

static const char *kind_noun(enum shape_kind kind)
{
	switch (kind) {
	case SHAPE_DECIMAL: return "not a decimal";
	case SHAPE_BOOL:
	case SHAPE_FLAG: return "not true or false";
	case SHAPE_NUMBER: return "not a number";
	case SHAPE_RATE: return "not a number above 0 and at most 100";
	case SHAPE_COUNT: return "not a whole number";
	case SHAPE_OBJECT:
	case SHAPE_SUB: return "not an object";
	case SHAPE_LIST: return "not an array of strings";
	case SHAPE_WORDS: return "not a string or an array of strings";
	case SHAPE_SUBS: return "not an array of objects";
	default: return "not a string";
	}
}

/* A JSON number where a decimal is wanted: the text of its exact value. */
static bool number_text(struct str value, struct arena *a, struct str *text_r)
{
	char out[DECIMAL_TEXT_MAX];
	struct decimal d;

	if (decimal_parse(value, &d)) {
		*text_r = value;
		return true;
	}
	if (!decimal_parse_json(value, &d))
		return false;
	*text_r = arena_str(a, str_from(decimal_format(d, out)));
	return true;
}

static bool is_rate(struct str value)
{
	struct decimal d;

	return json_type_of(value) == JSON_NUMBER &&
	       decimal_parse_json(value, &d) && decimal_sign(d) > 0 &&
	       decimal_cmp(d, decimal_from_int(100)) <= 0;
}

static size_t count_max(const struct shape_field *f)
{
	return f->max ? f->max : SHAPE_COUNT_MAX;
}

/* 5, 5.0 and 0.5e1 are the same number, to a schema too. */
static int decode_count(const struct decoding *d, const struct shape_field *f,
			const struct path *p, struct str value,
			struct str *text_r)
{
	char out[DECIMAL_TEXT_MAX];
	struct decimal n, whole;

	if (json_type_of(value) != JSON_NUMBER ||
	    !decimal_parse_json(value, &n) || !decimal_round(n, 0, &whole) ||
	    decimal_cmp(n, whole) != 0 || decimal_sign(whole) <= 0 ||
	    decimal_cmp(whole, decimal_from_int((int64_t)count_max(f))) > 0)
		return refuse(d, p, "not a whole number from 1 to %zu",
			      count_max(f));
	*text_r = arena_str(d->a, str_from(decimal_format(whole, out)));
	return 0;
}

int64_t shape_count(struct str s, int64_t otherwise)
{
	uint64_t n;

	return str_u64(s, &n) ? (int64_t)n : otherwise;
}

static int decode_text(const struct decoding *d, const struct shape_field *f,
		       const struct path *p, struct str value,
		       struct str *text_r)
{
	size_t max = length_max(f);
	const char *why;

	if ((f->flags & SHAPE_LOOSE) && json_type_of(value) == JSON_NUMBER) {
		if (!number_text(value, d->a, text_r))
			return refuse(d, p, "%s", kind_noun(f->kind));
	} else if (!json_text(value, d->a, text_r)) {
		return refuse(d, p, "%s", kind_noun(f->kind));
	}
	if (max && !is_short(*text_r, max))
		return refuse(d, p, "longer than %zu characters", max);
	if (f->kind == SHAPE_NAME && !str_is_any(*text_r, f->names))
		return refuse_name(d, p, f->names);
	why = judge_text(f, *text_r);
	return why ? refuse(d, p, "%s", why) : 0;
}

static int decode_list(const struct decoding *d, const struct shape_field *f,
		       const struct path *p, struct str value,
		       struct shape_list *list)
{
	static const struct shape_field entry = { .kind = SHAPE_TEXT };
	struct path at = { p, { 0 }, 0 };
	struct json_iter it = json_iter(value);
	size_t max = f->max ? f->max : SHAPE_LIST_MAX;

	list->present = true;
	if (f->kind == SHAPE_WORDS && json_type_of(value) == JSON_STRING) {
		list->single = true;
		list->n = 1;
		list->v = arena_alloc(d->a, sizeof(*list->v));
		return decode_text(d, &entry, p, value, list->v);
	}
	if (json_type_of(value) != JSON_ARRAY)
		return refuse(d, p, "%s", kind_noun(f->kind));
	while (json_next(&it))
		list->n++;
	if (list->n > max)
		return refuse(d, p, "more than %zu entries", max);
	list->v = arena_alloc(d->a, list->n * sizeof(*list->v));
	it = json_iter(value);
	for (size_t i = 0; json_next(&it); i++) {
		at.index = i + 1;
		if (decode_text(d, &entry, &at, it.value, &list->v[i]))
			return -1;
	}
	return 0;
}

static int decode_object(const struct decoding *d, const struct shape *shape,
			 const struct path *up, struct str object, char *out);

static int decode_subs(const struct decoding *d, const struct shape_field *f,
		       const struct path *p, struct str value,
		       struct shape_subs *subs)
{
	struct path at = { p, { 0 }, 0 };
	struct json_iter it = json_iter(value);
	size_t max = f->max ? f->max : SHAPE_LIST_MAX;
	char *v;

	subs->present = true;
	if (json_type_of(value) != JSON_ARRAY)
		return refuse(d, p, "%s", kind_noun(f->kind));
	while (json_next(&it))
		subs->n++;
	if (subs->n > max)
		return refuse(d, p, "more than %zu entries", max);
	subs->v = v = arena_alloc(d->a, subs->n * f->sub->size);
	if (subs->n)
		memset(v, 0, subs->n * f->sub->size);
	it = json_iter(value);
	for (size_t i = 0; json_next(&it); i++) {
		at.index = i + 1;
		if (json_type_of(it.value) != JSON_OBJECT)
			return refuse(d, &at, "%s", kind_noun(SHAPE_SUB));
		if (decode_object(d, f->sub, &at, it.value,
				  v + i * f->sub->size))
			return -1;
	}
	return 0;
}

static int decode_field(const struct decoding *d, const struct shape_field *f,
			const struct path *p, struct str value, char *out)
{
	enum json_type type = json_type_of(value);
	void *dst = out + f->offset;

	if (type == JSON_NULL && (f->flags & SHAPE_NULLABLE))
		return 0;
	switch (f->kind) {
	case SHAPE_BOOL:
		*(bool *)dst = value.p[0] == 't';
		return type == JSON_BOOL
			       ? 0
			       : refuse(d, p, "%s", kind_noun(f->kind));
	case SHAPE_FLAG:
	case SHAPE_NUMBER:
	case SHAPE_OBJECT:
		*(struct str *)dst = value;
		if (type == (f->kind == SHAPE_FLAG     ? JSON_BOOL
			     : f->kind == SHAPE_NUMBER ? JSON_NUMBER
						       : JSON_OBJECT))
			return 0;
		return refuse(d, p, "%s", kind_noun(f->kind));
	case SHAPE_RATE:
		*(struct str *)dst = value;
		return is_rate(value) ? 0
				      : refuse(d, p, "%s", kind_noun(f->kind));
	case SHAPE_COUNT: return decode_count(d, f, p, value, dst);
	case SHAPE_JSON: *(struct str *)dst = value; return 0;
	case SHAPE_SUB:
		if (type != JSON_OBJECT)
			return refuse(d, p, "%s", kind_noun(f->kind));
		*(bool *)dst = true;
		return decode_object(d, f->sub, p, value, dst);
	case SHAPE_LIST:
	case SHAPE_WORDS: return decode_list(d, f, p, value, dst);
	case SHAPE_SUBS: return decode_subs(d, f, p, value, dst);
	default: return decode_text(d, f, p, value, dst);
	}
}

static bool is_name(const char *name, struct str key)
{
	return strncmp(name, key.p, key.len) == 0 && name[key.len] == '\0';
}

/*
 * The index of the field that key names, or shape->n. Members mostly come in
 * the order of the table, so the search starts where the last one ended.
 */
static size_t find_field(const struct shape *shape, struct str key,
			 size_t start)
{
	for (size_t i = start; i < shape->n; i++)
		if (is_name(shape->fields[i].name, key))
			return i;
	for (size_t i = 0; i < start; i++)
		if (is_name(shape->fields[i].name, key))
			return i;
	return shape->n;
}

/* What must be there is among the fields that were seen. */
static int check_members(const struct decoding *d, const struct shape *shape,
			 const struct path *up, uint64_t seen)
{
	struct path at = { up, { 0 }, 0 };
	bool any = shape->any_of == NULL;

	for (size_t i = 0; i < shape->n; i++) {
		const struct shape_field *f = &shape->fields[i];
		bool is_seen = seen >> i & 1;

		if ((f->flags & SHAPE_REQUIRED) && !is_seen) {
			at.name = str_from(f->name);
			return refuse(d, &at, "missing");
		}
		any = any ||
		      (is_seen && str_is_any(str_from(f->name), shape->any_of));
	}
	return any ? 0 : refuse_absence(d, up, shape->any_of);
}

static int decode_object(const struct decoding *d, const struct shape *shape,
			 const struct path *up, struct str object, char *out)
{
	struct json_iter it = json_iter(object);
	struct path at = { up, { 0 }, 0 };
	uint64_t seen = 0;
	size_t next = 0;

	assert(shape->n <= SHAPE_FIELDS_MAX);
	while (json_next(&it)) {
		size_t i = find_field(shape, it.key, next);

		at.name = it.key;
		if (i == shape->n) {
			at.name = json_name(it.key,
					    d->a); /* written with escapes */
			i = find_field(shape, at.name, next);
		}
		if (i == shape->n) {
			if (shape->flags & SHAPE_OPEN)
				continue;
			return refuse_member(d, &at, shape);
		}
		if (decode_field(d, &shape->fields[i], &at, it.value, out))
			return -1;
		seen |= UINT64_C(1) << i;
		next = i + 1;
	}
	return check_members(d, shape, up, seen);
}

int shape_decode(const struct shape *shape, struct str object, void *out,
		 struct arena *a, struct err *e)
{
	const struct decoding d = { a, e };

	memset(out, 0, shape->size);
	object = json_trim(object);
	if (json_type_of(object) != JSON_OBJECT)
		return err_set(e, EX_DATAERR, "not a JSON object");
	return decode_object(&d, shape, NULL, object, out);
}

/* ---- encode ---- */

static void encode_list(const struct shape_list *list, struct buf *b)
{
	if (list->single) {
		buf_json_str(b, list->v[0]);
		return;
	}
	buf_putc(b, '[');
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			buf_putc(b, ',');
		buf_json_str(b, list->v[i]);
	}
	buf_putc(b, ']');
}

static void encode_subs(const struct shape *shape,
			const struct shape_subs *subs, struct buf *b)
{
	buf_putc(b, '[');
	for (size_t i = 0; i < subs->n; i++) {
		if (i)
			buf_putc(b, ',');
		shape_encode(shape, (const char *)subs->v + i * shape->size, b);
	}
	buf_putc(b, ']');
}

static bool is_present(const struct shape_field *f, const void *src)
{
	switch (f->kind) {
	case SHAPE_BOOL:
	case SHAPE_SUB: return *(const bool *)src;
	case SHAPE_LIST:
	case SHAPE_WORDS: return ((const struct shape_list *)src)->present;
	case SHAPE_SUBS: return ((const struct shape_subs *)src)->present;
	default: return ((const struct str *)src)->p != NULL;
	}
}

static void encode_field(const struct shape_field *f, const void *src,
			 struct buf *b)
{
	switch (f->kind) {
	case SHAPE_BOOL:
		buf_puts(b, *(const bool *)src ? "true" : "false");
		break;
	case SHAPE_FLAG:
	case SHAPE_NUMBER:
	case SHAPE_RATE:
	case SHAPE_COUNT:
	case SHAPE_OBJECT:
	case SHAPE_JSON: buf_add_str(b, *(const struct str *)src); break;
	case SHAPE_SUB: shape_encode(f->sub, src, b); break;
	case SHAPE_LIST:
	case SHAPE_WORDS: encode_list(src, b); break;
	case SHAPE_SUBS: encode_subs(f->sub, src, b); break;
	default: buf_json_str(b, *(const struct str *)src); break;
	}
}

void shape_encode(const struct shape *shape, const void *in, struct buf *b)
{
	char sep = '{';

	for (size_t i = 0; i < shape->n; i++) {
		const struct shape_field *f = &shape->fields[i];
		const void *src = (const char *)in + f->offset;
		bool present = is_present(f, src);

		/* What must be there is written even if it says nothing. */
		if (!present &&
		    (!(f->flags & SHAPE_REQUIRED) ||
		     (f->kind != SHAPE_BOOL && !(f->flags & SHAPE_NULLABLE))))
			continue;
		buf_putc(b, sep);
		buf_putc(b, '"');
		buf_puts(b, f->name);
		buf_puts(b, "\":");
		if (present || f->kind == SHAPE_BOOL)
			encode_field(f, src, b);
		else
			buf_puts(b, "null");
		sep = ',';
	}
	buf_puts(b, sep == '{' ? "{}" : "}");
}
