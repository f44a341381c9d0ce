#include "thing.h"

#include <string.h>

#include "common/buf.h"

#include "item.h"

struct thing *thing_new(struct things *ts, enum thing_source source,
			const struct dom_node *node)
{
	struct thing *t;

	if (ts->n >= THINGS_MAX)
		return NULL;
	ts->n++;
	t = arena_alloc(ts->arena, sizeof(*t));
	t->source = source;
	t->node = node;
	if (ts->last)
		ts->last->next = t;
	else
		ts->first = t;
	ts->last = t;
	return t;
}

struct str thing_name(struct str iri)
{
	static const char *const prefixes[] = { "schema:", "s:", "v:" };
	struct str s = str_trim(iri);

	if (str_find(s, STR("://")) != (size_t)-1) {
		while (s.len > 0 && s.p[s.len - 1] == '/')
			s.len--;
		for (size_t i = s.len; i > 0; i--)
			if (s.p[i - 1] == '/' || s.p[i - 1] == '#')
				return str_sub(s, i, s.len);
		return s;
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (str_starts(s, str_from(prefixes[i])))
			return str_sub(s, strlen(prefixes[i]), s.len);
	return s;
}

void thing_add_type(struct thing *t, struct str type)
{
	type = thing_name(type);
	if (type.len > 0 && t->n_types < THING_TYPES_MAX)
		t->types[t->n_types++] = type;
}

static struct thing_prop *add_prop(struct things *ts, struct thing *t,
				   struct str name)
{
	struct thing_prop *p;

	if (ts->n >= THINGS_MAX)
		return NULL;
	ts->n++;
	p = arena_alloc(ts->arena, sizeof(*p));
	p->name = thing_name(name);
	if (t->last)
		t->last->next = p;
	else
		t->first = p;
	t->last = p;
	return p;
}

void thing_add_text(struct things *ts, struct thing *t, struct str name,
		    struct str text, const struct dom_node *node)
{
	struct thing_prop *p = add_prop(ts, t, name);

	if (!p)
		return;
	p->text = text.p ? text : STR("");
	p->node = node;
}

void thing_add_thing(struct things *ts, struct thing *t, struct str name,
		     struct thing *value)
{
	struct thing_prop *p = add_prop(ts, t, name);

	if (!p)
		return;
	p->thing = value;
	p->node = value->node;
	value->parent = t;
	value->role = p->name;
}

bool things_spend(struct things *ts, size_t n)
{
	ts->work += n;
	return ts->work <= THINGS_WORK_MAX;
}

bool thing_is(const struct thing *t, const char *type)
{
	for (unsigned i = 0; i < t->n_types; i++)
		if (str_eq_nocase(t->types[i], str_from(type)))
			return true;
	return false;
}

const struct thing_prop *thing_prop(const struct thing *t, const char *name,
				    const struct thing_prop *after)
{
	for (const struct thing_prop *p = after ? after->next : t->first; p;
	     p = p->next)
		if (str_is(p->name, name))
			return p;
	return NULL;
}

/* A thing that says nothing but its id stands for the one that says more. */
static bool is_reference(const struct thing *t)
{
	return t->id.len > 0 && !t->first;
}

static size_t slot_of(const struct things *ts, struct str id)
{
	size_t i = str_hash(id) & (ts->n_slots - 1);

	while (ts->by_id[i] && !str_eq(ts->by_id[i]->id, id))
		i = (i + 1) & (ts->n_slots - 1);
	return i;
}

static void index_ids(struct things *ts)
{
	size_t n = 0;

	for (struct thing *t = ts->first; t; t = t->next)
		n += t->id.len > 0;
	for (ts->n_slots = 16; ts->n_slots < 2 * n;)
		ts->n_slots *= 2;
	ts->by_id = arena_alloc(ts->arena, ts->n_slots * sizeof(*ts->by_id));
	for (struct thing *t = ts->first; t; t = t->next) {
		size_t i;

		if (t->id.len == 0 || is_reference(t))
			continue;
		i = slot_of(ts, t->id);
		if (!ts->by_id[i])
			ts->by_id[i] = t;
	}
}

const struct thing *things_resolve(struct things *ts, const struct thing *t)
{
	const struct thing *to;

	if (!t || !is_reference(t))
		return t;
	if (!ts->by_id)
		index_ids(ts);
	to = ts->by_id[slot_of(ts, t->id)];
	return to ? to : t;
}

struct str thing_node_text(struct things *ts, const struct dom_node *top)
{
	static const char *const unseen[] = { "script", "style", "template",
					      NULL };
	struct buf b = { .max = ITEM_TEXT_MAX };
	const struct dom_node *n = dom_walk(top, top);
	struct str text = STR("");

	while (n && things_spend(ts, 1)) {
		bool skip =
			n->type == DOM_ELEMENT && str_is_any(n->name, unseen);

		if (n->type == DOM_TEXT)
			buf_add_str(&b,
				    str_utf8_prefix(n->text, b.max - b.len));
		if (b.len >= b.max - 4)
			break;
		if (n->type == DOM_ELEMENT && str_is(n->name, "br"))
			buf_putc(&b, ' ');
		n = skip ? dom_skip(top, n) : dom_walk(top, n);
	}
	if (b.len > 0)
		text = arena_str(ts->arena, buf_str(&b));
	buf_free(&b);
	return text;
}

/* The attribute that is an element's value; NULL: its text is. */
static const char *value_attr(struct str name)
{
	static const struct {
		const char *attr;
		const char *elements[8];
	} table[] = {
		{ "src",
		  { "img", "audio", "embed", "iframe", "source", "track",
		    "video" } },
		{ "href", { "a", "area", "link" } },
		{ "data", { "object" } },
		{ "value", { "data", "meter" } },
		{ "datetime", { "time" } },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (str_is_any(name, table[i].elements))
			return table[i].attr;
	return NULL;
}

struct str thing_node_value(struct things *ts, const struct dom_node *n)
{
	const char *attr = value_attr(n->name);
	struct str v = dom_attr(n, "content");

	if (v.p)
		return v;
	if (str_is(n->name, "meta"))
		return STR("");
	if (attr)
		v = dom_attr(n, attr);
	/* Pictures that load late have their address elsewhere. */
	if (str_is(n->name, "img") && (!v.p || str_starts(v, STR("data:"))))
		v = dom_attr(n, "data-src");
	return v.p ? v : thing_node_text(ts, n);
}
