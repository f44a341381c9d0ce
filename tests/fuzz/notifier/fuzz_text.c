/*
 * A template and a notification: whatever is in them, each part of the text is
 * whole characters and no longer than it may be, and HTML's values bring no
 * markup. The first byte says how, then a template up to a NUL, then data.
 */
#include <assert.h>
#include <string.h>

#include "cmd/notifier/text.h"
#include "common/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What stays however much is cut; false: a piece cannot be cut. */
static bool least(const struct text_template *t, enum text_unit unit,
		  size_t *units_r)
{
	*units_r = text_template_fixed(t, unit);
	for (size_t i = 0; i < t->n; i++) {
		if (t->piece[i].kind == TEXT_PIECE_JSON)
			return false;
		*units_r += 3; /* an ellipsis, at most */
	}
	return true;
}

static bool has_literal(const struct text_template *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->piece[i].kind == TEXT_PIECE_LITERAL ||
		    t->piece[i].kind == TEXT_PIECE_JSON ||
		    (t->piece[i].kind == TEXT_PIECE_VALUE &&
		     t->piece[i].escape != TEXT_HTML))
			return true;
	return false;
}

static void look(const struct text_template *t, const struct text_limit *limit,
		 const struct str *part, size_t n)
{
	size_t units;
	bool cuttable = least(t, limit->unit, &units);

	assert(n >= 1 && n <= TEXT_PARTS_MAX);
	assert(n == 1 || limit->split);
	for (size_t i = 0; i < n; i++) {
		assert(str_is_utf8(part[i]));
		if (cuttable && limit->max && units <= limit->max)
			assert(text_units(part[i], limit->unit) <= limit->max);
		if (!has_literal(t))
			assert(!part[i].len ||
			       !memchr(part[i].p, '<', part[i].len));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data + 1, size - 1 }, source;
	struct message m = { .user = STR("ana") };
	const struct text_values v = { &m, STR("k1"), STR("phone") };
	struct text_limit limit;
	struct str part[TEXT_PARTS_MAX];
	struct text_template *t;
	struct arena a = { 0 };
	struct err e;

	if (size < 2)
		return 0;
	limit.unit = (enum text_unit)(data[0] / 6 % 3);
	limit.split = data[0] & 128;
	limit.max = data[0] % 5 * 40;
	source = str_cut(rest, '\0', &rest);
	if (!str_is_utf8(source) || !str_is_utf8(rest))
		return 0;
	t = text_template_new(source, (enum text_escape)(data[0] % 6), &a, &e);
	m.ev.source = STR("weir/alerter/1");
	m.ev.data =
		rest.len && json_check(rest, JSON_UNIQUE, &e) == 0
			? rest
			: STR("{\"title\":\"<b>\",\"message\":\"a\\u0000&\"}");
	if (t)
		look(t, &limit, part, text_fill(t, &v, &limit, &a, part));
	arena_free(&a);
	return 0;
}
