#ifndef COMMON_TYPES_SYSTEM_H
#define COMMON_TYPES_SYSTEM_H

/*
 * types_system - what weir says of itself: system.message, event.refused,
 * stage.gap, stage.skipped. See types.h.
 */
#include "common/shape.h"

struct type_message { /* system.message */
	struct str message, level, timestamp;
};

struct type_trouble { /* event.refused, stage.gap, stage.skipped */
	struct str reason, position, deadline, from, to, topic, source, id;
};

extern const struct shape shape_message, shape_trouble;

#endif
