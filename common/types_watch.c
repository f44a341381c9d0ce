#include "common/types.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/cron.h"
#include "common/json.h"
#include "common/xmem.h"

/* The parts of a URL that name a watch. */
struct place {
	struct str host, port, path;
	bool more; /* a query or a fragment follows */
};

static size_t span(struct str s, const char *stops)
{
	size_t n = 0;

	while (n < s.len && !strchr(stops, s.p[n]))
		n++;
	return n;
}

static int read_place(struct str url, struct place *p, struct err *e)
{
	bool mock = str_starts(url, STR("mock:"));
	struct str rest = str_sub(url, str_chr(url, ':') + 1, url.len);
	struct str authority = STR("mock");
	size_t n;

	if (!mock) {
		rest = str_sub(rest, 2, rest.len);
		n = span(rest, "/?#");
		authority = str_sub(rest, 0, n);
		rest = str_sub(rest, n, rest.len);
	}
	if (str_chr(authority, '@') != (size_t)-1)
		return err_set(e, EX_DATAERR,
			       "url: must not hold a user name or password");
	n = authority.len && authority.p[0] == '[' ? span(authority, "]") : 0;
	n += span(str_sub(authority, n, authority.len), ":");
	p->host = str_sub(authority, 0, n);
	p->port = str_sub(authority, n + 1, authority.len);
	n = span(rest, "?#");
	p->path = str_sub(rest, 0, n);
	p->more = n < rest.len;
	if (p->host.len == 0)
		return err_set(e, EX_DATAERR, "url: has no host");
	if (mock && p->path.len == 0)
		return err_set(e, EX_DATAERR, "url: mock: without a name");
	return 0;
}

/* Gathers an id; notes where it says less than what it was made from. */
struct naming {
	char text[WATCH_ID_TEXT];
	size_t len;
	bool lossy;
};

static void add_char(struct naming *n, char c)
{
	if (n->len == sizeof(n->text))
		n->lossy = true;
	else
		n->text[n->len++] = c;
}

static void add_part(struct naming *n, struct str part, bool is_path)
{
	for (size_t i = 0; i < part.len; i++) {
		char c = part.p[i];

		if (!is_path && c >= 'A' && c <= 'Z')
			c = (char)(c + 'a' - 'A');
		if (is_path && c == '/') {
			add_char(n, '_');
			continue;
		}
		if ((is_path && c == '_') ||
		    !str_is_id((struct str){ &c, 1 })) {
			n->lossy = true;
			c = '-';
		}
		add_char(n, c);
	}
}

static struct str make_id(struct str url, const struct place *p,
			  struct arena *a)
{
	struct naming n = { .lossy = p->more };
	char out[WATCH_ID_TEXT + 16];
	int len;

	add_part(&n, p->host, false);
	if (p->port.len) {
		add_char(&n, '.');
		add_part(&n, p->port, false);
	}
	if (str_starts(url, STR("mock:")))
		add_char(&n, '_');
	add_part(&n, p->path, true);
	while (n.len > 1 && n.text[n.len - 1] == '_')
		n.len--; /* "/" at the end is the same page almost everywhere */
	len = snprintf(out, sizeof(out), "%.*s", (int)n.len, n.text);
	if (n.lossy)
		len += snprintf(out + len, sizeof(out) - (size_t)len, "-%08x",
				(unsigned)(str_hash(url) >> 32));
	return arena_str(a, (struct str){ out, (size_t)len });
}

static struct str make_source(struct str host, struct arena *a)
{
	struct naming n = { .len = 0 };

	add_part(&n, host, false);
	return arena_str(a, (struct str){ n.text, n.len });
}

/* Does a request header of this name carry a secret? */
static bool is_secret(struct str name)
{
	static const char *const parts[] = { "cookie", "auth",	   "token",
					     "secret", "key",	   "session",
					     "passw",  "signature" };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct str part = str_from(parts[i]);

		for (size_t k = 0; k + part.len <= name.len; k++)
			if (str_eq_nocase(str_sub(name, k, k + part.len), part))
				return true;
	}
	return false;
}

/* {"file":NAME} and nothing beside it, where a secret could stand. */
static bool names_file(struct str value)
{
	struct json_iter it = json_iter(value);

	return json_type_of(value) == JSON_OBJECT && json_next(&it) &&
	       str_is(it.key, "file") &&
	       json_type_of(it.value) == JSON_STRING && !json_next(&it);
}

static int check_header(struct str name, struct str value, struct err *e)
{
	if (names_file(value))
		return 0;
	if (is_secret(name))
		return err_set(e, EX_DATAERR,
			       "must not be in the watch; put it into a file "
			       "of the secrets directory and write "
			       "{\"file\":NAME}");
	if (json_type_of(value) != JSON_STRING)
		return err_set(e, EX_DATAERR,
			       "neither a string nor {\"file\":NAME}");
	return 0;
}

static int check_headers(struct str headers, struct arena *a, struct err *e)
{
	struct json_iter it = json_iter(headers);

	while (headers.p && json_next(&it)) {
		struct str name = json_name(it.key, a);

		if (check_header(name, it.value, e))
			return err_prefix(e, "headers: %.*s",
					  STR_ARG(str_utf8_prefix(name, 64)));
	}
	return 0;
}

static int check_cron(struct str expr, struct err *e)
{
	struct cron cron;

	if (!expr.p || cron_parse(expr, &cron, e) == 0)
		return 0;
	if (e)
		e->code = EX_DATAERR;
	return err_prefix(e, "cron");
}

int watch_complete(struct type_watch *w, struct arena *a, struct err *e)
{
	bool mock = str_starts(w->url, STR("mock:"));
	struct place place = { .more = false };

	if (read_place(w->url, &place, e) || check_headers(w->headers, a, e) ||
	    check_cron(w->cron, e))
		return -1;
	if (w->every.p && w->cron.p)
		return err_set(e, EX_DATAERR, "cron: every is there, too");
	if (!w->kind.p)
		w->kind = mock ? STR("mock") : STR("product");
	if (mock != str_is(w->kind, "mock"))
		return err_set(e, EX_DATAERR, "kind: %.*s does not go with %s",
			       STR_ARG(w->kind),
			       mock ? "a mock: URL" : "an http URL");
	if (!w->id.p)
		w->id = make_id(w->url, &place, a);
	if (!w->source.p)
		w->source = make_source(place.host, a);
	if (mock || str_is(w->kind, "product"))
		w->item.present = true;
	if (w->item.present && !w->item.id.p)
		w->item.id = w->id;
	return 0;
}
