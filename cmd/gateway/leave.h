#ifndef GATEWAY_LEAVE_H
#define GATEWAY_LEAVE_H

/*
 * leave - going away without anybody losing anything: at the end, and when the
 * process makes way for a newer program (SIGUSR2).
 *
 * Clients are told to come back, each after another time, and from where. To
 * make way, the new program is first asked whether it takes the configuration;
 * then new connections wait in the listening socket's queue, requests that are
 * under way are answered, and the program is executed with that socket and the
 * same process id.
 */
#include "gateway.h"

enum {
	LEAVE_RETRY_MIN_MS = 500, /* after which clients come back */
	LEAVE_RETRY_MAX_MS = 4000,
	LEAVE_WAIT_MS = 12000, /* for answers: longer than the store may take */
	LEAVE_LOOK_MS = 10,
};

struct leave;

/* The program, as it was started; argv lives as long as the process. */
void leave_init(char **argv);

struct leave *leave_new(struct gateway *g, struct err *e);
void leave_free(struct leave **lp);

/* From the first to the last: to be answered, but not to begin anything. */
bool leave_is_leaving(const struct leave *l);

/* Why the loop has ended: to execute the program. */
bool leave_is_done(const struct leave *l);

/* Tell all clients that we go away. */
void leave_tell(struct gateway *g, uint16_t code);

/*
 * Execute the program with the listening socket, which is taken. Returns only
 * where that cannot be done, with *e; the socket can be taken again then.
 */
void leave_execute(int listening_fd, struct err *e);

#endif
