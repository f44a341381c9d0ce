/*
 * bench/log - how fast weir-log prints a whole journal into a pipe.
 *
 *	log BIN-DIRECTORY [EVENTS]
 *
 * Writes a journal of 300-byte events, then reads it ROUNDS times through
 * weir-log and a pipe. Beside it: a scan of the same journal that looks at
 * every record and prints nothing, and the same bytes through the same pipe
 * from a process that has them in memory. Medians, one JSON object.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clk.h"
#include "common/journal.h"

enum { TOPICS = 100, DATA = 230, BATCH = 1000, ROUNDS = 5, CHUNK = 256 << 10 };

static struct err e;
static char dir[64];

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench/log: %s: %s\n", what, e.msg);
	exit(1);
}

static void append(struct journal *j, uint64_t i)
{
	static char topic[64], data[DATA + 1];
	struct event ev = { .source = STR("weir/bench/12345678"),
			    .id = i + 1,
			    .data = { data, DATA } };
	int n = snprintf(data, sizeof(data),
			 "{\"value\":\"%llu.50\",\"pad\":\"",
			 (unsigned long long)i % 10000);

	memset(data + n, 'x', (size_t)(DATA - n - 2));
	memcpy(data + DATA - 2, "\"}", 2);
	snprintf(topic, sizeof(topic), "bench.event/item-%03llu",
		 (unsigned long long)i % TOPICS);
	ev.topic = str_from(topic);
	ev.time_us = clk_wall_us();
	if (journal_write_append(j, &ev, ev.time_us, &e))
		die("append");
}

static void fill(uint64_t events)
{
	struct journal *j = journal_create(dir, &e);

	if (!j)
		die("journal");
	for (uint64_t i = 0; i < events; i++) {
		if (i % BATCH == 0 && journal_write_begin(j, &e))
			die("begin");
		append(j, i);
		if ((i + 1) % BATCH == 0 && journal_write_commit(j, &e))
			die("commit");
	}
	journal_close(&j);
}

/* Read to the end; the bytes in *bytes_r. Returns the number of lines. */
static uint64_t drain(int fd, uint64_t *bytes_r)
{
	static char chunk[CHUNK];
	uint64_t lines = 0;
	ssize_t n;

	*bytes_r = 0;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0) {
		*bytes_r += (uint64_t)n;
		for (const char *p = chunk, *end = chunk + n;
		     (p = memchr(p, '\n', (size_t)(end - p))); p++)
			lines++;
	}
	return lines;
}

/* Seconds until a child's output was read; child() never returns. */
static double time_child(void (*child)(const void *arg), const void *arg,
			 uint64_t *lines_r, uint64_t *bytes_r)
{
	int64_t start = clk_mono_us();
	int fd[2], status;
	pid_t pid;

	if (pipe(fd))
		die("pipe");
	pid = fork();
	if (pid == 0) {
		dup2(fd[1], 1);
		close(fd[0]);
		close(fd[1]);
		child(arg);
	}
	close(fd[1]);
	*lines_r = drain(fd[0], bytes_r);
	close(fd[0]);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		die("a child failed");
	return (double)(clk_mono_us() - start) / 1e6;
}

static void run_log(const void *bin)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/weir-log", (const char *)bin);
	execl(path, "weir-log", "--dir", dir, (char *)NULL);
	_exit(127);
}

/* Lines as long as weir-log's, out of memory. */
static void run_pipe(const void *arg)
{
	static char chunk[CHUNK];
	uint64_t left = *(const uint64_t *)arg;

	memset(chunk, 'x', sizeof(chunk));
	while (left > 0) {
		ssize_t n = write(1, chunk,
				  left < sizeof(chunk) ? left : sizeof(chunk));

		if (n < 0)
			_exit(1);
		left -= (uint64_t)n;
	}
	_exit(0);
}

static int on_event(void *arg, const struct event *ev, struct err *why)
{
	(void)why;
	*(uint64_t *)arg += ev->data.len > 0;
	return 0;
}

static double time_scan(uint64_t events)
{
	struct journal_scan scan = { .from = 1, .budget = UINT64_MAX };
	struct journal *j = journal_open(dir, &e);
	int64_t start = clk_mono_us();
	uint64_t n = 0, next;

	if (!j || journal_scan(j, &scan, on_event, &n, &next, &e) ||
	    n != events)
		die("scan");
	journal_close(&j);
	return (double)(clk_mono_us() - start) / 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v)
{
	qsort(v, ROUNDS, sizeof(*v), compare);
	return v[ROUNDS / 2];
}

int main(int argc, char **argv)
{
	uint64_t events = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
	uint64_t lines, bytes, ignored;
	double log_s[ROUNDS], scan_s[ROUNDS], pipe_s[ROUNDS];
	char command[128];
	double n;

	events -= events % BATCH;
	if (argc < 2 || events == 0) {
		fprintf(stderr, "usage: log BIN-DIRECTORY [EVENTS]\n");
		return 64;
	}
	snprintf(dir, sizeof(dir), "%s/weir-bench-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/var/tmp");
	if (!mkdtemp(dir))
		die("scratch directory");
	fill(events);
	for (int i = 0; i < ROUNDS; i++) {
		log_s[i] = time_child(run_log, argv[1], &lines, &bytes);
		if (lines != events)
			die("weir-log printed something else");
		scan_s[i] = time_scan(events);
		pipe_s[i] = time_child(run_pipe, &bytes, &ignored, &ignored);
	}
	n = (double)events;
	printf("{\"bench\":\"log\",\"rounds\":%d,\"events\":%.0f,"
	       "\"bytes_per_line\":%.0f,\"events_per_s\":%.0f,"
	       "\"bare_scan_events_per_s\":%.0f,"
	       "\"bare_pipe_events_per_s\":%.0f}\n",
	       ROUNDS, n, (double)bytes / n, n / median(log_s),
	       n / median(scan_s), n / median(pipe_s));
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) != 0;
}
