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

#include "common/bus_keys.h"
#include "common/err.h"
#include "common/event.h"
#include "common/str.h"

enum {
	BUS_WINDOW = 1024,     /* events in flight per producer, at most */
	BUS_INGEST_HWM = 8192, /* messages queued per producer */
	BUS_FEED_HWM = 8192,   /* messages queued per consumer */
	BUS_FRAME_MAX = 300
			<< 10,	 /* bytes; a peer that sends more is cut off */
	BUS_HANDSHAKE_MS = 3000, /* over tcp; who takes longer is cut off */
	BUS_PATH_MAX = 107,	 /* bytes of an ipc path (sun_path) */
};

enum bus_role {
	BUS_PRODUCER, /* connects to ingest, sends */
	BUS_CONSUMER, /* connects to feed, receives what it subscribed to */
	BUS_INGEST,   /* binds ingest, receives everything */
	BUS_FEED,     /* binds feed, sends */
};

struct bus;
struct bus_sock;

/*
 * One per process. Endpoints and keys are those of common, which must live as
 * long. EX_CONFIG for an endpoint that may not be used and for keys that cannot
 * be read (bus_keys.h), EX_OSERR otherwise.
 */
struct bus *bus_new(const struct opt_common *common, struct err *e);
void bus_free(struct bus **busp); /* after its sockets */

/*
 * Open the role's end, ingest or feed: an ipc socket in DIR/run where no
 * endpoint is given. Paths too long for a socket address are reached through
 * /proc/self/fd of their directory, which stays open with the bus. Whoever
 * binds PATH of an ipc endpoint holds a lock on PATH.lock until the bus is
 * freed. EX_CONFIG for a malformed endpoint, EX_TEMPFAIL for one in use,
 * EX_OSERR otherwise.
 */
struct bus_sock *bus_open(struct bus *bus, enum bus_role role, struct err *e);
void bus_close(struct bus_sock **sp);

/* False once the ipc socket that was bound was removed or replaced. */
bool bus_in_place(const struct bus_sock *s);

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

/*
 * For the store, once a turn: answer one client that asks to be let in with
 * its key. 1: it may; 0: nobody asks; -1 with *e: it was turned away, and who
 * (EX_NOPERM), or that the file of keys cannot be read.
 */
int bus_admit(struct bus *bus, struct err *e);

/*
 * Make a key pair in a new file that only its owner may read. -1 with *e:
 * EX_CANTCREAT (it exists), EX_IOERR.
 */
int bus_keygen(const char *path, char public_r[BUS_KEY_LEN + 1], struct err *e);

/*
 * Block until a message is there or somebody asks to be let in, timeout_ms
 * passed or a signal came.
 */
void bus_wait(struct bus_sock *s, int timeout_ms);

#endif
