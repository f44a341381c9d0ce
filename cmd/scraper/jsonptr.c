#include "jsonpath.h"

#include <string.h>
#include <sysexits.h>

int jsonptr_check(struct str ptr, struct err *e)
{
	if (ptr.len > JSONPATH_TEXT_MAX)
		return err_set(e, EX_CONFIG, "JSON Pointer: too long");
	if (!str_is_utf8(ptr))
		return err_set(e, EX_CONFIG, "JSON Pointer: invalid UTF-8");
	if (ptr.len > 0 && ptr.p[0] != '/')
		return err_set(e, EX_CONFIG,
			       "JSON Pointer: '/' expected at byte 1");
	for (size_t i = 0; i < ptr.len; i++)
		if (ptr.p[i] == '~' &&
		    (i + 1 == ptr.len || !strchr("01", ptr.p[i + 1])))
			return err_set(
				e, EX_CONFIG,
				"JSON Pointer: '~' without 0 or 1 at byte %zu",
				i + 1);
	return 0;
}

/* True if the token, once unescaped, is name. */
static bool is_token(struct str token, const char *name)
{
	for (size_t i = 0; i < token.len; i++, name++) {
		char c = token.p[i];

		if (c == '~' && i + 1 < token.len)
			c = token.p[++i] == '1' ? '/' : '~';
		if (c != *name || !c)
			return false;
	}
	return *name == 0;
}

static const struct json *member(const struct json *obj, struct str token)
{
	const struct json *last = NULL;

	json_each (m, obj)
		if (is_token(token, json_key(m)))
			last = m;
	return last;
}

static const struct json *element(const struct json *arr, struct str token)
{
	uint64_t i;

	if (!str_u64(token, &i) || (token.len > 1 && token.p[0] == '0'))
		return NULL;
	return json_at(arr, i);
}

const struct json *jsonptr_get(struct str ptr, const struct json *root)
{
	struct str token, rest;

	str_cut(ptr, '/', &rest); /* what is before the first '/' is empty */
	while (root && rest.p) {
		token = str_cut(rest, '/', &rest);
		switch (json_kind(root)) {
		case JSON_OBJECT: root = member(root, token); break;
		case JSON_ARRAY: root = element(root, token); break;
		default: return NULL;
		}
	}
	return root;
}
