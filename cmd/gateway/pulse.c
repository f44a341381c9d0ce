#include "pulse.h"

#include <stdlib.h>

#include "common/xmem.h"

struct pulse {
	struct loop *loop;
	struct loop_timer *timer;
	struct wheel wheel;
	void (*fn)(void *arg, struct wheel_item *item);
	void *arg;
};

static void rearm(struct pulse *p)
{
	int64_t wait_ms = wheel_wait_ms(&p->wheel, loop_now_ms(p->loop));

	if (wait_ms < 0)
		loop_timer_stop(p->timer);
	else
		loop_timer_start(p->timer, wait_ms);
}

static void on_timer(void *arg)
{
	struct pulse *p = arg;

	wheel_turn(&p->wheel, loop_now_ms(p->loop), p->fn, p->arg);
	rearm(p);
}

struct pulse *pulse_new(struct loop *loop, int64_t period_ms,
			void (*fn)(void *arg, struct wheel_item *item),
			void *arg)
{
	struct pulse *p = xcalloc(1, sizeof(*p));

	p->loop = loop;
	p->timer = loop_timer_new(loop, on_timer, p);
	p->fn = fn;
	p->arg = arg;
	wheel_init(&p->wheel, period_ms, loop_now_ms(loop));
	return p;
}

void pulse_free(struct pulse **pp)
{
	if (!*pp)
		return;
	loop_timer_free(&(*pp)->timer);
	free(*pp);
	*pp = NULL;
}

void pulse_add(struct pulse *p, struct wheel_item *item)
{
	wheel_add(&p->wheel, item, loop_now_ms(p->loop));
	rearm(p);
}

void pulse_remove(struct pulse *p, struct wheel_item *item)
{
	wheel_remove(&p->wheel, item);
	if (p->wheel.n == 0)
		loop_timer_stop(p->timer);
}

void pulse_each(struct pulse *p, void (*fn)(void *arg, struct wheel_item *item),
		void *arg)
{
	wheel_each(&p->wheel, fn, arg);
}
