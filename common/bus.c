#include "common/bus.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <zmq.h>

#include "common/bus_curve.h"
#include "common/xmem.h"

enum {
	BUS_FDS = 4,
	BUS_ENDPOINT_MAX = BUS_PATH_MAX + 8,
	BUS_RECONNECT_MS = 20,
	BUS_RECONNECT_MAX_MS = 500,
};

struct bus {
	const struct opt_common *common;
	struct bus_keys keys;
	void *ctx;
	void *zap;	 /* where the store is asked whom it knows, or NULL */
	int fd[BUS_FDS]; /* directories of long ipc paths, locks of bound ones */
	size_t n_fds;
};

struct bus_sock {
	struct bus *bus;
	void *zmq;
	char *path;  /* of an ipc socket, or NULL */
	dev_t dev;   /* of the bound one, */
	ino_t inode; /* as it was made */
};

_Static_assert(sizeof(zmq_msg_t) == sizeof(((struct bus_msg *)0)->frame[0]),
	       "bus.h: a frame has the size of zmq_msg_t");

static zmq_msg_t *frame(struct bus_msg *m, int i)
{
	return (zmq_msg_t *)(void *)m->frame[i];
}

struct bus *bus_new(const struct opt_common *common, struct err *e)
{
	struct bus *bus = xcalloc(1, sizeof(*bus));

	bus->common = common;
	if (bus_keys_read(common, &bus->keys, e))
		goto fail;
	bus->ctx = zmq_ctx_new();
	if (!bus->ctx) {
		err_set(e, EX_OSERR, "bus: %s", zmq_strerror(errno));
		goto fail;
	}
	/* Without a handler libzmq lets everybody in: it is there first. */
	if (bus->keys.peers)
		bus->zap = bus_zap_open(bus->ctx, e);
	if (bus->keys.peers && !bus->zap)
		goto fail;
	return bus;
fail:
	bus_free(&bus);
	return NULL;
}

void bus_free(struct bus **busp)
{
	struct bus *bus = *busp;

	if (!bus)
		return;
	if (bus->zap)
		zmq_close(bus->zap);
	if (bus->ctx)
		zmq_ctx_term(bus->ctx);
	/* Only now are ipc paths gone, and others may bind them. */
	for (size_t i = 0; i < bus->n_fds; i++)
		close(bus->fd[i]);
	bus_keys_wipe(&bus->keys);
	free(bus);
	*busp = NULL;
}

static bool binds(enum bus_role role)
{
	return role == BUS_INGEST || role == BUS_FEED;
}

/*
 * Make the directory that path is in. What is above it is the store's to make:
 * whoever mistypes a name should not find it there afterwards.
 */
static int make_parent(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	if (!slash || slash == path)
		return 0;
	str_copy(dir, sizeof(dir),
		 (struct str){ path, (size_t)(slash - path) });
	if (mkdir(dir, 0770) == 0 || errno == EEXIST || errno == ENOENT)
		return 0;
	return err_set(e, EX_CANTCREAT, "%s: %s", dir, strerror(errno));
}

/* Close it with the bus. */
static int keep_fd(struct bus *bus, int fd, struct err *e)
{
	if (bus->n_fds == BUS_FDS) {
		close(fd);
		return err_set(e, EX_SOFTWARE, "bus: too many endpoints");
	}
	bus->fd[bus->n_fds++] = fd;
	return 0;
}

/* A name for the socket at path that fits into a socket address. */
static int shorten(struct bus *bus, const char *path, char *out, size_t size,
		   struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd, n;

	if (strlen(path) <= BUS_PATH_MAX || !slash) {
		n = snprintf(out, size, "ipc://%s", path);
		if (n < 0 || (size_t)n >= size)
			return err_set(e, EX_CONFIG, "%s: path too long", path);
		return 0;
	}
	str_copy(dir, sizeof(dir),
		 (struct str){ path, (size_t)(slash - path) });
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, EX_UNAVAILABLE, "%s: %s", dir,
			       strerror(errno));
	if (keep_fd(bus, fd, e))
		return -1;
	n = snprintf(out, size, "ipc:///proc/self/fd/%d%s", fd, slash);
	if (n < 0 || (size_t)n >= size)
		return err_set(e, EX_CONFIG, "%s: name too long", slash + 1);
	return 0;
}

/*
 * ZeroMQ takes an ipc path from whoever has bound it, who then lives on unheard
 * and does not know.
 */
static int lock_path(struct bus *bus, const char *path, struct err *e)
{
	char name[PATH_MAX];
	int fd, n = snprintf(name, sizeof(name), "%s.lock", path);

	if (n < 0 || (size_t)n >= sizeof(name))
		return err_set(e, EX_CONFIG, "%s: path too long", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	if (fd < 0)
		return err_set(e, EX_CANTCREAT, "%s: %s", name,
			       strerror(errno));
	if (keep_fd(bus, fd, e))
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB))
		return err_set(e, EX_TEMPFAIL,
			       "endpoint ipc://%s: in use by another process",
			       path);
	return 0;
}

/* Where the role's end is, for ZeroMQ. The path of one to bind is locked. */
static int find_endpoint(struct bus_sock *s, enum bus_role role,
			 char out[BUS_ENDPOINT_MAX], struct err *e)
{
	const struct opt_common *c = s->bus->common;
	bool ingest = role == BUS_PRODUCER || role == BUS_INGEST;
	const char *given = ingest ? c->ingest : c->feed;
	char path[PATH_MAX];
	int n;

	if (given && !str_starts(str_from(given), STR("ipc://"))) {
		if (!str_copy(out, BUS_ENDPOINT_MAX, str_from(given)))
			return err_set(e, EX_CONFIG, "endpoint %s: too long",
				       given);
		return 0;
	}
	if (given)
		n = snprintf(path, sizeof(path), "%s", given + 6);
	else
		n = snprintf(path, sizeof(path), "%s/run/%s", c->dir,
			     ingest ? "ingest" : "feed");
	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(e, EX_CONFIG, "%s: path too long",
			       given ? given : c->dir);
	if (make_parent(path, e) || (binds(role) && lock_path(s->bus, path, e)))
		return -1;
	s->path = xstrdup(path);
	return shorten(s->bus, path, out, BUS_ENDPOINT_MAX, e);
}

static int set_int(void *zmq, int option, int value)
{
	return zmq_setsockopt(zmq, option, &value, sizeof(value));
}

/*
 * Without heartbeats of ZeroMQ's own: where a receiver takes no more, and its
 * peer goes, libzmq 4.3.4's next one aborts the process (zeromq/libzmq#3937,
 * #4767). What the kernel sends instead does not depend on who reads.
 */
static int configure(void *zmq, enum bus_role role)
{
	const int64_t frame_max = BUS_FRAME_MAX;
	bool ingest = role == BUS_PRODUCER || role == BUS_INGEST;
	int hwm = ingest ? BUS_INGEST_HWM : BUS_FEED_HWM;

	return set_int(zmq, ZMQ_LINGER, 0) || set_int(zmq, ZMQ_SNDHWM, hwm) ||
	       set_int(zmq, ZMQ_RCVHWM, hwm) ||
	       set_int(zmq, ZMQ_RECONNECT_IVL, BUS_RECONNECT_MS) ||
	       set_int(zmq, ZMQ_RECONNECT_IVL_MAX, BUS_RECONNECT_MAX_MS) ||
	       set_int(zmq, ZMQ_TCP_KEEPALIVE, 1) ||
	       set_int(zmq, ZMQ_TCP_KEEPALIVE_IDLE, 30) ||
	       set_int(zmq, ZMQ_TCP_KEEPALIVE_INTVL, 10) ||
	       set_int(zmq, ZMQ_TCP_KEEPALIVE_CNT, 3) ||
	       zmq_setsockopt(zmq, ZMQ_MAXMSGSIZE, &frame_max,
			      sizeof(frame_max)) ||
	       (role == BUS_INGEST &&
		zmq_setsockopt(zmq, ZMQ_SUBSCRIBE, "", 0));
}

/* What only tcp needs: keys where there are any, and IPv6 where it is meant. */
static int configure_tcp(struct bus *bus, void *zmq, const char *endpoint,
			 struct err *e)
{
	if (!str_starts(str_from(endpoint), STR("tcp://")))
		return 0;
	if (set_int(zmq, ZMQ_HANDSHAKE_IVL, BUS_HANDSHAKE_MS) ||
	    (strchr(endpoint, '[') && set_int(zmq, ZMQ_IPV6, 1)))
		return err_set(e, EX_OSERR, "bus: %s", zmq_strerror(errno));
	return bus->keys.secret[0] ? bus_curve_set(zmq, &bus->keys, e) : 0;
}

struct bus_sock *bus_open(struct bus *bus, enum bus_role role, struct err *e)
{
	char endpoint[BUS_ENDPOINT_MAX];
	struct stat sb;
	bool sub = role == BUS_CONSUMER || role == BUS_INGEST;
	struct bus_sock *s = xcalloc(1, sizeof(*s));

	s->bus = bus;
	if (find_endpoint(s, role, endpoint, e))
		goto fail;
	s->zmq = zmq_socket(bus->ctx, sub ? ZMQ_SUB : ZMQ_PUB);
	if (!s->zmq || configure(s->zmq, role)) {
		err_set(e, EX_OSERR, "bus: %s", zmq_strerror(errno));
		goto fail;
	}
	if (configure_tcp(bus, s->zmq, endpoint, e))
		goto fail;
	if (binds(role) ? zmq_bind(s->zmq, endpoint)
			: zmq_connect(s->zmq, endpoint)) {
		err_set(e, errno == EADDRINUSE ? EX_TEMPFAIL : EX_CONFIG,
			"bus: endpoint %s: %s", endpoint, zmq_strerror(errno));
		goto fail;
	}
	if (binds(role) && s->path && stat(s->path, &sb) == 0) {
		s->dev = sb.st_dev;
		s->inode = sb.st_ino;
	}
	return s;
fail:
	bus_close(&s);
	return NULL;
}

bool bus_in_place(const struct bus_sock *s)
{
	struct stat sb;

	return !s->path || (stat(s->path, &sb) == 0 && sb.st_dev == s->dev &&
			    sb.st_ino == s->inode);
}

void bus_close(struct bus_sock **sp)
{
	struct bus_sock *s = *sp;

	if (!s)
		return;
	if (s->zmq)
		zmq_close(s->zmq);
	free(s->path);
	free(s);
	*sp = NULL;
}

int bus_subscribe(struct bus_sock *s, struct str prefix, struct err *e)
{
	if (zmq_setsockopt(s->zmq, ZMQ_SUBSCRIBE, prefix.p ? prefix.p : "",
			   prefix.len))
		return err_set(e, EX_OSERR, "bus: subscribe: %s",
			       zmq_strerror(errno));
	return 0;
}

static int send_frame(void *zmq, struct str s, int flags)
{
	return zmq_send(zmq, s.p ? s.p : "", s.len, flags) < 0;
}

int bus_send(struct bus_sock *s, struct str topic, struct str attrs,
	     struct str data, struct err *e)
{
	if (send_frame(s->zmq, topic, ZMQ_SNDMORE) ||
	    send_frame(s->zmq, attrs, ZMQ_SNDMORE) ||
	    send_frame(s->zmq, data, 0))
		return err_set(e, EX_OSERR, "bus: send: %s",
			       zmq_strerror(errno));
	return 0;
}

int bus_forward(struct bus_sock *s, struct bus_msg *m, struct str attrs,
		struct err *e)
{
	if (zmq_msg_send(frame(m, 0), s->zmq, ZMQ_SNDMORE) < 0 ||
	    send_frame(s->zmq, attrs, ZMQ_SNDMORE) ||
	    zmq_msg_send(frame(m, 2), s->zmq, 0) < 0)
		return err_set(e, EX_OSERR, "bus: send: %s",
			       zmq_strerror(errno));
	return 0;
}

void bus_msg_init(struct bus_msg *m)
{
	*m = (struct bus_msg){ .topic = { 0 } };
	for (int i = 0; i < 3; i++)
		zmq_msg_init(frame(m, i));
}

void bus_msg_fini(struct bus_msg *m)
{
	for (int i = 0; i < 3; i++)
		zmq_msg_close(frame(m, i));
}

static struct str frame_str(struct bus_msg *m, int i)
{
	zmq_msg_t *f = frame(m, i);

	return (struct str){ zmq_msg_data(f), zmq_msg_size(f) };
}

/* Read and drop what is left of a message that has too many frames. */
static void drop_rest(void *zmq)
{
	zmq_msg_t f;
	int more = 1;

	while (more) {
		zmq_msg_init(&f);
		if (zmq_msg_recv(&f, zmq, ZMQ_DONTWAIT) < 0)
			more = 0;
		else
			more = zmq_msg_more(&f);
		zmq_msg_close(&f);
	}
}

int bus_recv(struct bus_sock *s, struct bus_msg *m, struct err *e)
{
	for (int i = 0; i < 3; i++) {
		int rc;

		/* A signal must not look like an empty socket: its descriptor
		 * would not speak again. */
		do
			rc = zmq_msg_recv(frame(m, i), s->zmq, ZMQ_DONTWAIT);
		while (rc < 0 && errno == EINTR);
		if (rc < 0) {
			if (i == 0 && errno == EAGAIN)
				return 0;
			return err_set(e, EX_OSERR, "bus: receive: %s",
				       zmq_strerror(errno));
		}
		if (zmq_msg_more(frame(m, i)) != (i < 2)) {
			if (i == 2)
				drop_rest(s->zmq);
			return err_set(e, EX_DATAERR,
				       "bus: a message without three frames");
		}
	}
	m->topic = frame_str(m, 0);
	m->attrs = frame_str(m, 1);
	m->data = frame_str(m, 2);
	return 1;
}

int bus_fd(struct bus_sock *s)
{
	int fd = -1;
	size_t len = sizeof(fd);

	zmq_getsockopt(s->zmq, ZMQ_FD, &fd, &len);
	return fd;
}

int bus_admit(struct bus *bus, struct err *e)
{
	return bus->zap ? bus_zap_answer(bus->zap, bus->keys.peers, e) : 0;
}

void bus_wait(struct bus_sock *s, int timeout_ms)
{
	zmq_pollitem_t items[] = {
		{ .socket = s->zmq, .events = ZMQ_POLLIN },
		{ .socket = s->bus->zap, .events = ZMQ_POLLIN },
	};

	zmq_poll(items, s->bus->zap ? 2 : 1, timeout_ms);
}
