/*
 * HTML through myhtml, the only file that knows it.
 *
 * Parsers of HTML are quadratic in the depth of the open elements, and each
 * block may copy all formatting elements that were left open: 100 KB of
 * <div> cost seconds, 8 MB of <font a><font b>…<p>x<p>x… all memory. A scan
 * ahead of the parser would have to know all of HTML's rules to count right;
 * so the parser is fed in small pieces and looked at after each.
 *
 * Half its time goes into what tokens say: myhtml looks for references like
 * &amp; in them byte by byte. Here that is done in its place, as most have
 * none.
 */
#include <ctype.h>
#include <string.h>
#include <sysexits.h>

#include <myhtml/myhtml.h>
#include <myhtml/tree.h>

#include "dom_build.h"

enum {
	PIECE_TAGS = 800,     /* fed at once: at most so much deeper */
	FORMATTING_MAX = 128, /* <b>, <font> … that wait to be opened again */
	ATTRS_MAX = 256,      /* of one element; further ones are dropped */
	KEEP_BYTES = 1 << 20, /* a parser of larger ones is not kept */
};

/*
 * Making a parser costs as much as parsing 20 KB, and feeds have a short text
 * for each entry: one that came to the end of its document serves the next.
 */
static struct parser {
	myhtml_t *my;
	myhtml_tree_t *tree;
} kept;

static void parser_close(struct parser *p)
{
	myhtml_tree_destroy(p->tree);
	myhtml_destroy(p->my);
	*p = (struct parser){ 0 };
}

static int parser_open(struct parser *p, struct err *e)
{
	*p = kept;
	kept = (struct parser){ 0 };
	if (p->tree)
		return 0;
	p->my = myhtml_create();
	p->tree = myhtml_tree_create();
	if (p->my && p->tree &&
	    !myhtml_init(p->my, MyHTML_OPTIONS_PARSE_MODE_SINGLE, 1, 0) &&
	    !myhtml_tree_init(p->tree, p->my))
		return 0;
	parser_close(p);
	return err_set(e, EX_OSERR, "html: cannot start the parser");
}

/* The text of a token or the value of an attribute; raw has no CR, no NUL. */
static void set_string(myhtml_tree_t *tree, mycore_string_t *s, struct str raw,
		       size_t amp, bool in_attribute)
{
	myhtml_data_process_entry_t p;

	mycore_string_init(tree->mchar, tree->mchar_node_id, s, raw.len + 1);
	s->length = amp < raw.len ? amp : raw.len;
	memcpy(s->data, raw.p, s->length);
	s->data[s->length] = '\0';
	if (s->length == raw.len)
		return;
	myhtml_data_process_entry_clean(&p);
	p.encoding = MyENCODING_UTF_8;
	p.is_attributes = in_attribute;
	myhtml_data_process(&p, s, raw.p + amp, raw.len - amp);
	myhtml_data_process_end(&p, s);
}

static void set_attr(myhtml_tree_t *tree, myhtml_token_attr_t *at,
		     struct str body)
{
	struct str value = { body.p + at->raw_value_begin,
			     at->raw_value_length };
	struct str key = { body.p + at->raw_key_begin, at->raw_key_length };

	mycore_string_clean_all(&at->key);
	mycore_string_clean_all(&at->value);
	if (key.len > 0)
		set_string(tree, &at->key, key, key.len, true);
	for (size_t i = 0; i < key.len; i++)
		if (key.p[i] >= 'A' && key.p[i] <= 'Z')
			at->key.data[i] |= 32;
	if (value.len > 0)
		set_string(tree, &at->value, value, str_chr(value, '&'), true);
}

/*
 * myhtml drops white space from the beginning of a text where it may not stand,
 * but takes the place for as large as before, and writes behind it when more
 * text follows (found by fuzzing). What it may lose is not counted from the
 * start; the allocator knows better where more is asked for.
 */
static void set_room(mycore_string_t *s)
{
	size_t n = 0;

	while (n < s->length && isspace((unsigned char)s->data[n]))
		n++;
	s->size = s->length - n + 1;
}

/* In place of myhtml_parser_worker(). */
static void *set_token(myhtml_tree_t *tree, myhtml_token_node_t *t, void *ctx)
{
	const struct str *body = ctx;
	struct str raw = { body->p + t->raw_begin, t->raw_length };
	const int with_references = MyHTML_TOKEN_TYPE_DATA |
				    MyHTML_TOKEN_TYPE_RCDATA |
				    MyHTML_TOKEN_TYPE_CDATA;

	mycore_string_clean_all(&t->str);
	if (t->tag_id != MyHTML_TAG__TEXT && t->tag_id != MyHTML_TAG__COMMENT) {
		for (myhtml_token_attr_t *at = t->attr_first; at; at = at->next)
			set_attr(tree, at, *body);
		return ctx;
	}
	t->attr_first = t->attr_last = NULL;
	set_string(tree, &t->str, raw,
		   t->type & with_references ? str_chr(raw, '&') : raw.len,
		   false);
	set_room(&t->str);
	return ctx;
}

static void count_node(myhtml_tree_t *tree, myhtml_tree_node_t *node, void *ctx)
{
	(void)tree;
	(void)node;
	++*(size_t *)ctx;
}

/*
 * The length of the next piece. It ends behind a '>': myhtml forgets what it
 * is looking for where a piece ends within "</script" or "<!--". What has no
 * '>' has no tags, and may be long.
 */
static size_t next_piece(struct str body)
{
	size_t n = 0, end;

	for (int tags = 0; tags <= PIECE_TAGS && n < body.len; tags++) {
		end = str_chr(str_sub(body, n, body.len), '<');
		n = end == (size_t)-1 ? body.len : n + end + 1;
	}
	for (end = n; end > 0; end--)
		if (body.p[end - 1] == '>')
			return end;
	end = str_chr(str_sub(body, n, body.len), '>');
	return end == (size_t)-1 ? body.len : n + end + 1;
}

static int feed(myhtml_tree_t *tree, struct str body, struct err *e)
{
	struct str whole = body;
	size_t n_nodes = 0;

	myhtml_callback_tree_node_insert_set(tree, count_node, &n_nodes);
	tree->parse_flags = MyHTML_TREE_PARSE_FLAGS_WITHOUT_PROCESS_TOKEN &
			    ~MyHTML_TREE_PARSE_FLAGS_WITHOUT_BUILD_TREE;
	myhtml_callback_before_token_done_set(tree, set_token, &whole);
	while (body.len) {
		size_t n = next_piece(body);

		if (myhtml_parse_chunk(tree, body.p, n))
			return err_set(e, EX_DATAERR, "html: parser failed");
		if (tree->open_elements->length > DOM_DEPTH_MAX)
			return err_set(e, EX_DATAERR,
				       "html: nested deeper than %d",
				       DOM_DEPTH_MAX);
		if (tree->active_formatting->length > FORMATTING_MAX)
			return err_set(e, EX_DATAERR,
				       "html: more than %d formatting elements "
				       "left open",
				       FORMATTING_MAX);
		if (n_nodes > DOM_NODES_MAX)
			return err_set(e, EX_DATAERR,
				       "html: more than %d nodes",
				       DOM_NODES_MAX);
		body = str_sub(body, n, body.len);
	}
	if (myhtml_parse_chunk_end(tree))
		return err_set(e, EX_DATAERR, "html: parser failed");
	return 0;
}

static struct str ns_uri(const myhtml_tree_node_t *n)
{
	switch (n->ns) {
	case MyHTML_NAMESPACE_SVG: return STR("http://www.w3.org/2000/svg");
	case MyHTML_NAMESPACE_MATHML:
		return STR("http://www.w3.org/1998/Math/MathML");
	default: return (struct str){ 0 };
	}
}

/* Those of HTML's own elements stay, for all documents. */
static const struct dom_name *name_of(struct dom_builder *b,
				      myhtml_tree_t *tree, myhtml_tag_id_t id)
{
	static struct dom_name own[MyHTML_TAG_LAST_ENTRY];
	const bool is_own = id < MyHTML_TAG_LAST_ENTRY;
	struct str name;

	if (is_own && own[id].text.p)
		return &own[id];
	name.p = myhtml_tag_name_by_id(tree, id, &name.len);
	if (!is_own || !name.p)
		return dom_build_name(b, name.p ? name : STR(""));
	own[id] = (struct dom_name){ name, dom_tag_of(name) };
	return &own[id];
}

static void copy_element(struct dom_builder *b, myhtml_tree_t *tree,
			 const myhtml_tree_node_t *n)
{
	const myhtml_token_attr_t *at = n->token ? n->token->attr_first : NULL;

	dom_build_open(b, name_of(b, tree, n->tag_id), ns_uri(n));
	for (size_t n_attrs = 0; at && n_attrs < ATTRS_MAX; at = at->next) {
		struct str key = { at->key.data, at->key.length };
		struct str value = { at->value.data, at->value.length };

		if (!key.p || dom_build_has_attr(b, key))
			continue;
		dom_build_attr(b, key, value.p ? value : STR(""));
		n_attrs++;
	}
}

/* Copies n; returns true if it was opened, to be closed after its children. */
static bool copy_node(struct dom_builder *b, myhtml_tree_t *tree,
		      const myhtml_tree_node_t *n)
{
	struct str text = { 0 };

	if (n->token)
		text = (struct str){ n->token->str.data, n->token->str.length };
	switch (n->tag_id) {
	case MyHTML_TAG__DOCTYPE: return false;
	case MyHTML_TAG__TEXT: dom_build_text(b, text); return false;
	case MyHTML_TAG__COMMENT:
		dom_build_comment(b, text.p ? text : STR(""));
		return false;
	default: copy_element(b, tree, n); return true;
	}
}

static struct dom *copy_tree(myhtml_tree_t *tree, struct arena *a)
{
	const myhtml_tree_node_t *top = tree->document, *n = top->child;
	struct dom_builder b;

	dom_build_init(&b, a, false);
	while (n) {
		bool opened = copy_node(&b, tree, n);

		if (opened && n->child) {
			n = n->child;
			continue;
		}
		if (opened)
			dom_build_close(&b);
		while (!n->next) {
			n = n->parent;
			if (n == top)
				return dom_build_finish(&b);
			dom_build_close(&b);
		}
		n = n->next;
	}
	return dom_build_finish(&b);
}

/*
 * Line ends as HTML has them. HTML ignores NUL in text, and so do we
 * everywhere: myhtml mixes up the text around it (found by fuzzing).
 */
static struct str preprocess(struct str s, struct arena *a)
{
	char *out;
	size_t n = 0;

	if (str_chr(s, '\0') == (size_t)-1 && str_chr(s, '\r') == (size_t)-1)
		return s;
	out = arena_alloc(a, s.len + 1);
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\r')
			out[n++] = '\n';
		else if (s.p[i] && (s.p[i] != '\n' || !i || s.p[i - 1] != '\r'))
			out[n++] = s.p[i];
	}
	return (struct str){ out, n };
}

/*
 * Without the tag in which the document breaks off. HTML drops that too;
 * myhtml mixes up the text before it (found by fuzzing).
 */
static struct str drop_unfinished_tag(struct str s)
{
	for (size_t i = s.len; i > 0 && s.p[i - 1] != '>'; i--) {
		char next = i < s.len ? s.p[i] : '/';

		if (s.p[i - 1] == '<' &&
		    (isalpha((unsigned char)next) || strchr("/!?", next)))
			return str_sub(s, 0, i - 1);
	}
	return s;
}

struct dom *dom_parse_html(struct str body, struct str content_type,
			   struct arena *a, struct err *e)
{
	struct dom *dom = NULL;
	struct parser p;

	if (body.len > DOM_BYTES_MAX) {
		err_set(e, EX_DATAERR, "html: larger than %d bytes",
			DOM_BYTES_MAX);
		return NULL;
	}
	body = preprocess(dom_to_utf8(body, content_type, a), a);
	body = drop_unfinished_tag(body);
	if (!body.len) { /* which myhtml does not survive */
		struct dom_builder b;

		dom_build_init(&b, a, false);
		return dom_build_finish(&b);
	}
	if (parser_open(&p, e))
		return NULL;
	myhtml_encoding_set(p.tree, MyENCODING_UTF_8);
	if (!feed(p.tree, body, e))
		dom = copy_tree(p.tree, a);
	if (dom && body.len <= KEEP_BYTES)
		kept = p;
	else
		parser_close(&p);
	return dom;
}
