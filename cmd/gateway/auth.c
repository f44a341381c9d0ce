#include "auth.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "guard.h"

struct auth {
	struct str token;
	struct access *owner;
	struct access *nobody;
};

struct auth *auth_new(const struct auth_conf *conf)
{
	struct auth *a = xcalloc(1, sizeof(*a));

	if (conf->token.p)
		a->token =
			(struct str){ xstrndup(conf->token.p, conf->token.len),
				      conf->token.len };
	a->owner = access_new_owner();
	a->nobody = auth_is_on(a) ? access_new((struct str){ 0 })
				  : access_hold(a->owner);
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
	free((char *)(uintptr_t)a->token.p);
	free(a);
}

bool auth_is_on(const struct auth *a)
{
	return a->token.p != NULL;
}

struct access *auth_nobody(const struct auth *a)
{
	return access_hold(a->nobody);
}

struct access *auth_token(const struct auth *a, struct str token, struct err *e)
{
	if (guard_same(token, a->token))
		return access_hold(a->owner);
	err_set(e, EX_NOPERM, "the token is not known here");
	return NULL;
}
