#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/json_private.h"
#include "common/swar.h"
#include "common/xmem.h"

struct scan {
	const char *start, *p, *end;
	unsigned flags;
	int depth;
	bool escaped;	 /* the last string had a '\\' in it */
	const char *why; /* what is wrong at p */
};

static bool fail(struct scan *s, const char *why)
{
	if (!s->why)
		s->why = why;
	return false;
}

static void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' ||
				 *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

static int hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int c = p[i], d;

		if (c >= '0' && c <= '9')
			d = c - '0';
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			d = (c | 32) - 'a' + 10;
		else
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* What a \uXXXX at p stands for, or -1 where there is none. */
static int escape4(const char *p, const char *end)
{
	return end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? hex4(p + 2, end)
							   : -1;
}

/* Beyond U+FFFF a character is two escapes, a high half and a low one. */
static bool is_high(int cp)
{
	return cp >= 0xd800 && cp < 0xdc00;
}

static bool is_low(int cp)
{
	return cp >= 0xdc00 && cp < 0xe000;
}

static bool is_half(int cp)
{
	return is_high(cp) || is_low(cp);
}

/* Skip what stands for itself in a string. */
static void skip_plain(struct scan *s)
{
	for (; s->end - s->p >= SWAR_BLOCK; s->p += SWAR_BLOCK) {
		swar_block b = swar_load_block(s->p);

		if (swar_any((b < 0x20) | (b == '"') | (b == '\\')))
			break;
	}
	while (s->p < s->end && (unsigned char)*s->p >= 0x20 && *s->p != '"' &&
	       *s->p != '\\')
		s->p++;
}

static bool check_escape(struct scan *s)
{
	int cp;

	if (++s->p == s->end)
		return fail(s, "string without end");
	if (*s->p != 'u') {
		if (!*s->p || !strchr("\"\\/bfnrt", *s->p))
			return fail(s, "unknown escape");
		s->p++;
		return true;
	}
	cp = hex4(s->p + 1, s->end);
	if (cp < 0)
		return fail(s, "\\u without four hex digits");
	if (cp == 0 && (s->flags & JSON_NO_NUL))
		return fail(s, "NUL character in string");
	if (is_half(cp) && (s->flags & JSON_NO_HALF)) {
		if (!is_high(cp) || !is_low(escape4(s->p + 5, s->end)))
			return fail(s, "half of a surrogate pair");
		s->p += 6;
	}
	s->p += 5;
	return true;
}

static bool check_string(struct scan *s)
{
	s->p++;
	s->escaped = false;
	for (;;) {
		skip_plain(s);
		if (s->p == s->end)
			return fail(s, "string without end");
		if (*s->p == '"') {
			s->p++;
			return true;
		}
		if (*s->p != '\\')
			return fail(s, "control character in string");
		s->escaped = true;
		if (!check_escape(s))
			return false;
	}
}

static bool check_digits(struct scan *s)
{
	if (s->p == s->end || *s->p < '0' || *s->p > '9')
		return fail(s, "digit expected");
	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return true;
}

static bool check_number(struct scan *s)
{
	if (*s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0') {
		s->p++;
		if (s->p < s->end && *s->p >= '0' && *s->p <= '9')
			return fail(s, "number with a leading zero");
	} else if (!check_digits(s)) {
		return false;
	}
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (!check_digits(s))
			return false;
	}
	if (s->p < s->end && (*s->p | 32) == 'e') {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (!check_digits(s))
			return false;
	}
	return true;
}

static bool check_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return fail(s, "unknown word");
	s->p += n;
	return true;
}

/* Names of one object, to find the one that is there twice. */
struct names {
	struct str few[24], *all;
	size_t n, cap;
	struct arena arena;
};

/* Every object has names: what is not read yet is not cleared either. */
static void names_init(struct names *names)
{
	names->all = NULL;
	names->n = names->cap = 0;
	names->arena = (struct arena){ .head = NULL };
}

static bool names_add(struct names *names, struct str name, bool escaped)
{
	if (escaped)
		name = json_name(name, &names->arena);
	if (names->n < ARRAY_LEN(names->few)) {
		for (size_t i = 0; i < names->n; i++)
			if (str_eq(names->few[i], name))
				return false;
		names->few[names->n++] = name;
		return true;
	}
	if (!names->all) {
		xgrow(&names->all, &names->cap, names->n, sizeof(name));
		memcpy(names->all, names->few, sizeof(names->few));
	}
	xgrow(&names->all, &names->cap, names->n, sizeof(name));
	names->all[names->n++] = name;
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* True if no name stands twice; releases what names holds. */
static bool names_unique(struct names *names)
{
	bool unique = true;

	if (names->all) {
		qsort(names->all, names->n, sizeof(*names->all), compare_names);
		for (size_t i = 1; i < names->n; i++)
			if (str_eq(names->all[i - 1], names->all[i]))
				unique = false;
	}
	free(names->all);
	arena_free(&names->arena);
	return unique;
}

static bool check_value(struct scan *s);

static bool check_members(struct scan *s, struct names *names)
{
	for (;;) {
		const char *key = s->p + 1;

		if (s->p == s->end || *s->p != '"')
			return fail(s, "name expected");
		if (!check_string(s))
			return false;
		if (names &&
		    !names_add(names,
			       (struct str){ key, (size_t)(s->p - key) - 1 },
			       s->escaped))
			return fail(s, "the same name twice in an object");
		skip_space(s);
		if (s->p == s->end || *s->p++ != ':')
			return fail(s, "':' expected");
		if (!check_value(s))
			return false;
		skip_space(s);
		if (s->p < s->end && *s->p == '}') {
			s->p++;
			return true;
		}
		if (s->p == s->end || *s->p != ',')
			return fail(s, "',' or '}' expected");
		s->p++;
		skip_space(s);
	}
}

static bool check_unique_object(struct scan *s)
{
	struct names names;
	bool ok;

	names_init(&names);
	ok = check_members(s, &names);

	if (!names_unique(&names))
		return fail(s, "the same name twice in an object");
	return ok;
}

static bool check_elements(struct scan *s)
{
	for (;;) {
		if (!check_value(s))
			return false;
		skip_space(s);
		if (s->p < s->end && *s->p == ']') {
			s->p++;
			return true;
		}
		if (s->p == s->end || *s->p != ',')
			return fail(s, "',' or ']' expected");
		s->p++;
	}
}

static bool check_nested(struct scan *s, char close)
{
	bool ok;

	if (++s->depth > JSON_DEPTH_MAX)
		return fail(s, "nested too deeply");
	s->p++;
	skip_space(s);
	if (s->p < s->end && *s->p == close) {
		s->p++;
		ok = true;
	} else if (close == ']') {
		ok = check_elements(s);
	} else if (s->flags & JSON_UNIQUE) {
		ok = check_unique_object(s);
	} else {
		ok = check_members(s, NULL);
	}
	s->depth--;
	return ok;
}

static bool check_value(struct scan *s)
{
	skip_space(s);
	if (s->p == s->end)
		return fail(s, "value expected");
	switch (*s->p) {
	case '{': return check_nested(s, '}');
	case '[': return check_nested(s, ']');
	case '"': return check_string(s);
	case 't': return check_word(s, "true");
	case 'f': return check_word(s, "false");
	case 'n': return check_word(s, "null");
	default:
		if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))
			return check_number(s);
		return fail(s, "value expected");
	}
}

int json_check(struct str s, unsigned flags, struct err *e)
{
	struct scan scan = { .start = s.p, .p = s.p, .flags = flags };

	if (s.len == 0)
		return err_set(e, EX_DATAERR, "JSON: nothing there");
	scan.end = s.p + s.len;
	if (!str_is_utf8(s))
		return err_set(e, EX_DATAERR, "JSON: invalid UTF-8");
	if (check_value(&scan)) {
		skip_space(&scan);
		if (scan.p == scan.end)
			return 0;
		scan.why = "more after the value";
	}
	return err_set(e, EX_DATAERR, "JSON: %s at byte %zu", scan.why,
		       (size_t)(scan.p - scan.start) + 1);
}

struct str json_trim(struct str s)
{
	return str_trim(s);
}

struct str json_one_line(struct str s, struct arena *a)
{
	char *copy;

	if (str_chr(s, '\n') == (size_t)-1 && str_chr(s, '\r') == (size_t)-1)
		return s;
	copy = arena_alloc(a, s.len);
	for (size_t i = 0; i < s.len; i++)
		copy[i] = s.p[i] == '\n' || s.p[i] == '\r' ? ' ' : s.p[i];
	return (struct str){ copy, s.len };
}

enum json_type json_type_of(struct str value)
{
	switch (value.len ? value.p[0] : 0) {
	case 0: return JSON_NONE;
	case '{': return JSON_OBJECT;
	case '[': return JSON_ARRAY;
	case '"': return JSON_STRING;
	case 't':
	case 'f': return JSON_BOOL;
	case 'n': return JSON_NULL;
	default: return JSON_NUMBER;
	}
}

static const char *skip_ws(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

const char *json_find_special(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t word = swar_load(p);
		uint64_t mask = swar_is(word, '"') | swar_is(word, '\\');

		if (mask)
			return p + swar_first(mask);
	}
	while (p < end && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* The end of the string that starts at p. */
static const char *skip_string(const char *p, const char *end)
{
	p = json_find_special(p + 1, end);
	while (p < end && *p == '\\')
		p = json_find_special(p + 2, end);
	return p < end ? p + 1 : end;
}

/* The end of the checked value that starts at p. */
static const char *skip_value(const char *p, const char *end)
{
	int depth = 0;

	for (; p < end; p++) {
		switch (*p) {
		case '"':
			p = skip_string(p, end);
			if (depth == 0)
				return p;
			p--;
			break;
		case '{':
		case '[': depth++; break;
		case '}':
		case ']':
			if (depth == 0) /* the end of what holds a number */
				return p;
			if (--depth == 0)
				return p + 1;
			break;
		case ',':
		case ' ':
		case '\n':
		case '\r':
		case '\t':
			if (depth == 0)
				return p;
			break;
		default: break;
		}
	}
	return end;
}

struct json_iter json_iter(struct str value)
{
	struct json_iter it = { .rest = json_trim(value) };
	enum json_type type = json_type_of(it.rest);

	if (type != JSON_OBJECT && type != JSON_ARRAY)
		it.rest.len = 0;
	return it;
}

bool json_next(struct json_iter *it)
{
	const char *p = it->rest.p, *end, *start;

	/* p stands at the opening bracket, or where the last value ended. */
	if (it->rest.len == 0)
		return false;
	end = p + it->rest.len;
	if (it->value.p == NULL && *p == '[')
		it->key = (struct str){ 0 };
	else if (it->value.p == NULL)
		it->key.p = p;
	p = skip_ws(p, end);
	if (it->value.p == NULL || *p == ',')
		p = skip_ws(p + 1, end);
	if (p >= end || *p == '}' || *p == ']') {
		it->rest.len = 0;
		return false;
	}
	if (it->key.p) {
		start = p;
		p = skip_string(p, end);
		it->key = (struct str){ start + 1, (size_t)(p - start) - 2 };
		p = skip_ws(skip_ws(p, end) + 1, end);
	}
	start = p;
	p = skip_value(p, end);
	it->value = (struct str){ start, (size_t)(p - start) };
	it->rest = (struct str){ p, (size_t)(end - p) };
	return true;
}

bool json_get(struct str obj, const char *key, struct str *value_r)
{
	struct json_iter it = json_iter(obj);
	struct str want = str_from(key);

	if (json_type_of(it.rest) != JSON_OBJECT)
		return false;
	while (json_next(&it)) {
		if (str_eq(it.key, want)) {
			*value_r = it.value;
			return true;
		}
	}
	return false;
}

size_t json_unescape(const char *p, const char *end, uint32_t nul, char *out)
{
	char *o = out;

	while (p < end) {
		int cp, low;

		if (*p != '\\') {
			*o++ = *p++;
			continue;
		}
		p++;
		switch (*p++) {
		case 'b': *o++ = '\b'; break;
		case 'f': *o++ = '\f'; break;
		case 'n': *o++ = '\n'; break;
		case 'r': *o++ = '\r'; break;
		case 't': *o++ = '\t'; break;
		case 'u':
			cp = hex4(p, end);
			p += 4;
			low = is_high(cp) ? escape4(p, end) : -1;
			if (is_low(low)) {
				cp = 0x10000 + ((cp & 0x3ff) << 10) +
				     (low & 0x3ff);
				p += 6;
			}
			o += utf8_encode(cp ? (uint32_t)cp : nul, o);
			break;
		default: *o++ = p[-1]; break;
		}
	}
	return (size_t)(o - out);
}

bool json_text(struct str value, struct arena *a, struct str *text_r)
{
	struct str raw;
	char *copy;

	if (json_type_of(value) != JSON_STRING)
		return false;
	raw = str_sub(value, 1, value.len - 1);
	if (str_chr(raw, '\\') == (size_t)-1) {
		*text_r = raw;
		return true;
	}
	/* Text never grows by unescaping: \uXXXX is six bytes, at most three. */
	copy = arena_alloc(a, raw.len + 1);
	text_r->len = json_unescape(raw.p, raw.p + raw.len, 0, copy);
	text_r->p = copy;
	return true;
}

struct str json_get_text(struct str obj, const char *key, struct arena *a)
{
	struct str value, text = { 0 };

	if (json_get(obj, key, &value))
		json_text(value, a, &text);
	return text;
}

struct str json_name(struct str key, struct arena *a)
{
	struct str name = key;

	/* The quotes are still around it. */
	json_text((struct str){ key.p - 1, key.len + 2 }, a, &name);
	return name;
}
