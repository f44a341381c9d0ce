#ifndef COMMON_BUS_H
#define COMMON_BUS_H

/*
 * bus - messages of three frames (topic, attributes, data) over ZeroMQ
 * PUB/SUB.
 *
 * Delivery is best effort: sending never blocks, and whoever does not keep up
 * loses messages. Completeness comes from above: producers are acknowledged
 * (producer.h), consumers compare offsets and read the journal (follow.h).
 * One thread per bus. Nothing here logs.
 *
 * Topics that begin with '$' are messages of the bus itself; `attrs` are words
 * between single spaces:
 *
 *	$hello		SOURCE NONCE FLAGS	producer to store; FLAGS: - or t
 *						(a transient source)
 *	$ack/SOURCE/	LAST EPOCH NONCE	store to producer; NONCE only in
 *						the answer to a hello, else -
 *	$head		EPOCH OFFSET TIME	store to all, every second
 *	$pos		STAGE EPOCH OFFSET	stage to store: consumed so far
 *	$stats/TOOL/ID	-			counters, data is JSON; passed on
 *	$presence/...	-			passed on
 */
#include <stdbool.h>

#include "common/err.h"
#include "common/event.h"
#include "common/str.h"

enum {
	BUS_WINDOW = 1024,     /* events in flight per producer, at most */
	BUS_INGEST_HWM = 8192, /* messages queued per producer */
	BUS_FEED_HWM = 8192,   /* messages queued per consumer */
	BUS_FRAME_MAX = 300
			<< 10, /* bytes; a peer that sends more is cut off */
	BUS_PATH_MAX = 107,    /* bytes of an ipc path (sun_path) */
};

enum bus_role {
	BUS_PRODUCER, /* connects to ingest, sends */
	BUS_CONSUMER, /* connects to feed, receives what it subscribed to */
	BUS_INGEST,   /* binds ingest, receives everything */
	BUS_FEED,     /* binds feed, sends */
};

struct bus;
struct bus_sock;

/* One per process. */
struct bus *bus_new(struct err *e);
void bus_free(struct bus **busp); /* after its sockets */

/*
 * The endpoint to use: `given` where it is not NULL, else the ipc socket
 * DIR/run/NAME. Paths too long for a socket address are reached through
 * /proc/self/fd of their directory, which stays open with the bus.
 */
int bus_endpoint(struct bus *bus, const char *given, const char *dir,
		 const char *name, char out[BUS_PATH_MAX + 8], struct err *e);

/*
 * EX_CONFIG for a malformed endpoint, EX_OSERR otherwise. Binding an ipc path
 * takes it from whoever had it: hold a lock first.
 */
struct bus_sock *bus_open(struct bus *bus, enum bus_role role,
			  const char *endpoint, struct err *e);
void bus_close(struct bus_sock **sp);

/* BUS_CONSUMER only: topics that start with prefix. */
int bus_subscribe(struct bus_sock *s, struct str prefix, struct err *e);

/* Send one message; without a peer, or with a full one, it is dropped. */
int bus_send(struct bus_sock *s, struct str topic, struct str attrs,
	     struct str data, struct err *e);

/* One received message; its frames live until the next bus_recv() into it. */
struct bus_msg {
	struct str topic, attrs, data;
	_Alignas(8) unsigned char frame[3][64]; /* bus.c's own */
};
void bus_msg_init(struct bus_msg *m);
void bus_msg_fini(struct bus_msg *m);

/*
 * Never blocks. 1: a message; 0: none is there; -1 with *e: EX_DATAERR, it
 * had not three frames and was dropped; EX_OSERR.
 */
int bus_recv(struct bus_sock *s, struct bus_msg *m, struct err *e);

/*
 * Send topic and data of a received message again, with other attributes.
 * Takes the two frames out of m, without a copy; attrs may be m's own.
 */
int bus_forward(struct bus_sock *s, struct bus_msg *m, struct str attrs,
		struct err *e);

/*
 * The descriptor that becomes readable when something *may* be there. It is
 * edge-triggered: after it, and after every bus_send() on the same socket,
 * bus_recv() until 0.
 */
int bus_fd(struct bus_sock *s);

/* Block until a message is there, timeout_ms passed or a signal came. */
void bus_wait(struct bus_sock *s, int timeout_ms);

#endif
