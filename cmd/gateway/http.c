#include "http.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/event.h"
#include "common/xmem.h"

#include "status.h"

void http_json(struct net_conn *c, int status, const char *headers,
	       struct buf *b)
{
	char all[512];

	snprintf(all, sizeof(all), "Cache-Control: no-store\r\n%s",
		 headers ? headers : "");
	buf_putc(b, '\n');
	net_answer(c, &(struct net_answer){
			      .status = status,
			      .type = "application/json",
			      .headers = all,
			      .body = buf_str(b),
		      });
	buf_free(b);
}

void http_print_problem(int status, struct str detail, struct buf *b)
{
	buf_addf(b, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,",
		 status_text(status), status);
	buf_puts(b, "\"detail\":");
	buf_json_str(b, detail);
	buf_puts(b, "}\n");
}

static void answer_problem(struct net_conn *c, int status, const char *headers,
			   struct str detail)
{
	struct buf b = { 0 };

	http_print_problem(status, detail, &b);
	net_answer(c, &(struct net_answer){
			      .status = status,
			      .type = "application/problem+json",
			      .headers = headers,
			      .body = buf_str(&b),
		      });
	buf_free(&b);
}

/* What a status obliges to. */
static const char *headers_of(int status)
{
	switch (status) {
	case 401:
		return "WWW-Authenticate: Bearer realm=\"weir\"\r\n"
		       "WWW-Authenticate: Basic realm=\"weir\"\r\n";
	case 429: return "Retry-After: 1\r\n";
	case 426: return "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
	case 503: return "Retry-After: 2\r\n";
	default: return NULL;
	}
}

void http_problem(struct net_conn *c, int status, const char *fmt, ...)
{
	char detail[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	str_make_printable(detail);
	answer_problem(c, status, headers_of(status), str_from(detail));
}

void http_not_allowed(struct net_conn *c, const char *allow)
{
	char headers[64], detail[96];

	snprintf(headers, sizeof(headers), "Allow: %s\r\n", allow);
	snprintf(detail, sizeof(detail), "this can be asked with %s", allow);
	answer_problem(c, 405, headers, str_from(detail));
}

/* 0: no such name, 1: once, 2: any number of times */
static int allowed(struct str name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct str known = str_from(names[i]);

		if (str_ends(known, STR("*"))) {
			if (str_eq(name, str_sub(known, 0, known.len - 1)))
				return 2;
		} else if (str_eq(name, known)) {
			return 1;
		}
	}
	return 0;
}

bool http_check_params(const struct net_request *r, const char *const *names,
		       size_t n, struct err *e)
{
	for (size_t i = 0; i < r->n_params; i++) {
		const struct net_param *p = &r->param[i];
		int may = allowed(p->name, names, n);

		if (str_is(p->name, "access_token"))
			continue; /* api_admit() has looked at it */
		if (may == 0)
			return !err_set(e, EX_USAGE,
					"%.*s: no such parameter here",
					STR_ARG(str_utf8_prefix(p->name, 64)));
		if (!p->value.p)
			return !err_set(e, EX_USAGE, "%.*s: has no value",
					STR_ARG(p->name));
		for (size_t k = 0; may == 1 && k < i; k++)
			if (str_eq(r->param[k].name, p->name))
				return !err_set(e, EX_USAGE,
						"%.*s: given twice",
						STR_ARG(p->name));
	}
	return true;
}

struct str http_param(const struct net_request *r, const char *name)
{
	for (size_t i = 0; i < r->n_params; i++)
		if (str_is(r->param[i].name, name))
			return r->param[i].value;
	return (struct str){ 0 };
}

bool http_has_etag(const struct net_request *r, const char *etag)
{
	return str_is(str_trim(r->if_none_match), "*") ||
	       str_find(r->if_none_match, str_from(etag)) != (size_t)-1;
}

bool http_param_u64(const struct net_request *r, const char *name, uint64_t min,
		    uint64_t max, uint64_t otherwise, uint64_t *v_r,
		    struct err *e)
{
	struct str value = http_param(r, name);

	*v_r = otherwise;
	if (!value.p || (str_u64(value, v_r) && *v_r >= min && *v_r <= max))
		return true;
	return !err_set(e, EX_USAGE, "%s: not a number from %llu to %llu", name,
			(unsigned long long)min, (unsigned long long)max);
}

bool http_param_flag(const struct net_request *r, const char *name, bool *v_r,
		     struct err *e)
{
	struct str value = http_param(r, name);

	*v_r = str_is(value, "true") || str_is(value, "1");
	if (!value.p || *v_r || str_is(value, "false") || str_is(value, "0"))
		return true;
	return !err_set(e, EX_USAGE, "%s: neither true nor false", name);
}

bool http_param_topics(const struct net_request *r, struct patterns *p,
		       struct err *e)
{
	for (size_t i = 0; i < r->n_params; i++) {
		if (!str_is(r->param[i].name, "topic"))
			continue;
		if (pattern_check_useful(r->param[i].value, e))
			return false;
		if (!patterns_add(p, r->param[i].value))
			return !err_set(e, EX_USAGE,
					"topic: more than %d of them",
					PATTERNS_MAX);
	}
	return true;
}

bool http_param_filter(const struct net_request *r, struct filters *all,
		       struct patterns *p, struct filter **f_r, struct err *e)
{
	struct str text = http_param(r, "filter");

	*f_r = NULL;
	if (!text.p)
		return true;
	*f_r = filters_get(all, text, e);
	if (!*f_r)
		return err_prefix(e, "filter") == 0;
	for (size_t i = 0; i < p->n; i++)
		patterns_add_filtered(p, p->v[i], *f_r);
	return true;
}

bool http_accepts(struct str accept, struct str type)
{
	size_t slash = str_find(type, STR("/"));
	struct str one;

	if (!accept.p)
		return true;
	while (str_token(&accept, ",", &one)) {
		one = str_trim(str_cut(one, ';', &(struct str){ 0 }));
		if (str_is(one, "*/*") || str_eq_nocase(one, type) ||
		    (str_ends(one, STR("/*")) &&
		     str_eq_nocase(str_sub(one, 0, one.len - 2),
				   str_sub(type, 0, slash))))
			return true;
	}
	return false;
}
