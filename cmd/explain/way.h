#ifndef EXPLAIN_WAY_H
#define EXPLAIN_WAY_H

/*
 * way - how an event came about, and what came of it.
 *
 * Backwards along `cause`, with the alert that a notification tells of;
 * forwards to all whose cause is on the way; and at each step the settings that
 * were in force then: of a watch where something was read, of a rule or search
 * where something was decided.
 */
#include "common/journal.h"

enum {
	WAY_DEPTH_MAX = 16,  /* causes of causes */
	WAY_STEPS_MAX = 500, /* of one way; what is beyond is left out */
};

enum way_role {
	WAY_IN_FORCE, /* a setting, when the step after it was made */
	WAY_CAUSE,
	WAY_ASKED, /* the one that is explained */
	WAY_FOLLOWS,
};
const char *way_role_name(enum way_role r);

struct way_step {
	struct event ev;
	enum way_role role;
};

struct way {
	struct arena arena; /* of all that the steps hold */
	struct way_step *v;
	size_t n, cap;
	struct str lost; /* a cause that was not found, "SOURCE ID" */
	bool more;	 /* more follows than there was room for */
	bool cut;	 /* not all that may follow was looked at */
};

/*
 * The way of the event at an offset; look: how many events are looked at in
 * each direction. 1; 0: there is no such event; -1 with *e.
 */
int way_find(struct way *w, struct journal *j, uint64_t offset, uint64_t look,
	     struct err *e);
void way_free(struct way *w);

#endif
