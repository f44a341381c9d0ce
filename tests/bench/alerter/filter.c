/*
 * filter - weir-alerter in a pipe: prices as lines in, alerts as lines out.
 * Beside it what reading and writing the same lines costs without deciding.
 */
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/event.h"
#include "common/lines.h"

enum { CHUNK = 1 << 20 };

static void write_prices(const char *path, uint32_t n, uint32_t n_items)
{
	struct dice d = { 5 };
	struct buf b = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		put_price(&b, &d, i, n_items);
		if (b.len > CHUNK || i + 1 == n) {
			bench_write(path, &b);
			buf_reset(&b);
		}
	}
	buf_free(&b);
}

/* CPU seconds for reading all lines, and where `print` for writing them. */
static double bare(const char *path, bool print)
{
	int fd = open(path, O_RDONLY), null = open("/dev/null", O_WRONLY);
	double start = cpu_s();
	struct arena a = { 0 };
	struct buf out = { 0 };
	struct lines lines;
	struct str line;
	struct event ev;
	struct err e;

	if (fd < 0 || null < 0)
		die(path);
	lines_init(&lines, fd, EVENT_LINE_MAX);
	while (lines_next(&lines, &line, &e) > 0) {
		if (event_parse(line, 0, &a, &ev, &e)) {
			fprintf(stderr, "bench: %s\n", e.msg);
			exit(1);
		}
		if (print) {
			event_print(&ev, 0, &out);
			buf_putc(&out, '\n');
		}
		if (out.len > CHUNK / 16) {
			if (write(null, out.p, out.len) < 0)
				die("/dev/null");
			buf_reset(&out);
		}
		arena_reset(&a);
	}
	lines_fini(&lines);
	arena_free(&a);
	buf_free(&out);
	close(fd);
	close(null);
	return cpu_s() - start;
}

struct run {
	const char *bin, *name;
	uint32_t n_events, n_items;
	const struct buf *rules;
};

/* The beginning of a JSON object. */
static double report(const struct run *r)
{
	char in[128], rules[128], out[128], none[128];
	double took, empty, parse, both, mib, ignored;

	bench_path("in", in);
	bench_path("rules", rules);
	bench_path("out", out);
	bench_path("none", none);
	unlink(in);
	unlink(rules);
	write_prices(in, r->n_events, r->n_items);
	bench_write(rules, r->rules);
	bench_write(none, &(struct buf){ .p = (char[]){ "" } });
	empty = run_filter(r->bin, none, rules, out, &ignored);
	took = run_filter(r->bin, in, rules, out, &mib) - empty;
	parse = bare(in, false);
	both = bare(in, true);
	printf("{\"bench\":\"alerter-%s\",\"events\":%u,\"items\":%u,"
	       "\"events_per_cpu_s\":%.0f,\"alerts_per_event\":%.4f,"
	       "\"cpu_s\":%.2f,\"start_s\":%.3f,\"peak_mib\":%.0f,"
	       "\"parse_share\":%.2f,"
	       "\"bare_parse_per_cpu_s\":%.0f,"
	       "\"bare_parse_print_per_cpu_s\":%.0f",
	       r->name, r->n_events, r->n_items, r->n_events / took,
	       (double)count_lines(out) / 2 / r->n_events, took + empty, empty,
	       mib, parse / (took + empty), r->n_events / parse,
	       r->n_events / both);
	return took;
}

void bench_filter(const char *bin, bool quick)
{
	enum { RULES = 10000, ITEMS = 1000 };
	struct buf rules = { 0 };
	struct run r = { bin, "filter", quick ? 100000 : 500000, ITEMS,
			 &rules };

	/* Half for one item each, half for all that fall low in a currency. */
	for (uint32_t i = 0; i < RULES; i++) {
		buf_addf(&rules, "{\"id\":\"rule-%05u\",", i);
		if (i % 2)
			buf_addf(&rules,
				 "\"on\":\"price.update/item%05u\","
				 "\"target\":\"%u\"}\n",
				 i % ITEMS,
				 (100 + i % 100) * (50 + i / ITEMS * 2) / 100);
		else
			buf_addf(&rules,
				 "\"on\":\"price.update/\","
				 "\"price\":{\"max\":\"%u.%02u\"},"
				 "\"currency\":\"EUR\"}\n",
				 1 + i % 49, i % 100);
	}
	report(&r);
	printf(",\"rules\":%d,\"wanted\":150000}\n", RULES);
	buf_free(&rules);
}

void bench_backtest(const char *bin, bool quick)
{
	struct buf rules = { 0 };
	struct run r = { bin, "backtest", quick ? 100000 : 1000000, 10000,
			 &rules };

	buf_puts(&rules, "{\"id\":\"deal\",\"on\":\"price.update/\","
			 "\"drop\":{\"percent\":20,\"over\":\"7d\"}}\n");
	report(&r);
	printf(",\"wanted_s\":5}\n");
	buf_free(&rules);
}
