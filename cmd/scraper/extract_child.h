#ifndef SCRAPER_EXTRACT_CHILD_H
#define SCRAPER_EXTRACT_CHILD_H

/*
 * extract_child - the process that extracts: documents in, observations out.
 *
 * It is this very program, started anew, so that nothing of the scraper's
 * memory (secrets, the ledger, what other sites said) is in it; it has no
 * environment, and one descriptor, by which it is asked and answers
 * (extract_wire.h). It goes into the sandbox before it is asked for the first
 * time. A document that ends it costs that document only; one that takes too
 * long is the parent's to end (extract_pool.h).
 *
 * Compiled configurations are kept, the last EXTRACT_CHILD_CONFIGS of them. A
 * process whose memory has grown ends itself between two documents, with
 * status 0.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

enum {
	EXTRACT_CHILD_CONFIGS = 256,
	EXTRACT_CHILD_GROWN = 4,      /* may keep a quarter of its memory */
	EXTRACT_CHILD_NO_MEMORY = 71, /* its status, as in xmem.h */
};

/*
 * The arguments that make a program one: argv[0], EXTRACT_CHILD_ARG and bytes
 * of memory.
 */
#define EXTRACT_CHILD_ARG "--extractor"
bool extract_child_asked(int argc, char **argv);

/* In main(), before all else. Does not return. Descriptor 0 is the parent. */
_Noreturn void extract_child_main(char **argv);

#endif
