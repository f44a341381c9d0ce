#include "stream_life.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/backoff.h"

#include "draw.h"

const char *stream_state_name(enum stream_state s)
{
	static const char *const names[] = {
		[STREAM_STOPPED] = "stopped",
		[STREAM_ENDED] = "ended",
		[STREAM_FAILED] = "failed",
		[STREAM_CONNECTING] = "connecting",
		[STREAM_LIVE] = "live",
		[STREAM_WAITING] = "waiting",
		[STREAM_PAUSED] = "paused",
	};

	return names[s];
}

struct str session_print(const struct session *s, char out[SESSION_TEXT_MAX])
{
	int n = snprintf(out, SESSION_TEXT_MAX,
			 "1 %" PRIu32 " %c %d %" PRId64 " %016" PRIx64, s->slot,
			 (char)s->said, s->enabled, s->first_us, s->place);

	return (struct str){ out, (size_t)n };
}

bool session_parse(struct str text, struct session *s_r)
{
	char line[SESSION_TEXT_MAX], said;
	int enabled;

	*s_r = (struct session){ .said = SESSION_UNSAID };
	if (!str_copy(line, sizeof(line), text) ||
	    sscanf(line, "1 %" SCNu32 " %c %d %" SCNd64 " %" SCNx64, &s_r->slot,
		   &said, &enabled, &s_r->first_us, &s_r->place) != 5)
		return false;
	s_r->said = (enum session_said)said;
	s_r->enabled = enabled != 0;
	return true;
}

void session_set_enabled(struct session *s, bool enabled)
{
	if (s->enabled != enabled)
		s->said = SESSION_UNSAID;
	s->enabled = enabled;
}

bool session_runs(const struct session *s, bool enabled)
{
	return s->said == SESSION_UNSAID ? enabled : s->said == SESSION_STARTED;
}

enum stream_state session_rest(const struct session *s)
{
	return s->said == SESSION_ENDED ? STREAM_ENDED : STREAM_STOPPED;
}

static int64_t at_least(const struct stream_try *t)
{
	int64_t asked = t->retry_ms < STREAM_ASKED_MAX_MS
				? t->retry_ms
				: (int64_t)STREAM_ASKED_MAX_MS;

	if (t->outcome == OUTCOME_BLOCKED && asked < STREAM_BLOCKED_MS)
		return STREAM_BLOCKED_MS;
	return asked;
}

struct stream_next stream_after(const struct stream_try *t,
				const struct backoff *b)
{
	enum { HTTP_GONE = 410 };
	struct stream_next next = { STREAM_WAITING, 0, t->failures + 1 };

	/* SSE's 204, and 410: nobody shall come back. */
	if (t->outcome == OUTCOME_EMPTY || t->status == HTTP_GONE)
		return (struct stream_next){ STREAM_ENDED, -1, 0 };
	if (t->lived_ms >= STREAM_STEADY_MS)
		next.failures = 1;
	next.wait_ms = backoff_ms(b->base_ms, next.failures, b->max_ms);
	if (t->outcome == OUTCOME_REFUSED) {
		next.state = STREAM_FAILED;
		next.wait_ms = b->max_ms;
	}
	next.wait_ms = next.wait_ms / 2 +
		       draw_below(t->seed, t->n, next.wait_ms / 2 + 1);
	if (next.wait_ms < at_least(t))
		next.wait_ms = at_least(t);
	return next;
}
