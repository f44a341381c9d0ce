#ifndef GATEWAY_LOBBY_H
#define GATEWAY_LOBBY_H

/*
 * lobby - connections that have not said yet what they want.
 *
 * A connection waits here until the head of its first request is in the
 * socket's buffer whole. Until then it costs a few words of memory, however
 * slowly it comes; the server behind it holds 16 KiB for each head that it
 * reads. All wait equally long at most. Nothing is read, only looked at.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/loop.h"

enum {
	LOBBY_WAIT_MS = 20 * 1000, /* a first head must be here in full; 408 */
	LOBBY_SLICE = 64, /* connections that are looked at in a turn */
};

struct lobby;

struct lobby_conf {
	struct loop *loop;
	bool is_tls; /* the head is not to be seen: its first byte will do */
	size_t head_max;
	/* It is no longer here, its head is. Takes the descriptor. */
	void (*ready)(void *arg, int fd, void *user);
	/*
	 * It goes without: it has ended (late: false), or its time has come to
	 * an end. Takes the descriptor.
	 */
	void (*gone)(void *arg, int fd, void *user, bool late);
	void *arg;
};

/* NULL with *e: EX_OSERR. */
struct lobby *lobby_new(const struct lobby_conf *conf, struct err *e);
/* Those that wait are gone. */
void lobby_free(struct lobby **lp);

/* May call ready() or gone() at once. */
void lobby_add(struct lobby *l, int fd, void *user);

/* Whoever has waited longest is gone, late; false: nobody waits. */
bool lobby_make_room(struct lobby *l);

size_t lobby_count(const struct lobby *l);

#endif
