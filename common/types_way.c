#include "common/types_way.h"

#include <string.h>
#include <sysexits.h>

#include "common/types_rows.h"
#include "common/xmem.h"

static const char *const rotation_names[] = { "round-robin", "sticky", NULL };
static const char *const resolver_names[] = { "here", "proxy", NULL };

static const struct shape_field proxy_rows[] = {
	{ ROW(type_proxy, id, ID, 0, "The pool.") },
	{ ROW(type_proxy, proxies, LIST, REQ,
	      "URLs of its proxies: http, https, socks5 or socks5h, with host "
	      "and port."),
	  .max = POOL_PROXIES_MAX },
	{ SUB(type_proxy, credentials, 0, shape_secret,
	      "Where user:password for all of them is.") },
	{ NAMED(type_proxy, rotation, 0, rotation_names,
		"Which is next: each in its turn (round-robin, the default), "
		"or for each host always the same one (sticky).") },
	{ NAMED(type_proxy, names, 0, resolver_names,
		"Where the name of a site is resolved to judge whether it may "
		"be asked: here (the default), or by the proxy alone.") },
	{ ROW(type_proxy, requests, COUNT, 0,
	      "Requests through one proxy at a time; absent: 4."),
	  .max = 1000 },
	{ ROW(type_proxy, delay, DURATION, 0,
	      "Time between two requests through one proxy; absent: none.") },
};
const struct shape shape_proxy =
	SHAPE(type_proxy, proxy_rows, 0, "Proxies to fetch through.");

static const struct shape_field provider_rows[] = {
	{ ROW(type_provider, id, ID, 0, "The provider.") },
	{ ROW(type_provider, url, TEXT, REQ,
	      "What to ask it: {url} stands for the page's URL, {key} for the "
	      "key."),
	  .max = SHAPE_URL_MAX },
	{ SUB(type_provider, key, 0, shape_secret, "Where its key is.") },
	{ ROW(type_provider, headers, OBJECT, 0,
	      "Request headers; secret ones name a file.") },
	{ ROW(type_provider, budget, COUNT, REQ,
	      "What may be spent from one reset to the next.") },
	{ ROW(type_provider, cost, COUNT, 0,
	      "What one request costs; absent: 1.") },
	{ ROW(type_provider, resets, COUNT, 0,
	      "The day of the month on which the budget is whole again, or "
	      "the last day of a month that has no such day; absent: 1."),
	  .max = 31 },
	{ ROW(type_provider, tz, TEXT, 0,
	      "Where that day begins; absent: UTC."),
	  .max = 128 },
	{ ROW(type_provider, requests, COUNT, 0,
	      "Requests at a time; absent: 4."),
	  .max = 1000 },
	{ ROW(type_provider, timeout, DURATION, 0,
	      "For one request; absent: 70s.") },
	{ ROW(type_provider, errors, LIST, 0,
	      "Statuses by which the provider speaks of itself, such as 429 or "
	      "5xx; absent: 401, 402, 403, 407 and 429."),
	  .max = 32 },
};
const struct shape shape_provider =
	SHAPE(type_provider, provider_rows, 0,
	      "A service that fetches pages for us, and what it may cost.");

static const struct shape_field proxy_status_rows[] = {
	{ ROW(type_proxy_status, pool, ID, REQ, "The pool.") },
	{ ROW(type_proxy_status, proxies, NUMBER, 0, "How many it has.") },
	{ ROW(type_proxy_status, healthy, NUMBER, 0,
	      "How many of them are not left alone now.") },
	{ ROW(type_proxy_status, requests, NUMBER, 0,
	      "Sent through it since the scraper started.") },
	{ ROW(type_proxy_status, failures, NUMBER, 0,
	      "How many of them its proxies failed.") },
	{ ROW(type_proxy_status, reason, TEXT, 0, "The last failure."),
	  .max = 512 },
};
const struct shape shape_proxy_status =
	SHAPE(type_proxy_status, proxy_status_rows, OPEN,
	      "How a pool of proxies is.");

static const struct shape_field provider_status_rows[] = {
	{ ROW(type_provider_status, provider, ID, REQ, "The provider.") },
	{ ROW(type_provider_status, budget, NUMBER, 0,
	      "What may be spent until the reset.") },
	{ ROW(type_provider_status, used, NUMBER, 0, "What is spent of it.") },
	{ ROW(type_provider_status, left, NUMBER, 0, "What is not.") },
	{ ROW(type_provider_status, resets, TIME, 0,
	      "When the budget is whole again.") },
	{ ROW(type_provider_status, healthy, BOOL, REQ,
	      "False: left alone for a while, or used up.") },
	{ ROW(type_provider_status, reason, TEXT, 0, "Why."), .max = 512 },
};
const struct shape shape_provider_status =
	SHAPE(type_provider_status, provider_status_rows, OPEN,
	      "What is left of a provider's budget, and how it is.");

/* ---- what a shape cannot say of proxies ---- */

/* "host:port", "[v6]:port": nothing beside them. */
static bool is_authority(struct str s)
{
	size_t at = s.len && s.p[0] == '[' ? str_chr(s, ']') : 0;
	struct str port, host;
	uint64_t n;

	if (at == (size_t)-1)
		return false;
	host = str_cut(str_sub(s, at, s.len), ':', &port);
	for (size_t i = 0; i < s.len; i++)
		if (strchr("@/?#\\%", s.p[i]) || (unsigned char)s.p[i] <= ' ')
			return false;
	return at + host.len > 0 && (at == 0 || host.len == 1) &&
	       str_u64(port, &n) && n >= 1 && n <= 65535;
}

static bool is_proxy(struct str url)
{
	static const char *const schemes[] = { "http://", "https://",
					       "socks5://", "socks5h://" };

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		struct str scheme = str_from(schemes[i]);

		if (str_starts(url, scheme))
			return is_authority(str_sub(url, scheme.len, url.len));
	}
	return false;
}

static bool is_twice(const struct shape_list *l, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(l->v[k], l->v[i]))
			return true;
	return false;
}

/* What is wrong is not shown: it may be a password. */
int proxy_check(const struct type_proxy *p, struct err *e)
{
	if (str_is(p->id, WAY_DIRECT))
		return err_set(e, EX_DATAERR, "id: '" WAY_DIRECT "' is taken");
	if (p->proxies.n == 0)
		return err_set(e, EX_DATAERR, "proxies: there is none");
	for (size_t i = 0; i < p->proxies.n; i++) {
		if (!is_proxy(p->proxies.v[i]))
			return err_set(e, EX_DATAERR,
				       "proxies[%zu]: not http, https, socks5 "
				       "or socks5h://HOST:PORT (credentials "
				       "go into a file)",
				       i + 1);
		if (is_twice(&p->proxies, i))
			return err_set(e, EX_DATAERR,
				       "proxies[%zu]: is there twice", i + 1);
	}
	return 0;
}

/* ---- of providers ---- */

static size_t count_of(struct str s, struct str what)
{
	size_t n = 0, at;

	while ((at = str_find(s, what)) != (size_t)-1) {
		s = str_sub(s, at + what.len, s.len);
		n++;
	}
	return n;
}

static int check_template(const struct type_provider *p, struct err *e)
{
	size_t urls = count_of(p->url, STR("{url}"));
	size_t keys = count_of(p->url, STR("{key}"));
	struct str rest, authority;

	if (!shape_is_url(p->url) || str_starts(p->url, STR("mock:")))
		return err_set(e, EX_DATAERR, "url: not an http or https URL");
	str_cut(p->url, '/', &rest);
	authority = str_cut(str_sub(rest, 1, rest.len), '/', &rest);
	authority = str_cut(authority, '?', &rest);
	if (str_chr(authority, '@') != (size_t)-1 ||
	    str_chr(authority, '{') != (size_t)-1)
		return err_set(e, EX_DATAERR,
			       "url: its host must be a host alone");
	if (urls != 1)
		return err_set(e, EX_DATAERR, "url: {url} must be there once");
	if (keys > 1 || (keys && !p->key.present))
		return err_set(e, EX_DATAERR, "url: %s",
			       keys > 1 ? "{key} is there more than once"
					: "{key} is there, but no key");
	if (p->key.present && !keys)
		return err_set(e, EX_DATAERR, "key: no {key} in the url");
	if (count_of(p->url, STR("{")) != urls + keys ||
	    count_of(p->url, STR("}")) != urls + keys)
		return err_set(e, EX_DATAERR,
			       "url: no placeholders but {url} and {key}");
	return 0;
}

/* "429", or "5xx". */
static bool is_status(struct str s)
{
	return s.len == 3 && s.p[0] >= '1' && s.p[0] <= '5' &&
	       (str_is(str_sub(s, 1, 3), "xx") ||
		(s.p[1] >= '0' && s.p[1] <= '9' && s.p[2] >= '0' &&
		 s.p[2] <= '9'));
}

int provider_check(const struct type_provider *p, struct arena *a,
		   struct err *e)
{
	if (str_is(p->id, WAY_DIRECT))
		return err_set(e, EX_DATAERR, "id: '" WAY_DIRECT "' is taken");
	if (check_template(p, e) || headers_check(p->headers, a, e))
		return -1;
	if (shape_count(p->cost, 1) > shape_count(p->budget, 0))
		return err_set(e, EX_DATAERR,
			       "cost: is above the whole budget");
	for (size_t i = 0; i < p->errors.n; i++)
		if (!is_status(p->errors.v[i]))
			return err_set(e, EX_DATAERR,
				       "errors[%zu]: no status such as 429 or "
				       "5xx",
				       i + 1);
	return 0;
}

/* ---- of watches ---- */

int via_check(const struct shape_list *via, struct err *e)
{
	if (via->present && via->n == 0)
		return err_set(e, EX_DATAERR, "via: names no way");
	for (size_t i = 0; i < via->n; i++) {
		if (!str_is_id(via->v[i]))
			return err_set(e, EX_DATAERR, "via[%zu]: not an id",
				       i + 1);
		if (is_twice(via, i))
			return err_set(e, EX_DATAERR,
				       "via[%zu]: is there twice", i + 1);
	}
	return 0;
}
