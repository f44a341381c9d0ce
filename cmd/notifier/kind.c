#include "kind.h"

#include <assert.h>
#include <string.h>
#include <sysexits.h>

#include "common/url.h"
#include "common/xmem.h"

extern const struct kind kind_webhook, kind_telegram, kind_command;

static const struct kind *const kinds[] = {
	&kind_webhook,
	&kind_telegram,
	&kind_command,
};

const struct kind *kind_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_is(name, kinds[i]->name))
			return kinds[i];
	return NULL;
}

const struct kind *kind_of_url(struct str url)
{
	size_t colon = str_find(url, STR("://"));
	struct str scheme = str_sub(url, 0, colon);

	if (colon == (size_t)-1)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i]->schemes && str_is_any(scheme, kinds[i]->schemes))
			return kinds[i];
	return NULL;
}

bool kind_knows(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		for (size_t k = 0; k < kinds[i]->n_keys; k++)
			if (strcmp(kinds[i]->keys[k].name, key) == 0)
				return true;
	return false;
}

void kind_names(struct buf *b)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		bool last = i + 1 == ARRAY_LEN(kinds);

		buf_addf(b, "%s%s",
			 i == 0 ? ""
			 : last ? " or "
				: ", ",
			 kinds[i]->name);
	}
}

void kind_header(struct kind_request *req, const char *name, struct str value)
{
	struct buf *b = &req->header[req->n_headers++];

	assert(req->n_headers <= KIND_HEADERS_MAX);
	buf_addf(b, "%s: ", name);
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.p[i];

		buf_putc(b, c < ' ' || c == 0x7f ? ' ' : (char)c);
	}
}

int kind_check_url(const char *key, const char *url, struct err *e)
{
	if (url_is_http(str_from(url)))
		return 0;
	return err_set(e, EX_CONFIG, "%s: no http or https URL", key);
}
