#include "common/types_system.h"

#include "common/event.h"
#include "common/types_rows.h"

static const char *const level_names[] = { "info", "success", "warning",
					   "error", NULL };

static const struct shape_field message_rows[] = {
	{ ROW(type_message, message, TEXT, REQ, "For people.") },
	{ NAMED(type_message, level, 0, level_names, "How grave.") },
	{ ROW(type_message, timestamp, TIME, 0, "When.") },
};
const struct shape shape_message =
	SHAPE(type_message, message_rows, OPEN, "A message to everybody.");

static const struct shape_field trouble_rows[] = {
	{ ROW(type_trouble, reason, TEXT, 0, "Why, in one line.") },
	{ ROW(type_trouble, position, TEXT, 0,
	      "Of the event that was skipped."),
	  .max = 64 },
	{ ROW(type_trouble, deadline, TIME, 0,
	      "When what was skipped was due, where it was no event.") },
	{ ROW(type_trouble, from, TEXT, 0,
	      "Where the range begins in which events are missing: a position, "
	      "or the id that a source gave."),
	  .max = 64 },
	{ ROW(type_trouble, to, TEXT, 0, "Where that range ends, inclusive."),
	  .max = 64 },
	{ ROW(type_trouble, topic, TEXT, 0, "The event's topic."),
	  .max = EVENT_TOPIC_MAX },
	{ ROW(type_trouble, source, TEXT, 0, "The event's source."),
	  .max = EVENT_SOURCE_MAX },
	{ ROW(type_trouble, id, TEXT, 0, "The event's id."),
	  .max = EVENT_ID_MAX },
};
const struct shape shape_trouble =
	SHAPE(type_trouble, trouble_rows, OPEN, "Events that were not taken.");
