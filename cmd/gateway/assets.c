#include "assets.h"

#include <stdio.h>

#include "api.h"
#include "http.h"

/*
 * Nothing but our own scripts and styles; pictures from wherever a listing
 * says (never with our address as the referrer).
 */
#define POLICY                                                                \
	"Content-Security-Policy: default-src 'none'; script-src 'self'; "    \
	"style-src 'self'; connect-src 'self'; img-src 'self' http: https:; " \
	"manifest-src 'self'; base-uri 'none'; form-action 'self'; "          \
	"frame-ancestors 'none'\r\n"                                          \
	"Referrer-Policy: no-referrer\r\n"                                    \
	"Cross-Origin-Opener-Policy: same-origin\r\n"                         \
	"Cross-Origin-Resource-Policy: same-origin\r\n"                       \
	"Permissions-Policy: camera=(), microphone=(), geolocation=()\r\n"

static const struct asset *find(struct str path)
{
	if (str_is(path, "/"))
		path = STR("/index.html");
	for (size_t i = 0; i < n_assets; i++)
		if (str_is(path, assets[i].path))
			return &assets[i];
	return NULL;
}

bool api_has_asset(struct str path)
{
	return find(path) != NULL;
}

/* A list such as "gzip, deflate;q=0.5"; "gzip;q=0" refuses it. */
static bool takes_gzip(struct str accept)
{
	struct str one;

	while (str_token(&accept, ",", &one)) {
		struct str q, name = str_trim(str_cut(one, ';', &q));

		if (str_eq_nocase(name, STR("gzip")))
			return !str_starts(str_trim(q), STR("q=0")) ||
			       str_find(q, STR("q=0.")) != (size_t)-1;
	}
	return false;
}

void api_asset(struct gateway *g, struct net_conn *c,
	       const struct net_request *r, struct str rest)
{
	const struct asset *a = find(r->path);
	char headers[1024];
	struct net_answer answer = { .status = 200, .headers = headers };
	bool gzip;

	(void)g;
	(void)rest;
	if (!a) {
		http_problem(c, 404, "there is nothing here");
		return;
	}
	gzip = a->gzip_len && takes_gzip(r->accept_encoding);
	snprintf(headers, sizeof(headers),
		 "ETag: %s\r\nCache-Control: no-cache\r\n"
		 "Vary: Accept-Encoding\r\n%s%s",
		 a->etag, gzip ? "Content-Encoding: gzip\r\n" : "", POLICY);
	if (http_has_etag(r, a->etag)) {
		answer.status = 304;
		net_answer(c, &answer);
		return;
	}
	answer.type = a->type;
	answer.body = (struct str){ (const char *)(gzip ? a->gzip : a->plain),
				    gzip ? a->gzip_len : a->plain_len };
	net_answer(c, &answer);
}
