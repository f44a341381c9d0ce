#include "jwks.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/xmem.h"

#include "common/base64.h"

struct jwk {
	struct str kid; /* absent: any */
	struct sign_key *key;
};

struct jwks {
	struct jwk v[JWKS_MAX];
	size_t n;
};

struct jwks *jwks_new(void)
{
	return xcalloc(1, sizeof(struct jwks));
}

void jwks_free(struct jwks **jp)
{
	struct jwks *j = *jp;

	*jp = NULL;
	if (!j)
		return;
	for (size_t i = 0; i < j->n; i++) {
		sign_key_free(&j->v[i].key);
		free((char *)(uintptr_t)j->v[i].kid.p);
	}
	free(j);
}

size_t jwks_count(const struct jwks *j)
{
	return j->n;
}

/* Takes the key, which may be NULL, with *e set. */
static int add_key(struct jwks *j, struct sign_key *key, struct str kid,
		   struct err *e)
{
	if (!key)
		return -1;
	if (j->n == JWKS_MAX) {
		sign_key_free(&key);
		return err_set(e, EX_CONFIG, "more than %d keys", JWKS_MAX);
	}
	if (kid.p)
		kid.p = xstrndup(kid.p, kid.len);
	j->v[j->n++] = (struct jwk){ kid, key };
	return 0;
}

/* ---- one JWK ---- */

/* The bytes that a member has in base64url; absent where it has none. */
static struct str bytes_of(struct str jwk, const char *name, struct arena *a)
{
	struct str text = json_get_text(jwk, name, a), bytes = { 0 };
	struct buf b = { 0 };

	if (text.p && base64url_add_bytes(&b, text))
		bytes = arena_str(a, buf_str(&b));
	buf_free(&b);
	return bytes;
}

static struct sign_key *read_key(struct str jwk, enum sign_alg alg,
				 struct arena *a, struct err *e)
{
	switch (alg) {
	case SIGN_HS256: return sign_key_secret(bytes_of(jwk, "k", a), e);
	case SIGN_RS256:
		return sign_key_rsa(bytes_of(jwk, "n", a),
				    bytes_of(jwk, "e", a), e);
	case SIGN_ES256:
		return sign_key_p256(bytes_of(jwk, "x", a),
				     bytes_of(jwk, "y", a), e);
	case SIGN_EDDSA: return sign_key_ed25519(bytes_of(jwk, "x", a), e);
	}
	return NULL;
}

/* True if it is for signatures of an algorithm that is known here. */
static bool find_alg(struct str jwk, struct arena *a, enum sign_alg *alg_r)
{
	struct str kty = json_get_text(jwk, "kty", a),
		   crv = json_get_text(jwk, "crv", a);
	struct str alg = json_get_text(jwk, "alg", a),
		   use = json_get_text(jwk, "use", a);

	if (use.p && !str_is(use, "sig"))
		return false;
	if (str_is(kty, "oct"))
		*alg_r = SIGN_HS256;
	else if (str_is(kty, "RSA"))
		*alg_r = SIGN_RS256;
	else if (str_is(kty, "EC") && str_is(crv, "P-256"))
		*alg_r = SIGN_ES256;
	else if (str_is(kty, "OKP") && str_is(crv, "Ed25519"))
		*alg_r = SIGN_EDDSA;
	else
		return false;
	return !alg.p || str_is(alg, sign_alg_name(*alg_r)) ||
	       (*alg_r == SIGN_EDDSA && str_is(alg, "Ed25519"));
}

static int add_jwk(struct jwks *j, struct str jwk, struct arena *a,
		   bool *secret_r, struct err *e)
{
	struct str kid = json_get_text(jwk, "kid", a), value;
	enum sign_alg alg;

	if (json_type_of(jwk) != JSON_OBJECT)
		return err_set(e, EX_CONFIG, "not an object");
	if (json_get(jwk, "d", &value))
		return err_set(e, EX_CONFIG,
			       "a private key; only the public one belongs "
			       "here");
	if (kid.len > JWKS_KID_MAX)
		return err_set(e, EX_CONFIG, "kid: more than %d bytes",
			       JWKS_KID_MAX);
	if (!find_alg(jwk, a, &alg))
		return 0;
	*secret_r |= alg == SIGN_HS256;
	return add_key(j, read_key(jwk, alg, a, e), kid, e);
}

/* ---- files ---- */

static int add_json(struct jwks *j, struct str text, bool *secret_r,
		    struct err *e)
{
	struct arena a = { 0 };
	struct json_iter it;
	size_t before = j->n, i = 0;
	struct str keys;
	int rc = 0;

	if (json_check(text, JSON_STRICT, e)) {
		e->code = EX_CONFIG;
		return -1;
	}
	if (!json_get(text, "keys", &keys)) {
		rc = add_jwk(j, text, &a, secret_r, e);
	} else {
		it = json_iter(keys);
		while (rc == 0 && json_next(&it)) {
			i++;
			if (add_jwk(j, it.value, &a, secret_r, e))
				rc = err_prefix(e, "key %zu", i);
		}
	}
	arena_free(&a);
	if (rc == 0 && j->n == before)
		rc = err_set(e, EX_CONFIG, "no key that could be used");
	return rc;
}

int jwks_add(struct jwks *j, struct str text, bool *secret_r, struct err *e)
{
	const struct str any = { 0 };
	struct err why;

	if (!e)
		e = &why;
	*secret_r = false;
	text = str_trim(text);
	if (text.len > JWKS_TEXT_MAX)
		return err_set(e, EX_CONFIG, "more than %d bytes",
			       JWKS_TEXT_MAX);
	if (str_starts(text, STR("{")))
		return add_json(j, text, secret_r, e);
	if (str_find(text, STR("-----BEGIN ")) != (size_t)-1)
		return add_key(j, sign_key_pem(text, e), any, e);
	if (sign_is_bare_key(text))
		return err_set(e, EX_CONFIG,
			       "a public key, but not as PEM (-----BEGIN "
			       "PUBLIC KEY-----)");
	*secret_r = true;
	return add_key(j, sign_key_secret(text, e), any, e);
}

bool jwks_verify(const struct jwks *j, enum sign_alg alg, struct str kid,
		 struct str bytes, struct str signature)
{
	for (size_t i = 0; i < j->n; i++) {
		const struct jwk *k = &j->v[i];

		if (sign_key_alg(k->key) != alg ||
		    (kid.p && k->kid.p && !str_eq(kid, k->kid)))
			continue;
		if (sign_verify(k->key, bytes, signature))
			return true;
	}
	return false;
}
