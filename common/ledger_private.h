#ifndef COMMON_LEDGER_PRIVATE_H
#define COMMON_LEDGER_PRIVATE_H

/* What ledger.c and ledger_queue.c share. */
#include "common/db.h"
#include "common/ledger.h"
#include "common/shelf.h"

/*
 * Identities are numbered: generation 1 is the first, and each generation has
 * its source and its own sequence of ids. The outbox is keyed by generation
 * and id; `sending` is the lowest generation that has entries, or the current
 * one.
 *
 * From opening on until the store has said what it has of an identity, nothing
 * of it is sent, and the row known/N keeps the highest id that was sent before,
 * over restarts, too. So if this is an old copy, what was added to it is told
 * from what the store has under the same ids.
 *
 * What is acknowledged leaves the table with the next commit that is made
 * anyway, so that an acknowledgement costs no sync of its own. What a crash
 * leaves behind is sent again, and dropped by the store.
 */
struct ledger {
	struct ledger_conf conf;
	char tool[64], fixed[EVENT_SOURCE_MAX];
	struct db *db;
	db_table meta, state, outbox;
	struct shelf memory; /* of a scratch one: the state */
	struct db_txn *txn;  /* the write transaction */
	struct db_txn *read; /* for handing out the outbox */
	bool reading;
	uint32_t current, sending;
	struct identity {
		char source[EVENT_SOURCE_MAX + 1];
		uint64_t first, last; /* ids that wait: first..last */
		uint64_t stored;      /* lowest id in the outbox table */
		uint64_t known;	      /* the highest that may have been sent */
		bool unasked;	      /* row known/N is there */
	} * id;			      /* by generation - 1 */
	size_t id_cap;
	struct position position;
};

/* The key of a generation's event in the table, in the caller's bytes. */
struct str ledger_outbox_key(uint32_t generation, uint64_t id, char out[12]);

/* *ev_r borrows from val. -1 with *e: EX_DATAERR. */
int ledger_outbox_read(const struct ledger *l, struct str key, struct str val,
		       struct event *ev_r, struct err *e);

/* Begin a new identity; inside a transaction. */
int ledger_new_identity(struct ledger *l, struct err *e);

#endif
