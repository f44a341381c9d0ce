#ifndef SIM_MISCHIEF_LISTS_H
#define SIM_MISCHIEF_LISTS_H

/*
 * mischief_lists - what is well-formed and misleads: lists that never end or
 * that are filled up, prices that depend on who asks. For mischief.c's table
 * and site.c.
 */
#include "site.h"

void page_endless_list(struct visit *v, struct str rest); /* ?page=N: any N */
void page_similar(struct visit *v, struct str rest); /* "N/": and others' ads */
void page_locale(struct visit *v, struct str rest);  /* by Accept-Language */
void page_ab(struct visit *v, struct str rest); /* one price, then another */

#endif
