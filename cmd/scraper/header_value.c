#include "header_value.h"

struct str header_take(struct str *rest, const char *stops)
{
	bool quoted = false;
	size_t n = 0;
	struct str s;

	for (; n < rest->len; n++) {
		char c = rest->p[n];

		if (quoted && c == '\\' && n + 1 < rest->len)
			n++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && str_chr(str_from(stops), c) != (size_t)-1)
			break;
	}
	s = str_sub(*rest, 0, n);
	*rest = str_sub(*rest, n, rest->len);
	return str_trim(s);
}

struct str header_unquoted(struct str s)
{
	s = str_trim(s);
	if (s.len >= 2 && s.p[0] == '"' && s.p[s.len - 1] == '"')
		return str_sub(s, 1, s.len - 1);
	return s;
}
