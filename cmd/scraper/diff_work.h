#ifndef SCRAPER_DIFF_WORK_H
#define SCRAPER_DIFF_WORK_H

/* diff_work - inside diff*.c: one observation being compared. */
#include "common/decimal.h"

#include "diff.h"

struct work {
	const struct diff_watch *w;
	const struct watch_state *before;
	const struct observation *o;
	int64_t now_s;
	struct arena *a;
	struct watch_state *after;
	struct diff *d;
	size_t cap; /* of d->events */
	struct trails trails;
};

/*
 * Add an event to those of the observation; item and before are for the caller
 * to set. Valid until the next one.
 */
struct diff_event *diff_say(struct work *k, const char *type,
			    struct str subject, const struct shape *shape,
			    const void *data);

/*
 * Texts, one after the other, as one hash; amounts that are equal count as the
 * same text. Never 0.
 */
struct diff_hash {
	char text[DECIMAL_TEXT_MAX];
	uint64_t sum;
};
void diff_hash_text(struct diff_hash *h, struct str s);
void diff_hash_amount(struct diff_hash *h, struct str s);
uint64_t diff_hash_end(const struct diff_hash *h);

/* What is said now; what is not said stays as it was. */
static inline struct str diff_now(struct str known, struct str now)
{
	return now.p ? now : known;
}

/* An item as it is remembered. */
struct known diff_known(const struct item *it);

void diff_price(struct work *k);
void diff_list(struct work *k);
void diff_page(struct work *k);

#endif
