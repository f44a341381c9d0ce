#include "provider_url.h"

#include <string.h>

#include "common/url.h"

void provider_url(struct str template, struct str url, struct str key,
		  struct buf *b)
{
	const struct {
		struct str name, value;
	} all[] = { { STR("{url}"), url }, { STR("{key}"), key } };

	while (template.len) {
		size_t skip = 0;

		for (int i = 0; i < 2 && !skip; i++)
			if (str_starts(template, all[i].name)) {
				url_add_encoded(b, all[i].value);
				skip = all[i].name.len;
			}
		if (!skip) {
			buf_putc(b, template.p[0]);
			skip = 1;
		}
		template = str_sub(template, skip, template.len);
	}
}

void provider_hide(char *text, struct str secret)
{
	struct str rest = str_from(text);
	size_t at;

	while (secret.len && (at = str_find(rest, secret)) != (size_t)-1) {
		memset(text + (rest.p - text) + at, '*', secret.len);
		rest = str_sub(rest, at + secret.len, rest.len);
	}
}
