/* The same bytes to many sockets, with a ring and without. */
#include "cmd/gateway/burst.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT STR("an event for everyone")

struct pairs {
	struct burst *burst;
	int ours[BURST_MAX], theirs[BURST_MAX], sent[BURST_MAX];
};

static void open_pairs(struct pairs *p, bool ring)
{
	p->burst = burst_new(ring);
	if (ring && !burst_has_ring(p->burst)) {
		burst_free(&p->burst);
		print_message("skipped: the kernel has no ring for us\n");
		skip();
	}
	assert_int_equal(burst_has_ring(p->burst), ring);
	for (int i = 0; i < BURST_MAX; i++) {
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC,
					    0, pair),
				 0);
		p->ours[i] = pair[0];
		p->theirs[i] = pair[1];
		p->sent[i] = 12345;
	}
}

static void close_pairs(struct pairs *p)
{
	for (int i = 0; i < BURST_MAX; i++) {
		close(p->ours[i]);
		if (p->theirs[i] >= 0)
			close(p->theirs[i]);
	}
	burst_free(&p->burst);
	assert_null(p->burst);
}

static void check_has(int fd, struct str text)
{
	char got[256];

	assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), text.len);
	assert_memory_equal(got, text.p, text.len);
	assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1);
}

/* Until it takes no more; how many bytes it holds then. */
static size_t fill(int fd)
{
	static char much[1 << 16];
	size_t held = 0;
	ssize_t n;

	while ((n = send(fd, much, sizeof(much), MSG_DONTWAIT)) > 0)
		held += (size_t)n;
	assert_int_equal(errno, EAGAIN);
	return held;
}

static void everyone_gets_it_once(bool ring)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 64, BURST_MAX };
	struct pairs p;

	open_pairs(&p, ring);
	for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
		burst_send(p.burst, p.ours, sizes[k], TEXT, p.sent);
		for (size_t i = 0; i < sizes[k]; i++) {
			assert_int_equal(p.sent[i], TEXT.len);
			check_has(p.theirs[i], TEXT);
		}
		for (size_t i = sizes[k]; i < BURST_MAX; i++)
			assert_int_equal(recv(p.theirs[i], &(char){ 0 }, 1,
					      MSG_DONTWAIT),
					 -1);
	}
	close_pairs(&p);
}

static void each_says_what_it_took(bool ring)
{
	enum { FULL = 3, GONE = 70, PART = 127, LARGE = 4 << 20 };
	struct str large = { calloc(1, LARGE), LARGE };
	struct pairs p;

	open_pairs(&p, ring);
	fill(p.ours[FULL]);
	close(p.theirs[GONE]);
	p.theirs[GONE] = -1;
	burst_send(p.burst, p.ours, PART, TEXT, p.sent);
	for (int i = 0; i < PART; i++)
		assert_int_equal(p.sent[i], i == FULL	? -EAGAIN
					    : i == GONE ? -EPIPE
							: (int)TEXT.len);
	/* More than one has room for: it takes what it can, and no one waits. */
	burst_send(p.burst, p.ours + PART - 1, 2, large, p.sent);
	for (int i = 0; i < 2; i++)
		assert_true(p.sent[i] > 0 && p.sent[i] < LARGE);
	free((char *)(uintptr_t)large.p);
	close_pairs(&p);
}

static void ring_everyone_gets_it_once(void **state)
{
	(void)state;
	everyone_gets_it_once(true);
}

static void calls_everyone_gets_it_once(void **state)
{
	(void)state;
	everyone_gets_it_once(false);
}

static void ring_each_says_what_it_took(void **state)
{
	(void)state;
	each_says_what_it_took(true);
}

static void calls_each_says_what_it_took(void **state)
{
	(void)state;
	each_says_what_it_took(false);
}

static int find_ring(void)
{
	char path[64], name[64];

	for (int fd = 3; fd < 1024; fd++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, name, sizeof(name) - 1);
		if (n > 0 && memmem(name, (size_t)n, "[io_uring]", 10))
			return fd;
	}
	return -1;
}

static void who_loses_the_ring_goes_on_without(void **state)
{
	struct pairs p;
	int none;

	(void)state;
	open_pairs(&p, true);
	none = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_true(none >= 0 && find_ring() >= 0);
	assert_true(dup2(none, find_ring()) >= 0);
	close(none);
	burst_send(p.burst, p.ours, BURST_MAX, TEXT, p.sent);
	assert_false(burst_has_ring(p.burst));
	for (int i = 0; i < BURST_MAX; i++)
		assert_int_equal(p.sent[i], 0); /* not asked */
	burst_send(p.burst, p.ours, BURST_MAX, TEXT, p.sent);
	for (int i = 0; i < BURST_MAX; i++) {
		assert_int_equal(p.sent[i], TEXT.len);
		check_has(p.theirs[i], TEXT);
	}
	close_pairs(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring_everyone_gets_it_once),
		cmocka_unit_test(calls_everyone_gets_it_once),
		cmocka_unit_test(ring_each_says_what_it_took),
		cmocka_unit_test(calls_each_says_what_it_took),
		cmocka_unit_test(who_loses_the_ring_goes_on_without),
	};

	signal(SIGPIPE, SIG_DFL); /* neither way may raise it */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
