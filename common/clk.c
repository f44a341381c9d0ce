#include "common/clk.h"

#include <string.h>
#include <time.h>

enum { SECONDS_LEN = 19 }; /* "2026-11-20T21:00:00" */

int64_t clk_wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clk_mono_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clk_mono_ms(void)
{
	return clk_mono_us() / 1000;
}

/* Both after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
int64_t clk_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

void clk_date(int64_t days, int *year_r, int *month_r, int *day_r)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day_r = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month_r = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year_r = (int)(yoe + era * 400 + (*month_r <= 2));
}

static void put2(char *p, int v)
{
	p[0] = (char)('0' + v / 10);
	p[1] = (char)('0' + v % 10);
}

const char *clk_format(int64_t us, char out[CLK_TEXT_SIZE])
{
	static _Thread_local int64_t last_s = INT64_MIN;
	static _Thread_local char last[CLK_TEXT_SIZE];
	int64_t s = us / 1000000;
	int frac = (int)(us % 1000000);

	if (frac < 0) {
		frac += 1000000;
		s--;
	}
	if (s != last_s) {
		int64_t days = s / 86400;
		int y, m, d, rest = (int)(s % 86400);

		if (rest < 0) {
			rest += 86400;
			days--;
		}
		clk_date(days, &y, &m, &d);
		memcpy(last, "0000-00-00T00:00:00.000000Z", CLK_TEXT_SIZE);
		put2(last, y / 100 % 100);
		put2(last + 2, y % 100);
		put2(last + 5, m);
		put2(last + 8, d);
		put2(last + 11, rest / 3600);
		put2(last + 14, rest / 60 % 60);
		put2(last + 17, rest % 60);
		last_s = s;
	}
	memcpy(out, last, CLK_TEXT_SIZE);
	for (int i = 25; i >= 20; i--) {
		out[i] = (char)('0' + frac % 10);
		frac /= 10;
	}
	return out;
}

static int digits(struct str s, size_t at, size_t n)
{
	int v = 0;

	if (at + n > s.len)
		return -1;
	for (size_t i = at; i < at + n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		v = v * 10 + (s.p[i] - '0');
	}
	return v;
}

static int month_days(int y, int m)
{
	static const int n[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return m == 2 && leap ? 29 : n[m - 1];
}

/* "Z" or "+hh:mm" at s; its distance from UTC in seconds. */
static bool parse_zone(struct str s, int *offset_s_r)
{
	int h, m;

	if (s.len == 1 && (s.p[0] == 'Z' || s.p[0] == 'z')) {
		*offset_s_r = 0;
		return true;
	}
	if (s.len != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':')
		return false;
	h = digits(s, 1, 2);
	m = digits(s, 4, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return false;
	*offset_s_r = (h * 3600 + m * 60) * (s.p[0] == '-' ? -1 : 1);
	return true;
}

/* "2026-11-20" at the start of s, in days since 1970. */
static bool parse_date(struct str s, int64_t *days_r)
{
	int y = digits(s, 0, 4), m = digits(s, 5, 2), d = digits(s, 8, 2);

	if (y < 0 || m < 1 || m > 12 || d < 1 || d > month_days(y, m) ||
	    s.p[4] != '-' || s.p[7] != '-')
		return false;
	*days_r = clk_days(y, m, d);
	return true;
}

/* "2026-11-20T21:00:00" at the start of s, in seconds since 1970. */
static bool parse_seconds(struct str s, int64_t *s_r)
{
	static _Thread_local int64_t last_s;
	static _Thread_local char last[] = "1970-01-01T00:00:00";
	int64_t days;
	int h, m, sec;

	if (s.len >= SECONDS_LEN && memcmp(s.p, last, SECONDS_LEN) == 0) {
		*s_r = last_s;
		return true;
	}
	h = digits(s, 11, 2);
	m = digits(s, 14, 2);
	sec = digits(s, 17, 2);
	if (!parse_date(s, &days) || h < 0 || h > 23 || m < 0 || m > 59 ||
	    sec < 0 || sec > 60 || !memchr("Tt ", s.p[10], 3) ||
	    s.p[13] != ':' || s.p[16] != ':')
		return false;
	memcpy(last, s.p, SECONDS_LEN);
	*s_r = last_s = days * 86400 + h * 3600 + m * 60 + sec;
	return true;
}

bool clk_parse(struct str s, int64_t *us_r)
{
	int offset, frac = 0, unit = 100000;
	int64_t s_utc;
	size_t i = SECONDS_LEN;

	if (s.len == 10) {
		if (!parse_date(s, us_r))
			return false;
		*us_r *= INT64_C(86400000000);
		return true;
	}
	if (!parse_seconds(s, &s_utc))
		return false;
	if (i < s.len && s.p[i] == '.') {
		size_t start = ++i;

		for (; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
			frac += (s.p[i] - '0') * unit;
			unit /= 10;
		}
		if (i == start)
			return false;
	}
	if (!parse_zone(str_sub(s, i, s.len), &offset))
		return false;
	s_utc -= offset;
	/* In UTC it must be of a year that can be written. */
	if (s_utc < clk_days(0, 1, 1) * 86400 ||
	    s_utc >= clk_days(10000, 1, 1) * 86400)
		return false;
	*us_r = s_utc * 1000000 + frac;
	return true;
}
