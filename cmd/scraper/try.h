#ifndef SCRAPER_TRY_H
#define SCRAPER_TRY_H

/*
 * try - single parts of the scraper as filters, without a network.
 *
 * Each reads lines from the descriptor of `in` (of which nothing was read yet)
 * and writes one line for each to `out`, flushed one by one. A line that is not
 * understood is logged with its number and answered with nulls, or an empty
 * line; the result is then EX_DATAERR, once all was read. 0, or -1 with *e:
 * EX_DATAERR also for a schedule that cannot be, EX_USAGE for a bad argument,
 * EX_NOINPUT for a robots.txt that cannot be opened, EX_IOERR.
 */
#include <stdio.h>

#include "common/err.h"

#include "extract_pool.h"

enum { TRY_LINE_MAX = 1 << 20 }; /* bytes; a longer line is a bad one */

/*
 * In: a text a line; a line that starts with '{' is JSON instead,
 * {"text":…,"currency_hint":…}, where both may be null. Out:
 * {"amount":"1250.60","currency":"EUR"}, with nulls where there is none.
 */
int try_price(FILE *in, FILE *out, struct err *e);

/*
 * In: definitions of watches, JSON. Out: {"id":"…"}, with the id that it has or
 * that is made for it; null where the scraper would refuse it, with the words
 * in which it would. What secret files hold is not looked at.
 */
int try_watch(const struct extract_pool_conf *conf, FILE *in, FILE *out,
	      struct err *e);

/*
 * In: URLs, or paths that begin with '/'. Out: "allow" or "deny", by the file
 * for the agent; an empty line for an empty one.
 */
int try_robots(const char *agent, const char *robots_file, FILE *in, FILE *out,
	       struct err *e);

/*
 * Out: up to `count` times after `from` (RFC 3339; without a zone or time of
 * day it is local), with the offset of tz ("" or NULL: UTC). Fewer where the
 * schedule ends.
 */
int try_cron(const char *expr, const char *from, unsigned long count,
	     const char *tz, FILE *out, struct err *e);

#endif
