/*
 * Whether memory and descriptors grow while hosts time out, send garbage,
 * redirect for ever, close early and are not there: weir-scraper on the bus
 * against weir-sim, much quicker than anybody would let it be.
 */
#include "bench.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WATCHES = 1200, HOSTS = 300, EVERY_S = 5, SAMPLES_MAX = 4096 };

static const char *const ways[] = {
	"/hang/",
	"/slow/5000/page",
	"/drip/50/page",
	"/cut/page",
	"/garbage/",
	"/endless/",
	"/bomb/",
	"/blocked/",
	"/empty/",
	"/nofields/",
	"/flaky/2/page",
	"/ratelimit/1/page",
	"/redirect-loop/",
	"/redirect/3/hang/",
	"/redirect-to?url=file:///etc/passwd",
	"/redirect-to?url=http://10.0.0.1/",
	"/headers/5000/page",
	"/status/503/?retry_after=1",
	"/challenge/200/",
	"/shuffle/ads/",
	"/sessions/ads/",
	"/broken/ads/",
	"/wire/nothing/",
	"/wire/reset/",
	"/wire/other-protocol/",
	"/wire/bad-chunk/",
	"/wire/cut-chunk/",
	"/wire/not-gzip/",
	"/wire/cut-gzip/",
	"/wire/hints-flood/",
	"/wire/huge-header/",
	"/shop/jsonld/rolex-submariner",
};

static void say_watch(FILE *f, unsigned n, unsigned port)
{
	static const char *const kinds[] = { "page", "product", "feed" };
	const unsigned n_ways = sizeof(ways) / sizeof(*ways);
	char redirect[128];
	const char *path = ways[n % n_ways];

	/* Each tenth leads to a host of its own where nobody listens. */
	if (n % 10 == 9) {
		snprintf(redirect, sizeof(redirect),
			 "/redirect-to?url=http://127.2.%u.%u:%u/",
			 n % HOSTS / 250, n % HOSTS % 250 + 1, port);
		path = redirect;
	}
	fprintf(f,
		"{\"type\":\"watch.set\",\"subject\":\"w%u\",\"data\":{\"id\":"
		"\"w%u\",\"kind\":\"%s\",\"every\":\"%ds\",\"source\":\"s%u\","
		"\"url\":\"http://127.0.0.1:%u%s\"}}\n",
		n, n, kinds[n / n_ways % 3], EVERY_S, n % n_ways, port, path);
}

static unsigned sim_port(void)
{
	char path[128], line[512], *at;
	unsigned port = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/sim.log", bench_dir());
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if ((at = strstr(line, "listen=127.0.0.1:")))
			port = (unsigned)atoi(at + strlen("listen=127.0.0.1:"));
	if (f)
		fclose(f);
	return port;
}

static void publish(const char *bin, unsigned port)
{
	char command[4096];
	FILE *f;

	snprintf(command, sizeof(command),
		 "'%s/weir-pub' --dir '%s' >/dev/null", bin, bench_dir());
	f = popen(command, "w");
	for (unsigned i = 0; f && i < WATCHES; i++)
		say_watch(f, i, port);
	if (!f || pclose(f))
		die("weir-pub");
}

static unsigned open_files(pid_t pid)
{
	char path[64];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static double mean(const double *v, size_t from, size_t to)
{
	double sum = 0;

	for (size_t i = from; i < to; i++)
		sum += v[i];
	return to > from ? sum / (double)(to - from) : 0;
}

void bench_memory(const char *bin, unsigned minutes)
{
	static double mib[SAMPLES_MAX], files[SAMPLES_MAX];
	const char *const sim[] = { "sim",    "--listen", "127.0.0.1:0",
				    "--tick", "1s",	  NULL };
	const char *const store[] = { "store", "--dir", bench_dir(), NULL };
	const char *const scraper[] = {
		"scraper",     "--dir",
		bench_dir(),   "--allow",
		"127.0.0.0/8", "--host-delay",
		"0ms",	       "--spread",
		"5s",	       "--timeout",
		"1s",	       "--backoff",
		"500ms",       "--backoff-max",
		"5s",	       "--hold",
		"100ms",       "--hold-blocked",
		"100ms",       "--hold-max",
		"200ms",       "--host-requests",
		"60",	       "--max-bytes",
		"1M",	       NULL,
	};
	pid_t pids[3] = { start_tool(bin, sim, ": ready ", 1),
			  start_tool(bin, store, ": ready ", 1) };
	size_t n = 0, want = (size_t)minutes * 6;
	double cpu;

	publish(bin, sim_port());
	pids[2] = start_tool(bin, scraper, ": ready ", 0);
	sleep(60);
	cpu = cpu_of(pids[2]);
	for (; n < want && n < SAMPLES_MAX; n++) {
		mib[n] = private_mib(pids[2]);
		files[n] = open_files(pids[2]);
		fprintf(stderr, "%zu s: %.1f MiB, %.0f files\n", 60 + 10 * n,
			mib[n], files[n]);
		sleep(10);
	}
	cpu = cpu_of(pids[2]) - cpu;
	for (size_t i = 3; i > 0; i--)
		kill_wait(pids[i - 1], SIGTERM);
	printf("{\"bench\":\"scraper-memory\",\"minutes\":%u,\"watches\":%d,"
	       "\"first_half_mib\":%.2f,\"second_half_mib\":%.2f,"
	       "\"last_quarter_mib\":%.2f,\"first_half_files\":%.1f,"
	       "\"second_half_files\":%.1f,\"cpu_share\":%.3f}\n",
	       minutes, WATCHES, mean(mib, 0, n / 2), mean(mib, n / 2, n),
	       mean(mib, n - n / 4, n), mean(files, 0, n / 2),
	       mean(files, n / 2, n), cpu / (10.0 * (double)n));
}
