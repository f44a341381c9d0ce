#ifndef GATEWAY_PULSE_H
#define GATEWAY_PULSE_H

/* pulse - a wheel (wheel.h) that turns with the loop. */
#include "common/loop.h"

#include "wheel.h"

struct pulse;

/* fn is called for each item once in a period, as wheel_turn() says. */
struct pulse *pulse_new(struct loop *loop, int64_t period_ms,
			void (*fn)(void *arg, struct wheel_item *item),
			void *arg);
void pulse_free(struct pulse **pp); /* after its items have gone */

void pulse_add(struct pulse *p, struct wheel_item *item);
void pulse_remove(struct pulse *p, struct wheel_item *item);

/* wheel_each() */
void pulse_each(struct pulse *p, void (*fn)(void *arg, struct wheel_item *item),
		void *arg);

#endif
