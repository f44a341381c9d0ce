#include "gateway.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"

#include "outside.h"
#include "soak.h"

enum { PATIENCE = 600, LOOK_US = 50 * 1000 };

static const char *command, *log_path;
static off_t said; /* of the log, before the last start */
static bool ready;
static unsigned lives;
static pid_t pid;

static off_t log_size(void)
{
	struct stat st;

	return stat(log_path, &st) == 0 ? st.st_size : 0;
}

static void start(void)
{
	char line[1024];

	snprintf(line, sizeof(line), "exec %s --port %u", command, soak.port);
	said = log_size();
	ready = false;
	pid = fork();
	if (pid == 0) {
		int fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);

		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(fd, STDERR_FILENO);
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
}

/* What it has said since it was started, or asked to make way. */
static void read_log(struct buf *b)
{
	int fd = open(log_path, O_RDONLY);
	ssize_t n = 1;

	if (fd < 0)
		return;
	lseek(fd, said, SEEK_SET);
	while (n > 0) {
		n = read(fd, buf_reserve(b, 4096), 4096);
		b->len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
}

bool gateway_is_ready(void)
{
	struct buf b = { 0 };
	struct str rest;
	size_t at, port;

	if (ready)
		return true;
	read_log(&b);
	at = str_find(buf_str(&b), STR(": ready url="));
	if (at != (size_t)-1) {
		rest = str_sub(buf_str(&b), at + 12, b.len);
		port = str_find(rest, STR("1:"));
		soak.port = port == (size_t)-1
				    ? soak.port
				    : (uint16_t)atoi(rest.p + port + 2);
		ready = true;
	}
	buf_free(&b);
	return ready;
}

bool gateway_begin(const char *cmd, const char *log)
{
	command = cmd;
	log_path = log;
	start();
	for (int i = 0; i < PATIENCE; i++) {
		if (gateway_is_ready() && outside_is_ready(soak.port))
			return true;
		usleep(LOOK_US);
	}
	fprintf(stderr, "soak: the gateway is not ready\n");
	return false;
}

int gateway_pid(void)
{
	return pid;
}

unsigned gateway_lives(void)
{
	return lives;
}

void gateway_kill(void)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	lives++;
	start();
}

void gateway_upgrade(void)
{
	said = log_size();
	ready = false;
	kill(pid, SIGUSR2);
}

void gateway_reload(void)
{
	kill(pid, SIGHUP);
}

bool gateway_lasts(void)
{
	return pid > 0 && waitpid(pid, NULL, WNOHANG) == 0;
}

bool gateway_end(void)
{
	int status = -1;

	if (pid <= 0 || kill(pid, SIGTERM))
		return false;
	return waitpid(pid, &status, 0) == pid && status == 0;
}
