#include "common/sig.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop_flag, reload_flag;

static void on_signal(int signo)
{
	(void)signo;
	stop_flag = 1;
}

void sig_init(bool ignore_sigpipe)
{
	/* No SA_RESTART: the call that waits has to come back. */
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	if (ignore_sigpipe)
		sigaction(SIGPIPE, &sa, NULL);
}

bool sig_stop(void)
{
	return stop_flag != 0;
}

static void on_hup(int signo)
{
	(void)signo;
	reload_flag = 1;
}

void sig_init_reload(void)
{
	struct sigaction sa = { .sa_handler = on_hup };

	sigaction(SIGHUP, &sa, NULL);
}

bool sig_reload(void)
{
	bool asked = reload_flag != 0;

	reload_flag = 0;
	return asked;
}
