#include "provider_url.h"

#include <string.h>

static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

static void add_encoded(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (is_unreserved(s.p[i]))
			buf_putc(b, s.p[i]);
		else
			buf_addf(b, "%%%02X", (unsigned)(unsigned char)s.p[i]);
	}
}

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
				add_encoded(b, all[i].value);
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
