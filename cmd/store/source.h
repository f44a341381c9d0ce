#ifndef STORE_SOURCE_H
#define STORE_SOURCE_H

/*
 * source - the last sequence number of each producer, in memory.
 *
 * A cache of the journal's sources table, and what one batch has to tell each
 * of them. After an aborted transaction it is cleared and read again.
 */
#include "common/journal.h"

struct source {
	struct str name;
	uint64_t hash;
	uint64_t last; /* accepted, with those of the open batch */
	bool transient;
	bool moved;   /* its row changed in this batch */
	bool touched; /* it is owed an acknowledgement */
	bool hello;   /* it is owed the answer that bears nonce */
	char nonce[33];
	struct source *next_touched;
};

struct sources;

struct sources *sources_new(size_t max);
void sources_free(struct sources **sp);
void sources_clear(struct sources *s);

/* The entry of a name, read from the journal if need be; NULL with *e. */
struct source *sources_find(struct sources *s, struct journal *j,
			    struct str name, struct err *e);

/* Put it on the list of those that this batch answers. */
void sources_touch(struct sources *s, struct source *src);
struct source *sources_touched(const struct sources *s);

/* The batch is over: empty that list; forget all where there are too many. */
void sources_settle(struct sources *s);

#endif
