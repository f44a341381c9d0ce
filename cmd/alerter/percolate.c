#include "percolate.h"

#include <stdlib.h>

#include "common/xmem.h"

#include "table.h"

struct percolator {
	struct table by_id;    /* "r/ID", "s/ID" */
	struct table by_word;  /* the longest word of the keywords */
	struct table by_topic; /* one exact topic, no keywords */
	struct rule **other;
	size_t n_other, cap_other;
	size_t count;
	const struct rule **found;
	size_t n_found, cap_found;
};

struct percolator *percolator_new(void)
{
	return xcalloc(1, sizeof(struct percolator));
}

static void free_rules(const struct table_entry *e)
{
	for (; e; e = e->next) {
		struct rule *rule = e->v[0];

		rule_free(&rule);
	}
}

void percolator_free(struct percolator **pp)
{
	struct percolator *p = *pp;

	if (!p)
		return;
	for (size_t i = 0; i < p->by_id.n_buckets; i++)
		free_rules(p->by_id.bucket[i]);
	table_free(&p->by_id);
	table_free(&p->by_word);
	table_free(&p->by_topic);
	free(p->other);
	free(p->found);
	free(p);
	*pp = NULL;
}

/* "r/ID" or "s/ID"; out has room for it. */
static struct str id_key(bool is_search, struct str id,
			 char out[STR_ID_MAX + 3])
{
	size_t n = id.len < STR_ID_MAX ? id.len : STR_ID_MAX;

	out[0] = is_search ? 's' : 'r';
	out[1] = '/';
	for (size_t i = 0; i < n; i++)
		out[2 + i] = id.p[i];
	return (struct str){ out, n + 2 };
}

/* The longest word of all phrases: the rarest, as far as one can tell. */
static struct str anchor(const struct rule *r)
{
	struct str best = { 0 };

	for (size_t i = 0; i < r->n_phrases; i++) {
		struct str rest = r->phrases[i], word;

		while (str_token(&rest, " ", &word))
			if (word.len > best.len)
				best = word;
	}
	return best;
}

static bool is_exact(struct str pattern)
{
	return pattern.len && !str_ends(pattern, STR("/")) &&
	       !str_ends(pattern, STR("."));
}

static void index_rule(struct percolator *p, struct rule *r)
{
	if (r->n_phrases) {
		table_add(&p->by_word, anchor(r), r);
	} else if (is_exact(r->on)) {
		table_add(&p->by_topic, r->on, r);
	} else {
		xgrow(&p->other, &p->cap_other, p->n_other, sizeof(*p->other));
		p->other[p->n_other++] = r;
	}
}

static void unindex_rule(struct percolator *p, const struct rule *r)
{
	if (r->n_phrases) {
		table_remove(&p->by_word, anchor(r), r);
	} else if (is_exact(r->on)) {
		table_remove(&p->by_topic, r->on, r);
	} else {
		for (size_t i = 0; i < p->n_other; i++) {
			if (p->other[i] == r) {
				p->other[i] = p->other[--p->n_other];
				break;
			}
		}
	}
}

void percolator_put(struct percolator *p, struct rule *rule)
{
	char key[STR_ID_MAX + 3];

	percolator_remove(p, rule->is_search, rule->id);
	table_add(&p->by_id, id_key(rule->is_search, rule->id, key), rule);
	index_rule(p, rule);
	p->count++;
}

void percolator_remove(struct percolator *p, bool is_search, struct str id)
{
	char out[STR_ID_MAX + 3];
	struct str key = id_key(is_search, id, out);
	const struct table_entry *e = table_find(&p->by_id, key);
	struct rule *rule;

	if (!e)
		return;
	rule = e->v[0];
	unindex_rule(p, rule);
	table_remove(&p->by_id, key, rule);
	rule_free(&rule);
	p->count--;
}

const struct rule *percolator_get(const struct percolator *p, bool is_search,
				  struct str id)
{
	char out[STR_ID_MAX + 3];
	const struct table_entry *e =
		table_find(&p->by_id, id_key(is_search, id, out));

	return e ? e->v[0] : NULL;
}

size_t percolator_count(const struct percolator *p)
{
	return p->count;
}

static void consider(struct percolator *p, const struct rule *r,
		     struct str topic, struct str source)
{
	if (!rule_concerns(r, topic, source))
		return;
	xgrow(&p->found, &p->cap_found, p->n_found, sizeof(*p->found));
	p->found[p->n_found++] = r;
}

static void consider_all(struct percolator *p, const struct table_entry *e,
			 struct str topic, struct str source)
{
	for (size_t i = 0; e && i < e->n; i++)
		consider(p, e->v[i], topic, source);
}

static int compare_rules(const void *pa, const void *pb)
{
	const struct rule *a = *(const struct rule *const *)pa;
	const struct rule *b = *(const struct rule *const *)pb;

	if (a->is_search != b->is_search)
		return a->is_search - b->is_search;
	return str_cmp(a->id, b->id);
}

const struct rule *const *percolator_find(struct percolator *p,
					  struct str topic, struct str source,
					  struct str row, size_t *n_r)
{
	struct str rest = row, word;
	size_t n = 0;

	p->n_found = 0;
	consider_all(p, table_find(&p->by_topic, topic), topic, source);
	for (size_t i = 0; i < p->n_other; i++)
		consider(p, p->other[i], topic, source);
	while (p->by_word.n && str_token(&rest, " \n", &word))
		consider_all(p, table_find(&p->by_word, word), topic, source);
	if (p->n_found)
		qsort(p->found, p->n_found, sizeof(*p->found), compare_rules);
	/* A word may stand in the text more than once. */
	for (size_t i = 0; i < p->n_found; i++)
		if (i == 0 || p->found[i] != p->found[i - 1])
			p->found[n++] = p->found[i];
	*n_r = n;
	return p->found;
}
