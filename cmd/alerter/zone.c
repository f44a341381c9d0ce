#include "zone.h"

#include "common/log.h"

const struct tz *zone_or_utc(struct tz_cache *zones, const char *kind,
			     struct str id, struct str name)
{
	const struct tz *z;
	struct err e;

	if (!name.p)
		name = STR("UTC");
	z = tz_get(zones, name, &e);
	if (z)
		return z;
	log_warn("%s %.*s: %s: taken as UTC", kind, STR_ARG(id), e.msg);
	return tz_get(zones, STR("UTC"), NULL);
}
