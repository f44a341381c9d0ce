#ifndef BOT_GUEST_H
#define BOT_GUEST_H

/*
 * guest - who may use the bot, and for what: lines "ID ROLE [USER]".
 *
 * ID is that of a person or, below 0, of a group, where everybody then has
 * this role. USER is who they are for weir: whose searches, silences and
 * alerts; "default" where it is not said.
 */
#include <stdint.h>

#include "common/opt.h"
#include "common/str.h"

enum { GUESTS_MAX = 256 };

enum role {
	ROLE_READER, /* looks at prices, lists and charts */
	ROLE_EDITOR, /* changes watches, and what is one's own */
	ROLE_ADMIN,  /* changes what is others', too */
};

struct guest {
	int64_t id;
	enum role role;
	struct str user;
};

struct guests {
	struct guest v[GUESTS_MAX];
	size_t n;
};

/* Borrows from the lines. -1 with *e: EX_CONFIG, which line and why. */
int guests_parse(const struct opt_list *lines, struct guests *g_r,
		 struct err *e);

/* The person, else the group; NULL: neither is known. */
const struct guest *guests_find(const struct guests *g, int64_t from,
				int64_t chat);

#endif
