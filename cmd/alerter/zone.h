#ifndef ALERTER_ZONE_H
#define ALERTER_ZONE_H

/*
 * zone - the time zone that a setting names.
 */
#include "common/tz.h"

/*
 * name absent: UTC. So, too, with a warning, where this machine does not have
 * the zone: the one that took the setting may have had more. The warning names
 * the setting, as in "user ann".
 */
const struct tz *zone_or_utc(struct tz_cache *zones, const char *kind,
			     struct str id, struct str name);

#endif
