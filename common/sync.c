#include "common/sync.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "common/xmem.h"

struct sync_all {
	struct sync_one *v;
	size_t n;
	atomic_size_t next;
};

static void *sync_some(void *arg)
{
	struct sync_all *all = arg;
	size_t i;

	while ((i = atomic_fetch_add(&all->next, 1)) < all->n)
		all->v[i].error = fsync(all->v[i].fd) ? errno : 0;
	return NULL;
}

void sync_together(struct sync_one *v, size_t n)
{
	struct sync_all all = { .v = v, .n = n };
	pthread_t threads[SYNC_THREADS - 1];
	size_t n_threads = 0;
	sigset_t every, was;

	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &was);
	while (n_threads < ARRAY_LEN(threads) && n_threads < n / SYNC_EACH &&
	       atomic_load(&all.next) < n &&
	       pthread_create(&threads[n_threads], NULL, sync_some, &all) == 0)
		n_threads++;
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	sync_some(&all);
	while (n_threads > 0)
		pthread_join(threads[--n_threads], NULL);
}
