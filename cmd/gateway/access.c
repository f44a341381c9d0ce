#include "access.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/event.h"
#include "common/types.h"
#include "common/xmem.h"

/* Below it, each user's own. */
#define PRIVATE "user.notification/"

/* ---- life ---- */

static void free_user(struct access *a)
{
	free((char *)(uintptr_t)a->user.p);
}

void access_set_user(struct access *a, struct str user)
{
	free_user(a);
	a->user = (struct str){ xstrndup(user.p, user.len), user.len };
}

struct access *access_new(struct str user)
{
	struct access *a = xcalloc(1, sizeof(*a));

	a->refs = 1;
	a->expires_us = ACCESS_NEVER;
	if (user.p)
		access_set_user(a, user);
	return a;
}

struct access *access_new_owner(void)
{
	struct access *a = access_new((struct str){ 0 });

	a->owner = true;
	a->role = ACCESS_ADMIN;
	patterns_add(&a->reads, STR(""));
	patterns_add(&a->writes, STR(""));
	return a;
}

struct access *access_hold(struct access *a)
{
	a->refs++;
	return a;
}

void access_drop(struct access **ap)
{
	struct access *a = *ap;

	*ap = NULL;
	if (!a || --a->refs > 0)
		return;
	patterns_free(&a->reads);
	patterns_free(&a->writes);
	free_user(a);
	free(a);
}

int access_check_user(struct str s, struct err *e)
{
	if (s.len == 0 || s.len > ACCESS_USER_MAX)
		return err_set(e, EX_DATAERR, "a user has 1 to %d bytes",
			       ACCESS_USER_MAX);
	if (pattern_check(s, NULL) || str_chr(s, '/') != (size_t)-1 ||
	    s.p[s.len - 1] == '.')
		return err_set(e, EX_DATAERR,
			       "a user has no space, no control character, no "
			       "'/', no '$' at its start and no '.' at its "
			       "end");
	return 0;
}

/* ---- roles and patterns ---- */

static const char *const roles[] = {
	[ACCESS_VIEWER] = "viewer",
	[ACCESS_PUBLISHER] = "publisher",
	[ACCESS_ADMIN] = "admin",
};

const char *access_role_name(enum access_role role)
{
	return roles[role];
}

bool access_role_parse(struct str s, enum access_role *role_r)
{
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (str_is(s, roles[i])) {
			*role_r = (enum access_role)i;
			return true;
		}
	return false;
}

int access_grant(struct patterns *p, struct str pattern, struct err *e)
{
	if (!str_is(pattern, "$stats/") && pattern_check(pattern, e))
		return -1;
	if (!patterns_add(p, pattern))
		return err_set(e, EX_DATAERR, "more than %d patterns",
			       PATTERNS_MAX);
	return 0;
}

/* One that is a topic is matched; one that is a prefix begins with another. */
static bool covers(const struct patterns *p, struct str pattern)
{
	return patterns_match(p, pattern);
}

/* ---- reading ---- */

/* It matches notifications of all users. */
static bool has_private(struct str pattern)
{
	return pattern_is_prefix(pattern) && str_starts(STR(PRIVATE), pattern);
}

static bool is_private(struct str pattern)
{
	return str_starts(pattern, STR(PRIVATE));
}

/* USER, or what is below USER/. */
static bool is_own(const struct access *a, struct str pattern)
{
	struct str rest;
	struct str user = str_cut(
		str_sub(pattern, sizeof(PRIVATE) - 1, pattern.len), '/', &rest);

	return a->user.p && str_eq(user, a->user);
}

bool access_is_nobody(const struct access *a)
{
	return !a->owner && !a->user.p;
}

bool access_reads(const struct access *a, struct str pattern)
{
	return access_check_reads(a, &pattern, 1, NULL) == 0;
}

static int check_read(const struct access *a, struct str pattern, struct err *e)
{
	struct str shown = str_utf8_prefix(pattern, 64);

	if (a->owner)
		return 0;
	if (has_private(pattern))
		return err_set(e, EX_NOPERM,
			       "'%.*s' would contain the notifications of "
			       "other users",
			       STR_ARG(shown));
	if (is_private(pattern) && !is_own(a, pattern))
		return err_set(e, EX_NOPERM,
			       "'%.*s' is for another user's notifications",
			       STR_ARG(shown));
	if (is_private(pattern))
		return 0;
	if (!covers(&a->reads, pattern))
		return err_set(e, EX_NOPERM, "'%.*s' may not be read %s",
			       STR_ARG(shown),
			       access_is_nobody(a) ? "without a token"
						   : "with this token");
	return 0;
}

int access_check_reads(const struct access *a, const struct str *pattern,
		       size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (check_read(a, pattern[i], e))
			return -1;
	return 0;
}

bool access_reads_stats(const struct access *a)
{
	return access_administers(a) || covers(&a->reads, STR("$stats/"));
}

bool access_reads_some(const struct access *a)
{
	return a->reads.n > 0;
}

/* Its own notifications are readable without a pattern; see is_own(). */
static void add_own(const struct access *a, struct patterns *p)
{
	struct buf b = { 0 };

	buf_puts(&b, PRIVATE);
	buf_add_str(&b, a->user);
	patterns_add(p, buf_str(&b));
	buf_free(&b);
}

void access_patterns(const struct access *a, struct patterns *p)
{
	for (size_t i = 0; i < a->reads.n; i++) {
		struct str one = a->reads.v[i];

		if (str_starts(one, STR("$")))
			continue;
		if (a->owner || has_private(one) || !is_private(one) ||
		    is_own(a, one))
			patterns_add(p, one);
	}
	if (a->user.p && !patterns_match(p, STR("")))
		add_own(a, p);
}

int access_readable(const struct access *a, struct patterns *p, struct err *e)
{
	access_patterns(a, p);
	for (size_t i = 0; i < p->n; i++) {
		if (a->owner || !has_private(p->v[i]))
			continue;
		err_set(e, EX_NOPERM,
			"topics must be named: '%.*s' would contain the "
			"notifications of other users",
			STR_ARG(p->v[i]));
		patterns_free(p);
		return -1;
	}
	if (p->n == 0)
		return err_set(e, EX_NOPERM,
			       "nothing may be read without a token");
	return 0;
}

/* ---- writing ---- */

static bool is_setting(struct str topic)
{
	struct str subject, type = str_cut(topic, '/', &subject);

	return str_ends(type, STR(".set"));
}

bool access_administers(const struct access *a)
{
	return a->role == ACCESS_ADMIN;
}

bool access_writes(const struct access *a, struct str topic)
{
	return access_check_writes(a, topic, NULL) == 0;
}

int access_check_writes(const struct access *a, struct str topic, struct err *e)
{
	struct str shown = str_utf8_prefix(topic, 64);

	if (str_starts(topic, STR("$")))
		return err_set(e, EX_NOPERM, "'%.*s' is the tools' own",
			       STR_ARG(shown));
	if (a->role == ACCESS_VIEWER)
		return err_set(e, EX_NOPERM, "the role viewer writes nothing");
	if (is_setting(topic) && !access_administers(a))
		return err_set(e, EX_NOPERM,
			       "'%.*s' is a setting, for the role admin",
			       STR_ARG(shown));
	if (!covers(&a->writes, topic))
		return err_set(e, EX_NOPERM,
			       "'%.*s' may not be written with this token",
			       STR_ARG(shown));
	return 0;
}

static bool defines_chat(const struct event *ev)
{
	struct type_session t = { .reason = { 0 } };
	struct arena mem = { 0 };
	bool defines;

	if (!event_is(ev, "session.start"))
		return false;
	defines =
		shape_decode(&shape_session_start, ev->data, &t, &mem, NULL) ||
		t.watch.url.p;
	arena_free(&mem);
	return defines;
}

int access_check_event(const struct access *a, const struct event *ev,
		       struct err *e)
{
	if (access_check_writes(a, ev->topic, e) || type_check(ev, e))
		return -1;
	if (!access_administers(a) && defines_chat(ev))
		return err_set(e, EX_NOPERM,
			       "what says what a chat is is a setting, for the "
			       "role admin");
	return 0;
}

/* ---- comparing ---- */

static bool same_patterns(const struct patterns *a, const struct patterns *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!str_eq(a->v[i], b->v[i]))
			return false;
	return true;
}

bool access_same(const struct access *a, const struct access *b)
{
	return a->owner == b->owner && a->role == b->role &&
	       a->expires_us == b->expires_us && str_eq(a->user, b->user) &&
	       same_patterns(&a->reads, &b->reads) &&
	       same_patterns(&a->writes, &b->writes);
}

bool access_expired(const struct access *a, int64_t now_us)
{
	return a->expires_us != ACCESS_NEVER &&
	       a->expires_us + ACCESS_GRACE_S * INT64_C(1000000) <= now_us;
}
