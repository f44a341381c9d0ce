#ifndef GATEWAY_LEAVE_H
#define GATEWAY_LEAVE_H

/*
 * leave - going away without anybody losing anything: at the end, and when the
 * process makes way for a newer program (SIGUSR2).
 *
 * Clients are told to come back, each after another time, and from where. Those
 * of Socket.IO cannot be told, and come back by themselves after 0.5 to 1.5 s,
 * if nothing else is set: they are let go one after the other instead. To make
 * way, the new program is first asked whether it takes the configuration; then
 * new connections wait in the listening socket's queue, requests that are under
 * way are answered, and the program is executed with that socket, the seats of
 * Socket.IO's clients (seats.h), and the same process id.
 */
#include "gateway.h"

enum {
	LEAVE_RETRY_MIN_MS = 500, /* after which clients come back */
	LEAVE_RETRY_MAX_MS = 4000,
	LEAVE_CHECK_MS = 10000, /* for the new program's word */
	LEAVE_WAIT_MS = 12000, /* for answers: longer than the store may take */
	LEAVE_LOOK_MS = 10,
	LEAVE_LET_GO = 10,	/* Socket.IO's sessions, each time; */
	LEAVE_LET_GO_MS = 2000, /* more, where it would take longer */
};

struct leave;

/*
 * The program, as it was started; argv lives as long as the process. From now
 * on until leave_new(), signals that would end it wait.
 */
void leave_init(char **argv);

struct leave *leave_new(struct gateway *g, struct err *e);
void leave_free(struct leave **lp);

/* From the first to the last: to be answered, but not to begin anything. */
bool leave_is_leaving(const struct leave *l);

/* Why the loop has ended: to execute the program. */
bool leave_is_done(const struct leave *l);

/* Tell all clients that we go away. */
void leave_tell(struct gateway *g, uint16_t code);

/* What is left to the program; -1: none. */
struct leave_fds {
	int listening;
	int seats; /* socketio_live_hand_over() */
};

/*
 * Execute the program with these, which are taken. Returns only where that
 * cannot be done, with *e; they can be taken again then.
 */
void leave_execute(const struct leave_fds *fds, struct err *e);

#endif
