#include "bench.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];

_Noreturn void die(const char *what)
{
	perror(what);
	bench_end();
	exit(1);
}

static double seconds(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return seconds(&u);
}

size_t heap_used(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

const char *bench_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	if (dir[0])
		return dir;
	snprintf(dir, sizeof(dir), "%.40s/weir-bench-XXXXXX",
		 tmp ? tmp : "/var/tmp");
	if (!mkdtemp(dir))
		die(dir);
	return dir;
}

void bench_end(void)
{
	char command[128];

	if (!dir[0])
		return;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (system(command))
		fprintf(stderr, "bench: %s is left\n", dir);
	dir[0] = '\0';
}

const char *bench_path(const char *name, char out[128])
{
	snprintf(out, 128, "%s/%s", bench_dir(), name);
	return out;
}

void bench_write(const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "a");

	if (!f || fwrite(b->p, 1, b->len, f) != b->len || fclose(f))
		die(path);
}

double run_filter(const char *bin, const char *in, const char *rules,
		  const char *out, double *peak_mib_r)
{
	char tool[4096];
	struct rusage u;
	int status;
	pid_t pid;

	snprintf(tool, sizeof(tool), "%s/weir-alerter", bin);
	pid = fork();
	if (pid == 0) {
		int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
			die(out);
		execl(tool, tool, "-i", in, "-o", "-", "-r", rules,
		      (char *)NULL);
		die(tool);
	}
	if (pid < 0 || wait4(pid, &status, 0, &u) != pid || status != 0)
		die(tool);
	*peak_mib_r = (double)u.ru_maxrss / 1024;
	return seconds(&u);
}

size_t count_lines(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = 0;
	int c;

	while (f && (c = getc_unlocked(f)) != EOF)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}
