#ifndef COMMON_DB_PAGES_H
#define COMMON_DB_PAGES_H

/*
 * db_pages - is every page of an LMDB file there? For db.c only.
 *
 * LMDB maps the file and trusts it: a page behind its end kills the process
 * (SIGBUS), a wrong one may end it in an assertion. A file may rightly be a
 * few pages shorter than its meta page says, if the last ones were allocated
 * and freed in one transaction, so its length alone does not tell.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Follow the trees of one snapshot (mdb_txn_id() of a transaction that is held
 * meanwhile) through the file, with reads and not through the map. False if a
 * page that they lead to is not in the file or is none. True also where the
 * snapshot's meta page was overwritten: then a writer is at work on it, who
 * has looked at the file himself.
 */
bool db_pages_are_there(int fd, size_t page_size, uint64_t txn_id);

/*
 * True if the file has no database yet: it is empty, or its creation was cut
 * short before it was synced: two pages at most, not both of them meta pages,
 * and none that tells of a transaction.
 */
bool db_pages_are_unborn(int fd, size_t page_size);

#endif
