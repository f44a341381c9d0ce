#include "fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "next_url.h"

struct rule {
	enum field field;
	enum form form;
	void *selector;
};

struct fields {
	const struct selector_ops *ops;
	void *items, *until, *next;
	char *param; /* of "next", or NULL */
	struct rule rules[FIELD_COUNT];
	size_t n_rules;
};

enum { MEMBERS_MAX = 8 }; /* that one kind of selector knows */

/* own: a member beside those of the kind; NULL: it is "items" or "until". */
static void *compile_selector(const struct fields *f, const struct json *spec,
			      const char *where, const char *own, struct err *e)
{
	const char *known[MEMBERS_MAX + 2];
	size_t n = 0;
	void *selector;

	if (json_kind(spec) != JSON_OBJECT) {
		err_set(e, EX_CONFIG, "%s: is no object", where);
		return NULL;
	}
	for (; n < MEMBERS_MAX && f->ops->members[n]; n++)
		known[n] = f->ops->members[n];
	if (own)
		known[n++] = own;
	known[n] = NULL;
	if (extract_members(spec, where, known, e))
		return NULL;
	selector = f->ops->compile(spec, !own, e);
	if (!selector)
		err_prefix(e, "%s", where);
	return selector;
}

static int compile_form(const struct json *as, struct rule *r, struct err *e)
{
	static const char *const names[] = { [FORM_TEXT] = "text",
					     [FORM_PRICE] = "price",
					     [FORM_URL] = "url",
					     [FORM_DATE] = "date" };
	const char *name = json_string(as);
	enum form own = field_form(r->field), form = FORM_TEXT;

	r->form = own;
	if (!as)
		return 0;
	while (name && form < ARRAY_LEN(names) &&
	       strcmp(name, names[form]) != 0)
		form++;
	if (!name || form == ARRAY_LEN(names))
		return err_set(e, EX_CONFIG,
			       "fields.%s: as is not \"text\", \"price\", "
			       "\"url\" or \"date\"",
			       field_name(r->field));
	if (own != FORM_TEXT && own != form)
		return err_set(e, EX_CONFIG, "fields.%s: cannot be as %s",
			       field_name(r->field), name);
	r->form = form;
	return 0;
}

static int refuse_field(const char *name, struct err *e)
{
	struct buf b = { 0 };

	for (enum field i = 0; i < FIELD_COUNT; i++)
		buf_addf(&b, "%s%s", i ? ", " : "", field_name(i));
	err_set(e, EX_CONFIG, "fields.%s: no such field; there are %s", name,
		b.p);
	buf_free(&b);
	return -1;
}

static int compile_field(struct fields *f, const struct json *spec,
			 struct err *e)
{
	const char *name = json_key(spec);
	struct rule r = { .field = field_named(str_from(name)) };
	char where[64];

	if (r.field == FIELD_COUNT)
		return refuse_field(name, e);
	for (size_t i = 0; i < f->n_rules; i++)
		if (f->rules[i].field == r.field)
			return err_set(e, EX_CONFIG,
				       "fields.%s: is there twice", name);
	snprintf(where, sizeof(where), "fields.%s", name);
	r.selector = compile_selector(f, spec, where, "as", e);
	if (!r.selector)
		return -1;
	f->rules[f->n_rules++] = r;
	return compile_form(json_member(spec, "as"), &f->rules[f->n_rules - 1],
			    e);
}

static int compile_param(struct fields *f, const struct json *param,
			 struct err *e)
{
	const char *name = json_string(param);

	if (!param)
		return 0;
	if (!name || !*name || strlen(name) > NEXT_PARAM_MAX)
		return err_set(e, EX_CONFIG,
			       "next: param is no name of at most %d bytes",
			       NEXT_PARAM_MAX);
	f->param = xstrdup(name);
	return 0;
}

/* {}: what documents of the kind themselves call their next page. */
static int compile_next(struct fields *f, const struct json *spec,
			struct err *e)
{
	const char *own = json_kind(spec) == JSON_OBJECT && !json_child(spec)
				  ? f->ops->own_next
				  : NULL;
	struct json *usual = own ? json_parse(str_from(own), 0, e) : NULL;

	f->next = compile_selector(f, usual ? usual : spec, "next", "param", e);
	json_free(&usual);
	return f->next ? compile_param(f, json_member(spec, "param"), e) : -1;
}

static int compile_all(struct fields *f, const struct json *config,
		       struct err *e)
{
	const char *const known[] = { "items", "fields", "next",
				      f->ops->ordered ? "until" : NULL, NULL };
	const struct json *items = json_member(config, "items");
	const struct json *until = json_member(config, "until");
	const struct json *next = json_member(config, "next");
	const struct json *fields = json_member(config, "fields");

	if (extract_members(config, "extract", known, e))
		return -1;
	if (json_kind(fields) != JSON_OBJECT || !json_child(fields))
		return err_set(e, EX_CONFIG, "extract: fields are missing");
	if (items) {
		f->items = compile_selector(f, items, "items", NULL, e);
		if (!f->items)
			return -1;
	}
	if (until) {
		f->until = compile_selector(f, until, "until", NULL, e);
		if (!f->until)
			return -1;
	}
	if (next && compile_next(f, next, e))
		return -1;
	json_each (spec, fields)
		if (compile_field(f, spec, e))
			return -1;
	return 0;
}

struct fields *fields_compile(const struct json *config,
			      const struct selector_ops *ops, struct err *e)
{
	struct fields *f = xcalloc(1, sizeof(*f));

	f->ops = ops;
	if (compile_all(f, config, e))
		fields_free(&f);
	return f;
}

void fields_free(struct fields **fp)
{
	struct fields *f = *fp;

	*fp = NULL;
	if (!f)
		return;
	if (f->items)
		f->ops->release(f->items);
	if (f->until)
		f->ops->release(f->until);
	if (f->next)
		f->ops->release(f->next);
	free(f->param);
	for (size_t i = 0; i < f->n_rules; i++)
		f->ops->release(f->rules[i].selector);
	free(f);
}

bool fields_have_programs(const struct fields *f)
{
	bool (*has)(const void *) = f->ops->has_program;
	bool any = has &&
		   ((f->items && has(f->items)) ||
		    (f->until && has(f->until)) || (f->next && has(f->next)));

	for (size_t i = 0; i < f->n_rules && has; i++)
		any |= has(f->rules[i].selector);
	return any;
}

int fields_prepare(struct fields *f, struct err *e)
{
	if (!f->ops->prepare)
		return 0;
	if (f->items && f->ops->prepare(f->items, e))
		return err_prefix(e, "items");
	if (f->until && f->ops->prepare(f->until, e))
		return err_prefix(e, "until");
	if (f->next && f->ops->prepare(f->next, e))
		return err_prefix(e, "next");
	for (size_t i = 0; i < f->n_rules; i++)
		if (f->ops->prepare(f->rules[i].selector, e))
			return err_prefix(e, "fields.%s",
					  field_name(f->rules[i].field));
	return 0;
}

const void *fields_items(const struct fields *f)
{
	return f->items;
}

const void *fields_until(const struct fields *f)
{
	return f->until;
}

bool fields_add(const struct fields *f, const void *item,
		const struct document *doc, struct arena *a,
		struct observation *o)
{
	struct item_raw *found = arena_alloc(a, f->n_rules * sizeof(*found));
	struct item it = { .raw = found }, *place;

	for (size_t i = 0; i < f->n_rules; i++) {
		const struct rule *r = &f->rules[i];
		struct raw raw = f->ops->read(r->selector, item, a);

		if (!raw.text.p)
			continue;
		item_set_as(&it, r->field, r->form, raw, doc, a);
		found[it.n_raw++] = (struct item_raw){
			(int)r->field,
			arena_str(a, str_utf8_prefix(raw.text, ITEM_RAW_MAX)),
		};
	}
	if (item_is_empty(&it))
		return true;
	item_finish(&it, doc, a);
	place = observation_add(o, a);
	if (!place)
		return false;
	*place = it;
	return true;
}

void fields_read_next(const struct fields *f, const void *whole,
		      struct str base, const struct document *doc,
		      struct arena *a, struct observation *o)
{
	struct str param = str_from(f->param);
	struct raw said;

	if (!f->next)
		return;
	said = f->ops->read_link && !param.p
		       ? f->ops->read_link(f->next, whole, a)
		       : f->ops->read(f->next, whole, a);
	next_url(param.p ? doc->url : base, param, said.text, a, &o->next);
}

void fields_end(const struct fields *f, struct arena *a, struct observation *o)
{
	o->outcome = OUTCOME_FOUND;
	if (o->n_items > 0)
		return;
	if (f->n_rules == 1)
		observation_fail(o, a, OUTCOME_SELECTOR_MISS,
				 "fields.%s found nothing",
				 field_name(f->rules[0].field));
	else
		observation_fail(o, a, OUTCOME_SELECTOR_MISS,
				 "none of %zu fields found anything",
				 f->n_rules);
}
