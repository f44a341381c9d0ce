#ifndef GATEWAY_LISTENER_H
#define GATEWAY_LISTENER_H

/*
 * listener - take TCP connections from an address that several processes may
 * share (SO_REUSEPORT).
 *
 * Sockets are handed over non-blocking, without delay (TCP_NODELAY), with a
 * bounded send buffer. A peer that has not taken anything of what was sent for
 * LISTENER_GIVE_UP_MS is gone (TCP_USER_TIMEOUT). When descriptors have run out
 * it pauses for a moment; when connections come faster than they may, the
 * system's queue holds those that must wait.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/err.h"
#include "common/loop.h"

enum {
	LISTENER_SLICE = 64,	     /* connections taken in one turn */
	LISTENER_SNDBUF = 128 << 10, /* bytes the kernel may hold for each */
	LISTENER_PAUSE_MS = 100,
	LISTENER_GIVE_UP_MS = 300 * 1000,
	LISTENER_BACKLOG = 4096,
};

struct listener;

struct listener_conf {
	struct loop *loop;
	const char *address; /* IPv4 or IPv6, as text */
	uint16_t port;	     /* 0: any free one */
	int fd;		     /* listens already, is taken: where; or -1 */
	int64_t rate;	     /* connections a second, 0: no limit */
	/* Takes the descriptor. */
	void (*accepted)(void *arg, int fd, const struct sockaddr_storage *sa);
	/* More than the rate allows are waiting. */
	void (*delayed)(void *arg);
	/* One could not be taken. */
	void (*failed)(void *arg);
	void *arg;
};

/* EX_CONFIG for a bad address, EX_UNAVAILABLE for one that is taken. */
struct listener *listener_new(const struct listener_conf *conf, struct err *e);
void listener_free(struct listener **lp);

uint16_t listener_port(const struct listener *l);

/* Another socket listened there before, and connections go to one of them. */
bool listener_is_shared(const struct listener *l);

/* Take no more from now on. */
void listener_stop(struct listener *l);

/* Another descriptor of its socket; -1: there is none to be had. */
int listener_dup(const struct listener *l);

#endif
