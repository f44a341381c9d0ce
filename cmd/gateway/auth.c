#include "auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/secret.h"
#include "common/xmem.h"

#include "guard.h"
#include "jwt.h"
#include "keys.h"

struct auth {
	struct buf token;  /* the owner's */
	struct keys *keys; /* NULL: none */
	struct jwks *jwks; /* NULL: none */
	struct buf audience, issuer;
	bool without_exp;
	struct access *owner, *nobody;
};

/* ---- files ---- */

static int read_all(int fd, const char *path, size_t max, struct buf *b,
		    struct err *e)
{
	ssize_t n;

	do {
		char *to = buf_reserve(b, 4096);

		n = read(fd, to, 4096);
		if (n > 0)
			b->len += (size_t)n;
	} while (n > 0 && b->len <= max);
	if (n < 0)
		return err_set(e, EX_CONFIG, "%s: %s", path, strerror(errno));
	if (b->len > max)
		return err_set(e, EX_CONFIG, "%s: more than %zu bytes", path,
			       max);
	return 0;
}

/* What others may write, they could let themselves in with. */
static int check_mode(int fd, const char *path, unsigned forbidden,
		      struct err *e)
{
	struct stat sb;

	if (fstat(fd, &sb))
		return err_set(e, EX_CONFIG, "%s: %s", path, strerror(errno));
	if (!(sb.st_mode & forbidden))
		return 0;
	return err_set(e, EX_CONFIG, "%s: mode is %04o; others may %s it", path,
		       (unsigned)(sb.st_mode & 07777),
		       sb.st_mode & 002 ? "write" : "touch");
}

/* The text of a file; *fd_r stays open. */
static int read_file(const char *path, size_t max, struct buf *b, int *fd_r,
		     struct err *e)
{
	*fd_r = secret_open_public(path, e);
	if (*fd_r < 0 || check_mode(*fd_r, path, 002, e))
		return -1;
	return read_all(*fd_r, path, max, b, e);
}

static void close_file(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int read_token(struct auth *a, const char *path, struct err *e)
{
	struct buf b = { 0 };
	struct str token;
	int fd, rc = read_file(path, AUTH_TOKEN_MAX + 1, &b, &fd, e);

	close_file(fd);
	token = str_trim(buf_str(&b));
	if (rc == 0 &&
	    (token.len < AUTH_TOKEN_MIN || token.len > AUTH_TOKEN_MAX))
		rc = err_set(e, EX_CONFIG, "%s: not a token of %d to %d bytes",
			     path, AUTH_TOKEN_MIN, AUTH_TOKEN_MAX);
	buf_add_str(&a->token, token);
	buf_free(&b);
	return rc ? err_prefix(e, "token-file") : 0;
}

static int read_keys(struct auth *a, const char *path, struct err *e)
{
	struct buf b = { 0 };
	int fd, rc = read_file(path, KEYS_TEXT_MAX, &b, &fd, e);

	close_file(fd);
	if (rc == 0) {
		a->keys = keys_read(buf_str(&b), e);
		if (!a->keys)
			rc = err_prefix(e, "%s", path);
	}
	buf_free(&b);
	return rc ? err_prefix(e, "keys-file") : 0;
}

static int read_jwt_keys(struct auth *a, const char *path, struct err *e)
{
	struct buf b = { 0 };
	bool secret = false;
	int fd, rc = read_file(path, JWKS_TEXT_MAX, &b, &fd, e);

	if (rc == 0 && jwks_add(a->jwks, buf_str(&b), &secret, e))
		rc = err_prefix(e, "%s", path);
	if (rc == 0 && secret)
		rc = check_mode(fd, path, 077, e);
	close_file(fd);
	buf_free(&b);
	return rc ? err_prefix(e, "jwt-keys") : 0;
}

/* ---- life ---- */

static int read_files(struct auth *a, const struct auth_settings *s,
		      struct err *e)
{
	if (s->token_file && read_token(a, s->token_file, e))
		return -1;
	if (s->keys_file && read_keys(a, s->keys_file, e))
		return -1;
	if (s->jwt_keys.n)
		a->jwks = jwks_new();
	for (size_t i = 0; i < s->jwt_keys.n; i++)
		if (read_jwt_keys(a, s->jwt_keys.v[i], e))
			return -1;
	return 0;
}

static int read_rest(struct auth *a, const struct auth_settings *s,
		     struct err *e)
{
	if ((s->jwt_audience || s->jwt_issuer || s->jwt_without_exp) &&
	    !a->jwks)
		return err_set(e, EX_CONFIG,
			       "jwt-audience, jwt-issuer, jwt-without-exp: of "
			       "no use without jwt-keys");
	a->without_exp = s->jwt_without_exp;
	if (s->anonymous.n && !auth_is_on(a))
		return err_set(e, EX_CONFIG,
			       "anonymous: of no use without token-file, "
			       "keys-file or jwt-keys");
	if (s->jwt_audience)
		buf_puts(&a->audience, s->jwt_audience);
	if (s->jwt_issuer)
		buf_puts(&a->issuer, s->jwt_issuer);
	for (size_t i = 0; i < s->anonymous.n; i++)
		if (access_grant(&a->nobody->reads, str_from(s->anonymous.v[i]),
				 e)) {
			e->code = EX_CONFIG;
			return err_prefix(e, "anonymous");
		}
	return 0;
}

struct auth *auth_new(const struct auth_settings *s, struct err *e)
{
	struct auth *a = xcalloc(1, sizeof(*a));

	a->owner = access_new_owner();
	a->nobody = access_new((struct str){ 0 });
	if (read_files(a, s, e) || read_rest(a, s, e)) {
		auth_free(&a);
		return NULL;
	}
	if (a->token.len)
		sign_sha256(buf_str(&a->token), a->owner->key);
	return a;
}

void auth_free(struct auth **ap)
{
	struct auth *a = *ap;

	*ap = NULL;
	if (!a)
		return;
	access_drop(&a->nobody);
	access_drop(&a->owner);
	keys_free(&a->keys);
	jwks_free(&a->jwks);
	buf_free(&a->token);
	buf_free(&a->audience);
	buf_free(&a->issuer);
	free(a);
}

/* ---- asking ---- */

bool auth_is_on(const struct auth *a)
{
	return a->token.len || a->keys || a->jwks;
}

struct access *auth_nobody(const struct auth *a)
{
	return access_hold(auth_is_on(a) ? a->nobody : a->owner);
}

/* Absent where nothing is configured. */
static struct str configured(const struct buf *b)
{
	return b->len ? buf_str(b) : (struct str){ 0 };
}

static struct access *find(const struct auth *a, struct str token,
			   int64_t now_us, struct err *e)
{
	const struct jwt_conf conf = { a->jwks, configured(&a->audience),
				       configured(&a->issuer), a->without_exp };
	struct access *who = NULL;

	if (guard_same(token, buf_str(&a->token)))
		return access_hold(a->owner);
	if (a->jwks && jwt_looks_like(token))
		return jwt_read(&conf, token, now_us, e);
	if (a->keys)
		who = keys_find(a->keys, token);
	if (!who)
		err_set(e, EX_NOPERM, "the token is not known here");
	return who;
}

struct access *auth_token(const struct auth *a, struct str token,
			  int64_t now_us, struct err *e)
{
	struct access *who = find(a, token, now_us, e);

	if (who && access_expired(who, now_us)) {
		access_drop(&who);
		err_set(e, EX_NOPERM, "the token has expired");
	}
	return who;
}

static bool has_key(const struct access *who)
{
	static const uint8_t none[ACCESS_KEY_LEN];

	return memcmp(who->key, none, sizeof(none)) != 0;
}

bool auth_knows(const struct auth *a, const struct access *who)
{
	if (who->owner)
		return memcmp(who->key, a->owner->key, ACCESS_KEY_LEN) == 0;
	if (access_is_nobody(who))
		return auth_is_on(a) && access_same(who, a->nobody);
	if (has_key(who))
		return a->keys && keys_have(a->keys, who);
	return a->jwks != NULL;
}
