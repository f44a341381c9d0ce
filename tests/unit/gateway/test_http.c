/* Query parameters and problem documents. */
#include "cmd/gateway/http.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static const char *const names[] = { "topic*", "limit" };

/* "a=1&b": as net hands it over. */
static struct net_request request(char *query)
{
	struct net_request r = { .method = NET_GET };

	for (char *p = strtok(query, "&"); p; p = strtok(NULL, "&")) {
		struct net_param *param = &r.param[r.n_params++];

		param->name = str_cut(str_from(p), '=', &param->value);
	}
	return r;
}

static void parameters_are_checked_by_name(void **state)
{
	static const struct {
		const char *query, *error; /* NULL: fine */
	} rows[] = {
		{ "", NULL },
		{ "topic=a", NULL },
		{ "topic=a&topic=b&limit=1", NULL },
		{ "topic=", NULL },
		{ "limit=1&limit=2", "limit: given twice" },
		{ "topic", "topic: has no value" },
		{ "bogus=1", "bogus: no such parameter here" },
		{ "topic*=1", "topic*: no such parameter here" },
		{ "Topic=1", "Topic: no such parameter here" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char query[64];
		struct net_request r;
		struct err e = { 0 };
		bool ok;

		strcpy(query, rows[i].query);
		r = request(query);
		ok = http_check_params(&r, names, ARRAY_LEN(names), &e);
		assert_int_equal(ok, !rows[i].error);
		if (rows[i].error)
			assert_string_equal(e.msg, rows[i].error);
	}
}

static void numbers_are_within_bounds(void **state)
{
	static const struct {
		const char *query;
		bool ok;
		uint64_t want;
	} rows[] = {
		{ "", true, 7 },
		{ "limit=1", true, 1 },
		{ "limit=10", true, 10 },
		{ "limit=0", false, 0 },
		{ "limit=11", false, 0 },
		{ "limit=-1", false, 0 },
		{ "limit=1x", false, 0 },
		{ "limit=", false, 0 },
		{ "limit=99999999999999999999", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char query[64];
		struct net_request r;
		struct err e = { 0 };
		uint64_t v;

		strcpy(query, rows[i].query);
		r = request(query);
		if (http_param_u64(&r, "limit", 1, 10, 7, &v, &e) !=
			    rows[i].ok ||
		    (rows[i].ok && v != rows[i].want))
			fail_msg("%s: want %d", rows[i].query, rows[i].ok);
	}
}

static void a_problem_says_what_it_is(void **state)
{
	struct buf b = { 0 };

	(void)state;
	http_print_problem(404, STR("no \"x\" here"), &b);
	assert_string_equal(b.p, "{\"type\":\"about:blank\","
				 "\"title\":\"Not Found\",\"status\":404,"
				 "\"detail\":\"no \\\"x\\\" here\"}\n");
	buf_free(&b);
}

static void a_flag_is_yes_or_no(void **state)
{
	static const struct {
		const char *query;
		bool ok, want;
	} rows[] = {
		{ "", true, false },	       { "last=true", true, true },
		{ "last=1", true, true },      { "last=false", true, false },
		{ "last=0", true, false },     { "last=", false, false },
		{ "last=TRUE", false, false }, { "last=2", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char query[64];
		struct net_request r;
		struct err e = { 0 };
		bool v = true;

		strcpy(query, rows[i].query);
		r = request(query);
		if (http_param_flag(&r, "last", &v, &e) != rows[i].ok ||
		    v != rows[i].want)
			fail_msg("%s: want %d", rows[i].query, rows[i].want);
	}
}

static void a_type_is_accepted_by_its_name_or_range(void **state)
{
	static const struct {
		const char *accept;
		bool want;
	} rows[] = {
		{ "text/event-stream", true },
		{ "Text/Event-Stream", true },
		{ "text/event-stream;q=0.9", true },
		{ "application/json, text/event-stream ; q=1", true },
		{ "text/*", true },
		{ "*/*", true },
		{ "text/html,*/*;q=0.1", true },
		{ "application/json", false },
		{ "text/event", false },
		{ "text/event-stream-2", false },
		{ "application/*", false },
		{ "te/*", false },
		{ "", false },
		{ ",;", false },
	};

	(void)state;
	assert_true(http_accepts((struct str){ 0 }, STR("text/event-stream")));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (http_accepts(str_from(rows[i].accept),
				 STR("text/event-stream")) != rows[i].want)
			fail_msg("'%s': want %d", rows[i].accept, rows[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_are_checked_by_name),
		cmocka_unit_test(numbers_are_within_bounds),
		cmocka_unit_test(a_flag_is_yes_or_no),
		cmocka_unit_test(a_type_is_accepted_by_its_name_or_range),
		cmocka_unit_test(a_problem_says_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
