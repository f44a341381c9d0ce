#include "common/shelf.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

/* ---- beside a sorted list ---- */

enum { KEYS_MAX = 2000 };

struct pair {
	char key[16], val[16];
	size_t key_len, val_len;
};

struct model {
	struct shelf shelf;
	struct pair *v;
	size_t n;
	uint64_t seed;
};

static uint32_t draw(struct model *m, uint32_t n)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(m->seed >> 40) % n;
}

/* Few different bytes, zero and the highest among them. */
static struct str make_key(struct model *m, char out[16])
{
	static const char bytes[] = { 0, 1, 'a', 'b', '/', (char)0xff };
	size_t n = draw(m, 9);

	for (size_t i = 0; i < n; i++)
		out[i] = bytes[draw(m, sizeof(bytes))];
	return (struct str){ out, n };
}

static struct str key_of(const struct pair *p)
{
	return (struct str){ p->key, p->key_len };
}

/* The first that is not less than key. */
static size_t find(const struct model *m, struct str key)
{
	size_t i = 0;

	while (i < m->n && str_cmp(key_of(&m->v[i]), key) < 0)
		i++;
	return i;
}

static void put(struct model *m, struct str key)
{
	size_t at = find(m, key);
	struct pair *p = &m->v[at];

	if (at == m->n || !str_eq(key_of(p), key)) {
		memmove(p + 1, p, (m->n++ - at) * sizeof(*p));
		memcpy(p->key, key.p, key.len);
		p->key_len = key.len;
	}
	p->val_len = draw(m, sizeof(p->val));
	memset(p->val, 'a' + (int)draw(m, 26), sizeof(p->val));
	shelf_put(&m->shelf, key, (struct str){ p->val, p->val_len });
}

static void take(struct model *m, struct str key)
{
	size_t at = find(m, key);
	bool is_there = at < m->n && str_eq(key_of(&m->v[at]), key);

	assert_int_equal(shelf_remove(&m->shelf, key), is_there);
	if (is_there)
		memmove(&m->v[at], &m->v[at + 1],
			(--m->n - at) * sizeof(m->v[0]));
}

static void look(struct model *m, struct str key)
{
	size_t at = find(m, key);
	bool is_there = at < m->n && str_eq(key_of(&m->v[at]), key);
	struct str val;

	assert_int_equal(shelf_get(&m->shelf, key, &val), is_there);
	if (is_there)
		assert_true(str_eq(val, (struct str){ m->v[at].val,
						      m->v[at].val_len }));
}

static void walk(struct model *m, struct str prefix)
{
	size_t at = find(m, prefix), n = 0;
	struct str key = { 0 }, val;

	while (shelf_next(&m->shelf, prefix, key, &key, &val)) {
		assert_true(at < m->n);
		assert_true(str_eq(key, key_of(&m->v[at])));
		assert_int_equal(val.len, m->v[at++].val_len);
		n++;
	}
	assert_true(at == m->n || !str_starts(key_of(&m->v[at]), prefix));
	if (prefix.len == 0)
		assert_int_equal(n, m->n);
}

/* From any place, also one that is not there. */
static void go_on(struct model *m, struct str after)
{
	size_t at = find(m, after);
	struct str key, val;

	if (at < m->n && str_eq(key_of(&m->v[at]), after))
		at++;
	assert_int_equal(shelf_next(&m->shelf, STR(""), after, &key, &val),
			 at < m->n);
	if (at < m->n)
		assert_true(str_eq(key, key_of(&m->v[at])));
}

static void it_is_a_sorted_list(void **state)
{
	struct model m = { .v = xcalloc(KEYS_MAX + 1, sizeof(*m.v)),
			   .seed = 5 };
	char out[16];

	(void)state;
	for (int i = 0; i < 60000; i++) {
		struct str key = make_key(&m, out);

		switch (draw(&m, 8)) {
		case 0:
		case 1:
		case 2:
			if (m.n < KEYS_MAX)
				put(&m, key);
			break;
		case 3: take(&m, key); break;
		case 4: go_on(&m, key); break;
		case 5:
			if (key.len)
				walk(&m, key);
			break;
		default: look(&m, key);
		}
		if (i % 5000 == 0)
			walk(&m, STR(""));
		assert_int_equal(m.shelf.n, m.n);
	}
	assert_true(m.n > 300);
	while (m.n)
		take(&m, key_of(&m.v[draw(&m, (uint32_t)m.n)]));
	assert_null(m.shelf.root);
	shelf_free(&m.shelf);
	free(m.v);
}

static void an_empty_one_has_nothing(void **state)
{
	struct shelf s = { 0 };
	struct str key, val;

	(void)state;
	assert_false(shelf_get(&s, STR("a"), &val));
	assert_false(shelf_next(&s, STR(""), (struct str){ 0 }, &key, &val));
	assert_false(shelf_remove(&s, STR("a")));
	shelf_put(&s, STR("a"), STR("1"));
	shelf_put(&s, STR("ab"), STR("2"));
	assert_true(shelf_next(&s, STR("a"), (struct str){ 0 }, &key, &val));
	assert_true(str_is(key, "a"));
	shelf_free(&s);
	shelf_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_a_sorted_list),
		cmocka_unit_test(an_empty_one_has_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
