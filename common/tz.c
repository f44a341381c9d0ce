#include "common/tz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/tz_rule.h"
#include "common/xmem.h"

#define ZONE_DIR "/usr/share/zoneinfo/"

enum {
	NAME_MAX_LEN = 63,
	FILE_MAX = 256 << 10,
	TIMES_MAX = 10000,
	OFFSET_MAX = 26 * 3600,
	HEADER_LEN = 44,
};

struct change {
	int64_t at_s;
	int offset_s; /* from at_s on */
};

struct tz {
	struct tz *next;
	char name[NAME_MAX_LEN + 1];
	struct change *changes;
	size_t n;
	int first_s; /* the offset before all changes */
	struct tz_rule rule;
};

/* The counts in a TZif header, in the order of the file. */
struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

static uint64_t big_endian(const char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static bool read_header(struct str s, struct counts *c_r)
{
	const char *p = s.p + 20;

	if (s.len < HEADER_LEN || memcmp(s.p, "TZif", 4) != 0)
		return false;
	c_r->isut = (uint32_t)big_endian(p, 4);
	c_r->isstd = (uint32_t)big_endian(p + 4, 4);
	c_r->leap = (uint32_t)big_endian(p + 8, 4);
	c_r->time = (uint32_t)big_endian(p + 12, 4);
	c_r->type = (uint32_t)big_endian(p + 16, 4);
	c_r->chars = (uint32_t)big_endian(p + 20, 4);
	return c_r->time <= TIMES_MAX && c_r->type > 0 && c_r->type <= 256 &&
	       c_r->leap <= TIMES_MAX && c_r->chars <= TIMES_MAX &&
	       c_r->isut <= c_r->type && c_r->isstd <= c_r->type;
}

/* Bytes of a data block whose times have `width` bytes. */
static size_t block_len(const struct counts *c, size_t width)
{
	return c->time * (width + 1) + c->type * 6 + c->chars +
	       c->leap * (width + 4) + c->isstd + c->isut;
}

static bool read_changes(struct tz *z, const char *p, const struct counts *c)
{
	const char *index = p + c->time * 8, *types = index + c->time;
	int offsets[256] = { 0 };

	for (uint32_t i = 0; i < c->type; i++) {
		offsets[i] = (int32_t)big_endian(types + i * 6, 4);
		if (offsets[i] > OFFSET_MAX || offsets[i] < -OFFSET_MAX)
			return false;
	}
	z->first_s = offsets[0];
	z->n = c->time;
	z->changes = xcalloc(z->n + 1, sizeof(*z->changes));
	for (size_t i = 0; i < z->n; i++) {
		size_t type = (unsigned char)index[i];

		if (type >= c->type)
			return false;
		z->changes[i].at_s = (int64_t)big_endian(p + i * 8, 8);
		z->changes[i].offset_s = offsets[type];
		if (i > 0 && z->changes[i].at_s <= z->changes[i - 1].at_s)
			return false;
	}
	return true;
}

static bool parse(struct tz *z, struct str s)
{
	struct counts c;
	struct str footer, rest;

	if (!read_header(s, &c) || s.p[4] < '2')
		return false;
	s = str_sub(s, HEADER_LEN + block_len(&c, 4), s.len);
	/* Zones that count leap seconds ("right/…") are not POSIX time. */
	if (!read_header(s, &c) || c.leap != 0)
		return false;
	s = str_sub(s, HEADER_LEN, s.len);
	if (s.len < block_len(&c, 8) + 2 || !read_changes(z, s.p, &c))
		return false;
	footer = str_sub(s, block_len(&c, 8), s.len);
	if (footer.p[0] != '\n')
		return false;
	footer = str_cut(str_sub(footer, 1, footer.len), '\n', &rest);
	if (!rest.p)
		return false;
	if (footer.len)
		return tz_rule_parse(footer, &z->rule);
	/* No rule: what held last goes on. */
	z->rule.std_s = z->n ? z->changes[z->n - 1].offset_s : z->first_s;
	return true;
}

struct tz *tz_parse(struct str bytes, struct err *e)
{
	struct tz *z = xcalloc(1, sizeof(*z));

	if (parse(z, bytes))
		return z;
	tz_free(&z);
	err_set(e, EX_DATAERR, "not a TZif file of version 2 or later");
	return NULL;
}

void tz_free(struct tz **zp)
{
	if (!*zp)
		return;
	free((*zp)->changes);
	free(*zp);
	*zp = NULL;
}

/* Names are joined to a path, so they may not lead out of the folder. */
static bool is_zone_name(struct str name)
{
	if (name.len == 0 || name.len > NAME_MAX_LEN || name.p[0] == '/' ||
	    str_find(name, STR("..")) != (size_t)-1)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!str_is_id(str_sub(name, i, i + 1)) && name.p[i] != '/' &&
		    name.p[i] != '+')
			return false;
	return true;
}

static struct tz *load(struct str name, struct err *e)
{
	char path[sizeof(ZONE_DIR) + NAME_MAX_LEN];
	char *bytes;
	struct tz *z = NULL;
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), ZONE_DIR "%.*s", STR_ARG(name));
	f = fopen(path, "re");
	if (!f) {
		err_set(e, EX_CONFIG, "%s", strerror(errno));
		return NULL;
	}
	bytes = xmalloc(FILE_MAX);
	len = fread(bytes, 1, FILE_MAX, f);
	if (ferror(f)) /* a folder, for one */
		err_set(e, EX_CONFIG, "%s", strerror(errno));
	else
		z = tz_parse((struct str){ bytes, len }, e);
	fclose(f);
	free(bytes);
	return z;
}

bool tz_has_files(void)
{
	return access(ZONE_DIR, X_OK) == 0;
}

const struct tz *tz_get(struct tz_cache *cache, struct str name, struct err *e)
{
	struct tz *z;

	if (name.len == 0 || str_is(name, "Z"))
		name = STR("UTC");
	for (z = cache->head; z; z = z->next)
		if (str_is(name, z->name))
			return z;
	if (!is_zone_name(name)) {
		err_set(e, EX_CONFIG, "'%.*s' is no time zone",
			STR_ARG(str_utf8_prefix(name, NAME_MAX_LEN)));
		return NULL;
	}
	z = str_is(name, "UTC") ? xcalloc(1, sizeof(*z)) : load(name, e);
	if (!z) {
		err_prefix(e, "'%.*s' is no time zone", STR_ARG(name));
		if (e)
			e->code = EX_CONFIG;
		return NULL;
	}
	str_copy(z->name, sizeof(z->name), name);
	z->next = cache->head;
	cache->head = z;
	return z;
}

void tz_cache_free(struct tz_cache *cache)
{
	while (cache->head) {
		struct tz *next = cache->head->next;

		tz_free(&cache->head);
		cache->head = next;
	}
}

static int offset_before(const struct tz *z, size_t i)
{
	return i > 0 ? z->changes[i - 1].offset_s : z->first_s;
}

struct tz_span tz_span_at(const struct tz *z, int64_t utc_s)
{
	struct tz_span sp = { INT64_MIN, INT64_MAX, z->first_s, z->first_s };
	size_t low = 0, high = z->n;

	/* low: how many changes are not after utc_s. */
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (z->changes[mid].at_s <= utc_s)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < z->n)
		sp.to_s = z->changes[low].at_s;
	else
		sp = tz_rule_span(&z->rule, utc_s);
	if (low > 0 && (low < z->n || sp.from_s <= z->changes[low - 1].at_s)) {
		sp.from_s = z->changes[low - 1].at_s;
		sp.offset_s = z->changes[low - 1].offset_s;
		sp.before_s = offset_before(z, low - 1);
	}
	return sp;
}

int64_t tz_to_utc(const struct tz *z, int64_t local_s)
{
	/* The first span that can hold it; no offset is larger than a day. */
	struct tz_span sp = tz_span_at(z, local_s - 2 * 86400);

	for (;;) {
		int64_t t = local_s - sp.offset_s;

		if (t < sp.from_s)
			return local_s - sp.before_s;
		if (t < sp.to_s)
			return t;
		sp = tz_span_at(z, sp.to_s);
	}
}
