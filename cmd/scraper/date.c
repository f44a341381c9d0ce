/*
 * What is not ISO 8601 is read loosely: words and numbers one by one, each
 * put where it can belong. Words before the first number that mean nothing
 * are let pass (weekdays in any language, "Published on"), later ones are
 * not, so that prose with numbers in it is no date.
 */
#include "date.h"

#include "common/clk.h"
#include "common/xmem.h"

#include "date_parts.h"

struct loose {
	struct str rest;
	struct date_parts d;
	bool any_number, early_month; /* one before the first number */
	int half;		      /* 1: am, 2: pm */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return ((c | 32) >= 'a' && (c | 32) <= 'z') || (unsigned char)c >= 0x80;
}

static char peek(const struct loose *l, size_t i)
{
	return i < l->rest.len ? l->rest.p[i] : 0;
}

static void skip(struct loose *l, size_t n)
{
	l->rest = str_sub(l->rest, n, l->rest.len);
}

static struct str take_while(struct loose *l, bool (*is)(char))
{
	struct str s = l->rest;
	size_t n = 0;

	while (n < s.len && is(s.p[n]))
		n++;
	skip(l, n);
	return str_sub(s, 0, n);
}

static int to_int(struct str digits)
{
	int v = 0;

	for (size_t i = 0; i < digits.len && v < 100000; i++)
		v = v * 10 + (digits.p[i] - '0');
	return v;
}

/* RFC 2822, 4.3. */
static int full_year(struct str digits)
{
	int year = to_int(digits);

	if (digits.len == 2)
		return year < 50 ? year + 2000 : year + 1900;
	return digits.len == 3 ? year + 1900 : year;
}

static bool put_zone(struct loose *l, bool west, struct str digits)
{
	if (l->d.has_zone && l->d.zone_min != 0)
		return false;
	l->d.has_zone = true;
	if (!date_offset(digits, &l->d.zone_min))
		return false;
	if (west)
		l->d.zone_min = -l->d.zone_min;
	return true;
}

static bool is_noise(struct str word)
{
	static const char *const noise[] = {
		"at",  "t",  "st", "nd", "rd", "th", "um",  "uhr", "de",
		"del", "a",  "à",  "kl", "le", "o",  "of",  "er",  "alle",
		"den", "h",  "ob", "v",	 "г",  "в",  "klo", "om",  "の",
		"etc", "年", "月", "日", "년", "월", "일"
	};

	for (size_t i = 0; i < ARRAY_LEN(noise); i++)
		if (str_eq_nocase(word, str_from(noise[i])))
			return true;
	return false;
}

/* "am", "a.m.", "a. m."; the dots may be behind the word. */
static int half_of_day(struct loose *l, struct str word)
{
	static const char *const halves[][2] = { { "오전", "오후" },
						 { "午前", "午後" },
						 { "上午", "下午" },
						 { "πμ", "μμ" } };
	char c = word.len > 0 ? (char)(word.p[0] | 32) : 0;

	for (size_t i = 0; i < ARRAY_LEN(halves); i++)
		for (int half = 0; half < 2; half++)
			if (str_is(word, halves[i][half]))
				return half + 1;
	if (c != 'a' && c != 'p')
		return 0;
	if (word.len == 2 && (word.p[1] | 32) == 'm')
		return c == 'a' ? 1 : 2;
	if (word.len == 1 && peek(l, 0) == '.') {
		size_t m = peek(l, 1) == ' ' ? 2 : 1;

		if ((peek(l, m) | 32) != 'm' || is_letter(peek(l, m + 1)))
			return 0;
		skip(l, m + 1);
		return c == 'a' ? 1 : 2;
	}
	return 0;
}

static bool put_word(struct loose *l, struct str word)
{
	int half = l->any_number ? half_of_day(l, word) : 0;
	int month = date_month(word);

	if (half) {
		l->half = half;
		return true;
	}
	/* "mar 3 févr" is a Tuesday: a month before the number gives way. */
	if (month && (!l->d.month || l->early_month)) {
		l->d.month = month;
		l->early_month = !l->any_number;
		return true;
	}
	if (is_noise(word))
		return true;
	if (l->d.has_time && !l->d.has_zone &&
	    date_zone(word, &l->d.zone_min)) {
		l->d.has_zone = true;
		return true;
	}
	return !l->any_number;
}

/* Behind "hh": ":mm[:ss[.fraction]]". */
static bool put_time(struct loose *l, struct str hour)
{
	if (l->d.has_time || hour.len > 2)
		return false;
	l->d.has_time = true;
	l->d.hour = to_int(hour);
	skip(l, 1);
	l->d.minute = to_int(take_while(l, is_digit));
	if (peek(l, 0) != ':' || !is_digit(peek(l, 1)))
		return true;
	skip(l, 1);
	l->d.second = to_int(take_while(l, is_digit));
	if ((peek(l, 0) == '.' || peek(l, 0) == ',') && is_digit(peek(l, 1))) {
		skip(l, 1);
		l->d.fraction_us = date_fraction_us(take_while(l, is_digit));
	}
	return true;
}

/* a/b/c in one of the orders that people use. */
static bool put_numeric(struct loose *l, const struct str n[3], char separator)
{
	int a = to_int(n[0]), b = to_int(n[1]);
	bool month_first = separator == '/' ? a <= 12 : b > 12;

	if (l->d.year || l->d.month || l->d.day || !a || !b)
		return false;
	if (n[0].len == 4) {
		l->d.year = a;
		l->d.month = b;
		l->d.day = to_int(n[2]);
		return l->d.day > 0;
	}
	l->d.month = month_first ? a : b;
	l->d.day = month_first ? b : a;
	l->d.year = full_year(n[2]);
	return n[2].len == 2 || n[2].len == 4;
}

static bool put_number(struct loose *l, struct str n)
{
	struct date_parts *d = &l->d;
	char next = peek(l, 0);

	l->any_number = true;
	if (n.len > 4 || (to_int(n) == 0 && next != ':' && d->day == 0))
		return false;
	if (next == ':' && is_digit(peek(l, 1)))
		return put_time(l, n);
	if (next && (next == '/' || next == '.' || next == '-') &&
	    is_digit(peek(l, 1)) && !d->month) {
		struct str all[3] = { n };

		for (int i = 1; i < 3; i++) {
			if (peek(l, 0) != next || !is_digit(peek(l, 1)))
				return false;
			skip(l, 1);
			all[i] = take_while(l, is_digit);
		}
		return put_numeric(l, all, next);
	}
	if (n.len > 2 || to_int(n) > 31) {
		if (d->year)
			return false;
		d->year = full_year(n);
	} else if (d->year && !d->month && !d->day) {
		d->month = to_int(n);
	} else if (!d->day) {
		d->day = to_int(n);
	} else if (!d->year) {
		d->year = full_year(n);
	} else if (!d->has_time) { /* "5 pm" */
		d->has_time = true;
		d->hour = to_int(n);
	} else {
		return false;
	}
	return true;
}

/* True if it is at +hh or -hh behind a time. */
static bool is_offset(const struct loose *l)
{
	return (peek(l, 0) == '+' || peek(l, 0) == '-') &&
	       is_digit(peek(l, 1)) && l->d.has_time;
}

static bool is_offset_char(char c)
{
	return is_digit(c) || c == ':';
}

static bool read_loose(struct str s, struct date_parts *d)
{
	struct loose l = { .rest = s };

	while (l.rest.len > 0) {
		bool west = peek(&l, 0) == '-', ok = true;
		size_t close;

		if (is_offset(&l)) {
			skip(&l, 1);
			ok = put_zone(&l, west, take_while(&l, is_offset_char));
		} else if (is_digit(peek(&l, 0))) {
			ok = put_number(&l, take_while(&l, is_digit));
		} else if (is_letter(peek(&l, 0))) {
			ok = put_word(&l, take_while(&l, is_letter));
		} else if (peek(&l, 0) == '(' || peek(&l, 0) == '[') {
			/* RFC 822's comment, RFC 9557's suffix */
			close = str_chr(l.rest, peek(&l, 0) == '(' ? ')' : ']');
			skip(&l, close == (size_t)-1 ? l.rest.len : close + 1);
		} else {
			skip(&l, 1);
		}
		if (!ok)
			return false;
	}
	if (l.half && (l.d.hour < 1 || l.d.hour > 12))
		return false;
	if (l.half)
		l.d.hour = l.d.hour % 12 + (l.half == 2 ? 12 : 0);
	*d = l.d;
	return d->year && d->month;
}

/* Ten digits are seconds since 1970, thirteen milliseconds. */
static bool read_epoch(struct str s, int64_t *us_r)
{
	uint64_t v;

	if ((s.len != 10 && s.len != 13) || !str_u64(s, &v))
		return false;
	*us_r = (int64_t)v * (s.len == 10 ? 1000000 : 1000);
	return true;
}

static bool to_us(struct date_parts d, int64_t *us_r)
{
	int year, month, day;
	int64_t days, seconds;

	if (!d.month)
		d.month = 1;
	if (!d.day)
		d.day = 1;
	if (d.year < 1 || d.year > 9999 || d.month > 12 || d.hour > 24 ||
	    d.minute > 59 || d.second > 60)
		return false;
	if (d.hour == 24 && (d.minute || d.second || d.fraction_us))
		return false;
	days = clk_days(d.year, d.month, d.day);
	clk_date(days, &year, &month, &day);
	if (day != d.day) /* February 30 */
		return false;
	seconds = days * 86400 + d.hour * 3600 + d.minute * 60 + d.second -
		  d.zone_min * 60;
	if (seconds < clk_days(1, 1, 1) * 86400 ||
	    seconds >= clk_days(10000, 1, 1) * 86400)
		return false;
	*us_r = seconds * 1000000 + d.fraction_us;
	return true;
}

bool date_parse(struct str s, int64_t *us_r)
{
	struct date_parts iso = { 0 }, loose = { 0 };

	s = str_trim(s);
	if (s.len > DATE_TEXT_MAX)
		return false;
	if (read_epoch(s, us_r))
		return true;
	if (date_read_iso(s, &iso))
		return to_us(iso, us_r);
	return read_loose(s, &loose) && to_us(loose, us_r);
}
