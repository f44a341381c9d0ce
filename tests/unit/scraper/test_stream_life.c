#include "cmd/scraper/stream_life.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/xmem.h"

static const struct backoff backoff = { 1000, 60000 };

static void what_was_said_last_holds(void **state)
{
	struct session s = { .said = SESSION_UNSAID, .enabled = true };

	(void)state;
	assert_true(session_runs(&s, true));
	assert_false(session_runs(&s, false));
	s.said = SESSION_STOPPED;
	assert_false(session_runs(&s, true));
	assert_int_equal(session_rest(&s), STREAM_STOPPED);
	/* Another change of its watch leaves it stopped. */
	session_set_enabled(&s, true);
	assert_false(session_runs(&s, true));
	session_set_enabled(&s, false);
	session_set_enabled(&s, true);
	assert_true(session_runs(&s, true));
	s.said = SESSION_STARTED;
	assert_true(session_runs(&s, false));
	s.said = SESSION_ENDED;
	assert_false(session_runs(&s, true));
	assert_int_equal(session_rest(&s), STREAM_ENDED);
}

static void a_session_survives_as_text(void **state)
{
	const struct session s = { .slot = 4000000000,
				   .said = SESSION_STOPPED,
				   .enabled = true,
				   .first_us = 1795208400123456,
				   .place = UINT64_MAX - 1 };
	char text[SESSION_TEXT_MAX];
	struct session back;

	(void)state;
	assert_true(session_parse(session_print(&s, text), &back));
	assert_int_equal(back.slot, s.slot);
	assert_int_equal(back.said, s.said);
	assert_int_equal(back.enabled, s.enabled);
	assert_int_equal(back.first_us, s.first_us);
	assert_true(back.place == s.place);
	assert_false(session_parse(STR(""), &back));
	assert_false(session_parse(STR("2 1 r 1 0 0"), &back));
	assert_int_equal(back.said, SESSION_UNSAID);
}

static void it_waits_longer_and_longer(void **state)
{
	struct stream_try t = { .outcome = OUTCOME_UNREACHABLE, .seed = 7 };
	int64_t base = backoff.base_ms;
	struct stream_next next;

	(void)state;
	for (int i = 1; i < 20; i++, t.n++) {
		next = stream_after(&t, &backoff);
		assert_int_equal(next.state, STREAM_WAITING);
		assert_int_equal(next.failures, i);
		assert_in_range(next.wait_ms, base / 2, base);
		t.failures = next.failures;
		base = base * 2 < backoff.max_ms ? base * 2 : backoff.max_ms;
	}
	t.lived_ms = STREAM_STEADY_MS;
	next = stream_after(&t, &backoff);
	assert_int_equal(next.failures, 1);
	assert_in_range(next.wait_ms, 500, 1000);
}

static void many_do_not_come_back_together(void **state)
{
	struct stream_try t = { .outcome = OUTCOME_UNREACHABLE };
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	for (t.seed = 0; t.seed < 1000; t.seed++) {
		int64_t ms = stream_after(&t, &backoff).wait_ms;

		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
	}
	assert_in_range(least, 500, 520);
	assert_in_range(most, 980, 1000);
}

static void a_server_is_obeyed(void **state)
{
	static const struct {
		struct stream_try t;
		enum stream_state state;
		int64_t least, most;
	} cases[] = {
		{ { .outcome = OUTCOME_RATE_LIMITED, .retry_ms = 30000 },
		  STREAM_WAITING,
		  30000,
		  30000 },
		{ { .outcome = OUTCOME_RATE_LIMITED, .retry_ms = INT64_MAX },
		  STREAM_WAITING,
		  3600000,
		  3600000 },
		{ { .outcome = OUTCOME_BLOCKED },
		  STREAM_WAITING,
		  300000,
		  300000 },
		{ { .outcome = OUTCOME_REFUSED }, STREAM_FAILED, 30000, 60000 },
		{ { .outcome = OUTCOME_EMPTY, .status = 204 },
		  STREAM_ENDED,
		  -1,
		  -1 },
		{ { .outcome = OUTCOME_HTTP_ERROR, .status = 410 },
		  STREAM_ENDED,
		  -1,
		  -1 },
		{ { .outcome = OUTCOME_HTTP_ERROR, .status = 404 },
		  STREAM_WAITING,
		  500,
		  1000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct stream_next next = stream_after(&cases[i].t, &backoff);

		if (next.state != cases[i].state ||
		    next.wait_ms < cases[i].least ||
		    next.wait_ms > cases[i].most)
			fail_msg("case %zu: %s, %lld ms", i,
				 stream_state_name(next.state),
				 (long long)next.wait_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_said_last_holds),
		cmocka_unit_test(a_session_survives_as_text),
		cmocka_unit_test(it_waits_longer_and_longer),
		cmocka_unit_test(many_do_not_come_back_together),
		cmocka_unit_test(a_server_is_obeyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
