#include "try.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/buf.h"
#include "common/cron.h"
#include "common/json.h"
#include "common/lines.h"
#include "common/log.h"
#include "common/xmem.h"

#include "price.h"
#include "robots.h"
#include "try_extract.h"
#include "watch.h"

/* Add the answer to one line to out, also where it is bad: then -1 with *e. */
typedef int line_handler(struct str line, void *ctx, struct buf *out,
			 struct err *e);

static int write_line(FILE *out, struct buf *b, struct err *e)
{
	buf_putc(b, '\n');
	if (fwrite(b->p, 1, b->len, out) != b->len || fflush(out))
		return err_set(e, EX_IOERR, "output: %s", strerror(errno));
	return 0;
}

/* A bad line is told and answered, and the next one is read. */
static int each_line(FILE *in, FILE *out, line_handler *handle, void *ctx,
		     struct err *e)
{
	struct buf b = { 0 };
	struct lines lines;
	struct str line;
	bool bad = false;
	int got;

	lines_init(&lines, fileno(in), TRY_LINE_MAX);
	while ((got = lines_next(&lines, &line, e)) != 0) {
		if (got < 0 && e->code != EX_DATAERR)
			break;
		if (got < 0) {
			log_error("%s", e->msg);
			line = (struct str){ 0 };
			bad = true;
		}
		buf_reset(&b);
		if (handle(line, ctx, &b, e)) {
			log_error("line %llu: %s",
				  (unsigned long long)lines.number, e->msg);
			bad = true;
		}
		got = write_line(out, &b, e);
		if (got)
			break;
	}
	lines_fini(&lines);
	buf_free(&b);
	if (!got && bad)
		got = err_set(e, EX_DATAERR,
			      "some input was not understood; see above");
	return got;
}

/* A member that is a string, or null, or not there. */
static int get_text(struct str obj, const char *key, struct arena *a,
		    struct str *text_r, struct err *e)
{
	struct str value;

	if (!json_get(obj, key, &value) || json_type_of(value) == JSON_NULL)
		return 0;
	if (!json_text(value, a, text_r))
		return err_set(e, EX_DATAERR, "%s: not a string", key);
	return 0;
}

static int read_price_line(struct str line, struct arena *a, struct str *text_r,
			   struct str *hint_r, struct err *e)
{
	if (line.len == 0 || line.p[0] != '{') {
		*text_r = line;
		return 0;
	}
	if (json_check(line, JSON_UNIQUE, e) ||
	    get_text(line, "text", a, text_r, e) ||
	    get_text(line, "currency_hint", a, hint_r, e))
		return -1;
	return 0;
}

static int price_line(struct str line, void *ctx, struct buf *out,
		      struct err *e)
{
	struct str text = { 0 }, hint = { 0 };
	char amount[DECIMAL_TEXT_MAX];
	struct arena a = { 0 };
	struct price p;
	int status = read_price_line(line, &a, &text, &hint, e);

	(void)ctx;
	if (status)
		text = hint = (struct str){ 0 };
	price_parse(text, hint, NULL, &p);
	buf_puts(out, "{\"amount\":");
	if (p.found)
		buf_addf(out, "\"%s\"", decimal_format(p.amount, amount));
	else
		buf_puts(out, "null");
	buf_puts(out, ",\"currency\":");
	if (p.currency[0])
		buf_addf(out, "\"%s\"}", p.currency);
	else
		buf_puts(out, "null}");
	arena_free(&a);
	return status;
}

int try_price(FILE *in, FILE *out, struct err *e)
{
	return each_line(in, out, price_line, NULL, e);
}

struct checker {
	const struct extract_pool_conf *conf;
	struct watch_env env;
};

static int check_watch(const struct checker *c, const struct watch *w,
		       struct err *e)
{
	return w->unproven
		       ? try_programs(w->def.kind, w->def.extract, c->conf, e)
		       : 0;
}

static int watch_line(struct str line, void *ctx, struct buf *out,
		      struct err *e)
{
	const struct checker *c = ctx;
	struct watch *w = watch_new(line, (struct str){ 0 }, &c->env, e);
	int status = w ? check_watch(c, w, e) : -1;

	buf_puts(out, "{\"id\":");
	if (status)
		buf_puts(out, "null");
	else
		buf_json_str(out, w->def.id);
	buf_putc(out, '}');
	watch_free(&w);
	return status;
}

int try_watch(const struct extract_pool_conf *conf, FILE *in, FILE *out,
	      struct err *e)
{
	struct tz_cache zones = { 0 };
	struct checker c = { conf, { secrets_unread, &zones } };
	int status = each_line(in, out, watch_line, &c, e);

	tz_cache_free(&zones);
	return status;
}

/* Of any scheme: a robots.txt is read alike for all (RFC 9309, 2.3). */
static bool is_url(struct str s)
{
	size_t at = str_find(s, STR("://"));

	return at != (size_t)-1 && at > 0 && str_is_id(str_sub(s, 0, at));
}

static int robots_line(struct str line, void *ctx, struct buf *out,
		       struct err *e)
{
	line = str_trim(line);
	if (line.len == 0)
		return 0;
	if (line.p[0] != '/' && !is_url(line))
		return err_set(e, EX_DATAERR,
			       "'%.*s' is neither a URL nor a path",
			       STR_ARG(str_utf8_prefix(line, 64)));
	buf_puts(out,
		 robots_allowed(ctx, robots_target(line)) ? "allow" : "deny");
	return 0;
}

int try_robots(const char *agent, const char *robots_file, FILE *in, FILE *out,
	       struct err *e)
{
	char *body = xmalloc(ROBOTS_BYTES_MAX + 1);
	struct robots *robots = NULL;
	FILE *f = fopen(robots_file, "re");
	int status = -1;
	size_t len;

	if (!f) {
		err_set(e, EX_NOINPUT, "%s: %s", robots_file, strerror(errno));
		goto out;
	}
	len = fread(body, 1, ROBOTS_BYTES_MAX + 1, f);
	if (ferror(f)) {
		err_set(e, EX_IOERR, "%s: %s", robots_file, strerror(errno));
		goto out;
	}
	robots = robots_parse((struct str){ body, len }, str_from(agent));
	status = each_line(in, out, robots_line, robots, e);
out:
	if (f)
		fclose(f);
	robots_free(&robots);
	free(body);
	return status;
}

/* RFC 3339; without an offset, or without a time of day, it is local. */
static int read_from(const char *from, const struct tz *z, int64_t *us_r,
		     struct err *e)
{
	struct buf b = { 0 };
	bool date_only = strlen(from) == 10;
	bool ok = !date_only && clk_parse(str_from(from), us_r);

	if (!ok) {
		buf_addf(&b, "%s%s", from, date_only ? "T00:00:00Z" : "Z");
		ok = clk_parse(buf_str(&b), us_r);
		if (ok)
			*us_r = tz_to_utc(z, *us_r / 1000000) * 1000000 +
				*us_r % 1000000;
		buf_free(&b);
	}
	return ok ? 0 : err_set(e, EX_USAGE, "from: '%s' is no time", from);
}

/* RFC 3339 in whole seconds, with the zone's offset. */
static void add_time(struct buf *b, const struct tz *z, int64_t us)
{
	int64_t utc_s = us / 1000000;
	int offset = tz_span_at(z, utc_s).offset_s;
	int minutes = abs(offset) / 60;
	char text[CLK_TEXT_SIZE];

	/* RFC 3339 has no seconds in an offset; local mean times had. */
	offset -= offset % 60;
	clk_format((utc_s + offset) * 1000000, text);
	buf_add(b, text, strlen("2026-11-20T21:00:00"));
	if (offset == 0)
		buf_putc(b, 'Z');
	else
		buf_addf(b, "%c%02d:%02d", offset < 0 ? '-' : '+', minutes / 60,
			 minutes % 60);
}

int try_cron(const char *expr, const char *from, unsigned long count,
	     const char *tz, FILE *out, struct err *e)
{
	struct tz_cache zones = { 0 };
	const struct tz *z = tz_get(&zones, str_from(tz), e);
	struct buf b = { 0 };
	struct cron c;
	int64_t t = 0;
	int status = -1;

	if (!z || cron_parse(str_from(expr), &c, e)) {
		err_prefix(e, z ? "expr" : "tz");
		e->code = EX_DATAERR;
		goto out;
	}
	status = read_from(from, z, &t, e);
	while (!status && count-- > 0) {
		t = cron_next(&c, z, t);
		if (t == CLK_NONE)
			break;
		buf_reset(&b);
		add_time(&b, z, t);
		status = write_line(out, &b, e);
	}
out:
	buf_free(&b);
	tz_cache_free(&zones);
	return status;
}
