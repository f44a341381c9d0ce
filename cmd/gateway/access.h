#ifndef GATEWAY_ACCESS_H
#define GATEWAY_ACCESS_H

/*
 * access - who a connection is, and what it may read and write.
 *
 * What may be read and written is said in patterns (event.h). A pattern is
 * covered by another that is the same, or a prefix of it. On top of that:
 *
 * - user.notification/USER, and what is below it, is read by USER alone, who
 *   needs no pattern for it. So is nothing read that would contain it for
 *   others: "", "user.", "user.notification/".
 * - Settings (watch.set and the like) are written by admins only, everything
 *   else by publishers and admins.
 * - Topics that start with '$' are the tools' own, and never written.
 *
 * The owner of the machine (loopback without authentication, or --token-file)
 * may do everything else, and reads everybody's notifications.
 *
 * Pure: no clock, no sockets. Counted references, one thread. Once made, it
 * does not change, so that many connections share one.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

#include "patterns.h"

struct event;

enum {
	ACCESS_USER_MAX = 128, /* bytes */
	ACCESS_KEY_LEN = 32,   /* bytes of an API key's hash */
	ACCESS_GRACE_S = 30,   /* clocks differ by so much, and who has expired
				  may bring another token for so long */
};

#define ACCESS_NEVER INT64_MAX /* it does not expire */

enum access_role { ACCESS_VIEWER, ACCESS_PUBLISHER, ACCESS_ADMIN };

struct access {
	unsigned refs;
	struct str user; /* absent: nobody in particular; has a NUL behind it */
	enum access_role role;
	bool owner;
	struct patterns reads, writes; /* topics' patterns; "$stats/", too */
	int64_t expires_us;	       /* wall clock (clk.h), or ACCESS_NEVER */
	uint8_t key[ACCESS_KEY_LEN];   /* keys.h; zeros: it came with none */
};

/*
 * With one reference. The user (absent or checked) is copied; the rest is for
 * the caller to fill in, before anybody else has it: zeroed, but that it never
 * expires.
 */
struct access *access_new(struct str user);
void access_set_user(struct access *a, struct str user);
/* The owner's, who may do everything. */
struct access *access_new_owner(void);

struct access *access_hold(struct access *a); /* returns a */
void access_drop(struct access **ap);	      /* NULL is fine */

/*
 * 0 if s can be a user: 1 to ACCESS_USER_MAX bytes of UTF-8 without spaces,
 * control characters and '/', not ending in '.', not starting with '$' (a name
 * is the last part of a topic, and must be no pattern for others). -1 with *e:
 * EX_DATAERR.
 */
int access_check_user(struct str s, struct err *e);

const char *access_role_name(enum access_role role);
bool access_role_parse(struct str s, enum access_role *role_r);

/*
 * Let it read (or write, where that is what p is) what a pattern says. -1 with
 * *e (EX_DATAERR): not a pattern, or too many.
 */
int access_grant(struct patterns *p, struct str pattern, struct err *e);

/* ---- what it may ---- */

/* Has no name, and came without a token. */
bool access_is_nobody(const struct access *a);
/* All that the pattern matches, be it a topic or a prefix. */
bool access_reads(const struct access *a, struct str pattern);
/* An event of this topic. */
bool access_writes(const struct access *a, struct str topic);
/* Change watches, rules, searches, silences; see and end connections. */
bool access_administers(const struct access *a);
/* Counters and states of the processes: who reads "$stats/" or everything. */
bool access_reads_stats(const struct access *a);
/* Anything at all: for what has no topic (blobs). */
bool access_reads_some(const struct access *a);

/* As above, of all n; -1 with *e (EX_NOPERM): which not, and why. */
int access_check_reads(const struct access *a, const struct str *pattern,
		       size_t n, struct err *e);
int access_check_writes(const struct access *a, struct str topic,
			struct err *e);

/*
 * The whole event: its topic, and that it is well formed (type_check). A
 * session.start that says what the chat is becomes a watch.set, and is as much
 * of a setting. -1 with *e: EX_NOPERM, EX_DATAERR.
 */
int access_check_event(const struct access *a, const struct event *ev,
		       struct err *e);

/* Every pattern that it may read something of, added to *p_r. */
void access_patterns(const struct access *a, struct patterns *p_r);

/*
 * What a query that names no topics is about: all that it may read, into *p_r,
 * which is empty. -1 with *e (EX_NOPERM) where patterns cannot say that, or
 * where it is nothing.
 */
int access_readable(const struct access *a, struct patterns *p_r,
		    struct err *e);

/* The same user, rights and end. */
bool access_same(const struct access *a, const struct access *b);

/* Its time is over, and its grace, too. */
bool access_expired(const struct access *a, int64_t now_us);

#endif
