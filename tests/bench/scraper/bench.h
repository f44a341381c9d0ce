#ifndef BENCH_SCRAPER_H
#define BENCH_SCRAPER_H

/*
 * What the parts of bench/scraper share. Each prints one JSON object, figures
 * beside the machine's own limit or what is wanted, and passes no judgement.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	WEB_PAGES_MAX = 10000,
	WEB_LATE_MS = 10000, /* slots of its histogram; the last is "more" */
};

/* ---- util.c ---- */

_Noreturn void die(const char *what);

double cpu_of(pid_t pid); /* seconds of all its threads; -1: it is gone */
/* Memory of pid and its children that is in no file, in MiB. */
double private_mib(pid_t pid);
/* What pid has in memory, in MiB, its share of what others have as well. */
double share_mib(pid_t pid);
/* Run on this CPU only, where there is more than one. */
void pin(int cpu);
void kill_wait(pid_t pid, int signo);

/* A directory of its own for journals and files, removed by bench_end(). */
const char *bench_dir(void);
void bench_end(void);

/*
 * Start a tool of the system in bench_dir(); where `ready` is text, wait until
 * its log says so. argv ends in NULL; argv[0] is a name like "store".
 */
pid_t start_tool(const char *bin, const char *const *argv, const char *ready,
		 int cpu);

/* ---- web.c: a server of pages that never change ---- */

/*
 * GET /p/N answers 304 to whoever has seen the page, on any of n_hosts
 * addresses (127.1.x.y) and one port. It judges each request against the
 * client's schedule: page N is that of the watch "pN" with the interval
 * every_ms, so that after an answer it is known when the next one must come.
 */
struct web {
	_Atomic unsigned long same, others, accepts;
	_Atomic unsigned long late[WEB_LATE_MS + 1]; /* by whole ms */
	_Atomic unsigned run; /* changed: all pages are seen anew */
	int64_t every_ms;
	unsigned n_hosts, port;
};

pid_t web_start(struct web *w, int cpu); /* w: memory that is shared */
struct web *web_new(unsigned n_hosts, int64_t every_ms);
/* The URL of page n. */
const char *web_url(const struct web *w, unsigned n, char out[64]);
void web_reset_counts(struct web *w);
/* The lateness that so much of all (0.99) has at most, ms. */
unsigned web_late_ms(const struct web *w, double share);

/* ---- bare.c: libcurl's multi interface in libuv, and nothing else ---- */

/*
 * Fetch n_pages in turn for ever, `handles` at a time; per_second: no more
 * than so many, evenly spread; 0: as many as can be. Does not return.
 */
_Noreturn void bare_run(const struct web *w, unsigned n_pages, unsigned handles,
			double per_second);

/* ---- the parts ---- */

void bench_rate(const char *bin, bool quick);
void bench_schedule(const char *bin, bool quick);
void bench_extract(const char *bin, bool quick);
void bench_hostile(const char *bin, bool quick);
void bench_memory(const char *bin, unsigned minutes);

#endif
