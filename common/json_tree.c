/*
 * The tree half of json.h, over cJSON 1.7.15.
 *
 * cJSON takes less and more than RFC 8259: it keeps only the double of a
 * number and fails on one of more than 63 characters, cuts strings at \u0000
 * and refuses documents with a lone surrogate. So the text is checked by the
 * scanner, a copy of it is made harmless (numbers become 0, those escapes
 * U+FFFD, at the same length), and after parsing each number node, in the order
 * of the text, is given its own text again in `valuestring`, which cJSON leaves
 * alone and frees.
 */
#include "common/json.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cjson/cJSON.h>

#include "common/xmem.h"

static const cJSON *node(const struct json *n)
{
	return (const cJSON *)n;
}

static bool is_high(const char *p)
{
	return (p[0] | 32) == 'd' && strchr("89abAB", p[1]);
}

static bool is_low(const char *p)
{
	return (p[0] | 32) == 'd' && strchr("cdefCDEF", p[1]);
}

/* p: behind the "\u" of a checked string. The length of what was handled. */
static size_t tame_escape(char *p, const char *end)
{
	if (is_high(p) && end - p >= 10 && p[4] == '\\' && p[5] == 'u' &&
	    is_low(p + 6))
		return 10;
	if (is_high(p) || is_low(p) || memcmp(p, "0000", 4) == 0)
		memcpy(p, "fffd", 4);
	return 4;
}

/* Where in a text its numbers are, in their order. */
struct numbers {
	struct str text;
	size_t *at;
	size_t n, cap, given;
};

static bool is_of_number(char c)
{
	return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' ||
	       (c | 32) == 'e';
}

static void tame(char *p, const char *end, struct numbers *ns)
{
	const char *start = p;
	bool quoted = false;

	while (p < end) {
		if (quoted && *p == '\\') {
			p += p[1] == 'u' ? 2 + tame_escape(p + 2, end) : 2;
			continue;
		}
		if (*p == '"') {
			quoted = !quoted;
		} else if (!quoted && (*p == '-' || (*p >= '0' && *p <= '9'))) {
			xgrow(&ns->at, &ns->cap, ns->n, sizeof(*ns->at));
			ns->at[ns->n++] = (size_t)(p - start);
			*p++ = '0';
			while (p < end && is_of_number(*p))
				*p++ = ' ';
			continue;
		}
		p++;
	}
}

/* The tree has them in the order of the text. */
static void restore_numbers(cJSON *n, struct numbers *ns)
{
	if (cJSON_IsNumber(n)) {
		size_t from = ns->at[ns->given++], to = from;

		while (to < ns->text.len && is_of_number(ns->text.p[to]))
			to++;
		n->valuestring = xstrndup(ns->text.p + from, to - from);
		return;
	}
	for (cJSON *c = n->child; c; c = c->next)
		restore_numbers(c, ns);
}

struct json *json_parse(struct str s, unsigned flags, struct err *e)
{
	struct numbers numbers = { .text = s };
	cJSON *root;
	char *copy;

	if (json_check(s, flags, e))
		return NULL;
	copy = xstrndup(s.p, s.len);
	tame(copy, copy + s.len, &numbers);
	root = cJSON_ParseWithLength(copy, s.len);
	free(copy);
	if (root)
		restore_numbers(root, &numbers);
	else
		err_set(e, EX_DATAERR, "JSON: out of memory or not understood");
	free(numbers.at);
	return (struct json *)root;
}

void json_free(struct json **rootp)
{
	cJSON_Delete((cJSON *)*rootp);
	*rootp = NULL;
}

enum json_type json_kind(const struct json *n)
{
	if (!n)
		return JSON_NONE;
	switch (node(n)->type & 0xff) {
	case cJSON_NULL: return JSON_NULL;
	case cJSON_False:
	case cJSON_True: return JSON_BOOL;
	case cJSON_Number: return JSON_NUMBER;
	case cJSON_String: return JSON_STRING;
	case cJSON_Array: return JSON_ARRAY;
	case cJSON_Object: return JSON_OBJECT;
	default: return JSON_NONE;
	}
}

const struct json *json_child(const struct json *n)
{
	return n ? (const struct json *)node(n)->child : NULL;
}

const struct json *json_sibling(const struct json *n)
{
	return n ? (const struct json *)node(n)->next : NULL;
}

const char *json_key(const struct json *n)
{
	return n ? node(n)->string : NULL;
}

const struct json *json_member(const struct json *obj, const char *key)
{
	const struct json *last = NULL;

	if (json_kind(obj) != JSON_OBJECT)
		return NULL;
	/* Where a page says a name twice, the last one holds, as in browsers. */
	json_each (m, obj)
		if (strcmp(json_key(m), key) == 0)
			last = m;
	return last;
}

const struct json *json_at(const struct json *arr, size_t i)
{
	if (json_kind(arr) != JSON_ARRAY)
		return NULL;
	json_each (m, arr)
		if (i-- == 0)
			return m;
	return NULL;
}

size_t json_count(const struct json *n)
{
	size_t count = 0;

	json_each (m, n)
		count++;
	return count;
}

const char *json_string(const struct json *n)
{
	return json_kind(n) == JSON_STRING ? node(n)->valuestring : NULL;
}

bool json_true(const struct json *n)
{
	return n && cJSON_IsTrue(node(n));
}

const char *json_number(const struct json *n)
{
	return json_kind(n) == JSON_NUMBER ? node(n)->valuestring : NULL;
}

static void print_children(const struct json *n, struct buf *b)
{
	bool first = true;

	json_each (m, n) {
		if (!first)
			buf_putc(b, ',');
		first = false;
		if (json_kind(n) == JSON_OBJECT) {
			buf_json_str(b, str_from(json_key(m)));
			buf_putc(b, ':');
		}
		json_print(m, b);
	}
}

void json_print(const struct json *n, struct buf *b)
{
	switch (json_kind(n)) {
	case JSON_NONE:
	case JSON_NULL: buf_puts(b, "null"); break;
	case JSON_BOOL: buf_puts(b, json_true(n) ? "true" : "false"); break;
	case JSON_NUMBER: buf_puts(b, json_number(n)); break;
	case JSON_STRING: buf_json_str(b, str_from(json_string(n))); break;
	case JSON_ARRAY:
		buf_putc(b, '[');
		print_children(n, b);
		buf_putc(b, ']');
		break;
	case JSON_OBJECT:
		buf_putc(b, '{');
		print_children(n, b);
		buf_putc(b, '}');
		break;
	}
}
