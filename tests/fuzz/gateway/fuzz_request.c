/*
 * What a request says of itself, in lines: Host, Origin, Authorization, a time,
 * a process's counters, and query parameters.
 */
#include <assert.h>

#include "common/json.h"

#include "cmd/gateway/board.h"
#include "cmd/gateway/guard.h"
#include "cmd/gateway/http.h"
#include "common/since.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_params(struct str rest)
{
	static const char *const names[] = { "topic*", "since", "limit" };
	struct net_request r = { .method = NET_GET };
	struct err e = { 0 };
	uint64_t v;

	while (rest.len && r.n_params < NET_PARAMS_MAX) {
		struct net_param *p = &r.param[r.n_params++];

		p->name = str_cut(str_cut(rest, '&', &rest), '=', &p->value);
	}
	if (!http_check_params(&r, names, 3, &e))
		assert(*e.msg && str_is_utf8(str_from(e.msg)));
	else if (http_param_u64(&r, "limit", 1, 1000, 100, &v, &e))
		assert(v >= 1 && v <= 1000);
}

static void try_board(struct str stats)
{
	struct board *b = board_new();
	struct buf out = { 0 };

	if (board_hear(b, STR("$stats/tool/1"), stats, 0)) {
		board_print(b, 0, &out);
		assert(json_check(buf_str(&out), 0, NULL) == 0);
		board_print_metrics(b, 0, &out);
		board_not_ready(b, STR("tool"), 0);
	}
	buf_free(&out);
	board_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "weir.example" };
	struct str rest = { (const char *)data, size };
	struct str host = str_cut(rest, '\n', &rest);
	struct str origin = str_cut(rest, '\n', &rest);
	struct str token = str_cut(rest, '\n', &rest);
	struct str since = str_cut(rest, '\n', &rest);
	struct buf plain = { .max = 1024 };
	struct since w;

	http_accepts(token, STR("text/event-stream"));
	if (guard_host(host, names, 1))
		assert(host.len > 0);
	if (origin.p && guard_origin(origin, (struct str){ 0 }, host))
		assert(host.len > 0 && origin.len > host.len);
	if (origin.p && guard_origin(origin, STR("https"), host))
		assert(str_eq_nocase(str_sub(origin, 0, 8), STR("https://")));
	assert(guard_token(token, &plain).len <= token.len);
	buf_free(&plain);
	guard_body(token);
	since_parse(since, 1763000000000000, &w);
	try_board(str_cut(rest, '\n', &rest));
	try_params(rest);
	return 0;
}
