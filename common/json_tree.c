/*
 * The tree half of json.h.
 *
 * The scanner judges the text; what it has taken is read here without a doubt.
 * A copy of the text is cut into strings where they stand: an escape is longer
 * than what it is for, and the closing quote makes room for a NUL. Nodes are
 * in one block in the order of the text, so that the first child of a node is
 * the one behind it. That is two pieces of memory for each tree, and the
 * second time that its bytes are looked at.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/json_private.h"
#include "common/xmem.h"

struct json {
	const char *key;  /* NULL outside objects */
	const char *text; /* of a string or number */
	uint32_t key_len;
	uint32_t n;    /* bytes of text, or children */
	uint32_t next; /* nodes to the next sibling; 0: it is the last */
	uint8_t type;
	bool truth;
};

struct tree {
	char *text;
	struct json node[]; /* the root, and all below it */
};

/* ---- making one ---- */

#define NONE UINT32_MAX

struct builder {
	struct tree *tree;
	uint32_t n, cap;
	uint32_t parent; /* the innermost one that is open; while it is, its
			    `next` is its own parent */
	uint32_t last;	 /* its last child so far */
	char *p, *end;	 /* what is left of the text */
};

static void set_room(struct builder *b, uint32_t cap)
{
	b->cap = cap;
	b->tree = xrealloc(b->tree,
			   sizeof(*b->tree) + cap * sizeof(*b->tree->node));
}

static struct json *add_node(struct builder *b, enum json_type type)
{
	struct json *n;

	if (b->n == b->cap)
		set_room(b, 2 * b->cap);
	n = &b->tree->node[b->n];
	*n = (struct json){ .type = (uint8_t)type };
	if (b->last != NONE)
		b->tree->node[b->last].next = b->n - b->last;
	if (b->parent != NONE)
		b->tree->node[b->parent].n++;
	b->last = b->n++;
	return n;
}

static void open_node(struct builder *b, struct json *n)
{
	n->next = b->parent;
	b->parent = b->last;
	b->last = NONE;
	b->p++;
}

static void close_node(struct builder *b)
{
	struct json *n = &b->tree->node[b->parent];

	b->last = b->parent;
	b->parent = n->next;
	n->next = 0;
	b->p++;
}

static char *find_special(char *p, const char *end)
{
	return p + (json_find_special(p, end) - p);
}

/* The string whose opening quote is at p. */
static const char *cut_string(struct builder *b, uint32_t *len_r)
{
	char *from = b->p + 1;
	char *at = find_special(from, b->end), *to = at;

	while (*to == '\\')
		to = find_special(to + 2, b->end);
	b->p = to + 1;
	if (to > at)
		to = at + json_unescape(at, to, 0xfffd, at);
	*to = '\0';
	*len_r = (uint32_t)(to - from);
	return from;
}

static bool is_of_number(char c)
{
	return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' ||
	       (c | 32) == 'e';
}

/* What is behind it may be needed: it moves to the left, for its NUL. */
static const char *cut_number(struct builder *b, uint32_t *len_r)
{
	char *from = b->p - 1;

	do
		b->p[-1] = *b->p;
	while (is_of_number(*++b->p));
	b->p[-1] = '\0';
	*len_r = (uint32_t)(b->p - 1 - from);
	return from;
}

static void skip_space(struct builder *b)
{
	while (*b->p == ' ' || *b->p == '\n' || *b->p == '\r' || *b->p == '\t')
		b->p++;
}

static enum json_type type_at(const char *p)
{
	return json_type_of((struct str){ p, 1 });
}

/* The value at p, or as much of it as stands before its first child. */
static void add_value(struct builder *b)
{
	const char *key = NULL;
	uint32_t key_len = 0;
	struct json *n;

	if (b->parent != NONE && b->tree->node[b->parent].type == JSON_OBJECT) {
		key = cut_string(b, &key_len);
		skip_space(b);
		b->p++;
		skip_space(b);
	}
	n = add_node(b, type_at(b->p));
	n->key = key;
	n->key_len = key_len;
	switch ((enum json_type)n->type) {
	case JSON_OBJECT:
	case JSON_ARRAY: open_node(b, n); break;
	case JSON_STRING: n->text = cut_string(b, &n->n); break;
	case JSON_NUMBER: n->text = cut_number(b, &n->n); break;
	default:
		n->truth = *b->p == 't';
		b->p += *b->p == 'f' ? 5 : 4;
		break;
	}
}

static void build(struct builder *b)
{
	do {
		skip_space(b);
		if (*b->p == ',') {
			b->p++;
			skip_space(b);
		}
		if (*b->p == ']' || *b->p == '}')
			close_node(b);
		else
			add_value(b);
	} while (b->parent != NONE);
}

struct json *json_parse(struct str s, unsigned flags, struct err *e)
{
	struct builder b = { .parent = NONE, .last = NONE };
	char *text;

	if (s.len > JSON_TREE_MAX) {
		err_set(e, EX_DATAERR, "JSON: too large");
		return NULL;
	}
	if (json_check(s, flags, e))
		return NULL;
	text = xmalloc(s.len + 2); /* a number may move by one */
	memcpy(text + 1, s.p, s.len);
	b.p = text + 1;
	b.end = b.p + s.len;
	*b.end = '\0';
	set_room(&b, (uint32_t)(s.len / 32) + 4);
	build(&b);
	set_room(&b, b.n);
	b.tree->text = text;
	return b.tree->node;
}

void json_free(struct json **rootp)
{
	char *root = (char *)*rootp;
	struct tree *t;

	*rootp = NULL;
	if (!root)
		return;
	t = (struct tree *)(root - offsetof(struct tree, node));
	free(t->text);
	free(t);
}

/* ---- asking it ---- */

enum json_type json_kind(const struct json *n)
{
	return n ? (enum json_type)n->type : JSON_NONE;
}

static bool has_children(const struct json *n)
{
	return n && n->n > 0 &&
	       (n->type == JSON_OBJECT || n->type == JSON_ARRAY);
}

const struct json *json_child(const struct json *n)
{
	return has_children(n) ? n + 1 : NULL;
}

const struct json *json_sibling(const struct json *n)
{
	return n && n->next ? n + n->next : NULL;
}

const char *json_key(const struct json *n)
{
	return n ? n->key : NULL;
}

struct str json_key_str(const struct json *n)
{
	return n ? (struct str){ n->key, n->key_len } : (struct str){ 0 };
}

const struct json *json_member(const struct json *obj, const char *key)
{
	const struct json *last = NULL;
	struct str name = str_from(key);

	if (json_kind(obj) != JSON_OBJECT)
		return NULL;
	json_each (m, obj)
		if (str_eq(json_key_str(m), name))
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
	return has_children(n) ? n->n : 0;
}

struct str json_content(const struct json *n)
{
	return n && n->text ? (struct str){ n->text, n->n } : (struct str){ 0 };
}

const char *json_string(const struct json *n)
{
	return json_kind(n) == JSON_STRING ? n->text : NULL;
}

bool json_true(const struct json *n)
{
	return n && n->truth;
}

const char *json_number(const struct json *n)
{
	return json_kind(n) == JSON_NUMBER ? n->text : NULL;
}

static void print_children(const struct json *n, struct buf *b)
{
	bool first = true;

	json_each (m, n) {
		if (!first)
			buf_putc(b, ',');
		first = false;
		if (json_kind(n) == JSON_OBJECT) {
			buf_json_str(b, json_key_str(m));
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
	case JSON_NUMBER: buf_add_str(b, json_content(n)); break;
	case JSON_STRING: buf_json_str(b, json_content(n)); break;
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
