#include "jwt.h"

#include <sysexits.h>

#include "common/decimal.h"
#include "common/json.h"

#include "common/base64.h"

static const struct str absent = { 0 };

static int refuse(struct err *e, const char *why)
{
	return err_set(e, EX_NOPERM, "the token %s", why);
}

/* ---- three parts ---- */

struct parts {
	struct str head, claims, signature; /* base64url */
	struct str signed_part;
};

static bool cut_parts(struct str token, struct parts *p)
{
	struct str rest;

	p->head = str_cut(token, '.', &rest);
	if (!rest.p)
		return false;
	p->claims = str_cut(rest, '.', &p->signature);
	p->signed_part = str_sub(token, 0, p->head.len + 1 + p->claims.len);
	return p->signature.p && str_chr(p->signature, '.') == (size_t)-1;
}

bool jwt_looks_like(struct str token)
{
	struct parts p;

	return cut_parts(token, &p);
}

/* The bytes of a part, in the arena. */
static bool decode(struct str part, struct arena *a, struct str *bytes_r)
{
	struct buf b = { 0 };
	bool ok = base64url_add_bytes(&b, part);

	if (ok)
		*bytes_r = arena_str(a, buf_str(&b));
	buf_free(&b);
	return ok;
}

/* A JSON object of which no name comes twice (RFC 7519, 4). */
static bool decode_object(struct str part, struct arena *a, struct str *json_r)
{
	if (!decode(part, a, json_r) || json_check(*json_r, JSON_STRICT, NULL))
		return false;
	*json_r = json_trim(*json_r);
	return json_type_of(*json_r) == JSON_OBJECT;
}

/* ---- header and signature ---- */

static int read_header(struct str head, struct arena *a, enum sign_alg *alg_r,
		       struct str *kid_r, struct err *e)
{
	struct str value, text;

	if (json_get(head, "crit", &value))
		return refuse(e, "needs an extension (crit)");
	if (!json_get(head, "alg", &value) || !json_text(value, a, &text) ||
	    !sign_alg_parse(text, alg_r))
		return refuse(e, "is not signed with HS256, RS256, ES256 or "
				 "EdDSA");
	*kid_r = absent;
	if (json_get(head, "kid", &value) && !json_text(value, a, kid_r))
		return refuse(e, "has a kid that is no text");
	return 0;
}

static int check_signature(const struct jwks *keys, const struct parts *p,
			   struct arena *a, struct err *e)
{
	struct str head, kid, signature;
	enum sign_alg alg;

	if (!decode_object(p->head, a, &head) ||
	    !decode(p->signature, a, &signature))
		return refuse(e, "is malformed");
	if (read_header(head, a, &alg, &kid, e))
		return -1;
	if (!jwks_verify(keys, alg, kid, p->signed_part, signature))
		return refuse(e, "is not signed with a key that is known here");
	return 0;
}

/* ---- claims ---- */

/* The whole seconds of a NumericDate, up to the year 9999. */
static bool read_date(struct str value, int64_t *s_r)
{
	struct decimal d, limit = decimal_from_int(253402300799);

	if (json_type_of(value) != JSON_NUMBER ||
	    !decimal_parse_json(value, &d) || decimal_sign(d) < 0 ||
	    decimal_cmp(d, limit) > 0)
		return false;
	for (; d.scale > 0; d.scale--)
		d.coef /= 10;
	*s_r = (int64_t)d.coef;
	return true;
}

static int check_times(const struct jwt_conf *conf, struct str claims,
		       int64_t now_us, int64_t *expires_us_r, struct err *e)
{
	int64_t leeway_us = ACCESS_GRACE_S * INT64_C(1000000), s;
	struct str value;

	*expires_us_r = ACCESS_NEVER;
	if (json_get(claims, "exp", &value)) {
		if (!read_date(value, &s))
			return refuse(e, "has an exp that is no time");
		*expires_us_r = s * 1000000;
		if (*expires_us_r + leeway_us <= now_us)
			return refuse(e, "has expired");
	} else if (!conf->without_exp) {
		return refuse(e, "does not say until when (exp)");
	}
	if (json_get(claims, "nbf", &value)) {
		if (!read_date(value, &s))
			return refuse(e, "has an nbf that is no time");
		if (s * 1000000 - leeway_us > now_us)
			return refuse(e, "is not valid yet");
	}
	if (json_get(claims, "iat", &value) && !read_date(value, &s))
		return refuse(e, "has an iat that is no time");
	return 0;
}

static bool is_text(struct str value, struct str want, struct arena *a)
{
	struct str text;

	return json_text(value, a, &text) && str_eq(text, want);
}

/* One text, or an array of them. */
static bool has_audience(struct str value, struct str want, struct arena *a)
{
	struct json_iter it = json_iter(value);

	if (json_type_of(value) != JSON_ARRAY)
		return is_text(value, want, a);
	while (json_next(&it))
		if (is_text(it.value, want, a))
			return true;
	return false;
}

static int check_parties(const struct jwt_conf *conf, struct str claims,
			 struct arena *a, struct err *e)
{
	struct str value;

	if (conf->issuer.p && (!json_get(claims, "iss", &value) ||
			       !is_text(value, conf->issuer, a)))
		return refuse(e, "is from another issuer");
	if (!json_get(claims, "aud", &value))
		return conf->audience.p ? refuse(e, "is for no audience") : 0;
	if (!conf->audience.p || !has_audience(value, conf->audience, a))
		return refuse(e, "is for another audience");
	return 0;
}

/* ---- rights ---- */

static int read_patterns(struct patterns *p, struct str value, struct arena *a,
			 struct err *e)
{
	struct json_iter it = json_iter(value);
	struct str text;

	if (json_type_of(value) != JSON_ARRAY)
		return err_set(e, EX_DATAERR, "not an array of patterns");
	while (json_next(&it)) {
		if (!json_text(it.value, a, &text))
			return err_set(e, EX_DATAERR, "a pattern is a string");
		if (access_grant(p, text, e))
			return -1;
	}
	return 0;
}

int jwt_read_right(struct access *who, struct str name, struct str value,
		   struct arena *a, struct err *e)
{
	struct str text;
	int rc = 0;

	if (str_is(name, "role")) {
		if (!json_text(value, a, &text) ||
		    !access_role_parse(text, &who->role))
			rc = err_set(e, EX_DATAERR,
				     "neither viewer, nor publisher, nor "
				     "admin");
	} else if (str_is(name, "read"))
		rc = read_patterns(&who->reads, value, a, e);
	else if (str_is(name, "write"))
		rc = read_patterns(&who->writes, value, a, e);
	else /* one that was mistyped would leave more rights */
		return err_set(e, EX_DATAERR,
			       "a member is neither role, nor read, nor write");
	return rc ? err_prefix(e, "%.*s", STR_ARG(name)) : 0;
}

static struct access *read_user(struct str claims, struct arena *a,
				struct err *e)
{
	struct str value, user;

	if (!json_get(claims, "sub", &value) || !json_text(value, a, &user) ||
	    access_check_user(user, NULL)) {
		refuse(e, "has no sub that can be a user");
		return NULL;
	}
	return access_new(user);
}

static int read_rights(struct access *who, struct str claims, struct arena *a,
		       struct err *e)
{
	struct json_iter it;
	struct str weir;
	struct err why;

	if (!json_get(claims, "weir", &weir))
		return 0;
	if (json_type_of(weir) != JSON_OBJECT)
		return refuse(e, "has a claim weir that is no object");
	it = json_iter(weir);
	while (json_next(&it))
		if (jwt_read_right(who, it.key, it.value, a, &why))
			return err_set(e, EX_NOPERM,
				       "the token's claim weir: %s", why.msg);
	return 0;
}

static struct access *read_token(const struct jwt_conf *conf, struct str token,
				 int64_t now_us, struct arena *a, struct err *e)
{
	struct access *who;
	struct parts p;
	struct str claims;
	int64_t expires_us;

	if (token.len > JWT_MAX || !cut_parts(token, &p)) {
		refuse(e, "is malformed");
		return NULL;
	}
	/* Nothing that it says counts before its signature does. */
	if (check_signature(conf->keys, &p, a, e))
		return NULL;
	if (!decode_object(p.claims, a, &claims)) {
		refuse(e, "is malformed");
		return NULL;
	}
	if (check_times(conf, claims, now_us, &expires_us, e) ||
	    check_parties(conf, claims, a, e))
		return NULL;
	who = read_user(claims, a, e);
	if (who && read_rights(who, claims, a, e))
		access_drop(&who);
	if (who)
		who->expires_us = expires_us;
	return who;
}

struct access *jwt_read(const struct jwt_conf *conf, struct str token,
			int64_t now_us, struct err *e)
{
	struct arena a = { 0 };
	struct access *who = read_token(conf, token, now_us, &a, e);

	arena_free(&a);
	return who;
}
