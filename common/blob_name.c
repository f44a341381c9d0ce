/*
 * The part of blob.h that needs no library.
 */
#include "common/blob.h"

#include <string.h>

bool blob_is_id(struct str s)
{
	if (s.len != BLOB_ID_LEN)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!strchr("0123456789abcdef", s.p[i]) || !s.p[i])
			return false;
	return true;
}

static void skip_space(struct str *s)
{
	while (s->len && strchr(" \t\r\n", *s->p) && *s->p)
		*s = str_sub(*s, 1, s->len);
}

static bool skip(struct str *s, char c)
{
	skip_space(s);
	if (!s->len || *s->p != c)
		return false;
	*s = str_sub(*s, 1, s->len);
	return true;
}

bool blob_next(struct str *json, struct str *id_r)
{
	static const struct str key = { "\"blob\"", 6 };
	size_t at;

	while ((at = str_find(*json, key)) != (size_t)-1) {
		*json = str_sub(*json, at + key.len, json->len);
		if (!skip(json, ':') || !skip(json, '"'))
			continue;
		*id_r = str_sub(*json, 0, BLOB_ID_LEN);
		if (!blob_is_id(*id_r) || json->len == BLOB_ID_LEN ||
		    json->p[BLOB_ID_LEN] != '"')
			continue;
		*json = str_sub(*json, BLOB_ID_LEN + 1, json->len);
		return true;
	}
	return false;
}

struct str blob_of_file(const char *name)
{
	struct str s = str_from(name);

	if (str_ends(s, STR(BLOB_PACKED)))
		s.len -= STR(BLOB_PACKED).len;
	return blob_is_id(s) ? s : (struct str){ 0 };
}

bool blob_is_unborn(const char *name)
{
	struct str pid, id;

	if (*name != '.')
		return false;
	id = str_cut(str_from(name + 1), '.', &pid);
	return blob_is_id(id) && pid.len > 0 &&
	       strspn(pid.p, "0123456789") == pid.len;
}
