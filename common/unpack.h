#ifndef COMMON_UNPACK_H
#define COMMON_UNPACK_H

/*
 * unpack - undo the content codings of an HTTP body (RFC 9110, 8.4), piece by
 * piece: gzip and x-gzip, deflate (zlib's format, and the bare one that some
 * servers send), br and zstd; identity is none.
 *
 * Unlike libcurl's, this tells a body that was cut short: a server that dies
 * while it packs ends its answer properly, as far as HTTP is concerned. What
 * stands behind a gzip body is another one, or is not looked at.
 *
 * What comes out is handed on in pieces of at most UNPACK_PIECE bytes, so that
 * its receiver can stop a bomb; nothing is kept for it here. Of several codings
 * an inner one may take twice what comes out at the end, and UNPACK_SLACK bytes
 * more: else it is a bomb of which the receiver would see nothing.
 */
#include "common/err.h"
#include "common/str.h"

enum {
	UNPACK_PIECE = 16 << 10,
	UNPACK_CODINGS_MAX = 3,	 /* of one body, one upon the other */
	UNPACK_WINDOW = 8 << 20, /* bytes that zstd may look back (RFC 8878) */
	UNPACK_SLACK = 1 << 20,	 /* see below */
};

#define UNPACK_ACCEPT "gzip, deflate, br, zstd" /* for Accept-Encoding */

struct unpack;

/* False: no more is wanted, and unpack_feed() ends with -1. */
typedef bool unpack_fn(void *arg, struct str piece);

/*
 * codings: the value of Content-Encoding, in the order in which they were
 * applied. 0 with *u_r, NULL where none is to be undone; -1 with *e
 * (EX_DATAERR): one is not known, or there are too many.
 */
int unpack_new(struct str codings, struct unpack **u_r, struct err *e);
void unpack_free(struct unpack **up);

/* 0; or -1 with *e (EX_DATAERR) for bytes that are none of these; or fn's. */
int unpack_feed(struct unpack *u, struct str bytes, unpack_fn *fn, void *arg,
		struct err *e);

/*
 * There are no more bytes: 0 where the body is whole, or nothing came at all;
 * -1 with *e: it was cut short.
 */
int unpack_end(const struct unpack *u, struct err *e);

#endif
