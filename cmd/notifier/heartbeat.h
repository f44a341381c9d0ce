#ifndef NOTIFIER_HEARTBEAT_H
#define NOTIFIER_HEARTBEAT_H

/*
 * heartbeat - tell an address that all is well, again and again, so that
 * somebody outside notices when it is not, or when nobody is left to say it.
 *
 * A GET each `every_ms` while vitals.h finds nothing wrong. Otherwise nothing
 * at all or, with `fail`, a POST to the address with "/fail" at the end of its
 * path, and what is wrong as its body. The address may hold a secret: no log
 * shows it. What the receiver answers changes nothing but log and counters.
 */
#include "common/loop.h"
#include "common/opt.h"
#include "common/stats.h"

struct heartbeat;

enum {
	HEARTBEAT_TIMEOUT_MS = 10 * 1000,
	HEARTBEAT_FIRST_MS = 5 * 1000, /* at most, until the first one */
};

struct heartbeat_conf {
	const char *url; /* http or https; borrowed, as all here */
	int64_t every_ms;
	bool fail;
	const struct opt_list *needs; /* tools that must be heard of */
};

/* Its first beat comes with the first clock. NULL with *e. */
struct heartbeat *heartbeat_new(struct loop *l,
				const struct heartbeat_conf *conf,
				struct stats *stats, struct err *e);
void heartbeat_free(struct heartbeat **hp);

/* What there is to be said of the system. */
void heartbeat_clock(struct heartbeat *h);
void heartbeat_heard(struct heartbeat *h, struct str tool);
void heartbeat_stale(struct heartbeat *h, size_t watches);

#endif
