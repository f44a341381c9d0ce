/*
 * bench/store - durable events per second, and the time of one, beside what
 * the machine gives.
 *
 *	store BIN-DIRECTORY [SECONDS]
 *
 * Starts weir-store in a scratch directory ($TMPDIR, else /var/tmp).
 * Throughput: one producer with BUS_WINDOW events in flight, one subscriber
 * that reads the whole feed. Latency: one event at a time, from send to
 * acknowledgement. Beside them, in turns with them on the same disk: a bare
 * LMDB loop that makes the same puts into the same tables in batches of the
 * size that the store had, a bare commit of one event's puts, a round trip
 * over two ipc sockets, and these two in turns, as one event has them: a disk
 * and caches that rested in between are slower than a loop of only commits. A
 * machine is never quiet, so each is done ROUNDS times and the medians are
 * printed, of the ratios too. One JSON object.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lmdb.h>
#include <zmq.h>

#include "common/clk.h"
#include "common/journal.h"
#include "common/json.h"
#include "common/producer.h"
#include "common/xmem.h"

enum {
	TOPICS = 100,
	DATA = 230, /* with the envelope about 300 bytes */
	ROUNDS = 5,
	SINGLES = 500, /* in a round */
};

static struct err e;
static char dir[64];

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench/store: %s: %s\n", what, e.msg);
	exit(1);
}

/* What is sent is made before: its making is not measured. */
static struct {
	char topic[32], data[DATA + 1];
} events[TOPICS];

static void make_events(void)
{
	for (int i = 0; i < TOPICS; i++) {
		char *data = events[i].data;
		int n = snprintf(data, DATA,
				 "{\"value\":\"%d.50\",\"unit\":\"EUR\","
				 "\"pad\":\"",
				 i);

		snprintf(events[i].topic, sizeof(events[i].topic),
			 "bench.event/item-%03d", i);
		memset(data + n, 'x', (size_t)(DATA - n - 2));
		memcpy(data + DATA - 2, "\"}", 3);
	}
}

static struct event make_event(uint64_t i)
{
	return (struct event){ .topic = str_from(events[i % TOPICS].topic),
			       .time_us = clk_wall_us(),
			       .recorded_us = CLK_NONE,
			       .data = { events[i % TOPICS].data, DATA } };
}

static pid_t spawn_store(const char *bin, int *err_r)
{
	char path[4096];
	int fd[2];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/weir-store", bin);
	if (pipe(fd))
		die("pipe");
	pid = fork();
	if (pid == 0) {
		dup2(fd[1], 2);
		execl(path, "weir-store", "--dir", dir, (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	*err_r = fd[0];
	return pid;
}

static void wait_ready(int fd)
{
	char buf[4096];
	size_t n = 0;
	ssize_t got;

	while ((got = read(fd, buf + n, sizeof(buf) - 1 - n)) > 0) {
		n += (size_t)got;
		buf[n] = '\0';
		if (strstr(buf, "ready "))
			return;
	}
	die("weir-store did not start");
}

/* ---- through the store ---- */

struct run {
	struct loop *loop;
	struct producer *producer;
	struct producer_memory *queue;
	uint64_t sent, acked, limit, single;
	int64_t end_us, sent_us;
	double *took_us;
};

static void fill(struct run *r)
{
	struct event ev;
	uint64_t room = r->single ? 1 : 4 * BUS_WINDOW;

	while (r->sent - r->acked < room && r->sent < r->limit) {
		ev = make_event(r->sent);
		producer_memory_add(r->queue, &ev, NULL);
		r->sent++;
	}
	r->sent_us = clk_mono_us();
	producer_kick(r->producer);
}

static void on_durable(void *arg, uint64_t id, uint32_t epoch)
{
	struct run *r = arg;

	(void)epoch;
	if (r->single && id > 0 && id == r->sent)
		r->took_us[r->acked] = (double)(clk_mono_us() - r->sent_us);
	r->acked = id;
	if (!r->single && clk_mono_us() > r->end_us)
		r->limit = r->sent;
	if (r->acked == r->sent && r->sent >= r->limit)
		loop_stop(r->loop);
	else
		fill(r);
}

static void on_failed(void *arg, const struct err *why)
{
	(void)arg;
	e = *why;
	die("producer");
}

static uint64_t produce(uint64_t singles, double seconds, double *took_us,
			double *wall_s)
{
	const struct opt_common common = { .dir = dir };
	struct run r = { .single = singles,
			 .limit = singles ? singles : UINT64_MAX,
			 .took_us = took_us };
	struct producer_conf pc = { .failed = on_failed,
				    .durable = on_durable,
				    .arg = &r };
	int64_t start;

	r.loop = pc.loop = loop_new(&e);
	pc.bus = bus_new(&common, &e);
	if (!pc.loop || !pc.bus)
		die("bus");
	r.queue = producer_memory_new("bench", 8 * BUS_WINDOW);
	pc.queue = producer_memory_queue(r.queue);
	r.producer = producer_new(&pc, &e);
	if (!r.producer)
		die("producer");
	start = clk_mono_us();
	r.end_us = start + (int64_t)(seconds * 1e6);
	loop_run(r.loop); /* the answer to hello is the first on_durable() */
	*wall_s = (double)(clk_mono_us() - start) / 1e6;
	producer_free(&r.producer);
	producer_memory_free(&r.queue);
	bus_free(&pc.bus);
	loop_free(&r.loop);
	return r.acked;
}

/* A process that reads the feed until it has seen offset `until` or more. */
static pid_t spawn_subscriber(const int stop[2])
{
	int stop_fd = stop[0];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	const struct opt_common common = { .dir = dir };
	struct bus *bus = bus_new(&common, &e);
	struct bus_sock *s;
	struct bus_msg m;
	uint64_t n = 0;

	close(stop[1]);
	s = bus_open(bus, BUS_CONSUMER, &e);
	bus_subscribe(s, STR(""), &e);
	bus_msg_init(&m);
	fcntl(stop_fd, F_SETFL, O_NONBLOCK);
	for (;;) {
		char c;

		while (bus_recv(s, &m, &e) > 0)
			n++;
		if (read(stop_fd, &c, 1) == 0)
			break;
		bus_wait(s, 50);
	}
	_exit(n > 0 ? 0 : 1);
}

/* ---- the machine's own limits ---- */

struct bare {
	MDB_env *env;
	MDB_dbi events, topics, sources;
	uint64_t offset;
	char path[96];
};

static void bare_open(struct bare *b)
{
	static int n;
	MDB_txn *txn;

	*b = (struct bare){ .offset = 0 };
	snprintf(b->path, sizeof(b->path), "%s/bare%d", dir, n++);
	mkdir(b->path, 0700);
	if (mdb_env_create(&b->env) || mdb_env_set_maxdbs(b->env, 16) ||
	    mdb_env_set_mapsize(b->env, (size_t)1 << 40) ||
	    mdb_env_open(b->env, b->path, 0, 0600) ||
	    mdb_txn_begin(b->env, NULL, 0, &txn) ||
	    mdb_dbi_open(txn, "events", MDB_CREATE, &b->events) ||
	    mdb_dbi_open(txn, "topics", MDB_CREATE, &b->topics) ||
	    mdb_dbi_open(txn, "sources", MDB_CREATE, &b->sources) ||
	    mdb_txn_commit(txn))
		die("bare LMDB");
}

static void bare_close(struct bare *b)
{
	char file[128];

	mdb_env_close(b->env);
	snprintf(file, sizeof(file), "%s/data.mdb", b->path);
	unlink(file); /* the next round has the room */
}

/* The same puts as a batch of n events: records, topics' rows, the source. */
static void bare_batch(struct bare *b, unsigned n)
{
	static char record[48 + 20 + 19 + DATA];
	static char source[] = "weir/bench/12345678";
	char topic[64], key[8], row[16] = { 0 };
	unsigned rows = n < TOPICS ? n : TOPICS;
	MDB_txn *txn;
	MDB_val k, v;
	int rc = mdb_txn_begin(b->env, NULL, 0, &txn);

	for (unsigned i = 0; rc == 0 && i < n; i++) {
		uint64_t at = ++b->offset;

		for (int s = 7; s >= 0; s--, at >>= 8)
			key[s] = (char)(at & 0xff);
		k = (MDB_val){ 8, key };
		v = (MDB_val){ sizeof(record), record };
		rc = mdb_put(txn, b->events, &k, &v, MDB_APPEND);
	}
	for (unsigned i = 0; rc == 0 && i < rows; i++) {
		k = (MDB_val){ (size_t)snprintf(topic, sizeof(topic),
						"bench.event/item-%03u", i),
			       topic };
		v = (MDB_val){ sizeof(row), row };
		rc = mdb_put(txn, b->topics, &k, &v, 0);
	}
	k = (MDB_val){ sizeof(source) - 1, source };
	v = (MDB_val){ sizeof(row), row };
	if (rc == 0)
		rc = mdb_put(txn, b->sources, &k, &v, 0);
	if (rc || mdb_txn_commit(txn))
		die("bare LMDB");
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double bare_rate(struct bare *b, unsigned batch, double seconds)
{
	int64_t start = clk_mono_us();
	double took;

	do
		bare_batch(b, batch);
	while ((took = (double)(clk_mono_us() - start) / 1e6) < seconds);
	return (double)b->offset / took;
}

/* A process that sends back what it gets: PUB to SUB, as between two tools. */
struct echo {
	void *ctx, *out, *in;
	pid_t pid;
};

static _Noreturn void echo_run(const char *a, const char *b)
{
	void *ctx = zmq_ctx_new();
	void *out = zmq_socket(ctx, ZMQ_PUB), *in = zmq_socket(ctx, ZMQ_SUB);
	zmq_msg_t m;

	zmq_setsockopt(in, ZMQ_SUBSCRIBE, "", 0);
	zmq_bind(in, a);
	zmq_bind(out, b);
	zmq_msg_init(&m);
	while (zmq_msg_recv(&m, in, 0) >= 0) {
		int more = zmq_msg_more(&m);

		zmq_msg_send(&m, out, more ? ZMQ_SNDMORE : 0);
		zmq_msg_init(&m);
	}
	_exit(0);
}

/* One event's frames there and back; false when nothing came in time. */
static bool round_trip(struct echo *x, int timeout_ms)
{
	char data[DATA];
	int got = 0;

	memset(data, 'x', sizeof(data));
	zmq_setsockopt(x->in, ZMQ_RCVTIMEO, &timeout_ms, sizeof(timeout_ms));
	zmq_send(x->out, events[0].topic, strlen(events[0].topic), ZMQ_SNDMORE);
	zmq_send(x->out, data, 60, ZMQ_SNDMORE);
	zmq_send(x->out, data, sizeof(data), 0);
	while (got < 3 && zmq_recv(x->in, data, sizeof(data), 0) >= 0)
		got++;
	return got == 3;
}

static void echo_open(struct echo *x)
{
	char a[128], b[128];

	snprintf(a, sizeof(a), "ipc://%s/a", dir);
	snprintf(b, sizeof(b), "ipc://%s/b", dir);
	x->pid = fork();
	if (x->pid == 0)
		echo_run(a, b);
	x->ctx = zmq_ctx_new();
	x->out = zmq_socket(x->ctx, ZMQ_PUB);
	x->in = zmq_socket(x->ctx, ZMQ_SUB);
	zmq_setsockopt(x->in, ZMQ_SUBSCRIBE, "", 0);
	zmq_connect(x->out, a);
	zmq_connect(x->in, b);
	while (!round_trip(x, 20))
		; /* not connected yet */
}

static void echo_close(struct echo *x)
{
	kill(x->pid, SIGKILL);
	waitpid(x->pid, NULL, 0);
	zmq_close(x->out);
	zmq_close(x->in);
	zmq_ctx_term(x->ctx);
}

/* SINGLES of a commit (of b), a round trip (of x), or of both, sorted. */
static void time_singles(struct bare *b, struct echo *x, double *took_us)
{
	for (int i = 0; i < SINGLES; i++) {
		int64_t start = clk_mono_us();

		if (x && !round_trip(x, 2000))
			die("round trip");
		if (b)
			bare_batch(b, 1);
		took_us[i] = (double)(clk_mono_us() - start);
	}
	qsort(took_us, SINGLES, sizeof(*took_us), compare);
}

static double percentile(const double *sorted, double p)
{
	return sorted[(size_t)(p * (SINGLES - 1))];
}

/* Commits so far; events per commit are the average batch. */
static uint64_t commits(void)
{
	MDB_env *env;
	MDB_envinfo info;
	char path[128];

	snprintf(path, sizeof(path), "%s/journal", dir);
	if (mdb_env_create(&env) || mdb_env_set_maxdbs(env, 16) ||
	    mdb_env_open(env, path, MDB_RDONLY, 0))
		die("journal");
	mdb_env_info(env, &info);
	mdb_env_close(env);
	return info.me_last_txnid;
}

/* ---- rounds ---- */

/* What is printed, in this order; [figure][round]. */
enum figure {
	RATE,
	BATCH,
	BARE_RATE,
	RATIO,
	STORE_CPU,
	PRODUCER_CPU,
	SUBSCRIBER_CPU,
	SINGLE_P50,
	SINGLE_P99,
	COMMIT_P50,
	COMMIT_P99,
	TRIP_P50,
	TRIP_P99,
	TURNS_P50,
	TURNS_P99,
	RATIO_P50,
	RATIO_P99,
	TURNS_RATIO_P50,
	TURNS_RATIO_P99,
	FIGURES,
};

static const char *const names[FIGURES] = {
	"durable_events_per_s",
	"mean_batch",
	"bare_lmdb_events_per_s",
	"ratio",
	"store_cpu_us_per_event",
	"producer_cpu_us_per_event",
	"subscriber_cpu_us_per_event",
	"single_p50_us",
	"single_p99_us",
	"bare_commit_p50_us",
	"bare_commit_p99_us",
	"round_trip_p50_us",
	"round_trip_p99_us",
	"commit_and_trip_in_turns_p50_us",
	"commit_and_trip_in_turns_p99_us",
	"single_ratio_p50",
	"single_ratio_p99",
	"single_to_turns_ratio_p50",
	"single_to_turns_ratio_p99",
};

static double figures[FIGURES][ROUNDS];

/* CPU seconds that a process has used so far. */
static double cpu_of(pid_t pid)
{
	clockid_t clock;
	struct timespec ts;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &ts))
		die("CPU clock");
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void measure_rate(int round, pid_t store, struct bare *bare,
			 double seconds)
{
	double store_cpu = cpu_of(store), own_cpu = cpu_of(getpid()), wall;
	uint64_t n, txns;
	int stop[2];
	pid_t sub;

	if (pipe2(stop, O_CLOEXEC))
		die("pipe");
	sub = spawn_subscriber(stop);
	txns = commits();
	n = produce(0, seconds, NULL, &wall);
	txns = commits() - txns;
	figures[SUBSCRIBER_CPU][round] = cpu_of(sub) * 1e6 / (double)n;
	figures[STORE_CPU][round] =
		(cpu_of(store) - store_cpu) * 1e6 / (double)n;
	figures[PRODUCER_CPU][round] =
		(cpu_of(getpid()) - own_cpu) * 1e6 / (double)n;
	close(stop[1]);
	waitpid(sub, NULL, 0);
	close(stop[0]);
	figures[RATE][round] = (double)n / wall;
	figures[BATCH][round] = (double)n / (double)(txns ? txns : 1);
	figures[BARE_RATE][round] =
		bare_rate(bare, (unsigned)figures[BATCH][round], seconds);
	figures[RATIO][round] =
		figures[RATE][round] / figures[BARE_RATE][round];
}

/* bare is as large as the journal: both have just had many events. */
static void measure_singles(int round, struct bare *bare)
{
	static double single[SINGLES + 1], commit[SINGLES], trip[SINGLES],
		turns[SINGLES];
	struct echo echo;
	double wall;

	produce(SINGLES, 0, single, &wall);
	qsort(single, SINGLES, sizeof(*single), compare);
	echo_open(&echo);
	time_singles(bare, NULL, commit);
	time_singles(NULL, &echo, trip);
	time_singles(bare, &echo, turns);
	echo_close(&echo);
	for (int i = 0; i < 2; i++) {
		double p = i ? .99 : .5, took = percentile(single, p);

		figures[SINGLE_P50 + i][round] = took;
		figures[COMMIT_P50 + i][round] = percentile(commit, p);
		figures[TRIP_P50 + i][round] = percentile(trip, p);
		figures[TURNS_P50 + i][round] = percentile(turns, p);
		figures[RATIO_P50 + i][round] =
			took / (percentile(commit, p) + percentile(trip, p));
		figures[TURNS_RATIO_P50 + i][round] =
			took / percentile(turns, p);
	}
}

static void print_medians(void)
{
	printf("{\"bench\":\"store\",\"rounds\":%d", ROUNDS);
	for (int f = 0; f < FIGURES; f++) {
		double *v = figures[f];

		qsort(v, ROUNDS, sizeof(*v), compare);
		printf(",\"%s\":%.*f", names[f], v[ROUNDS / 2] < 100 ? 2 : 0,
		       v[ROUNDS / 2]);
	}
	printf("}\n");
}

int main(int argc, char **argv)
{
	double seconds = argc > 2 ? atof(argv[2]) : 10;
	char command[128];
	int err_fd;
	pid_t store;

	if (argc < 2) {
		fprintf(stderr, "usage: store BIN-DIRECTORY [SECONDS]\n");
		return 64;
	}
	snprintf(dir, sizeof(dir), "%s/weir-bench-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/var/tmp");
	if (!mkdtemp(dir))
		die("scratch directory");
	make_events();
	store = spawn_store(argv[1], &err_fd);
	wait_ready(err_fd);
	for (int i = 0; i < ROUNDS; i++) {
		struct bare bare;

		bare_open(&bare);
		measure_rate(i, store, &bare, seconds / ROUNDS);
		measure_singles(i, &bare);
		bare_close(&bare);
	}
	kill(store, SIGTERM);
	waitpid(store, NULL, 0);
	print_medians();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) != 0;
}
