#include "trial.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <sysexits.h>

#include "common/event.h"
#include "common/loop.h"

#include "message.h"
#include "send.h"

struct trial {
	struct loop *loop;
	bool over;
	struct outcome outcome;
};

static void on_outcome(void *arg, const struct outcome *o)
{
	struct trial *t = arg;

	t->outcome = *o;
	t->over = true;
	loop_stop(t->loop);
}

/* A notification of its own each time, so that no receiver takes it for old. */
static void print_event(const struct channel *c, struct buf *b)
{
	struct event ev = { .source = STR("weir/notifier/-"),
			    .time_us = clk_wall_us(),
			    .recorded_us = CLK_NONE,
			    .data = STR("{\"type\":\"custom\","
					"\"title\":\"Test\",\"message\":"
					"\"This is a test of weir.\"}") };
	struct buf topic = { .p = NULL };

	ev.id = (uint64_t)ev.time_us;
	buf_addf(&topic, "user.notification/%s", c->user ? c->user : "default");
	ev.topic = buf_str(&topic);
	event_print(&ev, 0, b);
	buf_free(&topic);
}

static int say(const struct channel *c, const struct trial *t, struct err *e)
{
	static const char *const ends[] = { [OUTCOME_SENT] = "sent",
					    [OUTCOME_RETRY] = "failed",
					    [OUTCOME_FAILED] = "failed",
					    [OUTCOME_UNKNOWN] = "unknown" };
	const struct outcome *o = &t->outcome;

	printf("%s %s", c->name, t->over ? ends[o->end] : "unknown");
	if (t->over && *o->reason)
		printf(": %s", o->reason);
	if (t->over && o->status > 0)
		printf(" (%d)", o->status);
	if (t->over && *o->receiver)
		printf(": %s", o->receiver);
	if (t->over && *o->message)
		printf(": message %s", o->message);
	putchar('\n');
	if (fflush(stdout) || ferror(stdout))
		return err_set(e, EX_IOERR, "standard output: cannot write");
	return t->over && o->end == OUTCOME_SENT ? 0 : 1;
}

int trial_run(const struct channels *channels, const char *name, struct err *e)
{
	const struct channel *c = channels_find(channels, str_from(name));
	struct trial t = { .loop = NULL };
	struct sender *sender = NULL;
	struct sending *sending;
	struct buf line = { .p = NULL };
	char id[MESSAGE_ID_SIZE];
	struct compose_job job = { .id = id, .part = 1 };
	uint64_t random[2];
	int rc = -1;

	if (!c)
		return err_set(e, EX_USAGE, "--test: there is no channel '%s'",
			       name);
	t.loop = loop_new(e);
	if (!t.loop || loop_signals(t.loop, NULL, NULL, e))
		goto out;
	sender = sender_new(t.loop, NULL, NULL, e);
	if (!sender)
		goto out;
	while (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		;
	snprintf(id, sizeof(id), "%016" PRIx64 "%016" PRIx64, random[0],
		 random[1]);
	print_event(c, &line);
	job.line = buf_str(&line);
	sending = send_start(sender, c, &job, on_outcome, &t);
	loop_run(t.loop);
	if (!t.over)
		send_cancel(&sending);
	rc = say(c, &t, e);
out:
	buf_free(&line);
	sender_free(&sender);
	loop_free(&t.loop);
	return rc;
}
