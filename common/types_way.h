#ifndef COMMON_TYPES_WAY_H
#define COMMON_TYPES_WAY_H

/*
 * types_way - by which ways a site is asked: proxy.set and provider.set, and
 * how these are, proxy.status and provider.status. See types.h.
 */
#include "common/types_part.h"

struct type_proxy { /* proxy.set/POOL */
	struct str id;
	struct shape_list proxies; /* URLs */
	struct type_secret credentials;
	struct str rotation, names;
	struct str requests; /* count */
	struct str delay;
};

struct type_provider { /* provider.set/NAME */
	struct str id, url;
	struct type_secret key;
	struct str headers;			   /* JSON object */
	struct str budget, cost, resets, requests; /* counts */
	struct str tz, timeout;
	struct shape_list errors;
};

struct type_proxy_status { /* proxy.status/POOL */
	struct str pool;
	struct str proxies, healthy, requests, failures; /* JSON numbers */
	struct str reason;
};

struct type_provider_status { /* provider.status/NAME */
	struct str provider;
	struct str budget, used, left; /* JSON numbers */
	struct str resets;	       /* RFC 3339 */
	bool healthy;
	struct str reason;
};

extern const struct shape shape_proxy, shape_provider;
extern const struct shape shape_proxy_status, shape_provider_status;

#define WAY_DIRECT "direct" /* no pool's or provider's id */
enum {
	WAY_MAX = 8, /* ways that a watch names */
	POOL_PROXIES_MAX = 64,
};

/*
 * What a shape cannot say of the ways to a site: each proxy is an http, https,
 * socks5 or socks5h URL of host and port alone; a provider's URL is http or
 * https, holds {url}, and {key} if and only if there is a key, and no other
 * placeholder; one request costs no more than the budget; errors are statuses
 * such as 429 or 5xx; a watch's via names each way once. -1 with *e:
 * EX_DATAERR.
 */
int proxy_check(const struct type_proxy *p, struct err *e);
int provider_check(const struct type_provider *p, struct arena *a,
		   struct err *e);
int via_check(const struct shape_list *via, struct err *e);

#endif
