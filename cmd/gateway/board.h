#ifndef GATEWAY_BOARD_H
#define GATEWAY_BOARD_H

/*
 * board - what every process last said of itself ($stats/TOOL/ID).
 *
 * Pure: messages and times in, JSON and Prometheus text out. A process that
 * was not heard of for BOARD_FORGET_MS is taken off.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/stats.h"
#include "common/str.h"

enum {
	BOARD_MAX = 256,	    /* processes; more are not kept */
	BOARD_STATS_MAX = 16 << 10, /* bytes of one's counters */
	BOARD_FORGET_MS = 10 * 60 * 1000,
};

struct board;

struct board *board_new(void);
void board_free(struct board **bp);

/* A message; false if it is not one, or there are too many processes. */
bool board_hear(struct board *b, struct str topic, struct str data,
		int64_t now_ms);
void board_forget(struct board *b, int64_t now_ms);

/* The newest word of any process of this tool (ms), or -1. */
int64_t board_heard_ms(const struct board *b, struct str tool);

/*
 * A process that is up but cannot do its work says so with a gauge
 * not_ready{REASON}; the first reason of a fresh one, or absent.
 */
struct str board_not_ready(const struct board *b, struct str tool,
			   int64_t now_ms);

/* All as a JSON array: tool, id, age_ms, stats. */
void board_print(const struct board *b, int64_t now_ms, struct buf *out);

/* All as Prometheus text, see metrics.h; and weir_up{tool="TOOL",id="ID"}. */
void board_print_metrics(const struct board *b, int64_t now_ms,
			 struct buf *out);

#endif
