/*
 * The state that a page's scripts start from, where it is JSON: in a script of
 * a JSON type, or given to a variable or a function ("window.STATE = {…").
 *
 * What its names mean is each shop's own affair; schemaorg.c takes from it
 * only what has a name and a price side by side.
 */
#include "thing.h"

enum { STATE_BYTES_MAX = 2 << 20 }; /* of scripts looked at in a page */

static bool is_json_type(struct str type)
{
	return str_eq_nocase(type, STR("application/json")) ||
	       str_eq_nocase(type, STR("text/json"));
}

static bool is_code_type(struct str type)
{
	return type.len == 0 || str_eq_nocase(type, STR("module")) ||
	       str_eq_nocase(type, STR("text/javascript")) ||
	       str_eq_nocase(type, STR("application/javascript"));
}

/* From the first object or array of objects that is given to something. */
static struct str find_json(struct str code)
{
	char before = '=';

	for (size_t i = 0; i < code.len; i++) {
		char c = code.p[i];
		size_t k = i + 1;

		if (c == ' ' || c == '\n' || c == '\t')
			continue;
		if ((c == '{' || c == '[') &&
		    (before == '=' || before == '(')) {
			while (k < code.len &&
			       (code.p[k] == ' ' || code.p[k] == '\n' ||
				code.p[k] == '{'))
				k++;
			if (k < code.len && code.p[k] == '"')
				return str_sub(code, i, code.len);
			i = k - 1;
		}
		before = c;
	}
	return (struct str){ 0 };
}

void state_read(struct things *ts, const struct dom *d)
{
	size_t left = STATE_BYTES_MAX;

	for (const struct dom_node *n = d->root; n; n = dom_walk(d->root, n)) {
		struct str type, text;

		if (n->tag != DOM_TAG_SCRIPT)
			continue;
		type = str_trim(dom_attr(n, "type"));
		if (!is_json_type(type) && !is_code_type(type))
			continue;
		text = dom_text_content(n, ts->arena);
		if (text.len > left)
			continue;
		left -= text.len;
		if (is_code_type(type))
			text = find_json(text);
		if (text.len > 0)
			jsonld_parse(ts, THING_STATE, text, n);
	}
}
