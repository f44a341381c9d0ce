#ifndef SCRAPER_TRY_EXTRACT_H
#define SCRAPER_TRY_EXTRACT_H

/*
 * try_extract - one extraction by hand, without network or memory of before:
 * `weir-scraper --try extract --watch JSON [--base-url URL] <document`.
 */
#include <stdio.h>

#include "common/err.h"

/*
 * Read a document from in, extract as the watch says (its members kind,
 * extract, url and item.currency count), and write the observation to out as
 * one line of JSON; items that were found make it "changed". base_url may be
 * NULL: the watch's url, if it has one. 0, or -1 with *e: EX_DATAERR or
 * EX_CONFIG for the watch, EX_IOERR for the streams.
 */
int try_extract(const char *watch_json, const char *base_url, FILE *in,
		FILE *out, struct err *e);

#endif
