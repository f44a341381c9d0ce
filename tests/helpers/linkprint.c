/*
 * linkprint PROTOCOL URL [OPTION VALUE]...
 *
 * Open a link of the scraper's and print what comes of it, a JSON object per
 * line: {"open":true}, {"unit":…}, {"end":OUTCOME,"reason":…}. PROTOCOL is ws,
 * sse, irc, ircws or poll. Exits when the link has ended, or after --units N.
 *
 * --links N opens that many and prints their ends, and figures instead: memory
 * of each once all are open, and processor time for what came in --for MS.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/scraper/stream_link.h"
#include "common/xmem.h"

enum { LIST_MAX = 16 };

static struct {
	struct links_conf links;
	struct link_target target;
	const char *send[LIST_MAX], *channels[LIST_MAX], *headers[LIST_MAX];
	const char *next_url;
	struct http_proxy proxy;
	size_t n_headers;
	long units, pause_every, pause_ms, n, for_ms;
} o;

static struct loop *loop;
static struct link *one;
static struct loop_timer *timer;
static struct links *links;
static long units, opened, ended;
static struct buf out;
static long pss_before;

static void print(void)
{
	struct err e;

	buf_putc(&out, '\n');
	buf_print(&out, &e);
}

static void add(const char *name, struct str s)
{
	buf_addf(&out, "%s\"%s\":", out.len > 1 ? "," : "", name);
	if (str_is_utf8(s))
		buf_json_str(&out, s);
	else
		buf_addf(&out, "\"(%zu bytes)\"", s.len);
}

static void on_resume(void *arg)
{
	(void)arg;
	link_pause(one, false);
}

static void on_open(void *arg)
{
	(void)arg;
	opened++;
	if (o.n)
		return;
	buf_puts(&out, "{\"open\":true}");
	print();
}

static void on_unit(void *arg, const struct link_unit *u)
{
	(void)arg;
	units++;
	if (o.n || (o.units && units > o.units))
		return;
	buf_puts(&out, "{");
	add("unit", u->bytes);
	if (u->binary)
		buf_puts(&out, ",\"binary\":true");
	if (u->event.p)
		add("event", u->event);
	if (u->id.len)
		add("id", u->id);
	if (u->retry_ms)
		buf_addf(&out, ",\"retry_ms\":%lld", (long long)u->retry_ms);
	buf_puts(&out, "}");
	print();
	if (o.next_url)
		link_set_url(one, o.next_url);
	if (o.units && units == o.units)
		loop_stop(loop);
	if (o.pause_every && units % o.pause_every == 0) {
		link_pause(one, true);
		loop_timer_start(timer, o.pause_ms);
	}
}

static void on_end(void *arg, const struct link_end *end)
{
	(void)arg;
	buf_puts(&out, "{");
	add("end", str_from(outcome_name(end->outcome)));
	add("reason", str_from(end->reason));
	if (end->status)
		buf_addf(&out, ",\"status\":%d", end->status);
	if (end->retry_ms)
		buf_addf(&out, ",\"retry_ms\":%lld", (long long)end->retry_ms);
	buf_puts(&out, "}");
	print();
	one = NULL;
	if (++ended >= o.n)
		loop_stop(loop);
}

static const struct link_handler handler = { .open = on_open,
					     .unit = on_unit,
					     .end = on_end };

/* ---- figures ---- */

static long pss_kb(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	long kb = 0;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "Pss: %ld", &kb);
	if (f)
		fclose(f);
	return kb;
}

static double cpu_s(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void on_figures(void *arg)
{
	static double cpu_before;
	static long units_before;
	static bool measuring;
	double cpu;
	long n;

	(void)arg;
	if (!measuring && opened < o.n) {
		loop_timer_start(timer, 100);
		return;
	}
	if (!measuring) {
		printf("{\"links\":%ld,\"pss_kb_each\":%.2f}\n", opened,
		       (double)(pss_kb() - pss_before) / (double)opened);
		fflush(stdout);
		measuring = true;
		cpu_before = cpu_s();
		units_before = units;
		loop_timer_start(timer, o.for_ms);
		return;
	}
	cpu = cpu_s() - cpu_before;
	n = units - units_before;
	printf("{\"units_per_s\":%.0f,\"core_percent\":%.1f,"
	       "\"us_per_unit\":%.2f,\"pss_kb_each\":%.2f}\n",
	       (double)n * 1e3 / (double)o.for_ms, cpu * 1e5 / (double)o.for_ms,
	       n ? cpu * 1e6 / (double)n : 0.0,
	       (double)(pss_kb() - pss_before) / (double)opened);
	fflush(stdout);
	loop_stop(loop);
}

/* ---- options ---- */

static const char *const protocols[] = {
	[LINK_WEBSOCKET] = "ws", [LINK_SSE] = "sse",
	[LINK_IRC] = "irc",	 [LINK_IRC_WEBSOCKET] = "ircws",
	[LINK_POLL] = "poll",
};

static void usage(void)
{
	fputs("usage: linkprint PROTOCOL URL [OPTION VALUE]...\n", stderr);
	exit(64);
}

static void set_text(const char *name, const char *v)
{
	struct link_target *t = &o.target;

	if (strcmp(name, "--send") == 0 && t->n_send < LIST_MAX)
		o.send[t->n_send++] = v;
	else if (strcmp(name, "--channel") == 0 && t->n_channels < LIST_MAX)
		o.channels[t->n_channels++] = v;
	else if (strcmp(name, "--header") == 0 && o.n_headers < LIST_MAX)
		o.headers[o.n_headers++] = v;
	else if (strcmp(name, "--subprotocol") == 0)
		t->subprotocol = v;
	else if (strcmp(name, "--nick") == 0)
		t->nick = v;
	else if (strcmp(name, "--pass") == 0)
		t->pass = v;
	else if (strcmp(name, "--last-id") == 0)
		t->last_id = v;
	else if (strcmp(name, "--next-url") == 0)
		o.next_url = v;
	else if (strcmp(name, "--proxy") == 0)
		o.proxy.url = v;
	else if (strcmp(name, "--proxy-user") == 0)
		o.proxy.user = v;
	else if (strcmp(name, "--proxy-password") == 0)
		o.proxy.password = v;
	else if (strcmp(name, "--address") == 0)
		t->address = v;
	else if (strcmp(name, "--ca") == 0)
		o.links.ca_file = v;
	else
		usage();
}

static void set(const char *name, const char *v, struct netguard **guard)
{
	struct err e;
	char *end;
	long n = strtol(v, &end, 10);

	if (strcmp(name, "--allow") == 0) {
		if (!*guard)
			*guard = netguard_new();
		if (*v && netguard_allow(*guard, v, &e))
			usage();
	} else if (*end) {
		set_text(name, v);
	} else if (strcmp(name, "--units") == 0) {
		o.units = n;
	} else if (strcmp(name, "--idle") == 0) {
		o.target.idle_ms = n;
	} else if (strcmp(name, "--every") == 0) {
		o.target.every_ms = n;
	} else if (strcmp(name, "--open") == 0) {
		o.links.open_ms = n;
	} else if (strcmp(name, "--max") == 0) {
		o.links.max_bytes = (size_t)n;
	} else if (strcmp(name, "--pause-every") == 0) {
		o.pause_every = n;
	} else if (strcmp(name, "--pause") == 0) {
		o.pause_ms = n;
	} else if (strcmp(name, "--links") == 0) {
		o.n = n;
	} else if (strcmp(name, "--for") == 0) {
		o.for_ms = n;
	} else {
		set_text(name, v);
	}
}

static bool set_protocol(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
		if (strcmp(protocols[i], name) != 0)
			continue;
		o.target.protocol = (enum link_protocol)i;
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct http_headers *headers;
	struct netguard *guard = NULL;
	struct err e = { 0 };

	if (argc < 3 || argc % 2 == 0 || !set_protocol(argv[1]))
		usage();
	o.target.url = argv[2];
	o.for_ms = 10000;
	for (int i = 3; i + 1 < argc; i += 2)
		set(argv[i], argv[i + 1], &guard);
	headers = http_headers_new(o.headers, o.n_headers);
	o.target.headers = headers;
	if (o.proxy.url)
		o.target.proxy = &o.proxy;
	o.target.send = o.send;
	o.target.channels = o.channels;
	loop = loop_new(&e);
	if (!loop || loop_signals(loop, NULL, NULL, &e))
		return 71;
	o.links.loop = loop;
	o.links.guard = guard;
	links = links_new(&o.links, &e);
	timer = loop_timer_new(loop, o.n ? on_figures : on_resume, NULL);
	pss_before = pss_kb();
	one = link_open(links, &o.target, &handler, NULL);
	for (long i = 1; i < o.n; i++)
		link_open(links, &o.target, &handler, NULL);
	if (o.n)
		loop_timer_start(timer, 100);
	loop_run(loop);
	links_free(&links);
	loop_timer_free(&timer);
	loop_free(&loop);
	netguard_free(&guard);
	http_headers_free(&headers);
	buf_free(&out);
	return 0;
}
