#include "bench.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/xmem.h"

enum { READY_S = 60 };

static char dir[64];

void die(const char *what)
{
	perror(what);
	bench_end();
	exit(1);
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

double cpu_of(pid_t pid)
{
	clockid_t clock;
	struct timespec t;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return -1;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double rollup_kib(pid_t pid)
{
	char path[64], line[256];
	double kib = 0, n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pss_Anon: %lf", &n) == 1 ||
		    sscanf(line, "Pss_Shmem: %lf", &n) == 1)
			kib += n;
	if (f)
		fclose(f);
	return kib;
}

double share_mib(pid_t pid)
{
	char path[64], line[256];
	double kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Pss: %lf", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib / 1024;
}

static pid_t parent_of(pid_t pid)
{
	char path[64], line[512], *end;
	int parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f && fgets(line, sizeof(line), f) && (end = strrchr(line, ')')) &&
	    sscanf(end + 1, " %*c %d", &parent) != 1)
		parent = 0;
	if (f)
		fclose(f);
	return parent;
}

double private_mib(pid_t pid)
{
	double kib = rollup_kib(pid);
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		pid_t child = atoi(e->d_name);

		if (child > 0 && parent_of(child) == pid)
			kib += rollup_kib(child);
	}
	if (d)
		closedir(d);
	return kib / 1024;
}

void pin(int cpu)
{
	cpu_set_t set;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

void kill_wait(pid_t pid, int signo)
{
	kill(pid, signo);
	waitpid(pid, NULL, 0);
}

static bool log_says(const char *path, const char *what)
{
	char line[1024];
	bool found = false;
	FILE *f = fopen(path, "r");

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, what) != NULL;
	if (f)
		fclose(f);
	return found;
}

static _Noreturn void exec_tool(const char *bin, const char *const *argv,
				const char *log, int cpu)
{
	char path[4096];
	int null = open("/dev/null", O_RDWR);
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(cpu);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	snprintf(path, sizeof(path), "%s/weir-%s", bin, argv[0]);
	execv(path, (char *const *)(uintptr_t)argv);
	die(path);
}

pid_t start_tool(const char *bin, const char *const *argv, const char *ready,
		 int cpu)
{
	char log[128];
	pid_t pid;

	snprintf(log, sizeof(log), "%s/%s.log", bench_dir(), argv[0]);
	unlink(log);
	pid = fork();
	if (pid == 0)
		exec_tool(bin, argv, log, cpu);
	for (int i = 0; ready && !log_says(log, ready); i++) {
		usleep(50 * 1000);
		if (i < READY_S * 20 && waitpid(pid, NULL, WNOHANG) == 0)
			continue;
		fprintf(stderr, "bench: %s does not start, see %s\n", argv[0],
			log);
		exit(1);
	}
	return pid;
}
