#ifndef BENCH_GATEWAY_CROWD_H
#define BENCH_GATEWAY_CROWD_H

/*
 * crowd - many clients of one server, in processes of their own, that read as
 * fast as they can and count. One client in CROWD_SAMPLE notes how long each
 * event took from CROWD_STAMP in its text.
 *
 * What goes wrong ends the program with a line on standard error.
 */
#include <stdint.h>

#include "wire.h"

#define CROWD_STAMP "\"t\":\"" /* 16 hexadecimal digits follow: ns, monotonic */

enum {
	CROWD_PROCESSES_MAX = 16,
	CROWD_SAMPLE = 16,
	CROWD_ADDRESS = 4000, /* clients that come from one 127.0.0.x */
};

struct crowd;

/* Crowds made from now on know commits from this file (commits.h). */
void crowd_see_commits(const char *path);

/* Returns at once; crowd_count() tells how many are ready. */
struct crowd *crowd_new(const struct wire_kind *kind, uint16_t port,
			unsigned clients, unsigned processes);
void crowd_free(struct crowd **cp);

struct crowd_counts {
	unsigned ready;	     /* clients that were answered */
	unsigned gone;	     /* clients whose connection has ended */
	uint64_t deliveries; /* events, of all */
	/* Of an event on the wire, as the sampled clients have seen it since
	   crowd_forget(): the mean; 0 if they have seen none. */
	unsigned frame_size;
};
struct crowd_counts crowd_count(const struct crowd *c);

/*
 * From when an event was published, and from when the commit that it is in was
 * done, where the server is weir's.
 */
enum crowd_latency { CROWD_PUBLISHED, CROWD_COMMITTED, CROWD_LATENCIES };

/*
 * Latencies since the last crowd_forget(), in microseconds, as the sampled
 * clients see them. False: none are known.
 */
void crowd_forget(struct crowd *c);
bool crowd_latency(const struct crowd *c, enum crowd_latency of, double percent,
		   uint64_t *us_r);

_Noreturn void die(const char *what); /* with errno */
uint64_t now_ns(void);		      /* monotonic */

#endif
