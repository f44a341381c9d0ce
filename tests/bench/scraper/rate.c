/*
 * Checks that answer 304, per second of CPU: weir-scraper as users run it,
 * against a bare libcurl loop that makes the same requests of the same server.
 * Both as fast as they can, on one CPU; the server has another.
 */
#include "bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PAGES = 5000, HANDLES = 50, WARM_S = 3, FULL_S = 5, QUICK_S = 2 };

static void write_watches(const struct web *w, const char *path)
{
	char url[64];
	FILE *f = fopen(path, "w");

	if (!f)
		die(path);
	for (unsigned i = 0; i < PAGES; i++)
		fprintf(f,
			"{\"id\":\"p%u\",\"kind\":\"page\",\"every\":\"100ms\","
			"\"url\":\"%s\"}\n",
			i, web_url(w, i, url));
	fclose(f);
}

/* Let it warm up, then count checks per CPU second, then end it. */
static double measure(struct web *w, pid_t pid, unsigned seconds)
{
	unsigned long from, checks;
	double cpu;

	for (int i = 0; i < 20 && !w->same; i++)
		sleep(1);
	sleep(WARM_S);
	from = w->same;
	cpu = cpu_of(pid);
	sleep(seconds);
	checks = w->same - from;
	cpu = cpu_of(pid) - cpu;
	kill_wait(pid, SIGKILL);
	web_reset_counts(w);
	return cpu > 0 ? (double)checks / cpu : 0;
}

void bench_rate(const char *bin, bool quick)
{
	unsigned seconds = quick ? QUICK_S : FULL_S;
	struct web *w = web_new(1, 100);
	pid_t server = web_start(w, 1), pid;
	char watches[128], handles[16];
	double limit, ours;

	snprintf(watches, sizeof(watches), "%s/watches", bench_dir());
	snprintf(handles, sizeof(handles), "%d", HANDLES);
	write_watches(w, watches);
	pid = fork();
	if (pid == 0) {
		pin(0);
		bare_run(w, PAGES, HANDLES, 0);
	}
	limit = measure(w, pid, seconds);
	pid = start_tool(bin,
			 (const char *[]){
				 "scraper", "-w", watches, "-o", "-", "--allow",
				 "127.0.0.0/8", "--host-delay", "0ms",
				 "--host-requests", handles, "--max-fetches",
				 handles, "--user-agent", "weir/bench", NULL },
			 NULL, 0);
	ours = measure(w, pid, seconds);
	kill_wait(server, SIGKILL);
	printf("{\"bench\":\"scraper-rate\",\"checks_per_cpu_second\":%.0f,"
	       "\"limit\":%.0f,\"ratio\":%.2f,\"want\":0.7}\n",
	       ours, limit, limit > 0 ? ours / limit : 0);
}
