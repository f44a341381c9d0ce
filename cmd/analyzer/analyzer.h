#ifndef ANALYZER_ANALYZER_H
#define ANALYZER_ANALYZER_H

/*
 * analyzer - the handler: prices in, statistics and anomalies out.
 *
 * State is one record per item and source, key "series/ITEM/SOURCE" (series.h).
 * Another currency than before starts the series anew: prices in two
 * currencies have no mean.
 */
#include "common/stage.h"

#include "series.h"

struct analyzer {
	/* Used within one event only; here because they are large. */
	struct series series;
	struct arena arena;
	struct buf key, state, data;
};

extern const struct stage_handler analyzer_handler; /* self: the struct */

void analyzer_free(struct analyzer **anp);

#endif
