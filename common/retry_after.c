#include "common/retry_after.h"

#include "common/clk.h"

/* A number of at most four digits within the bounds. */
static bool number(struct str s, int low, int high, int *v_r)
{
	uint64_t v;

	if (s.len > 4 || !str_u64(s, &v) || (int)v < low || (int)v > high)
		return false;
	*v_r = (int)v;
	return true;
}

static bool month_name(struct str s, int *month_r)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; s.len == 3 && i < 12; i++)
		if (str_eq(s, (struct str){ names + 3 * i, 3 })) {
			*month_r = i + 1;
			return true;
		}
	return false;
}

/* Two digits, of RFC 850's form, are read as POSIX does. */
static bool year_number(struct str s, int *year_r)
{
	if (!number(s, 0, 9999, year_r))
		return false;
	if (s.len == 2)
		*year_r += *year_r < 69 ? 2000 : 1900;
	return s.len == 2 || s.len == 4;
}

bool http_date_parse(struct str s, int64_t *us_r)
{
	enum { WEEKDAY, DAY, MONTH, YEAR, HOUR, MINUTE, SECOND, ZONE, PARTS };
	static const int asctime[] = { WEEKDAY, MONTH,	DAY, HOUR,
				       MINUTE,	SECOND, YEAR };
	struct str found[PARTS + 1], part[PARTS];
	int n = 0, day, month, year, hour, minute, second;
	int64_t days;

	while (n <= PARTS && str_token(&s, " ,-:", &found[n]))
		n++;
	if (n != PARTS && n != ZONE)
		return false;
	for (int i = 0; i < n; i++)
		part[n == ZONE ? asctime[i] : i] = found[i];
	if (n == PARTS && !str_is(part[ZONE], "GMT"))
		return false;
	if (!number(part[DAY], 1, 31, &day) ||
	    !month_name(part[MONTH], &month) ||
	    !year_number(part[YEAR], &year) ||
	    !number(part[HOUR], 0, 23, &hour) ||
	    !number(part[MINUTE], 0, 59, &minute) ||
	    !number(part[SECOND], 0, 60, &second))
		return false;
	days = clk_days(year, month, day);
	*us_r = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000000;
	return true;
}

bool retry_after_parse(struct str s, int64_t now_us, int64_t *ms_r)
{
	uint64_t seconds;
	int64_t us;

	s = str_trim(s);
	if (str_u64(s, &seconds)) {
		if (seconds > RETRY_AFTER_MAX_MS / 1000)
			seconds = RETRY_AFTER_MAX_MS / 1000;
		*ms_r = (int64_t)seconds * 1000;
		return true;
	}
	if (!http_date_parse(s, &us))
		return false;
	*ms_r = us > now_us ? (us - now_us + 999) / 1000 : 0;
	if (*ms_r > RETRY_AFTER_MAX_MS)
		*ms_r = RETRY_AFTER_MAX_MS;
	return true;
}
