#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

/*
 * answer - a request and what is to be answered, free of any HTTP library.
 *
 * The site (site.h) turns one into the other; the server (server.h) reads the
 * one from the wire and writes the other to it. A zeroed struct answer with
 * status 200 is an empty page.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

enum {
	ANSWER_BODY_MAX = 4 << 20,  /* bytes of a rendered page */
	REQUEST_BODY_MAX = 1 << 20, /* bytes; more is answered with 413 */
	ANSWER_DELAY_MAX_MS = 10 * 60 * 1000,
	ANSWER_FILLERS_MAX = 5000,
};

struct request {
	struct str method;
	struct str path; /* percent-decoded, starts with '/' */
	struct str base; /* "http://host:port", for absolute links */
	struct str body;
	/* For the record: JSON objects of what was sent. */
	struct str headers, args;
	/* Query arguments and headers that matter; absent where not sent. */
	struct str url, retry_after, none_match, modified_since;
	bool control; /* may use /control/ */
	int64_t now_ms;
};

struct wire;

enum answer_kind {
	ANSWER_PAGE,
	ANSWER_CUT,	/* announce the body, send half of it, close */
	ANSWER_ENDLESS, /* the body over and over, chunked */
	ANSWER_BOMB,	/* 2 GiB of zeros in 2 MB of gzip */
	ANSWER_HANG,	/* nothing at all */
	ANSWER_DRIP,	/* the body byte by byte */
	ANSWER_WIRE,	/* as `wire` says, and nothing of the rest */
};

struct answer {
	enum answer_kind kind;
	unsigned status;
	const char *type; /* Content-Type, NULL: none */
	struct buf body;
	struct buf location;	   /* Location, if not empty */
	int64_t modified_s;	   /* Last-Modified, and an ETag; 0: neither */
	char etag[24];		   /* filled in by the site */
	const char *cache_control; /* NULL: none */
	char cache_control_text[32];
	const char *retry_after; /* NULL: none */
	char retry_after_text[24];
	const char *allow; /* Allow, of a 405 */
	unsigned fillers;  /* headers X-Filler-N to add */
	int64_t delay_ms;  /* wait before answering */
	int64_t drip_ms;   /* between two bytes of an ANSWER_DRIP */
	const struct wire *wire;
};

/* Drop what was rendered so far and answer with a status and a short page. */
void answer_error(struct answer *a, unsigned status, const char *text);

/* Redirect (302) to what is then added to a->location. */
void answer_redirect(struct answer *a);

void answer_release(struct answer *a);

#endif
