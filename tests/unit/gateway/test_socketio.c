/* Clients of Socket.IO: cases played, and what does not fit into one. */
#include "cmd/gateway/socketio.h"

#include "tests/unit/gateway/script.h"

struct app {
	struct script s; /* first */
	struct socketio *io;
	struct socketio_client *client[SCRIPT_IDS + 1];
	int n;
};

/* ---- the application: says what it is told ---- */

static int number_of(const struct socketio_client *c)
{
	return (int)(intptr_t)socketio_user(c);
}

/*
 * "/nobody" is none, token 1 is wrong; who has a pid is known as "old". The
 * session of "/over" is closed by what happens then.
 */
static void on_hello(void *arg, struct socketio_client *c,
		     const struct socketio_hello *h,
		     struct socketio_welcome *w_r)
{
	struct app *a = arg;

	a->client[++a->n] = c;
	socketio_set_user(c, (void *)(intptr_t)a->n);
	buf_addf(&a->s.log, "%d hello %.*s %.*s %.*s %.*s\n", a->n,
		 STR_ARG(h->nsp), STR_ARG(h->auth), STR_ARG(h->pid),
		 STR_ARG(h->offset));
	if (str_is(h->nsp, "/nobody"))
		w_r->refusal = STR("Invalid \"namespace\"");
	else if (str_is(h->auth, "{\"token\":1}"))
		w_r->refusal = STR("Not authorized");
	else if (str_is(h->nsp, "/over"))
		socketio_hang_up(c, "transport error");
	else if (h->pid.p) {
		w_r->pid = STR("p\"id");
		w_r->sid = STR("old");
	}
}

static void on_connected(void *arg, struct socketio_client *c,
			 const struct socketio_hello *h)
{
	struct app *a = arg;

	buf_addf(&a->s.log, "%d connected %s\n", number_of(c), socketio_sid(c));
	if (str_is(h->auth, "{\"now\":0}"))
		socketio_disconnect(c);
}

static void say(struct app *a, const struct socketio_client *c,
		const char *what, const struct socketio_message *m)
{
	buf_addf(&a->s.log, "%d %s %.*s", number_of(c), what, STR_ARG(m->args));
	if (m->has_id)
		buf_addf(&a->s.log, " id %llu", (unsigned long long)m->id);
	for (size_t i = 0; i < m->n; i++)
		buf_addf(&a->s.log, " + %.*s", STR_ARG(m->attachment[i]));
	buf_putc(&a->s.log, '\n');
}

static void on_event(void *arg, struct socketio_client *c,
		     const struct socketio_message *m)
{
	struct app *a = arg;

	say(a, c, "event", m);
	if (str_starts(m->args, STR("[\"leave\"")))
		socketio_disconnect(c);
	else if (m->has_id)
		socketio_ack(c, m);
	if (!str_starts(m->args, STR("[\"flood\"")))
		return;
	while (engineio_count(a->s.e).overrun == 0)
		socketio_emit(c, m);
	say(a, c, "has still", m);
}

static void on_acked(void *arg, struct socketio_client *c,
		     const struct socketio_message *m)
{
	say(arg, c, "acked", m);
}

static void on_ready(void *arg, struct socketio_client *c)
{
	struct app *a = arg;

	buf_addf(&a->s.log, "%d %sready\n", number_of(c),
		 socketio_is_ready(c) ? "" : "not ");
}

static void on_closed(void *arg, struct socketio_client *c, const char *why)
{
	struct app *a = arg;

	buf_addf(&a->s.log, "%d closed %s\n", number_of(c), why);
	socketio_emit(c, &(struct socketio_message){ .args = STR("[\"x\"]") });
	a->client[number_of(c)] = NULL;
}

/*
 *	EMIT|BINARY N ARGS	an event; BINARY: with the attachments "a", "b"
 *	ASK N ID ARGS		one that is to be acknowledged
 *	WRITE N ARGS		a frame	= N more, or = N no more
 *	LEAVE N
 */
static bool app_verb(struct script *s, struct str verb, struct str rest)
{
	static const struct str ab[] = { { "a", 1 }, { "b", 1 } };
	struct app *a = (struct app *)s;
	struct socketio_message m = { 0 };
	struct str name = str_cut(rest, ' ', &m.args);
	struct socketio_client *c = a->client[name.p[0] - '0'];
	struct buf b = { 0 };

	assert_non_null(c);
	if (str_is(verb, "EMIT")) {
		socketio_emit(c, &m);
	} else if (str_is(verb, "BINARY")) {
		m.attachment = ab;
		m.n = 2;
		socketio_emit(c, &m);
	} else if (str_is(verb, "ASK")) {
		struct str id = str_cut(m.args, ' ', &m.args);

		m.has_id = str_u64(id, &m.id);
		socketio_emit(c, &m);
	} else if (str_is(verb, "WRITE")) {
		socketio_add_frames(socketio_namespace(c), &m, &b);
		buf_addf(&s->log, "%.*s %s\n", STR_ARG(name),
			 socketio_write(c, buf_str(&b)) ? "more" : "no more");
		buf_free(&b);
	} else if (str_is(verb, "LEAVE")) {
		socketio_disconnect(c);
	} else {
		return false;
	}
	return true;
}

static void app_init(struct app *a)
{
	static const struct socketio_events events = {
		.hello = on_hello,
		.connected = on_connected,
		.event = on_event,
		.acked = on_acked,
		.ready = on_ready,
		.closed = on_closed,
	};
	const struct socketio_conf conf = {
		.engine = { .ping_interval_ms = 25000,
			    .ping_timeout_ms = 20000,
			    .unused_ms = 45000,
			    .max_sessions = 100,
			    .wire = &script_wire,
			    .wire_arg = a },
		.on = &events,
		.arg = a,
	};

	memset(a, 0, sizeof(*a));
	a->s.verb = app_verb;
	a->io = socketio_new(&conf);
	a->s.e = socketio_engine(a->io);
}

static void app_fini(struct app *a)
{
	socketio_free(&a->io);
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
	struct cases_count count = cases_run("tests/fixtures/socketio",
					     "clients.jsonl", play, NULL);

	(void)state;
	assert_true(count.n >= 20 && count.good == count.n);
}

/* ---- limits ---- */

static void step(struct app *a, const char *text)
{
	script_step(&a->s, str_from(text));
}

static void a_session_has_so_many_namespaces(void **state)
{
	struct app a;
	char text[64];

	(void)state;
	app_init(&a);
	step(&a, "OPEN w EIO=4&transport=websocket");
	for (int i = 0; i <= SOCKETIO_NAMESPACES_MAX; i++) {
		snprintf(text, sizeof(text), "TEXT w 40/n%d,", i);
		step(&a, text);
	}
	assert_non_null(strstr(a.s.log.p, "w <44/n8,{\"message\":"
					  "\"Too many namespaces\"}\n"));
	assert_int_equal(socketio_count(a.io).clients, SOCKETIO_NAMESPACES_MAX);
	assert_int_equal(socketio_count(a.io).refused, 1);
	step(&a, "TEXT w 41/n0,");
	a.n = 0;
	step(&a, "TEXT w 40/n8,");
	assert_int_equal(socketio_count(a.io).clients, SOCKETIO_NAMESPACES_MAX);
	app_fini(&a);
}

static void a_client_may_lose_its_session_while_it_comes(void **state)
{
	struct app a;

	(void)state;
	app_init(&a);
	step(&a, "OPEN w EIO=4&transport=websocket");
	step(&a, "TEXT w 40/over,");
	assert_non_null(strstr(a.s.log.p, "1 closed transport close\n"));
	assert_null(strstr(a.s.log.p, "connected"));
	assert_null(a.client[1]);
	assert_int_equal(socketio_count(a.io).clients, 0);
	assert_int_equal(engineio_count(a.s.e).sessions, 0);
	app_fini(&a);
}

static void attachments_have_a_limit_together(void **state)
{
	const size_t part = ENGINEIO_PAYLOAD_MAX;
	struct app a;
	struct buf big = { 0 };
	int n = 0;

	(void)state;
	app_init(&a);
	memset(buf_reserve(&big, part), 'x', part);
	big.len = part;
	step(&a, "OPEN w EIO=4&transport=websocket");
	step(&a, "TEXT w 40");
	step(&a, "TEXT w 459-[\"x\"]");
	for (; socketio_count(a.io).malformed == 0; n++)
		engineio_received(a.s.e, &a.s.link['w' - 'a'], buf_str(&big),
				  true, 0);
	assert_int_equal(n, SOCKETIO_PARTS_MAX / (int)part + 1);
	assert_int_equal(socketio_count(a.io).parts, 0);
	assert_int_equal(engineio_count(a.s.e).sessions, 0);
	buf_free(&big);
	app_fini(&a);
}

static void packets_that_are_not_whole_share_a_limit(void **state)
{
	const size_t part = ENGINEIO_PAYLOAD_MAX;
	struct app a;
	struct buf big = { 0 };
	int n = 0;

	(void)state;
	app_init(&a);
	memset(buf_reserve(&big, part), 'x', part);
	big.len = part;
	while (socketio_count(a.io).malformed == 0) {
		struct engineio_link *l = &a.s.link[n++];
		char text[64];

		a.n = 0;
		snprintf(text, sizeof(text),
			 "OPEN %c EIO=4&transport=websocket", 'a' + n - 1);
		step(&a, text);
		engineio_received(a.s.e, l, STR("40"), false, 0);
		engineio_received(a.s.e, l, STR("459-[\"x\"]"), false, 0);
		for (int i = 0; i < 4; i++)
			engineio_received(a.s.e, l, buf_str(&big), true, 0);
	}
	assert_int_equal(n, SOCKETIO_PARTS_ALL_MAX / (4 * (int)part) + 1);
	assert_in_range(socketio_count(a.io).parts, 4 * part,
			SOCKETIO_PARTS_ALL_MAX);
	buf_free(&big);
	app_fini(&a);
}

static void a_packet_outlives_the_session_that_it_ends(void **state)
{
	struct app a;

	(void)state;
	app_init(&a);
	step(&a, "OPEN w EIO=4&transport=websocket");
	step(&a, "TEXT w 40");
	step(&a, "CHOKE w");
	step(&a, "TEXT w 451-[\"flood\",{\"_placeholder\":true,\"num\":0}]");
	step(&a, "BYTES w data");
	assert_non_null(strstr(a.s.log.p, "1 closed transport error\n"));
	assert_non_null(strstr(a.s.log.p,
			       "has still [\"flood\",{\"_placeholder\""
			       ":true,\"num\":0}] + data\n"));
	app_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_end_as_they_say),
		cmocka_unit_test(a_session_has_so_many_namespaces),
		cmocka_unit_test(a_client_may_lose_its_session_while_it_comes),
		cmocka_unit_test(attachments_have_a_limit_together),
		cmocka_unit_test(packets_that_are_not_whole_share_a_limit),
		cmocka_unit_test(a_packet_outlives_the_session_that_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
