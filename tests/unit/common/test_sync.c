#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/sync.h"

/* More than all threads take in their first turns. */
enum { FILES = 8 * SYNC_THREADS * SYNC_EACH };

static void every_one_has_its_own_end(void **state)
{
	static const size_t counts[] = { 0, 1, SYNC_EACH, SYNC_EACH + 1,
					 FILES };
	struct sync_one v[FILES + 1];

	(void)state;
	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		size_t n = counts[c];

		for (size_t i = 0; i <= n; i++)
			v[i] = (struct sync_one){
				.fd = i % 3 == 2
					      ? -1
					      : open("/tmp", O_RDWR | O_TMPFILE,
						     0600),
				.error = 77,
			};
		sync_together(v, n);
		assert_int_equal(v[n].error, 77); /* beyond them: as it was */
		for (size_t i = 0; i <= n; i++) {
			if (i < n)
				assert_int_equal(v[i].error,
						 i % 3 == 2 ? EBADF : 0);
			if (v[i].fd >= 0)
				assert_int_equal(close(v[i].fd), 0);
		}
	}
}

static void signals_are_as_they_were(void **state)
{
	struct sync_one v[FILES];
	sigset_t before, after;

	(void)state;
	for (size_t i = 0; i < FILES; i++)
		v[i] = (struct sync_one){ .fd = -1 };
	sigemptyset(&before);
	sigaddset(&before, SIGUSR2);
	sigprocmask(SIG_BLOCK, &before, NULL);
	sync_together(v, FILES);
	sigprocmask(SIG_SETMASK, NULL, &after);
	assert_int_equal(sigismember(&after, SIGUSR2), 1);
	assert_int_equal(sigismember(&after, SIGTERM), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_one_has_its_own_end),
		cmocka_unit_test(signals_are_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
