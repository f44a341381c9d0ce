#include "common/url.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "common/xmem.h"

enum { GET_FLAGS = CURLU_NO_DEFAULT_PORT };
enum { SET_FLAGS = CURLU_NON_SUPPORT_SCHEME };

/* Where the path starts: after "scheme://host", or at once if there is none. */
static size_t authority_end(struct str s)
{
	size_t at = str_find(s, STR("//"));

	if (at == (size_t)-1 || (at && s.p[at - 1] != ':'))
		return 0;
	for (at += 2; at < s.len; at++)
		if (strchr("/?#\\", s.p[at]))
			break;
	return at;
}

/* Of ASCII: what may stand nowhere as it is. */
static bool is_escaped(unsigned char c)
{
	switch (c) {
	case '"':
	case '<':
	case '>':
	case '\\':
	case '^':
	case '`':
	case '{':
	case '|':
	case '}':
	case 0x7f: return true;
	default: return c <= ' ';
	}
}

/* What browsers forgive; a NUL-terminated text in *b. */
static bool clean(struct str s, struct buf *b)
{
	size_t path;
	bool in_path = true;

	s = str_trim(s);
	if (s.len > URL_MAX)
		return false;
	path = authority_end(s);
	buf_putc(b, ' '); /* so that p is never NULL */
	buf_reset(b);
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '?' || c == '#')
			in_path = false;
		if (c == '\t' || c == '\n' || c == '\r')
			continue;
		if (c == '\\' && in_path)
			buf_putc(b, '/');
		else if (is_escaped(c) || (c >= 0x80 && i >= path))
			buf_addf(b, "%%%02X", c);
		else
			buf_putc(b, (char)c);
	}
	return true;
}

static bool set_url(CURLU *u, struct str s)
{
	struct buf b = { 0 };
	bool ok =
		clean(s, &b) && !curl_url_set(u, CURLUPART_URL, b.p, SET_FLAGS);

	buf_free(&b);
	return ok;
}

/* False if there is no such part, or it is empty. */
static bool get_part(CURLU *u, CURLUPart part, struct arena *a, struct str *s_r)
{
	char *s = NULL;
	bool ok = !curl_url_get(u, part, &s, GET_FLAGS) && s && *s;

	if (ok)
		*s_r = arena_str(a, str_from(s));
	curl_free(s);
	return ok;
}

static bool has_http_scheme(CURLU *u)
{
	char *scheme = NULL, *host = NULL;
	bool ok = !curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) &&
		  !curl_url_get(u, CURLUPART_HOST, &host, 0) && *host &&
		  (!strcasecmp(scheme, "http") || !strcasecmp(scheme, "https"));

	curl_free(scheme);
	curl_free(host);
	return ok;
}

/* A handle with url in it, or NULL if that is no http(s) URL. */
static CURLU *parse(struct str url)
{
	CURLU *u = curl_url();

	if (u && set_url(u, url) && has_http_scheme(u))
		return u;
	curl_url_cleanup(u);
	return NULL;
}

/* "scheme://host:port", as curl writes it. */
struct origin {
	char text[256];
	size_t len; /* 0: none */
};

/*
 * Pages have hundreds of links, most of them plain paths here or at one other
 * place: what the last base was, its origin, and that of the last address that
 * was good.
 */
static _Thread_local struct {
	char base[256];
	size_t base_len; /* 0: none */
	struct origin here, there;
} last;

static void set_origin(struct origin *o, struct str url)
{
	url.len = authority_end(url);
	o->len = str_copy(o->text, sizeof(o->text), url) ? url.len : 0;
}

/* Of what a handle holds. */
static void get_origin(CURLU *u, struct origin *o)
{
	char *url = NULL;

	o->len = 0;
	if (!curl_url_get(u, CURLUPART_URL, &url, GET_FLAGS))
		set_origin(o, str_from(url));
	curl_free(url);
}

static bool is_at(struct str url, const struct origin *o)
{
	return o->len && str_starts(url, (struct str){ o->text, o->len });
}

/* The origin that url begins with, if it is one of those two; or NULL. */
static const struct origin *known_origin(struct str url)
{
	return is_at(url, &last.there)	? &last.there
	       : is_at(url, &last.here) ? &last.here
					: NULL;
}

/* What curl takes behind any host: visible characters, as they are. */
static bool is_plain_rest(struct str s)
{
	if (s.len && !strchr("/?#", s.p[0]))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return true;
}

bool url_is_http(struct str url)
{
	const struct origin *known = known_origin(url);
	CURLU *u;

	if (known && url.len <= URL_MAX &&
	    is_plain_rest(str_sub(url, known->len, url.len)))
		return true;
	u = parse(url);
	if (u)
		get_origin(u, &last.there);
	curl_url_cleanup(u);
	return u != NULL;
}

static void remember_base(CURLU *u, struct str base)
{
	last.base_len = 0;
	if (base.len >= sizeof(last.base))
		return;
	get_origin(u, &last.here);
	memcpy(last.base, base.p, base.len);
	last.base_len = base.len;
}

/* A path, or a path and a query, that nobody would write in another way. */
static bool is_plain_path(struct str s)
{
	if (s.len < 2 || s.p[0] != '/' || s.len > URL_MAX / 2)
		return false;
	for (size_t i = 1; i < s.len; i++) {
		char c = s.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '_' || c == '-')
			continue;
		/* No empty, "." or ".." segments. */
		if ((c == '/' || c == '.') && s.p[i - 1] != '/')
			continue;
		return false;
	}
	return true;
}

static bool resolve_plain(struct str base, struct str ref, struct arena *a,
			  struct str *url_r)
{
	const struct origin *o;
	char *p;

	if (!last.base_len || !last.here.len ||
	    !str_eq(base, (struct str){ last.base, last.base_len }))
		return false;
	o = known_origin(ref);
	if (o)
		ref = str_sub(ref, o->len, ref.len);
	else
		o = &last.here;
	if (!is_plain_path(ref))
		return false;
	p = arena_alloc(a, o->len + ref.len + 1);
	memcpy(p, o->text, o->len);
	memcpy(p + o->len, ref.p, ref.len);
	*url_r = (struct str){ p, o->len + ref.len };
	return true;
}

bool url_resolve(struct str base, struct str ref, struct arena *a,
		 struct str *url_r)
{
	bool ok = false;
	CURLU *u;

	if (resolve_plain(base, ref, a, url_r))
		return true;
	u = base.p ? parse(base) : curl_url();
	if (!u)
		return false;
	if (base.p)
		remember_base(u, base);
	if (base.p)
		curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
	ref = str_trim(ref);
	if (ref.len && ref.p[0] == '#' && base.p)
		ok = !curl_url_set(u, CURLUPART_FRAGMENT,
				   arena_strdup(a, str_sub(ref, 1, ref.len)),
				   CURLU_URLENCODE);
	else
		ok = (!ref.len && base.p) || set_url(u, ref);
	ok = ok && has_http_scheme(u) && get_part(u, CURLUPART_URL, a, url_r);
	if (ok && base.p)
		set_origin(&last.there, *url_r);
	curl_url_cleanup(u);
	return ok;
}

static bool is_tracking(struct str name)
{
	static const char *const names[] = {
		"gclid",  "gclsrc",  "dclid",  "fbclid", "msclkid", "yclid",
		"twclid", "ttclid",  "igshid", "mc_cid", "mc_eid",  "wbraid",
		"gbraid", "srsltid", "_ga",    "_hsenc", "_hsmi",   "vero_id",
	};

	if (str_starts(name, STR("utm_")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(name, names[i]))
			return true;
	return false;
}

static void drop_tracking(CURLU *u)
{
	struct buf kept = { 0 };
	char *query = NULL;
	struct str rest, pair;

	if (curl_url_get(u, CURLUPART_QUERY, &query, 0))
		return;
	rest = str_from(query);
	while (str_token(&rest, "&", &pair)) {
		struct str value;

		if (is_tracking(str_cut(pair, '=', &value)))
			continue;
		if (kept.len)
			buf_putc(&kept, '&');
		buf_add_str(&kept, pair);
	}
	curl_url_set(u, CURLUPART_QUERY, kept.len ? kept.p : NULL, 0);
	curl_free(query);
	buf_free(&kept);
}

static void lower_part(CURLU *u, CURLUPart part)
{
	char *s = NULL;

	if (curl_url_get(u, part, &s, 0))
		return;
	for (char *c = s; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c | 0x20);
	curl_url_set(u, part, s, 0);
	curl_free(s);
}

bool url_normalise(struct str url, struct arena *a, struct str *url_r)
{
	CURLU *u = parse(url);
	bool ok;

	if (!u)
		return false;
	curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
	lower_part(u, CURLUPART_HOST);
	drop_tracking(u);
	ok = get_part(u, CURLUPART_URL, a, url_r);
	curl_url_cleanup(u);
	return ok;
}

bool url_host(struct str url, struct arena *a, struct str *host_r)
{
	CURLU *u = parse(url);
	bool ok;

	if (!u)
		return false;
	lower_part(u, CURLUPART_HOST);
	ok = get_part(u, CURLUPART_HOST, a, host_r);
	curl_url_cleanup(u);
	return ok;
}

unsigned url_port(struct str url)
{
	CURLU *u = parse(url);
	unsigned port = 0;
	char *text;

	if (u && curl_url_get(u, CURLUPART_PORT, &text, CURLU_DEFAULT_PORT) ==
			 CURLUE_OK) {
		port = (unsigned)strtoul(text, NULL, 10);
		curl_free(text);
	}
	curl_url_cleanup(u);
	return port;
}

static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

void url_add_encoded(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (is_unreserved(s.p[i]))
			buf_putc(b, s.p[i]);
		else
			buf_addf(b, "%%%02X", (unsigned)(unsigned char)s.p[i]);
	}
}
