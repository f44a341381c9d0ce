#include "common/unsubscribe.h"

#include <string.h>
#include <sysexits.h>

#include "common/hmac.h"
#include "common/secret.h"

char *unsubscribe_key(const char *path, struct err *e)
{
	char *key = secret_word(path, e);

	if (key && strlen(key) < UNSUBSCRIBE_KEY_MIN) {
		secret_free(key);
		key = NULL;
		err_set(e, EX_CONFIG, "%s: shorter than %d bytes", path,
			UNSUBSCRIBE_KEY_MIN);
	}
	if (!key)
		err_prefix(e, "unsubscribe-key");
	return key;
}

void unsubscribe_add(struct buf *b, struct str key, struct str user,
		     struct str rule)
{
	struct buf text = { .p = NULL };

	/* No id has a blank. */
	buf_addf(&text, "unsubscribe %.*s %.*s", STR_ARG(user), STR_ARG(rule));
	buf_addf(b, "%.*s~%.*s~", STR_ARG(user), STR_ARG(rule));
	hmac_add_hex(b, key, buf_str(&text));
	buf_free(&text);
}

bool unsubscribe_read(struct str word, struct str key, struct str *user_r,
		      struct str *rule_r)
{
	struct buf own = { .p = NULL };
	struct str rest;
	bool same;

	*user_r = str_cut(word, '~', &rest);
	*rule_r = str_cut(rest, '~', &rest);
	if (!key.len || !str_is_id(*user_r) || !str_is_id(*rule_r))
		return false;
	unsubscribe_add(&own, key, *user_r, *rule_r);
	same = hmac_same(buf_str(&own), word);
	buf_free(&own);
	return same;
}
