#include "price_number.h"

#include <string.h>

/* One place is left for the cents that stand apart. */
enum { GROUPS_FULL = NUMBER_GROUPS_MAX - 1 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits_at(const struct plain *t, size_t i)
{
	size_t n = 0;

	while (is_digit(t->raw[i + n]))
		n++;
	return n;
}

/* Are all separators up to now of this kind, and all groups but one whole? */
static bool groups_by(const struct number *n, char sep)
{
	if (n->groups[0].len == 0 || n->groups[0].len > 3)
		return false;
	for (size_t i = 0; i + 1 < n->n; i++)
		if (n->seps[i] != sep)
			return false;
	return true;
}

/*
 * Does the separator at i go on with the number? A space and an apostrophe
 * only in front of three digits, and never after another separator.
 */
static bool continues(const struct plain *t, const struct number *n, size_t i)
{
	char c = t->raw[i];
	size_t next = digits_at(t, i + 1);

	if (c == '.' || c == ',')
		return next > 0;
	return (c == ' ' || c == '\'') && next == 3 && groups_by(n, c);
}

/*
 * "$119. 95", "118, 99 TL", "303 , 05 zł", "$319 .19": where the cents are that
 * stand apart from the number before i, with the place of their separator; 0
 * if there are none.
 */
static size_t split_cents_at(const struct plain *t, const struct number *n,
			     size_t i, size_t *sep_r)
{
	size_t sep = i + (t->raw[i] == ' '), at = sep + 1;
	char c = t->raw[sep];

	if (c != '.' && c != ',')
		return 0;
	at += t->raw[at] == ' ';
	*sep_r = sep;
	return at > i + 1 && digits_at(t, at) == 2 &&
			       !continues(t, n, at + 2) &&
			       n->groups[0].len > 0 &&
			       !memchr(n->seps, c, n->n - 1)
		       ? at
		       : 0;
}

bool number_at(const struct plain *t, size_t i, struct number *n_r)
{
	struct number n = { .at = i, .end = i };
	size_t cents, sep;
	/* "$.75", but not "Rs.500" */
	bool leading = t->raw[i] == '.' && is_digit(t->raw[i + 1]) &&
		       !plain_letter_before(t, i);

	if (!is_digit(t->raw[i]) && !leading)
		return false;
	for (;;) {
		size_t len = digits_at(t, n.end);

		n.groups[n.n].at = n.end;
		n.groups[n.n++].len = len;
		n.end += len;
		if (!continues(t, &n, n.end) || n.n == GROUPS_FULL)
			break;
		n.seps[n.n - 1] = t->raw[n.end++];
	}
	/* A number of too many groups is none, up to its very end. */
	while (n.n == GROUPS_FULL && continues(t, &n, n.end))
		n.end += 1 + digits_at(t, n.end + 1);
	cents = split_cents_at(t, &n, n.end, &sep);
	if (cents) {
		n.seps[n.n - 1] = t->raw[sep];
		n.split_cents = true;
		n.groups[n.n].at = cents;
		n.groups[n.n++].len = 2;
		n.end = cents + 2;
	}
	*n_r = n;
	return true;
}

/* Do the groups from 1 to `to` have three digits (or two, as in India)? */
static bool are_thousands(const struct number *n, size_t to)
{
	bool western = true, indian = true;

	for (size_t i = 1; i < to; i++) {
		size_t want = i + 1 < to ? 2 : 3;

		western = western && n->groups[i].len == 3;
		indian = indian && n->groups[i].len == want;
	}
	return (western || indian) && n->groups[0].len <= 3;
}

/* One separator only, a comma or dot: cents, or thousands? */
static bool is_point(const struct plain *t, const struct number *n,
		     unsigned coins)
{
	size_t lead = n->groups[0].len;

	if (n->split_cents || n->groups[1].len != 3 || coins == 3)
		return true;
	return lead == 0 || lead > 3 || t->raw[n->groups[0].at] == '0';
}

/*
 * How many of the groups stand before the point (all: there is none); 0 for
 * what is no amount.
 */
static size_t whole_groups(const struct plain *t, const struct number *n,
			   unsigned coins)
{
	size_t last = n->n - 1, same = 0;
	char sep;

	if (last == 0)
		return 1;
	if (n->n >= GROUPS_FULL)
		return 0;
	sep = n->seps[last - 1];
	for (size_t i = 0; i < last; i++)
		same += n->seps[i] == sep;
	if (sep == ' ' || sep == '\'')
		return n->n;
	if (same == 1) {
		if (last == 1)
			return is_point(t, n, coins) ? 1 : 2;
		return are_thousands(n, last) ? last : 0;
	}
	if (same < last)
		return 0;
	if (are_thousands(n, n->n))
		return n->n;
	/* "1.250.60": the last one is the point after all. */
	return n->groups[last].len <= 2 && are_thousands(n, last) ? last : 0;
}

bool number_is_whole(const struct plain *t, const struct number *n,
		     unsigned coins)
{
	return whole_groups(t, n, coins) == n->n;
}

bool number_value(const struct plain *t, const struct number *n, unsigned coins,
		  struct decimal *d_r)
{
	size_t whole = whole_groups(t, n, coins), len = 0, first = 0, scale = 0;
	char text[PLAIN_MAX + 4] = "0";

	if (whole == 0)
		return false;
	for (size_t i = 0; i < n->n; i++) {
		size_t take = n->groups[i].len;

		if (i == whole)
			text[len++] = '.';
		if (i >= whole) {
			/* Nobody pays with a quintillionth. */
			if (take > DECIMAL_SCALE_MAX - scale)
				take = DECIMAL_SCALE_MAX - scale;
			scale += take;
		}
		memcpy(text + len, t->raw + n->groups[i].at, take);
		len += take;
		if (len == 0)
			text[len++] = '0'; /* ".75" */
	}
	while (first + 1 < len && text[first] == '0' &&
	       is_digit(text[first + 1]))
		first++;
	return decimal_parse((struct str){ text + first, len - first }, d_r);
}
