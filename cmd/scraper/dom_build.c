#include "dom_build.h"

enum { ROW_LEAST = 8, ROW_MOST = 256 }; /* made at a time */

/* Documents repeat their names: most of them are still in the table. */
static struct dom_name *find_name(struct dom_name *table, struct str name)
{
	return &table[str_hash_fast(name) & (DOM_NAMES - 1)];
}

static struct str shared_name(struct dom_builder *b, struct str name)
{
	struct dom_name *slot = find_name(b->others, name);

	if (!slot->text.p || !str_eq(slot->text, name))
		slot->text = arena_str(b->a, name);
	return slot->text;
}

const struct dom_name *dom_build_name(struct dom_builder *b, struct str name)
{
	struct dom_name *slot = find_name(b->tags, name);

	if (!slot->text.p || !str_eq(slot->text, name)) {
		slot->text = arena_str(b->a, name);
		slot->tag = dom_tag_of(name);
	}
	return slot;
}

/* Those who walk the document do so in memory that has nothing else in it. */
static void *take(struct dom_builder *b, struct dom_row *row, size_t size)
{
	if (row->left == 0) {
		row->made = row->made < ROW_MOST / 2 ? 2 * row->made + ROW_LEAST
						     : ROW_MOST;
		row->left = row->made;
		row->next = arena_alloc(b->a, row->left * size);
	}
	row->left--;
	row->next += size;
	return row->next - size;
}

static struct dom_node *append(struct dom_builder *b, enum dom_type type)
{
	struct dom_node *n = take(b, &b->nodes, sizeof(*n));

	n->type = type;
	n->order = b->dom->n_nodes++;
	n->parent = b->at;
	if (!b->at)
		return n;
	n->prev = b->at->last;
	if (n->prev)
		n->prev->next = n;
	else
		b->at->first = n;
	b->at->last = n;
	return n;
}

static void flush_text(struct dom_builder *b)
{
	if (!b->text.len)
		return;
	append(b, DOM_TEXT)->text = arena_str(b->a, buf_str(&b->text));
	buf_reset(&b->text);
}

void dom_build_init(struct dom_builder *b, struct arena *a, bool xml)
{
	*b = (struct dom_builder){ .a = a };
	b->dom = arena_alloc(a, sizeof(*b->dom));
	b->dom->xml = xml;
	b->dom->root = b->at = append(b, DOM_DOCUMENT);
}

void dom_build_open(struct dom_builder *b, const struct dom_name *name,
		    struct str ns)
{
	struct dom_node *n;

	flush_text(b);
	n = append(b, DOM_ELEMENT);
	n->name = name->text;
	n->tag = name->tag;
	if (ns.p)
		n->ns = shared_name(b, ns);
	b->at = n;
	b->last_attr = NULL;
}

void dom_build_attr(struct dom_builder *b, struct str name, struct str value)
{
	struct dom_attr *attr = take(b, &b->attrs, sizeof(*attr));

	attr->name = shared_name(b, name);
	attr->value = arena_str(b->a, value);
	b->at->attr_bits |= dom_attr_bit(name);
	b->dom->attr_bits |= dom_attr_bit(name);
	if (b->last_attr)
		b->last_attr->next = attr;
	else
		b->at->attrs = attr;
	b->last_attr = attr;
}

bool dom_build_has_attr(const struct dom_builder *b, struct str name)
{
	if (!(b->at->attr_bits & dom_attr_bit(name)))
		return false;
	for (const struct dom_attr *at = b->at->attrs; at; at = at->next)
		if (str_eq(at->name, name))
			return true;
	return false;
}

void dom_build_close(struct dom_builder *b)
{
	flush_text(b);
	b->at = b->at->parent;
}

void dom_build_text(struct dom_builder *b, struct str text)
{
	buf_add_str(&b->text, text);
}

void dom_build_comment(struct dom_builder *b, struct str text)
{
	flush_text(b);
	append(b, DOM_COMMENT)->text = arena_str(b->a, text);
}

struct dom *dom_build_finish(struct dom_builder *b)
{
	struct dom *dom = b->dom;
	const char *lang = dom->xml ? "xml:lang" : "lang";

	flush_text(b);
	buf_free(&b->text);
	for (struct dom_node *n = dom->root->first; n; n = n->next)
		if (n->type == DOM_ELEMENT && !dom->html)
			dom->html = n;
	if (dom->html)
		dom->lang = dom_attr(dom->html, lang);
	return dom;
}
