#include "child.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/xmem.h"

#include "cmd/scraper/extract_pool.h"

#include "bench.h"

enum {
	BATCH = 16,  /* rounds over all documents between two looks at clocks */
	AT_ONCE = 8, /* documents that are asked for, as in a busy scraper */
};

struct child {
	struct loop *loop;
	struct extract_pool *pool;
	const struct wire_request *docs;
	size_t n, next;
	size_t unasked, left;
	size_t items;
	pid_t pid;
};

static void ask_next(struct child *ch);

static void on_extracted(void *arg, const struct extracted *x)
{
	struct child *ch = arg;

	ch->items += x->o->n_items;
	ask_next(ch);
	if (--ch->left == 0)
		loop_stop(ch->loop);
}

static void ask_next(struct child *ch)
{
	if (ch->unasked == 0)
		return;
	ch->unasked--;
	extract_pool_run(ch->pool, &ch->docs[ch->next], on_extracted, ch);
	ch->next = (ch->next + 1) % ch->n;
}

static void ask_all(struct child *ch, size_t times)
{
	ch->items = 0;
	ch->left = ch->unasked = times * ch->n;
	for (int i = 0; i < AT_ONCE; i++)
		ask_next(ch);
	loop_run(ch->loop);
	loop_rearm(ch->loop);
}

/* The one process that we have started. */
static pid_t child_pid(void)
{
	FILE *f = fopen("/proc/thread-self/children", "r");
	int pid = 0;

	if (!f || fscanf(f, "%d", &pid) != 1)
		die("/proc/thread-self/children");
	fclose(f);
	return pid;
}

static double cpu_of_both(const struct child *ch)
{
	return cpu_of(getpid()) + cpu_of(ch->pid);
}

struct child *child_start(const struct wire_request *docs, size_t n,
			  size_t *items_r)
{
	const struct extract_pool_conf conf = { 1, 60000, 512 << 20 };
	struct child *ch = xcalloc(1, sizeof(*ch));
	struct err e;

	ch->docs = docs;
	ch->n = n;
	ch->loop = loop_new(&e);
	if (!ch->loop)
		die(e.msg);
	ch->pool = extract_pool_new(ch->loop, NULL, &conf);
	ask_all(ch, 1);
	*items_r = ch->items;
	ch->pid = child_pid();
	return ch;
}

double child_rate(struct child *ch, double seconds)
{
	double from = cpu_of_both(ch), took, done = 0;

	while ((took = cpu_of_both(ch) - from) < seconds) {
		ask_all(ch, BATCH);
		done += (double)(BATCH * ch->n);
	}
	return done / took;
}

double child_mib(const struct child *ch)
{
	return share_mib(ch->pid);
}

void child_stop(struct child **chp)
{
	extract_pool_free(&(*chp)->pool);
	loop_free(&(*chp)->loop);
	free(*chp);
	*chp = NULL;
}
