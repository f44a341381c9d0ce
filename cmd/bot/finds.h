#ifndef BOT_FINDS_H
#define BOT_FINDS_H

/*
 * finds - what was looked up, with a button for each, until one is pressed or
 * FINDS_KEPT_S are over. Rows "f/TIME-SEQ" of the ledger.
 */
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/str.h"

enum { FINDS_KEPT_S = 7 * 86400 };

struct bot;

/* finds: as lookup_finds() gives them. Inside a transaction. */
int finds_offer(struct bot *b, int64_t chat, struct str kind, struct str query,
		struct str finds, struct err *e);

struct find {
	struct str url, title, kind;
};

/*
 * What a button stands for: "f:KEY:N". 1; 0: it is not there any more; -1.
 */
int finds_get(struct bot *b, struct str data, struct arena *a,
	      struct find *find_r, struct err *e);

#endif
