#ifndef SOAK_SOAK_H
#define SOAK_SOAK_H

/* soak - what all parts of it share: what is so now, and what went wrong. */
#include <stdbool.h>
#include <stdint.h>

struct client;

enum { SOAK_TOPICS = 8 };

struct soak {
	unsigned clients, seconds, rate;
	uint16_t port;
	int ep;				 /* epoll: data.ptr is a struct wire */
	uint64_t published[SOAK_TOPICS]; /* the last number of each */
	uint64_t known[SOAK_TOPICS];	 /* that the gateway has sent live */
	int64_t end_ms; /* of the time in which they come and go */
	bool ending;	/* no more is published */
	uint64_t events, refused, faults; /* so far */
	uint64_t slow, closed, fetched;	  /* see the last line of output */
};
extern struct soak soak;

/* A number below n, the same for the same seed. */
uint64_t soak_pick(uint64_t n);
void soak_seed(uint64_t seed);

/* Something that must not be: counted, and told the first few times. */
void soak_fault(const struct client *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
