#include "watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "common/xmem.h"

#include "outside.h"
#include "soak.h"

enum { LOOK_US = 500 * 1000 };

struct look {
	size_t heap, held;
};

static struct look *looks; /* the thread's, until it has ended */
static size_t n_looks, cap_looks;
static atomic_bool ends, anew;
static pthread_t thread;

static void *run(void *arg)
{
	struct look look;

	(void)arg;
	while (!ends) {
		if (atomic_exchange(&anew, false))
			n_looks = 0;
		if (outside_heap(soak.port, &look.heap, &look.held) && !anew) {
			xgrow(&looks, &cap_looks, n_looks, sizeof(*looks));
			looks[n_looks++] = look;
		}
		usleep(LOOK_US);
	}
	return NULL;
}

void watch_begin(void)
{
	pthread_create(&thread, NULL, run, NULL);
}

void watch_anew(void)
{
	anew = true;
}

struct watched watch_end(void)
{
	struct watched w = { 0 };

	ends = true;
	pthread_join(thread, NULL);
	for (size_t i = 0; i < n_looks; i++) {
		bool late = 2 * i >= n_looks;
		struct watch_half *half = &w.half[late];
		size_t own = looks[i].heap - looks[i].held;
		size_t least = late ? own : looks[i].heap;

		if (half->n++ == 0 || least < half->least)
			half->least = least;
		if (own > half->most)
			half->most = own;
		if (looks[i].held > w.held)
			w.held = looks[i].held;
	}
	return w;
}
