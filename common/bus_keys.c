#include "common/bus_keys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/lines.h"
#include "common/secret.h"
#include "common/str.h"

/* ---- endpoints ---- */

static bool is_tcp(const char *endpoint)
{
	return endpoint && str_starts(str_from(endpoint), STR("tcp://"));
}

enum { BUS_HOST_MAX = 256 };

/* "127.0.0.1" of "tcp://127.0.0.1:7001"; false where there is no such part. */
static bool get_host(const char *endpoint, char host_r[BUS_HOST_MAX])
{
	const char *host = endpoint + strlen("tcp://");
	const char *colon = strrchr(host, ':');

	return colon && str_copy(host_r, BUS_HOST_MAX,
				 (struct str){ host, (size_t)(colon - host) });
}

/* Names other than localhost may be anything. */
static bool is_loopback(const char *host)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

/* ZeroMQ binds no names: it would look for an interface that is called so. */
static bool can_be_bound(const char *host)
{
	struct in_addr v4;

	return strcmp(host, "*") == 0 || host[0] == '[' ||
	       inet_pton(AF_INET, host, &v4) == 1;
}

static int check_endpoint(const struct opt_common *c, const char *option,
			  const char *endpoint, struct err *e)
{
	char host[BUS_HOST_MAX];

	if (!endpoint || str_starts(str_from(endpoint), STR("ipc://")))
		return 0;
	if (!is_tcp(endpoint))
		return err_set(e, EX_CONFIG,
			       "%s: %s: neither ipc:// nor tcp://", option,
			       endpoint);
	if (!get_host(endpoint, host))
		return err_set(e, EX_CONFIG, "%s: %s: not tcp://HOST:PORT",
			       option, endpoint);
	if (c->is_store && !can_be_bound(host))
		return err_set(e, EX_CONFIG,
			       "%s: %s: the store binds an address or *, not a "
			       "name",
			       option, endpoint);
	if (c->curve_key || is_loopback(host))
		return 0;
	return err_set(e, EX_CONFIG,
		       "%s: %s: not beyond this machine without keys "
		       "(--curve-key, --curve-peers)",
		       option, endpoint);
}

/* ---- files ---- */

/* Which keys are looked for in a file, and what was found. */
struct search {
	const char *kind; /* "public" or "secret" */
	const char *key;  /* this one, or NULL for any */
	char found[BUS_KEY_LEN + 1];
	unsigned n;
};

/* Five characters are 32 bits; some that look like it are more. */
static bool is_key(struct str s)
{
	const char chars[] = "0123456789abcdefghijklmnopqrstuvwxyz"
			     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     ".-:+=^!/*?&<>()[]{}@%$#";
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++) {
		const char *at = s.p[i] ? strchr(chars, s.p[i]) : NULL;

		if (!at)
			return false;
		v = (i % 5 ? v * 85 : 0) + (uint64_t)(at - chars);
		if (v > UINT32_MAX)
			return false;
	}
	return s.len == BUS_KEY_LEN;
}

static int take_line(struct search *s, struct str line, struct err *e)
{
	struct str rest, key, kind;

	line = str_trim(line);
	if (line.len == 0 || line.p[0] == '#')
		return 0;
	kind = str_cut(line, ' ', &rest);
	key = str_cut(rest, ' ', &rest);
	if ((!str_is(kind, "public") && !str_is(kind, "secret")) ||
	    !is_key(key))
		return err_set(e, EX_CONFIG,
			       "'public KEY' or 'secret KEY' expected");
	if (strcmp(s->kind, "public") == 0 && str_is(kind, "secret"))
		return err_set(e, EX_CONFIG,
			       "a secret key, where only public ones belong");
	if (!str_is(kind, s->kind) || (s->key && !str_is(key, s->key)))
		return 0;
	str_copy(s->found, sizeof(s->found), key);
	s->n++;
	return 0;
}

/* Takes fd. */
static int search(int fd, const char *path, struct search *s, struct err *e)
{
	struct lines lines;
	struct str line;
	int rc;

	lines_init(&lines, fd, BUS_KEY_LINE_MAX);
	while ((rc = lines_next(&lines, &line, e)) > 0)
		if (take_line(s, line, e)) {
			err_prefix(e, "line %llu",
				   (unsigned long long)lines.number);
			rc = -1;
			break;
		}
	if (rc < 0) {
		e->code = EX_CONFIG;
		err_prefix(e, "%s", path);
	}
	if (lines.buf.p)
		explicit_bzero(lines.buf.p, lines.buf.cap);
	lines_fini(&lines);
	close(fd);
	return rc;
}

static int search_public(const char *path, struct search *s, struct err *e)
{
	int fd = secret_open_public(path, e);

	s->kind = "public";
	return fd < 0 ? -1 : search(fd, path, s, e);
}

static int read_own(const char *path, struct bus_keys *keys, struct err *e)
{
	struct search s = { .kind = "secret" };
	int fd = secret_open(path, e);

	if (fd < 0 || search(fd, path, &s, e))
		return -1;
	memcpy(keys->secret, s.found, sizeof(s.found));
	explicit_bzero(s.found, sizeof(s.found));
	if (s.n != 1)
		return err_set(e, EX_CONFIG, "%s: one secret key expected",
			       path);
	return 0;
}

/* The store only looks whether its file can be read: it may still grow. */
static int read_peers(const struct opt_common *c, struct bus_keys *keys,
		      struct err *e)
{
	struct search s = { .n = 0 };

	if (search_public(c->curve_peers, &s, e))
		return -1;
	if (c->is_store) {
		keys->peers = c->curve_peers;
		return 0;
	}
	memcpy(keys->store, s.found, sizeof(s.found));
	if (s.n != 1)
		return err_set(e, EX_CONFIG,
			       "%s: one public key expected, the store's",
			       c->curve_peers);
	return 0;
}

int bus_keys_read(const struct opt_common *c, struct bus_keys *keys_r,
		  struct err *e)
{
	*keys_r = (struct bus_keys){ .peers = NULL };
	if (!c->curve_key != !c->curve_peers)
		return err_set(e, EX_CONFIG,
			       "curve-key and curve-peers go together");
	if (check_endpoint(c, "ingest", c->ingest, e) ||
	    check_endpoint(c, "feed", c->feed, e))
		return -1;
	if (!c->curve_key || (!is_tcp(c->ingest) && !is_tcp(c->feed)))
		return 0;
	if (read_own(c->curve_key, keys_r, e))
		return err_prefix(e, "curve-key");
	if (read_peers(c, keys_r, e))
		return err_prefix(e, "curve-peers");
	return 0;
}

void bus_keys_wipe(struct bus_keys *keys)
{
	explicit_bzero(keys, sizeof(*keys));
}

int bus_keys_has(const char *path, const char *key, struct err *e)
{
	struct search s = { .key = key };

	return search_public(path, &s, e) ? -1 : s.n > 0;
}
