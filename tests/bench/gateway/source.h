#ifndef BENCH_GATEWAY_SOURCE_H
#define BENCH_GATEWAY_SOURCE_H

/*
 * source - publishes events to a server: over a TCP connection, through a
 * command's standard input, or, where there is no server, by itself with bare
 * send(2) to all clients.
 */
#include "wire.h"

struct source;

struct source_conf {
	const struct wire_kind *kind;
	uint16_t port;	     /* of the server's publishers, or ... */
	const char *command; /* ... a shell command that publishes lines */
	const int *clients;  /* or their sockets */
	unsigned n_clients;
};

struct source *source_new(const struct source_conf *conf);
void source_free(struct source **sp); /* waits for the command's end */

/*
 * Publish n events, each with `pad` bytes of words; bare: those in one
 * send for each client.
 */
void source_publish(struct source *s, unsigned n, size_t pad);

#endif
