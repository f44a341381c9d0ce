#ifndef GATEWAY_REPORT_H
#define GATEWAY_REPORT_H

/*
 * report - what this gateway counts: what its parts count, how long events took
 * to be sent, and how far clients are behind, for each way that they come.
 */
#include "gateway.h"

/* hub_conf.flushed; arg is the struct gateway. */
void report_flushed(void *arg, const int64_t *recorded_us, size_t n);

/* Put our own counters on the board, as they are now. */
void report_now(struct gateway *g);
/* And tell the other gateways of them. */
void report_publish(struct gateway *g);

#endif
