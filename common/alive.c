#include "common/alive.h"

#include <stdlib.h>

#include "common/notify.h"
#include "common/xmem.h"

struct alive {
	struct loop_timer *timer;
};

static void on_timer(void *arg)
{
	struct alive *a = arg;

	notify("WATCHDOG=1");
	loop_timer_start(a->timer, ALIVE_MS);
}

struct alive *alive_new(struct loop *loop)
{
	struct alive *a = xcalloc(1, sizeof(*a));

	a->timer = loop_timer_new(loop, on_timer, a);
	loop_timer_start(a->timer, ALIVE_MS);
	return a;
}

void alive_free(struct alive **ap)
{
	struct alive *a = *ap;

	if (!a)
		return;
	notify("STOPPING=1");
	loop_timer_free(&a->timer);
	free(a);
	*ap = NULL;
}
