#ifndef GATEWAY_HTTP_H
#define GATEWAY_HTTP_H

/*
 * http - what every answer has in common: JSON, problem documents (RFC 9457),
 * query parameters that are checked by name.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"

#include "net.h"
#include "patterns.h"

/* Answer with JSON; `headers` as in net_answer, or NULL. Frees b. */
void http_json(struct net_conn *c, int status, const char *headers,
	       struct buf *b);

/*
 * Answer with application/problem+json: type "about:blank", the status's
 * title, and `detail`, one sentence without a full stop.
 */
void http_problem(struct net_conn *c, int status, const char *detail, ...)
	__attribute__((format(printf, 3, 4)));

/* 405, with the methods that there are ("GET, HEAD"). */
void http_not_allowed(struct net_conn *c, const char *allow);

/*
 * The document alone, for those who answer in another way (net_answer's body
 * and type).
 */
void http_print_problem(int status, struct str detail, struct buf *b);

/*
 * Every parameter must be one of the names (those that end in '*' may come
 * several times), must have a value, and come once; access_token may be there.
 * False with *e otherwise.
 */
bool http_check_params(const struct net_request *r, const char *const *names,
		       size_t n, struct err *e);

/* The value of a parameter, absent where it was not given. */
struct str http_param(const struct net_request *r, const char *name);

/* True if the client has what this is the ETag of, with its quotes. */
bool http_has_etag(const struct net_request *r, const char *etag);

/* Each `topic` is a pattern; without any, none is added. */
bool http_param_topics(const struct net_request *r, struct patterns *p,
		       struct err *e);

/*
 * `filter`: the events of those topics for which it holds. It is held in *f_r
 * and by the patterns; NULL where it was not given.
 */
bool http_param_filter(const struct net_request *r, struct filters *all,
		       struct patterns *p, struct filter **f_r, struct err *e);

/* true or false, or 1 or 0; false where it was not given. */
bool http_param_flag(const struct net_request *r, const char *name, bool *v_r,
		     struct err *e);

/* True if an Accept header (absent: anything) has this type, or its range. */
bool http_accepts(struct str accept, struct str type);

/* A number within bounds; `otherwise` where it was not given. */
bool http_param_u64(const struct net_request *r, const char *name, uint64_t min,
		    uint64_t max, uint64_t otherwise, uint64_t *v_r,
		    struct err *e);

#endif
