/* Sessions of Engine.IO: cases played, and what does not fit into one. */
#include "tests/unit/gateway/script.h"

enum { SESSIONS_MAX = 3 };

struct app {
	struct script s; /* first */
	struct engineio_session *session[SCRIPT_IDS + 1];
	int n;
};

/* ---- the application: says what it is told ---- */

static int number_of(const struct app *a, const struct engineio_session *s)
{
	for (int i = 1; i <= a->n; i++)
		if (a->session[i] == s)
			return i;
	return 0;
}

static void on_opened(void *arg, struct engineio_session *s)
{
	struct app *a = arg;

	if (a->n < SCRIPT_IDS)
		a->session[++a->n] = s;
	buf_addf(&a->s.log, "%d opened\n", number_of(a, s));
}

static void on_message(void *arg, struct engineio_session *s, struct str data,
		       bool binary)
{
	struct app *a = arg;

	buf_addf(&a->s.log, "%d %s %.*s\n", number_of(a, s),
		 binary ? "bytes" : "text", STR_ARG(data));
	if (str_is(data, "close me"))
		engineio_close(s, "forced server close");
	if (str_is(data, "echo"))
		engineio_send(s, data, binary);
}

static void on_ready(void *arg, struct engineio_session *s)
{
	struct app *a = arg;

	assert_true(engineio_is_ready(s));
	buf_addf(&a->s.log, "%d ready\n", number_of(a, s));
}

static void on_closed(void *arg, struct engineio_session *s, const char *why)
{
	struct app *a = arg;
	int i = number_of(a, s);

	buf_addf(&a->s.log, "%d closed %s\n", i, why);
	a->session[i] = NULL;
}

/*
 *	SEND|SENDBYTES N DATA	a message
 *	WRITE N DATA		a frame	= N more, or = N no more
 *	CLOSE N			the session
 *	UNUSED|USED N
 *	LETGO N|all		sessions	= left N
 */
static bool app_verb(struct script *s, struct str verb, struct str rest)
{
	struct app *a = (struct app *)s;
	struct str data = { 0 }, name = str_cut(rest, ' ', &data);
	struct engineio_session *x;
	struct buf b = { 0 };

	if (str_is(verb, "LETGO")) {
		size_t n = str_is(rest, "all") ? 0 : (size_t)rest.p[0] - '0';

		n = engineio_let_go(s->e, n, n == 0);
		buf_addf(&s->log, "left %zu\n", n);
		return true;
	}
	assert_true(name.len == 1 && name.p[0] >= '1' && name.p[0] <= '9');
	x = a->session[name.p[0] - '0'];
	assert_non_null(x);
	if (str_is(verb, "SEND")) {
		engineio_send(x, data, false);
	} else if (str_is(verb, "SENDBYTES")) {
		engineio_send(x, data, true);
	} else if (str_is(verb, "WRITE")) {
		bool more;

		engineio_add(&b, ENGINEIO_MESSAGE, data);
		more = engineio_write(x, buf_str(&b));
		buf_addf(&s->log, "%.*s %s\n", STR_ARG(name),
			 more ? "more" : "no more");
		buf_free(&b);
	} else if (str_is(verb, "CLOSE")) {
		engineio_close(x, "forced server close");
	} else if (str_is(verb, "UNUSED") || str_is(verb, "USED")) {
		engineio_set_used(x, str_is(verb, "USED"));
	} else {
		return false;
	}
	return true;
}

static void app_init_of(struct app *a, const struct engineio_wire *wire,
			size_t max_sessions, size_t max_per_peer)
{
	static const struct engineio_events events = {
		.opened = on_opened,
		.message = on_message,
		.ready = on_ready,
		.closed = on_closed,
	};
	const struct engineio_conf conf = {
		.ping_interval_ms = 25000,
		.ping_timeout_ms = 20000,
		.unused_ms = 5000,
		.max_sessions = max_sessions,
		.per_peer = { .max = max_per_peer },
		.wire = wire,
		.wire_arg = a,
		.on = &events,
		.arg = a,
	};

	memset(a, 0, sizeof(*a));
	a->s.verb = app_verb;
	a->s.e = engineio_new(&conf);
}

static void app_init_with(struct app *a, const struct engineio_wire *wire,
			  size_t max_sessions)
{
	app_init_of(a, wire, max_sessions, 0);
}

static void app_init(struct app *a)
{
	app_init_with(a, &script_wire, SESSIONS_MAX);
}

static void app_fini(struct app *a)
{
	engineio_free(&a->s.e);
	buf_free(&a->s.log);
}

static bool play(const struct json *c, void *ctx)
{
	struct app a;

	(void)ctx;
	app_init(&a);
	script_play(&a.s, c);
	app_fini(&a);
	return true;
}

static void cases_end_as_they_say(void **state)
{
	struct cases_count count = cases_run("tests/fixtures/engineio",
					     "sessions.jsonl", play, NULL);

	(void)state;
	assert_true(count.n >= 25 && count.good == count.n);
}

/* ---- limits ---- */

static void step(struct app *a, const char *text)
{
	script_step(&a->s, str_from(text));
	buf_reset(&a->s.log);
}

static void who_never_reads_is_closed_at_the_limit(void **state)
{
	struct app a;
	struct engineio_counts n;
	struct buf big = { 0 };
	int sent = 0;

	(void)state;
	app_init(&a);
	step(&a, "GET a EIO=4&transport=polling");
	memset(buf_reserve(&big, 100000), 'x', 100000);
	big.len = 100000;
	for (; a.session[1]; sent++)
		engineio_send(a.session[1], buf_str(&big), sent % 2);
	n = engineio_count(a.s.e);
	assert_int_equal(sent, ENGINEIO_WAITING_MAX / 100000 + 1);
	assert_int_equal(n.overrun, 1);
	assert_int_equal(n.sessions, 0);
	assert_int_equal(n.waiting, 0);
	buf_free(&big);
	app_fini(&a);
}

static void all_who_never_read_share_a_limit(void **state)
{
	const size_t part = ENGINEIO_WAITING_MAX - 100;
	struct app a;
	struct buf big = { 0 };
	int n = 0;

	(void)state;
	app_init_with(&a, &script_wire, 100);
	memset(buf_reserve(&big, part), 'x', part);
	big.len = part;
	for (; engineio_count(a.s.e).overrun == 0; n++) {
		a.n = 0;
		step(&a, "GET a EIO=4&transport=polling");
		engineio_send(a.session[1], buf_str(&big), true);
		buf_reset(&a.s.log);
	}
	assert_in_range(n, ENGINEIO_WAITING_ALL_MAX / ENGINEIO_WAITING_MAX,
			ENGINEIO_WAITING_ALL_MAX / ENGINEIO_WAITING_MAX + 1);
	assert_int_equal(engineio_count(a.s.e).sessions, n - 1);
	buf_free(&big);
	app_fini(&a);
}

static void who_holds_most_is_the_one_that_is_closed(void **state)
{
	const size_t part = ENGINEIO_WAITING_MAX - 100;
	struct engineio_session *small;
	struct app a;
	struct buf big = { 0 };

	(void)state;
	app_init_with(&a, &script_wire, 100);
	memset(buf_reserve(&big, part), 'x', part);
	big.len = part;
	step(&a, "GET a EIO=4&transport=polling");
	small = a.session[1];
	while (engineio_count(a.s.e).waiting + part + 100 <=
	       ENGINEIO_WAITING_ALL_MAX) {
		step(&a, "GET b EIO=4&transport=polling");
		engineio_send(a.session[2], buf_str(&big), true);
		a.session[2] = NULL;
		a.n = 1;
	}
	for (int i = 0; i < 20; i++)
		engineio_send(small, str_sub(buf_str(&big), 0, 100000), true);
	assert_int_equal(engineio_count(a.s.e).overrun, 1);
	assert_ptr_equal(a.session[1], small);
	buf_free(&big);
	app_fini(&a);
}

static void a_body_of_many_packets_takes_turns(void **state)
{
	const struct str query =
		STR("BEGIN b EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA");
	struct net_request r = { .method = NET_POST };
	struct buf body = { 0 };
	struct engineio_link *l;
	struct app a;

	(void)state;
	app_init(&a);
	step(&a, "GET a EIO=4&transport=polling");
	for (int i = 0; i < 2 * ENGINEIO_SLICE + 1; i++)
		buf_puts(&body, i ? "\x1e"
				    "4x"
				  : "4x");
	for (size_t n = 2; n <= 3; n++) { /* slices */
		r.body = str_sub(buf_str(&body), 0, body.len - (3 - n) * 3);
		script_step(&a.s, query);
		engineio_request(a.s.e, &a.s.link['b' - 'a'], &r, 0);
		for (size_t i = 1; i < n; i++) {
			assert_int_equal(engineio_deadline(a.s.e), 0);
			assert_null(strstr(a.s.log.p, "b 200"));
			l = engineio_next_body(a.s.e);
			assert_ptr_equal(l, &a.s.link['b' - 'a']);
			engineio_take_body(a.s.e, l, 0);
		}
		assert_non_null(strstr(a.s.log.p, "b 200 ok"));
		assert_null(engineio_next_body(a.s.e));
		buf_reset(&a.s.log);
	}
	assert_int_equal(engineio_count(a.s.e).received,
			 4 * ENGINEIO_SLICE + 1);
	/* What is left is refused where its session ends meanwhile. */
	script_step(&a.s, query);
	engineio_request(a.s.e, &a.s.link['b' - 'a'], &r, 0);
	buf_reset(&a.s.log);
	engineio_close(a.session[1], "forced server close");
	assert_non_null(strstr(a.s.log.p, "b 400 "));
	assert_null(engineio_next_body(a.s.e));
	buf_free(&body);
	app_fini(&a);
}

static void an_address_has_so_many_sessions_that_are_not_in_use(void **state)
{
	struct app a;
	struct engineio_session *last = NULL;

	(void)state;
	app_init_with(&a, &script_wire, ENGINEIO_UNUSED_MAX + 10);
	for (int i = 0; i < ENGINEIO_UNUSED_MAX; i++) {
		a.n = 0;
		step(&a, "GET a EIO=4&transport=polling");
		last = a.session[1];
		engineio_set_used(last, false);
	}
	step(&a, "GET b EIO=4&transport=polling");
	assert_int_equal(engineio_count(a.s.e).too_many_unused, 1);
	/* Others are not concerned, */
	a.s.link[2].from.s6_addr[0] = 0x20;
	step(&a, "GET c EIO=4&transport=polling");
	assert_int_equal(engineio_count(a.s.e).too_many_unused, 1);
	/* and who has connected one may have another. */
	engineio_set_used(last, true);
	step(&a, "GET d EIO=4&transport=polling");
	assert_int_equal(engineio_count(a.s.e).too_many_unused, 1);
	assert_int_equal(engineio_count(a.s.e).sessions,
			 ENGINEIO_UNUSED_MAX + 2);
	app_fini(&a);
}

static void an_address_has_so_many_sessions(void **state)
{
	struct app a;
	struct engineio_session *first;

	(void)state;
	app_init_of(&a, &script_wire, 10, 2);
	step(&a, "GET a EIO=4&transport=polling");
	first = a.session[1];
	step(&a, "GET b EIO=4&transport=polling");
	step(&a, "GET c EIO=4&transport=polling");
	assert_int_equal(engineio_count(a.s.e).sessions, 2);
	assert_int_equal(engineio_count(a.s.e).too_many, 1);
	/* When one has ended there is room for another. */
	engineio_close(first, "forced close");
	step(&a, "GET d EIO=4&transport=polling");
	assert_int_equal(engineio_count(a.s.e).sessions, 2);
	assert_int_equal(engineio_count(a.s.e).too_many, 1);
	app_fini(&a);
}

static void what_waits_leaves_in_pieces(void **state)
{
	enum { PART = 10000, PARTS = 100 };
	struct app a;
	struct buf part = { 0 };
	size_t before, n = 0;

	(void)state;
	app_init(&a);
	step(&a, "OPEN w EIO=4&transport=websocket");
	memset(buf_reserve(&part, PART), 'x', PART);
	part.len = PART;
	step(&a, "CHOKE w");
	engineio_send(a.session[1], buf_str(&part), true);
	for (int i = 0; i < PARTS; i++)
		engineio_send(a.session[1], buf_str(&part), true);
	for (; (before = engineio_count(a.s.e).waiting); n++) {
		engineio_writable(a.s.e, &a.s.link['w' - 'a'], 0);
		assert_in_range(before - engineio_count(a.s.e).waiting, PART,
				ENGINEIO_WRITE_MAX);
	}
	assert_int_equal(n, (PARTS + 5) / 6);
	/* One that is larger goes by itself. */
	buf_free(&part);
	memset(buf_reserve(&part, ENGINEIO_WRITE_MAX), 'x', ENGINEIO_WRITE_MAX);
	part.len = ENGINEIO_WRITE_MAX;
	for (int i = 0; i < 2; i++)
		engineio_send(a.session[1], buf_str(&part), true);
	before = engineio_count(a.s.e).waiting;
	engineio_writable(a.s.e, &a.s.link['w' - 'a'], 0);
	assert_int_equal(engineio_count(a.s.e).waiting, before / 2);
	/* The same over HTTP. */
	step(&a, "GET a EIO=4&transport=polling");
	for (int i = 0; i < 2; i++)
		engineio_send(a.session[2], buf_str(&part), false);
	for (n = 0; engineio_count(a.s.e).waiting > before / 2; n++)
		step(&a, "GET b EIO=4&transport=polling&sid="
			 "BBBBBBBBBBBBBBBBBBBB");
	assert_int_equal(n, 2);
	buf_free(&part);
	app_fini(&a);
}

static void a_body_that_is_too_large_is_refused_and_no_more(void **state)
{
	struct net_request r = { .method = NET_POST };
	struct app a;
	struct buf body = { 0 };

	(void)state;
	app_init(&a);
	step(&a, "GET a EIO=4&transport=polling");
	buf_putc(&body, '4');
	while (body.len <= ENGINEIO_PAYLOAD_MAX)
		buf_puts(&body, "0123456789");
	for (int over = 1; over >= 0; over--) {
		script_step(&a.s, STR("BEGIN b EIO=4&transport=polling&sid="
				      "AAAAAAAAAAAAAAAAAAAA"));
		r.body = str_sub(buf_str(&body), 0,
				 ENGINEIO_PAYLOAD_MAX + (size_t)over);
		engineio_request(a.s.e, &a.s.link['b' - 'a'], &r, 0);
		assert_non_null(
			strstr(a.s.log.p, over ? "b 413 " : "b 200 ok"));
		buf_reset(&a.s.log);
	}
	assert_int_equal(engineio_count(a.s.e).sessions, 1);
	assert_int_equal(engineio_count(a.s.e).received, 1);
	buf_free(&body);
	app_fini(&a);
}

static void draw_number(void *arg, void *p, size_t n)
{
	struct script *s = arg;

	memset(p, 0, n);
	memcpy(p, &s->drawn, sizeof(s->drawn));
	s->drawn++;
}

static void many_are_found_again_and_time_out_in_order(void **state)
{
	enum { MANY = 1000 };
	static char id[MANY + 1][ENGINEIO_SID_LEN + 1];
	struct engineio_wire wire = script_wire;
	struct app a;
	char text[96];

	(void)state;
	wire.random = draw_number;
	app_init_with(&a, &wire, MANY);
	for (int i = 1; i <= MANY; i++) {
		a.n = 0;
		a.s.now_ms = i;
		step(&a, "GET a EIO=4&transport=polling");
		str_copy(id[i], sizeof(id[i]),
			 str_from(engineio_sid(a.session[1])));
	}
	for (int i = 1; i <= MANY; i++) {
		snprintf(text, sizeof(text),
			 "POST b EIO=4&transport=polling&sid=%s 4x", id[i]);
		step(&a, text);
	}
	assert_int_equal(engineio_count(a.s.e).received, MANY);
	/* Pings at 25,001 and on; half of them have been missed at 45,500. */
	for (int i = 25000; i <= 45500; i += 500) {
		snprintf(text, sizeof(text), "AT %d", i);
		step(&a, text);
	}
	assert_int_equal(engineio_count(a.s.e).timed_out, MANY / 2);
	assert_int_equal(engineio_count(a.s.e).sessions, MANY / 2);
	app_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_end_as_they_say),
		cmocka_unit_test(who_never_reads_is_closed_at_the_limit),
		cmocka_unit_test(all_who_never_read_share_a_limit),
		cmocka_unit_test(who_holds_most_is_the_one_that_is_closed),
		cmocka_unit_test(a_body_of_many_packets_takes_turns),
		cmocka_unit_test(
			an_address_has_so_many_sessions_that_are_not_in_use),
		cmocka_unit_test(an_address_has_so_many_sessions),
		cmocka_unit_test(what_waits_leaves_in_pieces),
		cmocka_unit_test(
			a_body_that_is_too_large_is_refused_and_no_more),
		cmocka_unit_test(many_are_found_again_and_time_out_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
