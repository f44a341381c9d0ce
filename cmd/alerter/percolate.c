#include "percolate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

#include "places.h"
#include "vocabulary.h"

/*
 * What is kept of a rule or search. Behind it its id, and of a search its text,
 * of a rule a pointer to what it was compiled to.
 */
struct packed {
	struct range range;
	uint32_t place;
	uint16_t n_tokens, text_len;
	uint8_t id_len;
	bool is_rule;
	bool asks; /* more than tokens, place and range say */
	/* It needs one of its tokens, and is kept under each; or all. */
	bool either;
	uint32_t token[]; /* the one that it is kept under comes first */
};

struct entry {
	struct packed *packed; /* NULL: free */
	uint32_t hash;
	bool is_search;
	bool is_ordered, is_posted;
};

enum { FRESH_KEPT = 1024 };
enum { INLINE_TOKENS = 3 }; /* in a posting, with the one it is under */

/* Beside the number of an entry: there is more to ask. */
static const uint32_t UNSURE = UINT32_C(1) << 31;

/* Under a token. All that decides about most of them is here. */
struct posting {
	uint32_t entry; /* or UNSURE */
	uint32_t second, third;
	uint32_t place;
	struct range range;
};

struct percolator {
	struct vocabulary words;
	struct places places;
	struct entry *entry;
	size_t n, cap, count;
	uint32_t *free;
	size_t n_free, cap_free;
	uint32_t *bucket; /* by kind and id: an entry and 1, or 0 */
	size_t n_buckets;
	/* Since the last event. */
	uint32_t *fresh;
	size_t n_fresh, cap_fresh;
	bool has_gone;
	/* Entries in their order, and the place of each in it. */
	uint32_t *order, *rank;
	size_t n_order, cap_order, cap_rank;
	/* Of the last event. */
	struct range price, sure;
	uint64_t *found, *other; /* rank << 32 | entry */
	size_t n_found, cap_found, cap_other, looked_at;
	struct compiled {
		struct rule *rule;	 /* NULL: none yet */
		uint32_t of;		 /* this entry */
	} compiled[PERCOLATOR_COMPILED]; /* searches that were asked for */
	size_t next_compiled;
};

struct percolator *percolator_new(void)
{
	struct percolator *p = xcalloc(1, sizeof(*p));

	vocabulary_init(&p->words);
	places_init(&p->places);
	return p;
}

/* ---- what is kept of one ---- */

static const char *behind(const struct packed *k)
{
	return (const char *)(k->token + k->n_tokens);
}

static struct str id_of(const struct packed *k)
{
	return (struct str){ behind(k), k->id_len };
}

static struct rule *compiled(const struct packed *k)
{
	struct rule *rule;

	memcpy(&rule, behind(k) + k->id_len, sizeof(rule));
	return rule;
}

static struct str text_of(const struct packed *k)
{
	if (k->is_rule)
		return compiled(k)->text;
	return (struct str){ behind(k) + k->id_len, k->text_len };
}

static void packed_free(struct packed *k)
{
	if (k->is_rule) {
		struct rule *rule = compiled(k);

		rule_free(&rule);
	}
	free(k);
}

void percolator_free(struct percolator **pp)
{
	struct percolator *p = *pp;

	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->entry[i].packed)
			packed_free(p->entry[i].packed);
	for (size_t i = 0; i < PERCOLATOR_COMPILED; i++)
		rule_free(&p->compiled[i].rule);
	vocabulary_free(&p->words);
	places_free(&p->places);
	free(p->entry);
	free(p->free);
	free(p->bucket);
	free(p->fresh);
	free(p->order);
	free(p->rank);
	free(p->found);
	free(p->other);
	free(p);
	*pp = NULL;
}

/* ---- by id ---- */

static uint32_t hash_of(bool is_search, struct str id)
{
	return (uint32_t)str_hash_fast(id) * 2 + is_search;
}

static uint32_t *bucket_of(const struct percolator *p, bool is_search,
			   struct str id)
{
	uint32_t hash = hash_of(is_search, id);

	for (size_t i = hash;; i++) {
		uint32_t *at = &p->bucket[i & (p->n_buckets - 1)];
		const struct entry *e = &p->entry[*at - 1];

		if (*at == 0 ||
		    (e->hash == hash && str_eq(id_of(e->packed), id)))
			return at;
	}
}

static void grow_buckets(struct percolator *p)
{
	enum { FIRST = 64 };

	free(p->bucket);
	p->n_buckets = p->n_buckets ? p->n_buckets * 2 : FIRST;
	p->bucket = xcalloc(p->n_buckets, sizeof(*p->bucket));
	for (size_t i = 0; i < p->n; i++) {
		const struct entry *e = &p->entry[i];

		if (e->packed)
			*bucket_of(p, e->is_search, id_of(e->packed)) =
				(uint32_t)i + 1;
	}
}

static void empty_bucket(struct percolator *p, uint32_t *at)
{
	size_t gap = (size_t)(at - p->bucket);

	*at = 0;
	/* What stands behind it may belong there. */
	for (size_t i = gap + 1;; i++) {
		uint32_t *next = &p->bucket[i & (p->n_buckets - 1)];
		uint32_t what = *next;
		const struct entry *e = &p->entry[what - 1];

		if (what == 0)
			return;
		*next = 0;
		*bucket_of(p, e->is_search, id_of(e->packed)) = what;
	}
}

/* Its number and 1, or 0. */
static uint32_t find_entry(const struct percolator *p, bool is_search,
			   struct str id)
{
	return p->n_buckets ? *bucket_of(p, is_search, id) : 0;
}

/* ---- what is kept of a rule ---- */

static double to_double(struct decimal d)
{
	double v = (double)d.coef;

	for (unsigned i = 0; i < d.scale; i++)
		v /= 10;
	return v;
}

/* A float that is surely no more than d, or no less. */
static float below(struct decimal d)
{
	return nextafterf(nextafterf((float)to_double(d), -INFINITY),
			  -INFINITY);
}

static float above(struct decimal d)
{
	return nextafterf(nextafterf((float)to_double(d), INFINITY), INFINITY);
}

static struct range range_of(const struct rule_needs *needs)
{
	struct range r = { -INFINITY, INFINITY };

	if (needs->has_min)
		r.low = below(needs->min);
	if (needs->has_max)
		r.high = above(needs->max);
	return r;
}

/* The tokens of a rule, each once. */
struct gathering {
	struct vocabulary *words;
	uint32_t *token;
	size_t n, cap;
	bool asks;
};

static void add_token(struct gathering *g, struct str text)
{
	uint32_t id = vocabulary_take(g->words, text);

	for (size_t i = 0; i < g->n; i++) {
		if (g->token[i] == id) {
			vocabulary_leave(g->words, id);
			return;
		}
	}
	xgrow(&g->token, &g->cap, g->n, sizeof(*g->token));
	g->token[g->n++] = id;
}

/* What is cut off a long beginning is left to be asked. */
static void add_prefix(struct gathering *g, struct str word)
{
	char text[TOKEN_PREFIX_MAX + 1];

	if (word.len > TOKEN_PREFIX_MAX) {
		word.len = TOKEN_PREFIX_MAX;
		g->asks = true;
	}
	memcpy(text, word.p, word.len);
	text[word.len] = '*';
	add_token(g, (struct str){ text, word.len + 1 });
}

/* The words of a row (words_phrase); that they stand in a row is asked. */
static void add_phrase(struct gathering *g, struct str row)
{
	bool is_open = !str_ends(row, STR(" "));
	struct str rest = row, word;
	size_t n = 0;

	while (str_token(&rest, " ", &word)) {
		if (is_open && rest.len == 0)
			add_prefix(g, word);
		else
			add_token(g, word);
		n++;
	}
	g->asks |= n > 1;
}

/* One token of a row: one that is asked for by few. */
static void add_best(struct gathering *g, struct str row)
{
	struct gathering all = { .words = g->words };
	size_t best = 0;

	add_phrase(&all, row);
	for (size_t i = 1; i < all.n; i++)
		if (g->words->token[all.token[i]].users <
		    g->words->token[all.token[best]].users)
			best = i;
	for (size_t i = 0; i < all.n; i++) {
		const struct token *t = &g->words->token[all.token[i]];

		if (i == best)
			add_token(g, (struct str){ t->text, t->len });
		vocabulary_leave(g->words, all.token[i]);
	}
	free(all.token);
}

/* Without a single phrase that must be there, the fewest of which one must. */
static bool gather(struct gathering *g, const struct rule_needs *needs)
{
	const struct expr_clause *fewest = NULL;

	for (size_t i = 0; i < needs->n_clauses; i++) {
		const struct expr_clause *c = &needs->clauses[i];

		if (c->n == 1)
			add_phrase(g, c->rows[0]);
		else
			g->asks = true;
		if (!fewest || c->n < fewest->n)
			fewest = c;
	}
	if (g->n || !fewest)
		return false;
	for (size_t i = 0; i < fewest->n; i++)
		add_best(g, fewest->rows[i]);
	return true;
}

static uint32_t take_place(struct percolator *p, const struct rule_needs *needs)
{
	struct place_spec spec = { .sources = needs->sources.v,
				   .n_sources = needs->sources.n,
				   .currency = needs->currency };

	for (size_t i = 0; i < needs->n_topics; i++)
		spec.topics[spec.n_topics++] = needs->topics[i];
	return places_take(&p->places, &spec);
}

/* The rest of it: a search's text, or the rule. Takes rule. */
static void put_behind(struct packed *k, struct rule *rule)
{
	char *at = (char *)(k->token + k->n_tokens);

	memcpy(at, rule->id.p, rule->id.len);
	at += rule->id.len;
	if (k->is_rule) {
		memcpy(at, &rule, sizeof(rule));
	} else {
		memcpy(at, rule->text.p, rule->text.len);
		rule_free(&rule);
	}
}

static struct packed *pack(struct percolator *p, struct rule *rule)
{
	struct gathering g = { .words = &p->words };
	struct rule_needs needs;
	struct packed *k;
	bool either;

	rule_needs(rule, &needs);
	either = gather(&g, &needs);
	k = xmalloc(offsetof(struct packed, token) + g.n * sizeof(uint32_t) +
		    rule->id.len +
		    (rule->is_search ? rule->text.len : sizeof(rule)));
	k->range = range_of(&needs);
	k->place = take_place(p, &needs);
	k->n_tokens = (uint16_t)g.n;
	k->text_len = (uint16_t)rule->text.len;
	k->id_len = (uint8_t)rule->id.len;
	k->is_rule = !rule->is_search;
	k->asks = g.asks || needs.asks;
	k->either = either;
	if (g.n)
		memcpy(k->token, g.token, g.n * sizeof(uint32_t));
	free(g.token);
	put_behind(k, rule);
	return k;
}

/* ---- under tokens and in places ---- */

static void post(struct percolator *p, uint32_t what, uint32_t under)
{
	const struct packed *k = p->entry[what].packed;
	struct token *t = &p->words.token[under];
	struct posting *at;

	if (t->n == t->cap) {
		t->cap += t->cap / 2 + 1;
		t->v = xrealloc(t->v, t->cap * sizeof(*t->v));
	}
	at = &t->v[t->n++];
	*at = (struct posting){ .entry = what,
				.place = k->place,
				.range = k->range };
	if (k->asks || k->either || k->n_tokens > INLINE_TOKENS)
		at->entry |= UNSURE;
	if (!k->either && k->n_tokens > 1)
		at->second = k->token[1];
	if (!k->either && k->n_tokens > 2)
		at->third = k->token[2];
}

static void unpost(struct percolator *p, uint32_t what, uint32_t under)
{
	struct token *t = &p->words.token[under];

	for (uint32_t i = 0; i < t->n; i++) {
		if ((t->v[i].entry & ~UNSURE) == what) {
			t->v[i] = t->v[--t->n];
			return;
		}
	}
}

/* Those that fewest ask for come first. */
static void sort_tokens(const struct percolator *p, struct packed *k)
{
	for (size_t i = 1; i < k->n_tokens && !k->either; i++) {
		uint32_t token = k->token[i];
		uint32_t users = p->words.token[token].users;
		size_t at = i;

		for (; at > 0 && p->words.token[k->token[at - 1]].users > users;
		     at--)
			k->token[at] = k->token[at - 1];
		k->token[at] = token;
	}
}

static void put_in(struct percolator *p, uint32_t what)
{
	struct packed *k = p->entry[what].packed;

	p->entry[what].is_posted = true;
	if (k->n_tokens == 0) {
		places_put(&p->places, k->place, k->range,
			   what | (k->asks ? UNSURE : 0));
		return;
	}
	for (size_t i = 0; i < (k->either ? k->n_tokens : 1u); i++)
		post(p, what, k->token[i]);
}

static void take_out(struct percolator *p, uint32_t what)
{
	struct packed *k = p->entry[what].packed;

	p->entry[what].is_posted = false;
	if (k->n_tokens == 0)
		places_remove(&p->places, k->place,
			      what | (k->asks ? UNSURE : 0));
	for (size_t i = 0; i < (k->either ? k->n_tokens : 1u); i++)
		if (k->n_tokens)
			unpost(p, what, k->token[i]);
}

/* With what is known now of which tokens are rare, and without spare room. */
static void post_all_anew(struct percolator *p)
{
	for (size_t i = 1; i < p->words.n_tokens; i++) {
		struct token *t = &p->words.token[i];

		free(t->v);
		t->v = NULL;
		t->n = t->cap = 0;
	}
	for (size_t i = 0; i < p->n; i++) {
		struct packed *k = p->entry[i].packed;

		if (!k || k->n_tokens == 0)
			continue;
		sort_tokens(p, k);
		for (size_t n = 0; n < (k->either ? k->n_tokens : 1u); n++)
			p->words.token[k->token[n]].cap++;
	}
	for (size_t i = 1; i < p->words.n_tokens; i++) {
		struct token *t = &p->words.token[i];

		if (t->cap)
			t->v = xmalloc(t->cap * sizeof(*t->v));
	}
	for (size_t i = 0; i < p->n; i++) {
		const struct packed *k = p->entry[i].packed;

		if (k && (k->n_tokens || !p->entry[i].is_posted))
			put_in(p, (uint32_t)i);
	}
}

static void put_all_in(struct percolator *p)
{
	if (p->n_fresh * 2 > p->count) {
		post_all_anew(p);
		return;
	}
	for (size_t i = 0; i < p->n_fresh; i++) {
		uint32_t what = p->fresh[i];

		if (!p->entry[what].packed || p->entry[what].is_posted)
			continue;
		sort_tokens(p, p->entry[what].packed);
		put_in(p, what);
	}
}

/* ---- order ---- */

static int compare_entries(const void *pa, const void *pb, void *arg)
{
	const struct entry *all = arg;
	const struct entry *a = &all[*(const uint32_t *)pa];
	const struct entry *b = &all[*(const uint32_t *)pb];

	if (a->is_search != b->is_search)
		return a->is_search - b->is_search;
	return str_cmp(id_of(a->packed), id_of(b->packed));
}

/* Take those out that are gone. The first place that is another's now. */
static size_t close_ranks(struct percolator *p)
{
	size_t n = 0, first = p->n_order;

	if (!p->has_gone)
		return first;
	for (size_t i = 0; i < p->n_order; i++) {
		if (p->entry[p->order[i]].is_ordered)
			p->order[n++] = p->order[i];
		else if (first == p->n_order)
			first = i;
	}
	p->n_order = n;
	p->has_gone = false;
	return first < n ? first : n;
}

/* Sort the new ones, and merge them from behind. The same is returned. */
static size_t merge_fresh(struct percolator *p)
{
	size_t n = 0, i, k, at;

	for (i = 0; i < p->n_fresh; i++) {
		struct entry *e = &p->entry[p->fresh[i]];

		if (e->packed && !e->is_ordered)
			p->fresh[n++] = p->fresh[i];
		e->is_ordered = e->packed != NULL;
	}
	p->n_fresh = 0;
	if (n > 1)
		qsort_r(p->fresh, n, sizeof(*p->fresh), compare_entries,
			p->entry);
	while (p->n_order + n > p->cap_order)
		xgrow(&p->order, &p->cap_order, p->cap_order,
		      sizeof(*p->order));
	i = p->n_order;
	k = n;
	for (at = p->n_order += n; k > 0;) {
		bool old = i > 0 &&
			   compare_entries(&p->order[i - 1], &p->fresh[k - 1],
					   p->entry) > 0;

		p->order[--at] = old ? p->order[--i] : p->fresh[--k];
	}
	return at;
}

static void put_in_order(struct percolator *p)
{
	size_t first = close_ranks(p), at = merge_fresh(p);

	while (p->n > p->cap_rank)
		xgrow(&p->rank, &p->cap_rank, p->cap_rank, sizeof(*p->rank));
	if (at < first)
		first = at;
	for (size_t i = first; i < p->n_order; i++)
		p->rank[p->order[i]] = (uint32_t)i;
}

/* What was set since the last event takes effect. */
static void settle(struct percolator *p)
{
	if (p->n_fresh)
		put_all_in(p);
	if (p->n_fresh || p->has_gone)
		put_in_order(p);
	if (p->cap_fresh > FRESH_KEPT) {
		free(p->fresh);
		p->fresh = NULL;
		p->cap_fresh = 0;
	}
}

/* ---- changes ---- */

static struct compiled *find_compiled(struct percolator *p, uint32_t what)
{
	for (size_t i = 0; i < PERCOLATOR_COMPILED; i++)
		if (p->compiled[i].rule && p->compiled[i].of == what)
			return &p->compiled[i];
	return NULL;
}

void percolator_put(struct percolator *p, struct rule *rule)
{
	bool is_search = rule->is_search;
	struct packed *k;
	uint32_t what;

	percolator_remove(p, is_search, rule->id);
	k = pack(p, rule);
	if (p->n_free) {
		what = p->free[--p->n_free];
	} else {
		xgrow(&p->entry, &p->cap, p->n, sizeof(*p->entry));
		what = (uint32_t)p->n++;
	}
	p->entry[what] = (struct entry){ .packed = k,
					 .hash = hash_of(is_search, id_of(k)),
					 .is_search = is_search };
	p->count++;
	if (p->count * 8 >= p->n_buckets * 7)
		grow_buckets(p);
	*bucket_of(p, is_search, id_of(k)) = what + 1;
	xgrow(&p->fresh, &p->cap_fresh, p->n_fresh, sizeof(*p->fresh));
	p->fresh[p->n_fresh++] = what;
}

void percolator_remove(struct percolator *p, bool is_search, struct str id)
{
	uint32_t what = find_entry(p, is_search, id);
	struct entry *e = &p->entry[what - 1];
	struct compiled *old;
	struct packed *k;

	if (what-- == 0)
		return;
	k = e->packed;
	old = find_compiled(p, what);
	if (old)
		rule_free(&old->rule);
	if (e->is_posted)
		take_out(p, what);
	empty_bucket(p, bucket_of(p, is_search, id));
	for (size_t i = 0; i < k->n_tokens; i++)
		vocabulary_leave(&p->words, k->token[i]);
	places_leave(&p->places, k->place);
	p->has_gone |= e->is_ordered;
	*e = (struct entry){ .packed = NULL };
	packed_free(k);
	xgrow(&p->free, &p->cap_free, p->n_free, sizeof(*p->free));
	p->free[p->n_free++] = what;
	p->count--;
	p->n_found = 0;
}

/* ---- single ones ---- */

static const struct rule *rule_of(struct percolator *p, uint32_t what)
{
	const struct packed *k = p->entry[what].packed;
	struct compiled *at;
	struct err e;

	if (k->is_rule)
		return compiled(k);
	at = find_compiled(p, what);
	if (at)
		return at->rule;
	at = &p->compiled[p->next_compiled];
	p->next_compiled = (p->next_compiled + 1) % PERCOLATOR_COMPILED;
	rule_free(&at->rule);
	at->of = what;
	at->rule = rule_new(true, id_of(k), text_of(k), &e); /* as before */
	return at->rule;
}

const struct rule *percolator_get(struct percolator *p, bool is_search,
				  struct str id)
{
	uint32_t what = find_entry(p, is_search, id);

	return what ? rule_of(p, what - 1) : NULL;
}

struct str percolator_text(const struct percolator *p, bool is_search,
			   struct str id)
{
	uint32_t what = find_entry(p, is_search, id);

	return what ? text_of(p->entry[what - 1].packed) : (struct str){ 0 };
}

size_t percolator_count(const struct percolator *p)
{
	return p->count;
}

/* ---- an event ---- */

static void add_found(struct percolator *p, uint32_t what)
{
	xgrow(&p->found, &p->cap_found, p->n_found, sizeof(*p->found));
	p->found[p->n_found++] = what;
}

/*
 * What a price is compared with that is surely below, or above; and the same
 * to tell whose bounds it is so near to that only digits can tell.
 */
static void read_price(struct percolator *p, struct str text)
{
	struct decimal d;
	float price, near;

	/* Whoever asks for a price does not find one. */
	p->price = p->sure = (struct range){ INFINITY, -INFINITY };
	if (!text.p || !decimal_parse(text, &d))
		return;
	price = (float)to_double(d);
	near = fabsf(price) * 1e-6f;
	p->price = (struct range){ below(d), above(d) };
	p->sure = (struct range){ price - near, price + near };
}

/* No branch depends on what is looked at: most are guessed wrong. */
static void look_under(struct percolator *p, const struct token *t)
{
	const struct vocabulary *words = &p->words;
	const struct range price = p->price, sure = p->sure;

	while (p->cap_found < p->n_found + t->n)
		xgrow(&p->found, &p->cap_found, p->cap_found,
		      sizeof(*p->found));
	for (uint32_t i = 0; i < t->n; i++) {
		const struct posting *at = &t->v[i];
		unsigned fits = (unsigned)vocabulary_has(words, at->second) &
				(unsigned)vocabulary_has(words, at->third) &
				(unsigned)places_has(&p->places, at->place) &
				(unsigned)(at->range.low <= price.high) &
				(unsigned)(at->range.high >= price.low);
		unsigned near = (unsigned)(at->range.low > sure.low) |
				(unsigned)(at->range.high < sure.high);

		p->found[p->n_found] = at->entry | near * UNSURE;
		p->n_found += fits;
	}
	p->looked_at += t->n;
}

static void on_span(void *arg, uint32_t what)
{
	struct percolator *p = arg;
	const struct range *r = &p->entry[what & ~UNSURE].packed->range;

	if (r->low > p->sure.low || r->high < p->sure.high)
		what |= UNSURE;
	add_found(p, what);
	p->looked_at++;
}

/* Those with more words than stand in a posting: are the others there? */
static bool has_more(const struct percolator *p, uint64_t *what)
{
	const struct packed *k = p->entry[(uint32_t)*what & ~UNSURE].packed;

	if (k->either)
		return true;
	for (size_t i = INLINE_TOKENS; i < k->n_tokens; i++)
		if (!vocabulary_has(&p->words, k->token[i]))
			return false;
	if (!k->asks && k->range.low <= p->sure.low &&
	    k->range.high >= p->sure.high)
		*what &= ~(uint64_t)UNSURE;
	return true;
}

static void check_more(struct percolator *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_found; i++) {
		uint64_t what = p->found[i];

		if (!(what & UNSURE) || has_more(p, &what))
			p->found[n++] = what;
	}
	p->n_found = n;
}

static int compare_found(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return (a > b) - (a < b);
}

/* By the bits of the rank, from the lowest: what is equal stays as it is. */
static void sort_by_digits(struct percolator *p)
{
	enum { BITS = 11, DIGITS = 1 << BITS };
	unsigned top = 32;

	while (p->cap_other < p->n_found)
		xgrow(&p->other, &p->cap_other, p->cap_other,
		      sizeof(*p->other));
	for (; top < 64 && p->n_order >> (top - 32); top += BITS) {
		size_t at[DIGITS] = { 0 }, sum = 0;
		uint64_t *sorted = p->other;
		size_t cap = p->cap_other;

		for (size_t i = 0; i < p->n_found; i++)
			at[p->found[i] >> top & (DIGITS - 1)]++;
		for (size_t i = 0; i < DIGITS; i++) {
			size_t here = at[i];

			at[i] = sum;
			sum += here;
		}
		for (size_t i = 0; i < p->n_found; i++)
			sorted[at[p->found[i] >> top & (DIGITS - 1)]++] =
				p->found[i];
		p->other = p->found;
		p->cap_other = p->cap_found;
		p->found = sorted;
		p->cap_found = cap;
	}
}

/* In order, each once; one that was found twice is not sure. */
static void sort_found(struct percolator *p)
{
	enum { FEW = 256 };
	size_t n = 0;

	for (size_t i = 0; i < p->n_found; i++)
		p->found[i] =
			(uint32_t)p->found[i] |
			(uint64_t)p->rank[p->found[i] & ~UNSURE & UINT32_MAX]
				<< 32;
	if (p->n_found < 2)
		return;
	if (p->n_found <= FEW)
		qsort(p->found, p->n_found, sizeof(*p->found), compare_found);
	else
		sort_by_digits(p);
	for (size_t i = 0; i < p->n_found; i++) {
		if (n && p->found[n - 1] >> 32 == p->found[i] >> 32)
			p->found[n - 1] |= p->found[i];
		else
			p->found[n++] = p->found[i];
	}
	p->n_found = n;
}

void percolator_find(struct percolator *p, const struct matter *m)
{
	settle(p);
	p->n_found = p->looked_at = 0;
	if (p->count == 0)
		return;
	read_price(p, m->price);
	places_admit(&p->places, m->topic, m->source, m->currency);
	if (p->places.n_list == 0)
		return;
	vocabulary_read(&p->words, m->row);
	for (size_t i = 0; i < p->words.n_found; i++)
		look_under(p, &p->words.token[p->words.found[i]]);
	check_more(p);
	for (size_t i = 0; i < p->places.n_list; i++)
		places_each(&p->places, p->places.list[i], p->price, on_span,
			    p);
	sort_found(p);
}

void percolator_find_also(struct percolator *p, bool is_search, struct str id)
{
	uint32_t what = find_entry(p, is_search, id);

	if (what-- == 0)
		return;
	add_found(p, what | UNSURE);
	sort_found(p);
}

size_t percolator_n_found(const struct percolator *p)
{
	return p->n_found;
}

const struct rule *percolator_found(struct percolator *p, size_t i)
{
	return rule_of(p, (uint32_t)p->found[i] & ~UNSURE);
}

bool percolator_is_sure(const struct percolator *p, size_t i)
{
	return !(p->found[i] & UNSURE);
}

size_t percolator_looked_at(const struct percolator *p)
{
	return p->looked_at;
}
