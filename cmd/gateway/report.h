#ifndef GATEWAY_REPORT_H
#define GATEWAY_REPORT_H

/*
 * report - figures of this gateway that are more than one counter: how long
 * events took to be sent, and how far clients are behind, for each way that
 * they come.
 */
#include "gateway.h"

/* hub_conf.flushed; arg is the struct gateway. */
void report_flushed(void *arg, const int64_t *recorded_us, size_t n);

/* Set the gauges of clients as they are now. */
void report_clients(struct gateway *g);

#endif
