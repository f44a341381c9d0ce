#ifndef SCRAPER_TRY_EXTRACT_H
#define SCRAPER_TRY_EXTRACT_H

/*
 * try_extract - one extraction by hand, without network or memory of before:
 * `weir-scraper --try extract --watch JSON [--base-url URL] <document`.
 */
#include <stdio.h>

#include "common/err.h"

#include "extract_pool.h"

/*
 * As the scraper does it, in a process of its own, within the limits of conf.
 *
 * Read a document from in, extract as the watch says (its members kind,
 * extract, url and item.currency count), and write the observation to out as
 * one line of JSON; items that were found make it "changed". base_url may be
 * NULL: the watch's url, if it has one. 0, or -1 with *e: EX_DATAERR or
 * EX_CONFIG for the watch (also where its program does not compile), EX_IOERR
 * for the streams.
 */
int try_extract(const char *watch_json, const char *base_url,
		const struct extract_pool_conf *conf, FILE *in, FILE *out,
		struct err *e);

/*
 * Compile the programs of an extract as above, and read nothing. 0, or -1 with
 * *e: EX_CONFIG and what the program's language says, EX_OSERR.
 */
int try_programs(struct str kind, struct str extract,
		 const struct extract_pool_conf *conf, struct err *e);

#endif
