#include "origins.h"

#include <ctype.h>
#include <sysexits.h>

#include "guard.h"

/* ---- the list ---- */

static bool is_any(struct str s)
{
	return str_is(s, "*");
}

/* Letters, digits, '.', '-': names and IPv4; and ':' and brackets. */
static bool is_host(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.p[i]) &&
		    str_chr(STR(".-:[]"), s.p[i]) == (size_t)-1)
			return false;
	return s.len > 0 && s.p[0] != '.';
}

/* Cut "https://"; absent where it begins with another scheme. */
static struct str cut_scheme(struct str s, struct str *host_r)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < 2; i++) {
		struct str scheme = str_from(schemes[i]);

		if (s.len > scheme.len &&
		    str_eq_nocase(str_sub(s, 0, scheme.len), scheme)) {
			*host_r = str_sub(s, scheme.len, s.len);
			return scheme;
		}
	}
	return (struct str){ 0 };
}

static bool is_below(struct str pattern)
{
	return str_starts(pattern, STR("*."));
}

int origins_check(const struct opt_list *list, struct err *e)
{
	for (size_t i = 0; i < list->n; i++) {
		struct str s = str_from(list->v[i]), host = { 0 };

		if (is_any(s))
			continue;
		if (!cut_scheme(s, &host).p || s.len > ORIGIN_MAX ||
		    !is_host(is_below(host) ? str_sub(host, 2, host.len)
					    : host))
			return err_set(e, EX_CONFIG,
				       "origin: '%s' is neither '*' nor like "
				       "https://app.example or "
				       "https://*.example.com",
				       list->v[i]);
	}
	return 0;
}

/* ---- judging ---- */

static bool matches(struct str pattern, struct str origin)
{
	struct str known, host, suffix;
	struct str scheme = cut_scheme(pattern, &known);

	if (!str_eq(scheme, cut_scheme(origin, &host)) || !host.p)
		return false;
	if (!is_below(known))
		return str_eq_nocase(known, host);
	suffix = str_sub(known, 1, known.len); /* ".example.com" */
	return host.len > suffix.len && is_host(host) &&
	       str_eq_nocase(str_sub(host, host.len - suffix.len, host.len),
			     suffix);
}

enum origin origins_judge(const struct opt_list *list, struct str origin,
			  struct str scheme, struct str host)
{
	enum origin what = ORIGIN_FOREIGN;

	if (guard_origin(origin, scheme, host))
		return ORIGIN_OWN;
	if (origin.len > ORIGIN_MAX)
		return ORIGIN_FOREIGN;
	for (size_t i = 0; i < list->n; i++) {
		struct str one = str_from(list->v[i]);

		if (is_any(one))
			what = ORIGIN_ANY;
		else if (matches(one, origin))
			return ORIGIN_LISTED;
	}
	return what;
}

void origins_print(const struct opt_list *list, enum origin what,
		   struct str origin, bool preflight, struct buf *b)
{
	if (list->n == 0)
		return;
	/* Whoever keeps answers keeps one for each. */
	buf_puts(b, "Vary: Origin\r\n");
	if (what == ORIGIN_LISTED) {
		buf_puts(b, "Access-Control-Allow-Origin: ");
		buf_add_str(b, origin);
		buf_puts(b, "\r\nAccess-Control-Allow-Credentials: true\r\n");
	} else if (what == ORIGIN_ANY) {
		buf_puts(b, "Access-Control-Allow-Origin: *\r\n");
	} else {
		return;
	}
	if (preflight)
		buf_puts(b,
			 "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, "
			 "DELETE\r\n"
			 "Access-Control-Allow-Headers: Authorization, "
			 "Content-Type, Last-Event-ID\r\n"
			 "Access-Control-Max-Age: 600\r\n");
	else
		buf_puts(b, "Access-Control-Expose-Headers: ETag, Retry-After, "
			    "Weir-Position\r\n");
}
