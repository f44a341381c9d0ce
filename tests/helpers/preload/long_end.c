/*
 * Preloaded: libwebsockets takes three seconds to end, as it does with many
 * connections on a busy machine. What is due by then comes while all ends.
 */
#include <dlfcn.h>
#include <time.h>

#include <libwebsockets.h>

void lws_context_destroy(struct lws_context *c)
{
	static void (*real)(struct lws_context *);

	if (!real) {
		nanosleep(&(struct timespec){ .tv_sec = 3 }, NULL);
		*(void **)&real = dlsym(RTLD_NEXT, "lws_context_destroy");
	}
	real(c);
}
