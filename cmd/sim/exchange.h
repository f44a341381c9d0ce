#ifndef SIM_EXCHANGE_H
#define SIM_EXCHANGE_H

/*
 * exchange - one request and its answer in libmicrohttpd's terms: what is read
 * from a connection, and what is queued on it.
 */
#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>

#include "common/buf.h"

#include "answer.h"
#include "gzip.h"

struct exchange {
	struct MHD_Connection *conn;
	const struct gzip_bomb *bomb; /* for whoever asks for it */
	struct buf in;		      /* the request's body */
	struct answer a;
	bool answered; /* a is filled in */
	bool suspended;
	int64_t due_ms; /* when a suspended one goes on */
	/* Suspend it for so long, from within a reader of its body. */
	void (*pause)(void *server, struct exchange *x, int64_t ms);
	void *server;
	uint64_t dripped;	      /* bytes that were paused before */
	struct exchange *prev, *next; /* among the suspended */
};

/* Texts that a request is described with; zeroed before exchange_read(). */
struct exchange_scratch {
	struct buf base, headers, args;
};
void exchange_scratch_free(struct exchange_scratch *scratch);

/*
 * Describe the request that x->conn carries, without its time. Everything in
 * *rq lives in the connection, in x, or in *scratch. listen_name stands in for
 * a Host header that is none.
 */
void exchange_read(struct exchange *x, const char *method, const char *path,
		   const char *listen_name, struct exchange_scratch *scratch,
		   struct request *rq);

/* Queue the answer. MHD_NO: close the connection without one. */
enum MHD_Result exchange_write(struct exchange *x);

#endif
