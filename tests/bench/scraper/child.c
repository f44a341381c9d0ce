#include "child.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/scraper/extract_pool.h"

#include "bench.h"

enum {
	BATCH = 16,  /* rounds over all documents between two looks at clocks */
	AT_ONCE = 8, /* documents that are asked for, as in a busy scraper */
};

struct asker {
	struct loop *loop;
	struct extract_pool *pool;
	const struct wire_request *docs;
	size_t n, next;
	size_t unasked, left;
	size_t items;
};

static void ask_next(struct asker *a);

static void on_extracted(void *arg, const struct extracted *x)
{
	struct asker *a = arg;

	a->items += x->o->n_items;
	ask_next(a);
	if (--a->left == 0)
		loop_stop(a->loop);
}

static void ask_next(struct asker *a)
{
	if (a->unasked == 0)
		return;
	a->unasked--;
	extract_pool_run(a->pool, &a->docs[a->next], on_extracted, a);
	a->next = (a->next + 1) % a->n;
}

static void ask_all(struct asker *a, size_t times)
{
	a->items = 0;
	a->left = a->unasked = times * a->n;
	for (int i = 0; i < AT_ONCE; i++)
		ask_next(a);
	loop_run(a->loop);
	loop_rearm(a->loop);
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

static double cpu_of_both(pid_t child)
{
	return cpu_of(getpid()) + cpu_of(child);
}

struct through child_measure(const struct wire_request *docs, size_t n,
			     unsigned rounds, double seconds)
{
	const struct extract_pool_conf conf = { 1, 60000, 512 << 20 };
	struct through t = { 0 };
	struct err e;
	struct asker a = { .loop = loop_new(&e), .docs = docs, .n = n };
	pid_t child;

	if (!a.loop)
		die(e.msg);
	a.pool = extract_pool_new(a.loop, NULL, &conf);
	ask_all(&a, 1);
	t.items = a.items;
	child = child_pid();
	for (unsigned i = 0; i < rounds; i++) {
		double from = cpu_of_both(child), took, done = 0;

		while ((took = cpu_of_both(child) - from) < seconds) {
			ask_all(&a, BATCH);
			done += (double)(BATCH * n);
		}
		if (done / took > t.per_cpu_second)
			t.per_cpu_second = done / took;
	}
	t.mib = share_mib(child);
	extract_pool_free(&a.pool);
	loop_free(&a.loop);
	return t;
}
