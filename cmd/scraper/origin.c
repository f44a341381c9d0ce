#include "origin.h"

#include <string.h>

struct str origin_of(struct str url)
{
	size_t at = str_find(url, STR("://"));
	size_t n = at == (size_t)-1 ? url.len : at + 3;

	while (n < url.len && !strchr("/?#", url.p[n]))
		n++;
	return str_sub(url, 0, n);
}

bool origin_is_home(struct str from, struct str to)
{
	struct str a = origin_of(from), b = origin_of(to), x, y;

	if (str_eq_nocase(a, b))
		return true;
	str_cut(a, ':', &x);
	str_cut(b, ':', &y);
	return str_eq_nocase(x, y) && str_starts(b, STR("https:"));
}

bool origin_is_on(struct str url, struct str host)
{
	struct str place;

	str_cut(origin_of(url), ':', &place);
	return str_starts(place, STR("//")) &&
	       str_eq_nocase(str_sub(place, 2, place.len), host);
}
