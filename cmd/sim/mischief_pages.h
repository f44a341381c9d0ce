#ifndef SIM_MISCHIEF_PAGES_H
#define SIM_MISCHIEF_PAGES_H

/*
 * mischief_pages - pages that are no pages of the shop, and pages that say the
 * same in another way each time. For mischief.c's table.
 */
#include "site.h"

/* ---- instead of a page ---- */

void page_challenge(struct visit *v, struct str rest); /* "CODE/" */
void page_login(struct visit *v, struct str rest); /* leads to page_form() */
void page_form(struct visit *v, struct str rest);
void page_consent(struct visit *v, struct str rest);
void page_missing(struct visit *v, struct str rest); /* "not found", with 200 */
void page_priced(struct visit *v, struct str rest);  /* ?url= is the price */
void page_pdf(struct visit *v, struct str rest);
void page_many(struct visit *v, struct str rest); /* "N/": a list of so many */

/* ---- in front of a page ---- */

void page_as(struct visit *v, struct str rest); /* "TYPE/path" */
void page_nuls(struct visit *v, struct str rest);
void page_shuffle(struct visit *v, struct str rest);
void page_double(struct visit *v, struct str rest);
void page_sessions(struct visit *v, struct str rest);

#endif
