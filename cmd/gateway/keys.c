#include "keys.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/clk.h"
#include "common/json.h"
#include "common/xmem.h"

#include "jwt.h"

struct keys {
	struct access **v; /* by their hashes */
	size_t n, cap;
};

void keys_free(struct keys **kp)
{
	struct keys *k = *kp;

	*kp = NULL;
	if (!k)
		return;
	for (size_t i = 0; i < k->n; i++)
		access_drop(&k->v[i]);
	free(k->v);
	free(k);
}

/* ---- a line ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hash(struct str hex, uint8_t out[SIGN_HASH_LEN])
{
	if (hex.len != 2 * SIGN_HASH_LEN)
		return false;
	for (size_t i = 0; i < SIGN_HASH_LEN; i++) {
		int hi = hex_digit(hex.p[2 * i]);
		int lo = hex_digit(hex.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

static int read_member(struct access *who, struct str name, struct str value,
		       struct arena *a, struct err *e)
{
	struct str text = { 0 };

	json_text(value, a, &text);
	if (str_is(name, "role") || str_is(name, "read") ||
	    str_is(name, "write"))
		return jwt_read_right(who, name, value, a, e);
	if (str_is(name, "user")) {
		if (access_check_user(text, e))
			return -1;
		access_set_user(who, text);
	} else if (str_is(name, "sha256")) {
		if (!read_hash(text, who->key))
			return err_set(e, EX_DATAERR,
				       "sha256: not 64 digits in hexadecimal");
	} else if (str_is(name, "expires")) {
		if (!clk_parse(text, &who->expires_us))
			return err_set(e, EX_DATAERR,
				       "expires: not a time (RFC 3339)");
	} else {
		return err_set(e, EX_DATAERR, "%.*s: unknown member",
			       STR_ARG(str_utf8_prefix(name, 64)));
	}
	return 0;
}

static int read_line(struct access *who, struct str line, struct arena *a,
		     struct err *e)
{
	static const uint8_t none[SIGN_HASH_LEN];
	struct json_iter it;

	if (json_check(line, JSON_STRICT, e))
		return -1;
	if (json_type_of(line) != JSON_OBJECT)
		return err_set(e, EX_DATAERR, "not a JSON object");
	it = json_iter(line);
	while (json_next(&it))
		if (read_member(who, it.key, it.value, a, e))
			return -1;
	if (!who->user.p || memcmp(who->key, none, sizeof(none)) == 0)
		return err_set(e, EX_DATAERR, "%s is missing",
			       who->user.p ? "sha256" : "user");
	return 0;
}

/* ---- the file ---- */

static int compare(const void *a, const void *b)
{
	const struct access *const *x = a, *const *y = b;

	return memcmp((*x)->key, (*y)->key, SIGN_HASH_LEN);
}

static int add_line(struct keys *k, struct str line, struct arena *a,
		    struct err *e)
{
	if (k->n == KEYS_MAX)
		return err_set(e, EX_CONFIG, "more than %d keys", KEYS_MAX);
	xgrow(&k->v, &k->cap, k->n, sizeof(struct access *));
	k->v[k->n] = access_new((struct str){ 0 });
	return read_line(k->v[k->n++], line, a, e);
}

static int check_twice(const struct keys *k, struct err *e)
{
	for (size_t i = 1; i < k->n; i++)
		if (compare(&k->v[i - 1], &k->v[i]) == 0)
			return err_set(e, EX_CONFIG,
				       "the key of '%s' is there twice",
				       k->v[i]->user.p);
	return 0;
}

static int read_lines(struct keys *k, struct str text, struct err *e)
{
	struct arena a = { 0 };
	size_t number = 0;
	int rc = 0;

	while (text.p && rc == 0) {
		struct str line = json_trim(str_cut(text, '\n', &text));

		number++;
		arena_reset(&a);
		if (line.len && line.p[0] != '#' && add_line(k, line, &a, e)) {
			e->code = EX_CONFIG;
			rc = err_prefix(e, "line %zu", number);
		}
	}
	arena_free(&a);
	if (rc == 0 && k->n > 1) {
		qsort(k->v, k->n, sizeof(struct access *), compare);
		rc = check_twice(k, e);
	}
	return rc;
}

struct keys *keys_read(struct str text, struct err *e)
{
	struct keys *k = xcalloc(1, sizeof(*k));
	struct err why;

	if (read_lines(k, text, e ? e : &why))
		keys_free(&k);
	return k;
}

static const struct access *look_up(const struct keys *k,
				    const uint8_t hash[SIGN_HASH_LEN])
{
	size_t lo = 0, hi = k->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int cmp = memcmp(k->v[mid]->key, hash, SIGN_HASH_LEN);

		if (cmp == 0)
			return k->v[mid];
		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

struct access *keys_find(const struct keys *k, struct str key)
{
	uint8_t hash[SIGN_HASH_LEN];
	const struct access *found;

	if (key.len > KEYS_KEY_MAX)
		return NULL;
	sign_sha256(key, hash);
	/* How long that takes tells of the hash, and so nothing of the key. */
	found = look_up(k, hash);
	return found ? access_hold((struct access *)(uintptr_t)found) : NULL;
}

bool keys_have(const struct keys *k, const struct access *who)
{
	const struct access *found = look_up(k, who->key);

	return found && access_same(found, who);
}
