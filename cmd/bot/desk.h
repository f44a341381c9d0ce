#ifndef BOT_DESK_H
#define BOT_DESK_H

/*
 * desk - one command at work: who asks, with what, and the answer so far.
 *
 * A command changes nothing itself: it publishes what the API would, judged at
 * the same door (type_check), with `actor` and `update` as further attributes,
 * which say who wanted it and which update it came with.
 */
#include "common/types_watch.h"

#include "bot.h"
#include "errand.h"
#include "reply.h"
#include "update.h"

struct desk {
	struct bot *bot;
	struct stage *stage;
	struct arena *a;
	const struct guest *who;
	const struct update *up;
	struct reply reply; /* sent at the end, if it has a text */
	const char *toast;  /* of a press */
};

struct command {
	const char *name, *args, *help;
	enum role role; /* at least this one */
	int (*run)(struct desk *d, struct str args, struct err *e);
};

/* Those of each file, ending in one without a name. */
extern const struct command look_commands[], watch_commands[], own_commands[];

/* What buttons do: they begin with these; the rest is in d->up->text. */
extern const struct command look_buttons[], watch_buttons[], own_buttons[];

/*
 * Publish: 1, it is on its way; 0, it cannot be, and the reply says why; -1
 * with *e.
 */
int desk_emit(struct desk *d, const char *type, struct str id, struct str data,
	      struct err *e);

/*
 * The watch that somebody means by its id, that of its item, or a part of its
 * name: 1; 0, and the reply says why; -1 with *e.
 */
int desk_find_watch(struct desk *d, struct str name, struct type_watch *w_r,
		    struct err *e);

/* Publish a watch that was changed. As desk_emit(). */
int desk_set_watch(struct desk *d, const struct type_watch *w, struct err *e);

/* "79.90 EUR", or "no price". */
void desk_price(struct desk *d, struct str price, struct str currency);
/* What a watch is called. */
struct str desk_name(const struct type_watch *w);

#endif
