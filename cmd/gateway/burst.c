#include "burst.h"

#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/xmem.h"

enum { FLAGS = MSG_NOSIGNAL | MSG_DONTWAIT };

struct burst {
	struct io_uring ring;
	bool has_ring;
};

struct burst *burst_new(bool use_ring)
{
	struct burst *b = xcalloc(1, sizeof(*b));
	/* Kernels before 6.1 do not know these. */
	const unsigned lean =
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;

	b->has_ring = use_ring &&
		      (io_uring_queue_init(BURST_MAX, &b->ring, lean) == 0 ||
		       io_uring_queue_init(BURST_MAX, &b->ring, 0) == 0);
	return b;
}

static void drop_ring(struct burst *b)
{
	if (b->has_ring)
		io_uring_queue_exit(&b->ring);
	b->has_ring = false;
}

void burst_free(struct burst **bp)
{
	if (!*bp)
		return;
	drop_ring(*bp);
	free(*bp);
	*bp = NULL;
}

bool burst_has_ring(const struct burst *b)
{
	return b->has_ring;
}

/* How many have completed. */
static size_t reap(struct burst *b, int *sent_r)
{
	struct io_uring_cqe *cqe;
	unsigned head, n = 0;

	io_uring_for_each_cqe(&b->ring, head, cqe)
	{
		sent_r[cqe->user_data] = cqe->res;
		n++;
	}
	io_uring_cq_advance(&b->ring, n);
	return n;
}

/*
 * As burst_send(). A ring that fails as a whole is given up: what the kernel
 * has not taken from it then, the last ones, are not sent.
 */
static void send_by_ring(struct burst *b, const int *fd, size_t n,
			 struct str bytes, int *sent_r)
{
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&b->ring);

		io_uring_prep_send(sqe, fd[i], bytes.p, bytes.len, FLAGS);
		io_uring_sqe_set_data64(sqe, i);
		sent_r[i] = 0;
	}
	while (done < n) {
		int rc = io_uring_submit_and_wait(&b->ring,
						  (unsigned)(n - done));

		done += reap(b, sent_r);
		if (rc < 0 && rc != -EINTR) {
			drop_ring(b);
			return;
		}
	}
}

static int send_one(int fd, struct str bytes)
{
	ssize_t sent = send(fd, bytes.p, bytes.len, FLAGS);

	return sent < 0 ? -errno : (int)sent;
}

void burst_send(struct burst *b, const int *fd, size_t n, struct str bytes,
		int *sent_r)
{
	if (b->has_ring && n > 1) {
		send_by_ring(b, fd, n, bytes, sent_r);
		return;
	}
	for (size_t i = 0; i < n; i++)
		sent_r[i] = send_one(fd[i], bytes);
}
