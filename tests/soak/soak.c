/*
 * soak - clients that come and go, on every transport, and miss nothing.
 *
 *	soak [-c CLIENTS] [-t SECONDS] [-r EVENTS/S] [-s SEED] DIR GATEWAY PUB
 *
 * GATEWAY is the command to start it with, PUB one that takes events to
 * publish, one on each line (weir-pub). Events have numbers that rise by one in
 * each topic. Clients follow them over many connections (client.h): each sees
 * every number once, in order, or, where that is what it asked for, from the
 * newest on. Some stop reading for a while. At the end all must have seen the
 * last.
 *
 * In the first third of the time the gateway is upgraded in place, killed and
 * started again, by turns; it is told to read its settings again all the time.
 * What it has then may not grow; afterwards it has nothing of theirs, and what
 * comes and goes then leaves no memory and no descriptor.
 *
 * Prints TAP. Exits with 0 if all went well.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "common/clk.h"
#include "common/xmem.h"

#include "checks.h"
#include "client.h"
#include "gateway.h"
#include "outside.h"
#include "soak.h"
#include "token.h"
#include "watch.h"

enum {
	PAD = 700, /* bytes that say nothing, in each event */
	TOLD_MAX = 20,
	END_MS = 120 * 1000, /* for all to see the last event */
	FATES = 4,	     /* at least, in the first third of the time */
	FATE_MAX_MS = 20 * 1000,
};

struct soak soak = { .clients = 300, .seconds = 12, .rate = 100 };

static struct client *clients;
static const char *dir, *gateway_command, *publish_command;
static FILE *publisher;
static uint64_t seed = 1;

void soak_seed(uint64_t with)
{
	seed = with;
}

uint64_t soak_pick(uint64_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % n;
}

void soak_fault(const struct client *c, const char *fmt, ...)
{
	va_list ap;

	if (++soak.faults > TOLD_MAX)
		return;
	printf("# client %u, %s: ", c->index, c->transport->name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

/* ---- what is published ---- */

static void publish(unsigned n)
{
	static char pad[PAD + 1];

	memset(pad, 'x', PAD);
	for (unsigned i = 0; i < n; i++) {
		unsigned topic = (unsigned)soak_pick(SOAK_TOPICS);

		fprintf(publisher,
			"{\"type\":\"soak.n\",\"subject\":\"%u\",\"data\":"
			"{\"n\":%llu,\"pad\":\"%s\"}}\n",
			topic, (unsigned long long)++soak.published[topic],
			pad);
	}
	fflush(publisher);
}

/* ---- what befalls the gateway ---- */

static struct {
	int64_t due_ms, every_ms, until_ms;
	unsigned upgrades, kills, reloads, next;
	bool over;
} fate;

static void fate_begin(int64_t now_ms)
{
	int64_t third_ms = (int64_t)soak.seconds * 1000 / 3;

	fate.every_ms = third_ms / (FATES + 1);
	if (fate.every_ms > FATE_MAX_MS)
		fate.every_ms = FATE_MAX_MS;
	fate.due_ms = now_ms + fate.every_ms;
	fate.until_ms = now_ms + third_ms;
}

/* After the first third, one program has the rest of the time. */
static void fate_turn(int64_t now_ms)
{
	if (now_ms < fate.due_ms || !gateway_is_ready())
		return;
	if (now_ms >= fate.until_ms && !fate.over) {
		fate.over = true;
		watch_anew();
	}
	fate.due_ms = now_ms + fate.every_ms / 2 +
		      (int64_t)soak_pick((uint64_t)fate.every_ms);
	if (fate.over || fate.next % 3 == 2) {
		gateway_reload();
		fate.reloads++;
	} else if (fate.next % 3 == 0) {
		gateway_upgrade();
		fate.upgrades++;
	} else {
		gateway_kill();
		fate.kills++;
	}
	fate.next++;
}

/* ---- all of it ---- */

static void turn(void)
{
	struct epoll_event ev[256];
	int n = epoll_wait(soak.ep, ev, 256, 10);
	int64_t now_ms;

	for (int i = 0; i < n; i++)
		client_hear(ev[i].data.ptr);
	now_ms = clk_mono_ms();
	for (unsigned i = 0; i < soak.clients; i++)
		client_turn(&clients[i], now_ms);
}

static unsigned behind(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < soak.clients; i++)
		n += client_is_behind(&clients[i]);
	return n;
}

static void tell_behind(void)
{
	for (unsigned i = 0, told = 0; i < soak.clients && told < TOLD_MAX; i++)
		if (client_is_behind(&clients[i])) {
			printf("# client %u, %s: is at %llu of %llu\n", i,
			       clients[i].transport->name,
			       (unsigned long long)clients[i]
				       .sight[clients[i].topic]
				       .seen,
			       (unsigned long long)
				       soak.published[clients[i].topic]);
			told++;
		}
}

static bool all_have_begun(void)
{
	for (unsigned i = 0; i < soak.clients; i++)
		if (!clients[i].begun)
			return false;
	return true;
}

static bool run(void)
{
	int64_t begin_ms = clk_mono_ms(), now_ms = begin_ms;
	uint64_t all = 0;

	soak.end_ms = begin_ms + (int64_t)soak.seconds * 1000;
	fate_begin(begin_ms);
	while (now_ms < soak.end_ms && gateway_lasts()) {
		uint64_t want =
			(uint64_t)(now_ms - begin_ms) * soak.rate / 1000;

		publish((unsigned)(want - all));
		all = want;
		fate_turn(now_ms);
		turn();
		now_ms = clk_mono_ms();
	}
	return now_ms >= soak.end_ms;
}

/* No more comes: everybody stays until it has seen the last. */
static unsigned settle(void)
{
	int64_t end_ms = clk_mono_ms() + END_MS;

	/* Who comes after the last event would wait for one in vain. */
	while (!all_have_begun() && clk_mono_ms() < end_ms)
		turn();
	publish(SOAK_TOPICS * 20);
	pclose(publisher); /* when all is durable */
	soak.ending = true;
	for (unsigned i = 0; i < soak.clients; i++)
		clients[i].end_ms += END_MS;
	end_ms = clk_mono_ms() + END_MS;
	while (behind() && clk_mono_ms() < end_ms)
		turn();
	tell_behind();
	return behind();
}

static void all_go(void)
{
	for (unsigned i = 0; i < soak.clients; i++)
		if (clients[i].here)
			client_go(&clients[i]);
}

static void parse(int argc, char **argv)
{
	int o;

	while ((o = getopt(argc, argv, "c:t:r:s:")) != -1)
		switch (o) {
		case 'c': soak.clients = (unsigned)atoi(optarg); break;
		case 't': soak.seconds = (unsigned)atoi(optarg); break;
		case 'r': soak.rate = (unsigned)atoi(optarg); break;
		case 's': soak_seed((uint64_t)atoll(optarg)); break;
		default: exit(64);
		}
	if (argc - optind != 3 || soak.seconds == 0)
		exit(64);
	dir = argv[optind];
	gateway_command = argv[optind + 1];
	publish_command = argv[optind + 2];
}

static void start_gateway(void)
{
	static char command[4096], log[512], secret[512];

	snprintf(secret, sizeof(secret), "%s/secret", dir);
	snprintf(log, sizeof(log), "%s/gateway.log", dir);
	snprintf(command, sizeof(command), "%s --jwt-keys %s", gateway_command,
		 secret);
	token_begin(secret);
	outside_authorize(
		token_make("soak", (int64_t)time(NULL) + 24 * 3600, true));
	if (!gateway_begin(command, log))
		exit(1);
}

static void print_figures(const struct watched *w)
{
	struct transport *const all[] = { &transport_websocket,
					  &transport_stream, &transport_poll,
					  &transport_socketio };

	printf("# connections:");
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		printf(" %llu %s,", (unsigned long long)all[i]->connections,
		       all[i]->name);
	printf(" %llu refused, %llu slow, %llu closed with a reason, "
	       "%llu fetched\n",
	       (unsigned long long)soak.refused, (unsigned long long)soak.slow,
	       (unsigned long long)soak.closed,
	       (unsigned long long)soak.fetched);
	printf("# the gateway: %u upgrades, %u kills, %u reloads; at most %zu "
	       "KiB of answers on their way\n",
	       fate.upgrades, fate.kills, fate.reloads, w->held >> 10);
}

int main(int argc, char **argv)
{
	struct watched watched;
	unsigned files, late;
	bool lasted;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	parse(argc, argv);
	start_gateway();
	/* Gateways that are started later must not keep it open. */
	publisher = popen(publish_command, "we");
	files = outside_files(gateway_pid());
	check_begin(gateway_pid());
	outside_allow_files();
	soak.ep = epoll_create1(EPOLL_CLOEXEC);
	clients = xcalloc(soak.clients, sizeof(*clients));
	for (unsigned i = 0; i < soak.clients; i++)
		client_init(&clients[i], i);
	watch_begin();
	lasted = run();
	watched = watch_end();
	late = settle();
	all_go();
	result(lasted, "the gateway lasts");
	result(soak.faults == 0,
	       "%llu events, each once and in order (%llu faults)",
	       (unsigned long long)soak.events,
	       (unsigned long long)soak.faults);
	result(late == 0, "%u clients have seen the last (%u have not)",
	       soak.clients, late);
	check_memory(&watched, soak.clients);
	check_nothing_left(soak.port);
	check_given_back(gateway_pid());
	check_visits(soak.port, gateway_pid());
	check_files(gateway_pid(), files);
	result(gateway_end(), "weir-gateway ran to the end");
	print_figures(&watched);
	printf("1..%d\n", results());
	return results_bad() > 0;
}
