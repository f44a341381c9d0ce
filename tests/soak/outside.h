#ifndef SOAK_OUTSIDE_H
#define SOAK_OUTSIDE_H

/*
 * outside - the gateway as its neighbours see it: descriptors, memory, what it
 * counts, and what is left of connections that come and go.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

enum { OUTSIDE_ADDRESSES = 16 /* 127.0.0.x that clients come from */ };

unsigned outside_files(int pid);

/* Memory of its own, without the mapped journal, in KiB. */
unsigned long outside_memory(int pid);

/* Who asks below: a token that may do everything. */
void outside_authorize(const char *token);

/* It says that it can do its work. */
bool outside_is_ready(uint16_t port);

/*
 * Bytes that it has allocated, and of answers on their way, by its own figures.
 * False: it did not answer.
 */
bool outside_heap(uint16_t port, size_t *used_r, size_t *held_r);

/*
 * What is left of clients when all have gone, by its own figures; 0 when
 * nothing is. *name_r: what it is, static. -1: it did not answer.
 */
double outside_left(uint16_t port, const char **name_r);

/*
 * A client that comes, is answered and goes, n times, one after the other, on
 * transports in turn. False: one was not answered.
 */
bool outside_visit(uint16_t port, unsigned n);

/* A socket from the address of that number, not connected yet; or -1. */
int outside_socket(unsigned address);

/*
 * Send a WebSocket client's frame of less than 64 KiB, with a mask of zero.
 * False where the connection has ended, or takes no more.
 */
bool outside_frame(int fd, unsigned opcode, struct str s);

/* This process may have as many descriptors as the system lets it. */
void outside_allow_files(void);

#endif
