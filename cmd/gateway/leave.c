#include "leave.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/log.h"
#include "common/loop_child.h"
#include "common/notify.h"
#include "common/xmem.h"

#include "activation.h"
#include "handover.h"
#include "live.h"
#include "socketio_live.h"

/* Where the program was found; what is there now may be a newer one. */
static char program[PATH_MAX];
static char **arguments;

struct leave {
	struct gateway *g;
	struct loop_signal *signal;
	struct loop_timer *timer;
	struct loop_child *check; /* of the configuration by the new program */
	size_t share;		  /* of Socket.IO's sessions, each time */
	int null_fd;
	int64_t until_ms; /* 0: we stay */
	bool done;
};

/*
 * Without a handler, these end a process. They wait while there is none: at the
 * beginning, and from one program to the next, which has them pending then.
 */
static void hold_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR2);
	sigprocmask(how, &set, NULL);
}

void leave_init(char **argv)
{
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[n > 0 ? n : 0] = '\0';
	arguments = argv;
	hold_signals(SIG_BLOCK);
}

bool leave_is_leaving(const struct leave *l)
{
	return l->until_ms != 0;
}

bool leave_is_done(const struct leave *l)
{
	return l->done;
}

/* ---- clients ---- */

static uint16_t closing;

static void tell(void *arg, struct wheel_item *beat)
{
	unsigned spread = LEAVE_RETRY_MAX_MS - LEAVE_RETRY_MIN_MS + 1;

	(void)arg;
	live_dismiss(live_of(beat), closing,
		     LEAVE_RETRY_MIN_MS + arc4random_uniform(spread));
}

void leave_tell(struct gateway *g, uint16_t code)
{
	closing = code;
	pulse_each(g->sockets, tell, NULL);
	pulse_each(g->streams, tell, NULL);
}

/* ---- making way ---- */

/* Until all who have asked are answered, or have waited long enough. */
static void make_way(struct leave *l)
{
	bool late = loop_now_ms(l->g->loop) >= l->until_ms;
	size_t left = socketio_live_let_go(l->g->socketio, l->share, late);
	size_t busy = net_busy(l->g->net);

	if ((busy || left) && !late) {
		loop_timer_start(l->timer, LEAVE_LOOK_MS);
		return;
	}
	if (busy)
		log_warn("%zu requests are not answered", busy);
	/* who has come in between */
	leave_tell(l->g, 1012);
	socketio_live_let_go(l->g->socketio, 0, true);
	l->done = true;
	hold_signals(SIG_BLOCK);
	loop_stop(l->g->loop);
}

static void on_timer(void *arg)
{
	struct leave *l = arg;

	if (leave_is_leaving(l))
		make_way(l);
	else
		loop_child_kill(l->check, SIGKILL);
}

static void begin(struct leave *l)
{
	size_t sessions = socketio_live_count(l->g->socketio).engine.sessions;

	l->share = LEAVE_LET_GO + sessions * LEAVE_LOOK_MS / LEAVE_LET_GO_MS;
	log_info("making way for %s", program);
	l->until_ms = loop_now_ms(l->g->loop) + LEAVE_WAIT_MS;
	net_take_no_more(l->g->net);
	hub_end_waits(l->g->hub);
	leave_tell(l->g, 1012);
	loop_timer_start(l->timer, LEAVE_LOOK_MS);
}

static void on_checked(void *arg, int status, int signo)
{
	struct leave *l = arg;

	loop_child_free(&l->check);
	loop_timer_stop(l->timer);
	if (status == 0 && signo == 0) {
		begin(l);
		return;
	}
	log_error("not replaced: %s %s the configuration", program,
		  signo == SIGKILL ? "has not checked" : "does not take");
	notify("READY=1");
}

static void on_signal(void *arg)
{
	struct leave *l = arg;
	const int fd[] = { l->null_fd, STDERR_FILENO, STDERR_FILENO };
	char **argv;
	size_t n = 0;
	struct err e;

	if (l->check || l->until_ms)
		return;
	notify("RELOADING=1");
	while (arguments[n])
		n++;
	argv = xcalloc(n + 2, sizeof(*argv));
	memcpy(argv, arguments, n * sizeof(*argv));
	argv[0] = program;
	argv[n] = (char[]){ "--check-config" };
	l->check =
		loop_child_new(l->g->loop, argv, NULL, fd, on_checked, l, &e);
	if (l->check) {
		loop_timer_start(l->timer, LEAVE_CHECK_MS);
	} else {
		log_error("not replaced: %s", e.msg);
		notify("READY=1");
	}
	free(argv);
}

struct leave *leave_new(struct gateway *g, struct err *e)
{
	struct leave *l = xcalloc(1, sizeof(*l));

	l->g = g;
	l->timer = loop_timer_new(g->loop, on_timer, l);
	l->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	l->signal = loop_signal_new(g->loop, SIGUSR2, on_signal, l, e);
	if (!l->signal)
		leave_free(&l);
	else
		hold_signals(SIG_UNBLOCK);
	return l;
}

void leave_free(struct leave **lp)
{
	struct leave *l = *lp;

	if (!l)
		return;
	loop_child_free(&l->check);
	loop_signal_free(&l->signal);
	loop_timer_free(&l->timer);
	if (l->null_fd >= 0)
		close(l->null_fd);
	free(l);
	*lp = NULL;
}

void leave_execute(const struct leave_fds *fds, struct err *e)
{
	if (fds->seats >= 0)
		handover_leave(fds->seats);
	activation_leave(fds->listening);
	execv(program, arguments);
	err_set(e, EX_OSERR, "%s: %s", program, strerror(errno));
}
