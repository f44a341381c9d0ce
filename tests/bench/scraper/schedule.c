/*
 * Ten thousand watches, each as often as every_ms, on the bus with a store: how
 * late their requests are, what the scraper needs of memory and CPU, and how
 * often a connection is used again. The scraper has one CPU, the rest another.
 *
 * All watches are seen once; then the scraper starts anew, as after an upgrade,
 * and spreads them over its first interval. Lateness is what the server sees:
 * the time of a request after the one that the schedule had for it, counted
 * from the answer before. CPU is compared with a bare libcurl loop that makes
 * as many requests a second, over the same hosts. With BENCH_HOSTS only the run
 * with so many hosts (1 to 10000).
 */
#include "bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/bus.h"
#include "common/clk.h"
#include "common/json.h"
#include "common/opt.h"

enum { WATCHES = 10000, ALL_S = 120, MEASURE_QUICK_S = 20 };

struct figures {
	double cpu, mib;
	unsigned long requests, accepts;
	unsigned late50, late99, late100;
	double said; /* that are at most 100 ms late, by its own counters */
};

static void write_watches(const struct web *w, const char *path)
{
	char url[64];
	FILE *f = fopen(path, "w");

	if (!f)
		die(path);
	for (unsigned i = 0; i < WATCHES; i++)
		fprintf(f,
			"{\"type\":\"watch.set\",\"subject\":\"p%u\",\"data\":"
			"{\"id\":\"p%u\",\"kind\":\"page\",\"every\":\"%"
			"lldms\","
			"\"source\":\"h%u\",\"url\":\"%s\"}}\n",
			i, i, (long long)w->every_ms, i % w->n_hosts,
			web_url(w, i, url));
	fclose(f);
}

static void publish(const char *bin, const char *file)
{
	char command[4096];

	snprintf(command, sizeof(command),
		 "'%s/weir-pub' --dir '%s' <'%s' >/dev/null", bin, bench_dir(),
		 file);
	if (system(command))
		die("weir-pub");
}

static pid_t start_scraper(const char *bin, const struct web *w)
{
	char spread[32];

	snprintf(spread, sizeof(spread), "%lldms", (long long)w->every_ms);
	return start_tool(bin,
			  (const char *[]){ "scraper", "--dir", bench_dir(),
					    "--allow", "127.0.0.0/8",
					    "--host-delay", "0ms", "--spread",
					    spread, "--user-agent",
					    "weir/bench", NULL },
			  ": ready ", 0);
}

/* The first sight of them all, and what is to be written of it. */
static void see_all(const char *bin, struct web *w)
{
	pid_t pid = start_scraper(bin, w);

	for (int i = 0; i < ALL_S * 10 && w->others < WATCHES; i++)
		usleep(100 * 1000);
	if (w->others < WATCHES)
		fprintf(stderr, "bench: only %lu pages were seen\n",
			(unsigned long)w->others);
	sleep(2);
	kill_wait(pid, SIGTERM);
	w->run++;
}

static void measure(struct web *w, pid_t pid, unsigned warm_s, unsigned s,
		    struct figures *f)
{
	double cpu;

	sleep(warm_s);
	web_reset_counts(w);
	cpu = cpu_of(pid);
	sleep(s);
	f->cpu = cpu_of(pid) - cpu;
	f->mib = private_mib(pid);
	f->requests = w->same + w->others;
	f->accepts = w->accepts;
	f->late50 = web_late_ms(w, 0.5);
	f->late99 = web_late_ms(w, 0.99);
	f->late100 = web_late_ms(w, 1);
}

/* Of a histogram as stats_print() writes it: what part took at most 100 ms. */
static double share_in_time(struct str stats)
{
	const struct json *h, *le, *n;
	struct json *all;
	struct err e;
	double share = -1;

	all = json_parse(stats, 0, &e);
	h = all ? json_member(all, "schedule_late_seconds") : NULL;
	le = h ? json_member(h, "le") : NULL;
	n = h ? json_member(h, "n") : NULL;
	for (size_t i = 0; le && n && i < json_count(le); i++)
		if (strcmp(json_number(json_at(le, i)), "0.1") == 0)
			share = atof(json_number(json_at(n, i))) /
				atof(json_number(
					json_at(n, json_count(n) - 1)));
	json_free(&all);
	return share;
}

/* What the scraper itself says in its next $stats. */
static double ask_scraper(void)
{
	const struct opt_common common = { .dir = bench_dir() };
	int64_t until_ms = clk_mono_ms() + 10 * 1000;
	struct bus_sock *s;
	struct bus *bus;
	struct bus_msg m;
	struct err e;
	double share = -1;

	bus = bus_new(&common, &e);
	s = bus ? bus_open(bus, BUS_CONSUMER, &e) : NULL;
	if (!s || bus_subscribe(s, STR("$stats/scraper/"), &e))
		die("bus");
	bus_msg_init(&m);
	while (share < 0 && clk_mono_ms() < until_ms) {
		bus_wait(s, 500);
		while (bus_recv(s, &m, &e) > 0)
			share = share_in_time(m.data);
	}
	bus_msg_fini(&m);
	bus_close(&s);
	bus_free(&bus);
	return share;
}

static void print(const struct web *w, unsigned s, const struct figures *f,
		  const struct figures *bare)
{
	double ours = f->cpu > 0 ? (double)f->requests / f->cpu : 0;
	double limit = bare->cpu > 0 ? (double)bare->requests / bare->cpu : 0;

	printf("{\"bench\":\"scraper-schedule\",\"watches\":%d,"
	       "\"every_s\":%lld,\"hosts\":%u,\"requests_per_second\":%.0f,",
	       WATCHES, (long long)w->every_ms / 1000, w->n_hosts,
	       (double)f->requests / s);
	printf("\"late_ms_p50\":%u,\"late_ms_p99\":%u,\"late_ms_max\":%u,"
	       "\"late_want\":100,\"in_time_by_itself\":%.4f,\"private_mib\":%."
	       "1f,\"mib_want\":60,"
	       "\"reused\":%.4f,\"reused_want\":0.95,",
	       f->late50, f->late99, f->late100, f->said, f->mib,
	       f->requests ? 1 - (double)f->accepts / (double)f->requests : 0);
	printf("\"cpu_share\":%.3f,\"requests_per_cpu_second\":%.0f,"
	       "\"limit\":%.0f,\"ratio\":%.2f,\"ratio_want\":0.7}\n",
	       f->cpu / s, ours, limit, limit > 0 ? ours / limit : 0);
	fflush(stdout);
}

static void run(const char *bin, unsigned hosts, unsigned every_s, unsigned s)
{
	struct web *w = web_new(hosts, (int64_t)every_s * 1000);
	pid_t server = web_start(w, 1), store, pid;
	struct figures ours = { 0 }, bare = { 0 };
	char file[128];

	snprintf(file, sizeof(file), "%s/watches", bench_dir());
	write_watches(w, file);
	store = start_tool(
		bin, (const char *[]){ "store", "--dir", bench_dir(), NULL },
		": ready ", 1);
	publish(bin, file);
	see_all(bin, w);
	pid = start_scraper(bin, w);
	measure(w, pid, every_s + every_s / 5, s, &ours);
	ours.said = ask_scraper();
	kill_wait(pid, SIGTERM);
	pid = fork();
	if (pid == 0) {
		pin(0);
		bare_run(w, WATCHES, 200, (double)ours.requests / s);
	}
	measure(w, pid, every_s / 2 + 2, s / 2, &bare);
	kill_wait(pid, SIGKILL);
	kill_wait(store, SIGTERM);
	kill_wait(server, SIGKILL);
	print(w, s, &ours, &bare);
	bench_end();
}

void bench_schedule(const char *bin, bool quick)
{
	const char *hosts = getenv("BENCH_HOSTS");

	if (hosts) {
		run(bin, (unsigned)atoi(hosts), quick ? 10 : 60,
		    quick ? MEASURE_QUICK_S : 60);
		return;
	}
	if (quick) {
		run(bin, 100, 10, MEASURE_QUICK_S);
		return;
	}
	run(bin, 100, 60, 60);
	run(bin, 1, 60, 60);
	run(bin, 10000, 60, 60);
}
