#ifndef ALERTER_TIMELINE_H
#define ALERTER_TIMELINE_H

/*
 * timeline - for each alert, when it is told and why not sooner, as a person
 * reads it. What is written here is what dispatch does, at the places where it
 * does it. All take NULL: nobody looks.
 */
#include <stdint.h>

#include "common/err.h"
#include "common/types_alert.h"

#include "notice.h"
#include "plan.h"

enum { TIMELINE_ALERTS_MAX = 10000 }; /* then only how many more there are */

struct timeline;

struct timeline *timeline_new(void);
void timeline_free(struct timeline **tp);

void timeline_fires(struct timeline *tl, const struct type_alert *alert,
		    int64_t at_us);
void timeline_waits(struct timeline *tl, struct str id, int64_t at_us,
		    struct plan p, const struct user *u);
void timeline_inhibited(struct timeline *tl, struct str id, int64_t at_us);
void timeline_told(struct timeline *tl, struct str id, int64_t at_us,
		   const struct notice *what, struct str user);
void timeline_acked(struct timeline *tl, struct str id, int64_t at_us,
		    bool undone);
void timeline_over(struct timeline *tl, struct str id, int64_t at_us);

/* Add all alerts, in the order in which they fired. */
void timeline_draw(const struct timeline *tl, struct buf *b);

#endif
