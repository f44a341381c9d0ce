#ifndef GATEWAY_LINE_H
#define GATEWAY_LINE_H

/*
 * line - where the bytes for one client go; a value that is good until the
 * client has gone. Whoever writes to many clients keeps their lines side by
 * side, and need not look at any of them. Only net knows what is in it.
 */
#include <stddef.h>

enum {
	LINE_OTHER = -2, /* fd: not a connection; conn is its owner's */
	LINES_MAX = 128, /* that are written to at once */
};

struct line {
	void *conn; /* NULL: nowhere */
	int fd;	    /* -1: not straight to the socket */
};

/*
 * One of many lines that were written to, whose socket takes no more. Lists of
 * them rise.
 */
struct line_left {
	size_t at;    /* its index */
	size_t taken; /* bytes that have gone, or are kept for it */
};

#endif
