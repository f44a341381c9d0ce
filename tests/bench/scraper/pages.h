#ifndef BENCH_SCRAPER_PAGES_H
#define BENCH_SCRAPER_PAGES_H

/*
 * pages - documents as large and as nested as real ones: what is looked for is
 * a small part of them. The same each time.
 */
#include "common/buf.h"

void page_product(struct buf *b);	   /* 100 KB, one offer */
void page_list(struct buf *b, unsigned n); /* 100 KB with 50 entries */
void page_feed(struct buf *b, unsigned n); /* RSS 2.0 */
void page_json(struct buf *b, unsigned n);

#endif
