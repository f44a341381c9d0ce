/*
 * weir-chart - the prices of an item as a picture. See weir-chart(1).
 *
 * Reads the journal's file itself, from the newest event of the item back, or
 * events as lines; so it needs no store, and can end a pipe.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/decimal.h"
#include "common/journal.h"
#include "common/lines.h"
#include "common/log.h"
#include "common/since.h"
#include "common/tool.h"

#include "picture.h"

static struct {
	struct opt_common common;
	const char *in, *out, *since, *until, *title, *target, *currency, *zone;
	int64_t width, height;
} cfg = { .out = "-", .width = 800, .height = 400, .zone = "UTC" };

static const struct opt opts[] = {
	{ 'i', "in", "FILE", OPT_STR, &cfg.in, 1, 0,
	  "read events from FILE (- for standard input), not the journal" },
	{ 'o', "out", "FILE", OPT_STR, &cfg.out, 1, 0,
	  "write the picture there; - is standard output, the default" },
	{ 0, "since", "WHEN", OPT_STR, &cfg.since, 1, 0,
	  "from a time or an age such as 90d on" },
	{ 0, "until", "WHEN", OPT_STR, &cfg.until, 1, 0,
	  "up to a time or an age" },
	{ 0, "title", "TEXT", OPT_STR, &cfg.title, 0, 0,
	  "what stands above it; by default the item's name" },
	{ 0, "target", "PRICE", OPT_STR, &cfg.target, 1, 0,
	  "draw a line there; by default at the item's own target" },
	{ 0, "currency", "CODE", OPT_STR, &cfg.currency, 1, 0,
	  "draw prices in this one; by default that of the newest price" },
	{ 0, "zone", "ZONE", OPT_STR, &cfg.zone, 0, 0,
	  "whose times are shown, as Europe/Paris; by default UTC" },
	{ 0, "width", "PIXELS", OPT_UINT, &cfg.width, PICTURE_SIDE_MIN,
	  PICTURE_SIDE_MAX, "by default 800" },
	{ 0, "height", "PIXELS", OPT_UINT, &cfg.height, PICTURE_SIDE_MIN,
	  PICTURE_SIDE_MAX, "by default 400" },
};

static const struct opt_tool tool = {
	.name = "chart",
	.synopsis = "[OPTION...] ITEM | -i FILE [OPTION...] [ITEM]",
	.summary = "Draw the prices of an item as a PNG.",
	.opts = opts,
	.n_opts = sizeof(opts) / sizeof(opts[0]),
	.max_args = 1,
	.common = &cfg.common,
};

struct chart {
	struct series series;
	struct picture picture;
	struct tz_cache zones;
};

/* ---- settings ---- */

static int parse_when(const char *name, const char *text, int64_t *us_r,
		      struct err *e)
{
	struct since when;

	*us_r = CLK_NONE;
	if (!text)
		return 0;
	if (!since_parse(str_from(text), clk_wall_us(), &when) ||
	    when.is_position)
		return err_set(e, EX_USAGE, "--%s: '%s' is no time or age",
			       name, text);
	*us_r = when.us;
	return 0;
}

static int check_usage(struct chart *c, char **args, struct err *e)
{
	struct decimal d;

	c->picture = (struct picture){ .width = (int)cfg.width,
				       .height = (int)cfg.height,
				       .title = str_from(cfg.title),
				       .target = str_from(cfg.target) };
	if (!cfg.in && !*args && !cfg.common.check_config)
		return err_set(e, EX_USAGE, "which item?");
	if (cfg.target && !decimal_parse(str_from(cfg.target), &d))
		return err_set(e, EX_USAGE, "--target: '%s' is no price",
			       cfg.target);
	if (parse_when("since", cfg.since, &c->picture.from_us, e) ||
	    parse_when("until", cfg.until, &c->picture.to_us, e))
		return -1;
	if (cfg.since && cfg.until && c->picture.from_us >= c->picture.to_us)
		return err_set(e, EX_USAGE, "--since is not before --until");
	c->picture.zone = tz_get(&c->zones, str_from(cfg.zone), e);
	if (!c->picture.zone) {
		e->code = EX_USAGE;
		return err_prefix(e, "--zone");
	}
	series_init(&c->series, str_from(*args), str_from(cfg.currency));
	return 0;
}

/* ---- reading ---- */

static int take(struct chart *c, const struct event *ev, struct err *e)
{
	if (c->picture.to_us != CLK_NONE && ev->time_us > c->picture.to_us)
		return 0;
	return series_add(&c->series, ev, e);
}

/* 1: older ones are not needed; the last one holds at the beginning. */
static int on_history(void *arg, const struct event *ev, struct err *e)
{
	struct chart *c = arg;

	if (take(c, ev, e))
		return -1;
	return c->picture.from_us != CLK_NONE &&
	       ev->time_us < c->picture.from_us;
}

static int read_journal(struct chart *c, struct err *e)
{
	struct journal *j = journal_open(cfg.common.dir, e);
	struct buf topic = { 0 };
	int rc;

	if (!j)
		return -1;
	buf_puts(&topic, "price.update/");
	buf_add_str(&topic, c->series.item);
	rc = journal_history(j, buf_str(&topic), 0, on_history, c, e);
	buf_free(&topic);
	journal_close(&j);
	return rc < 0 ? -1 : 0;
}

static int read_lines(struct chart *c, struct err *e)
{
	struct arena a = { 0 };
	struct lines l;
	struct str line;
	int fd, got, status = 0;

	if (lines_open(cfg.in, &fd, e))
		return -1;
	lines_init(&l, fd, EVENT_LINE_MAX);
	while ((got = lines_next(&l, &line, e)) != 0) {
		struct event ev;

		arena_reset(&a);
		if (got < 0 && e->code != EX_DATAERR)
			break;
		if (got > 0 && str_trim(line).len == 0)
			continue;
		if (got > 0 && event_parse(line, 0, &a, &ev, e) == 0 &&
		    take(c, &ev, e) == 0)
			continue;
		log_error("line %llu: %s", (unsigned long long)l.number,
			  e->msg);
		status = EX_DATAERR;
	}
	lines_fini(&l);
	lines_close(fd);
	arena_free(&a);
	return got < 0 ? -1 : status;
}

/* ---- writing ---- */

static int write_file(const struct buf *b, struct err *e)
{
	size_t done = 0;
	int fd = open(cfg.out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return err_set(e, EX_CANTCREAT, "%s: %s", cfg.out,
			       strerror(errno));
	while (done < b->len) {
		ssize_t n = write(fd, b->p + done, b->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_set(e, EX_IOERR, "%s: %s", cfg.out,
				strerror(errno));
			close(fd);
			return -1;
		}
		done += (size_t)n;
	}
	if (close(fd) != 0)
		return err_set(e, EX_IOERR, "%s: %s", cfg.out, strerror(errno));
	return 0;
}

static int draw(struct chart *c, struct err *e)
{
	struct buf png = { 0 };
	int rc;

	series_finish(&c->series);
	if (c->series.n == 0)
		return err_set(e, EX_NOINPUT, "%.*s: no price%s%.*s",
			       STR_ARG(c->series.item.p ? c->series.item
							: STR("-")),
			       c->series.currency.p ? " in " : "",
			       STR_ARG(c->series.currency));
	if (c->series.n_foreign)
		log_warn("not drawn: %llu prices in other currencies",
			 (unsigned long long)c->series.n_foreign);
	if (c->series.n_beyond)
		log_warn("not drawn: %llu prices beyond %d sources or %d "
			 "prices of one",
			 (unsigned long long)c->series.n_beyond,
			 SERIES_LINES_MAX, SERIES_POINTS_MAX);
	rc = picture_png(&c->picture, &c->series, &png, e);
	if (!rc)
		rc = strcmp(cfg.out, "-") == 0 ? buf_print(&png, e)
					       : write_file(&png, e);
	buf_free(&png);
	return rc;
}

static int run(char **args, struct err *e)
{
	struct chart c = { .zones = { 0 } };
	int rc = check_usage(&c, args, e), drawn;

	if (rc || cfg.common.check_config)
		goto out;
	if (strcmp(cfg.out, "-") == 0 && isatty(STDOUT_FILENO)) {
		rc = err_set(
			e, EX_USAGE,
			"a picture is no text: give --out FILE, or a pipe");
		goto out;
	}
	rc = cfg.in ? read_lines(&c, e) : read_journal(&c, e);
	if (rc >= 0) {
		drawn = draw(&c, e);
		rc = drawn < 0 ? -1 : rc;
	}
out:
	series_free(&c.series);
	tz_cache_free(&c.zones);
	return rc;
}

int main(int argc, char **argv)
{
	return tool_main(&tool, run, argc, argv);
}
