/*
 * Processes that read documents, for real: this program is started again as
 * one. What runs away: tests/fixtures/json/runaways.jsonl.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "cmd/scraper/extract_child.h"
#include "cmd/scraper/extract_pool.h"

#include "tests/unit/cases.h"

/*
 * The sanitizer's malloc() does not say what it has, and ends where ours says
 * no; and it makes a status of a crash.
 */
#ifdef __SANITIZE_ADDRESS__
#define BY_CRASH "status 1"
enum { MEMORY_IS_OURS = false };
#else
#define BY_CRASH "signal 11"
enum { MEMORY_IS_OURS = true };
#endif

/* Long for what must not end, so that a slow machine does not end it. */
static const struct extract_pool_conf patient = { 1, 60000, 256 << 20 };

/* Bytes of memory, by which this program knows what it is to do as a reader. */
enum { DIES_AT_START = 1 };

struct bench {
	struct loop *loop;
	struct stats *stats;
	struct extract_pool *pool;
	size_t left;
	struct buf log; /* a line for each that ended, in order */
	bool ended;	/* the last one's process */
	bool unread;	/* the last one */
};

static void setup(struct bench *b, const struct extract_pool_conf *conf)
{
	struct err e;

	*b = (struct bench){ .loop = loop_new(&e), .stats = stats_new() };
	assert_non_null(b->loop);
	b->pool = extract_pool_new(b->loop, b->stats, conf);
}

static void teardown(struct bench *b)
{
	extract_pool_free(&b->pool);
	/* Nobody is left, not even to be waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	stats_free(&b->stats);
	loop_free(&b->loop);
	buf_free(&b->log);
}

static void on_extracted(void *arg, const struct extracted *x)
{
	struct bench *b = arg;

	buf_addf(&b->log, "%s|%.*s|", outcome_name(x->o->outcome),
		 STR_ARG(x->o->reason));
	for (size_t i = 0; i < x->o->n_items; i++)
		buf_addf(&b->log, "%.*s ", STR_ARG(x->o->items[i].id));
	buf_putc(&b->log, '\n');
	b->ended = x->ended;
	b->unread = x->unread;
	if (--b->left == 0)
		loop_stop(b->loop);
}

static struct extraction *ask(struct bench *b, const char *kind,
			      const char *config, struct str body)
{
	const struct wire_request r = { .kind = str_from(kind),
					.config = str_from(config),
					.doc.body = body };

	b->left++;
	return extract_pool_run(b->pool, &r, on_extracted, b);
}

static void run(struct bench *b)
{
	loop_run(b->loop);
	loop_rearm(b->loop);
}

static int64_t counted(const struct bench *b, const char *name,
		       const char *label)
{
	return stats_get(b->stats, name, label);
}

#define ID_OF_ALL \
	"{\"items\":{\"jq\":\".[]\"},\"fields\":{\"id\":{\"jq\":\".\"}}}"
#define ENDLESS "{\"fields\":{\"id\":{\"jq\":\"last(range(1e12))\"}}}"
/* More than the stack holds. */
#define CRASH                                                       \
	"{\"fields\":{\"id\":{\"jq\":\"reduce range(400000) as $i " \
	"(0;[.])\"}}}"

static void answers_in_order(void **state)
{
	struct bench b;

	(void)state;
	setup(&b, &patient);
	ask(&b, "json", ID_OF_ALL, STR("[1,2]"));
	ask(&b, "json", ID_OF_ALL, STR("[3]"));
	ask(&b, "html", "{\"fields\":{\"id\":{\"css\":\"p\"}}}", STR("<p>x"));
	ask(&b, "json", ID_OF_ALL, STR("[]"));
	assert_int_equal(extract_pool_pending(b.pool), 4);
	run(&b);
	assert_string_equal(b.log.p, "found||1 2 \nfound||3 \nfound||x \n"
				     "empty|items: an empty list|\n");
	assert_int_equal(extract_pool_pending(b.pool), 0);
	assert_int_equal(counted(&b, "extractor_starts_total", NULL), 1);
	assert_int_equal(counted(&b, "extractions_total", "found"), 3);
	assert_int_equal(counted(&b, "extractor_ends_total", "idle"), 0);
	teardown(&b);
}

static void says_whether_a_configuration_is_good(void **state)
{
	struct bench b;

	(void)state;
	setup(&b, &patient);
	ask(&b, "json", ID_OF_ALL, (struct str){ 0 });
	ask(&b, "json", "{\"fields\":{\"id\":{\"jq\":\".[\"}}}",
	    (struct str){ 0 });
	ask(&b, "none", NULL, (struct str){ 0 });
	run(&b);
	assert_string_equal(
		b.log.p,
		"empty||\nrefused|fields.id: jq: syntax error, unexpected $end "
		"at <top-level>, line 1|\nrefused|kind: \"none\" is not "
		"product, html, page, feed or json|\n");
	teardown(&b);
}

/* Larger than what the socket takes at once, there and back. */
static void carries_large_documents(void **state)
{
	struct buf body = { 0 };
	struct bench b;

	(void)state;
	setup(&b, &patient);
	buf_puts(&body, "<ul>");
	for (int i = 0; i < 5000; i++)
		buf_addf(&body, "<li>%d%0999d", i, 0);
	ask(&b, "html",
	    "{\"items\":{\"css\":\"li\"},\"fields\":{\"id\":{\"css\":\"li\"},"
	    "\"title\":{\"css\":\":scope\"}}}",
	    buf_str(&body));
	ask(&b, "html",
	    "{\"items\":{\"css\":\"li\"},\"fields\":{\"title\":{}}}",
	    buf_str(&body));
	run(&b);
	assert_non_null(strstr(b.log.p, "found||h"));
	buf_free(&body);
	teardown(&b);
}

static void ends_what_takes_too_long_and_goes_on(void **state)
{
	const struct extract_pool_conf conf = { 1, 300, 256 << 20 };
	struct bench b;

	(void)state;
	setup(&b, &conf);
	ask(&b, "json", ENDLESS, STR("1"));
	run(&b);
	assert_string_equal(b.log.p,
			    "parse-fail|the parser took longer than 0.3s|\n");
	assert_true(b.ended);
	extract_pool_set(b.pool, &patient);
	ask(&b, "json", ID_OF_ALL, STR("[5]"));
	run(&b);
	assert_non_null(strstr(b.log.p, "\nfound||5 \n"));
	assert_false(b.ended);
	assert_int_equal(counted(&b, "extractor_ends_total", "timeout"), 1);
	assert_int_equal(counted(&b, "extractor_starts_total", NULL), 2);
	teardown(&b);
}

/* What crashes is answered once, and is not tried again; the others are. */
static void a_crash_is_one_document_only(void **state)
{
	struct bench b;

	(void)state;
	setup(&b, &patient);
	ask(&b, "json", ID_OF_ALL, STR("[1]"));
	ask(&b, "json", CRASH, STR("1"));
	ask(&b, "json", ID_OF_ALL, STR("[2]"));
	ask(&b, "json", CRASH, STR("1"));
	ask(&b, "json", CRASH, STR("1"));
	ask(&b, "json", ID_OF_ALL, STR("[3]"));
	run(&b);
	assert_int_equal(counted(&b, "extractions_total", "found"), 3);
	assert_int_equal(counted(&b, "extractions_total", "ended-its-process"),
			 3);
	assert_int_equal(counted(&b, "extractor_starts_total", NULL), 4);
	assert_non_null(strstr(b.log.p, "found||3 \n"));
	teardown(&b);
}

static void others_work_beside_a_stuck_one(void **state)
{
	struct extract_pool_conf conf = patient;
	struct extraction *stuck;
	struct bench b;

	(void)state;
	conf.children = 2;
	setup(&b, &conf);
	stuck = ask(&b, "json", ENDLESS, STR("1"));
	b.left = 0;
	for (int i = 0; i < 20; i++)
		ask(&b, "json", ID_OF_ALL, STR("[7]"));
	run(&b);
	assert_int_equal(counted(&b, "extractions_total", "found"), 20);
	assert_int_equal(extract_pool_pending(b.pool), 1);
	extraction_cancel(&stuck);
	assert_null(stuck);
	teardown(&b); /* with a process at work */
}

static void what_is_cancelled_is_not_told(void **state)
{
	struct extraction *first, *second, *last;
	struct bench b;

	(void)state;
	setup(&b, &patient);
	first = ask(&b, "json", ID_OF_ALL, STR("[1]"));
	second = ask(&b, "json", ID_OF_ALL, STR("[2]"));
	ask(&b, "json", ID_OF_ALL, STR("[3]"));
	last = ask(&b, "json", ID_OF_ALL, STR("[4]"));
	extraction_cancel(&first);
	extraction_cancel(&second);
	extraction_cancel(&last);
	extraction_cancel(&last);
	b.left = 2;
	ask(&b, "json", ID_OF_ALL, STR("[5]"));
	b.left = 2;
	run(&b);
	assert_string_equal(b.log.p, "found||3 \nfound||5 \n");
	assert_int_equal(extract_pool_pending(b.pool), 0);
	teardown(&b);
}

/* A process that answers swiftly has many documents at once. */
static void warm_up(struct bench *b)
{
	for (int i = 0; i < 2 * EXTRACT_POOL_FLIGHT_MAX; i++)
		ask(b, "json", ID_OF_ALL, STR("[0]"));
	run(b);
	assert_int_equal(extract_pool_pending(b->pool), 0);
	buf_reset(&b->log);
}

static void ask_numbers(struct bench *b, int from, int to)
{
	for (int i = from; i <= to; i++) {
		char body[16];

		snprintf(body, sizeof(body), "[%d]", i);
		ask(b, "json", ID_OF_ALL, str_from(body));
	}
}

static void only_so_many_are_in_flight(void **state)
{
	struct buf large = { 0 };
	struct bench b;

	(void)state;
	setup(&b, &patient);
	ask_numbers(&b, 1, 3);
	assert_int_equal(extract_pool_in_flight(b.pool), 0);
	run(&b);
	warm_up(&b);
	ask_numbers(&b, 1, 3 * EXTRACT_POOL_FLIGHT_MAX);
	assert_int_equal(extract_pool_in_flight(b.pool),
			 EXTRACT_POOL_FLIGHT_MAX);
	assert_int_equal(extract_pool_pending(b.pool),
			 3 * EXTRACT_POOL_FLIGHT_MAX);
	run(&b);
	for (int i = 0; i < EXTRACT_POOL_FLIGHT_BYTES / 5 * 2; i++)
		buf_putc(&large, ' ');
	buf_puts(&large, "[1]");
	for (int i = 0; i < 5; i++)
		ask(&b, "json", ID_OF_ALL, buf_str(&large));
	assert_int_equal(extract_pool_in_flight(b.pool), 2);
	run(&b);
	for (int i = 0; i < EXTRACT_POOL_FLIGHT_BYTES; i++)
		buf_putc(&large, ' ');
	ask(&b, "json", ID_OF_ALL, buf_str(&large)); /* alone it may be */
	ask_numbers(&b, 1, 1);
	assert_int_equal(extract_pool_in_flight(b.pool), 1);
	run(&b);
	assert_int_equal(extract_pool_in_flight(b.pool), 0);
	assert_int_equal(counted(&b, "extractor_starts_total", NULL), 1);
	buf_free(&large);
	teardown(&b);
}

#define CRASHED "parse-fail|the parser ended with " BY_CRASH "|\n"

/* The first is to blame; those behind it are read by the next, in order. */
static void those_behind_a_crash_are_read(void **state)
{
	struct bench b;

	(void)state;
	setup(&b, &patient);
	warm_up(&b);
	ask_numbers(&b, 1, 2);
	ask(&b, "json", CRASH, STR("1"));
	ask_numbers(&b, 3, 4);
	ask(&b, "json", CRASH, STR("1"));
	ask_numbers(&b, 5, 6);
	assert_int_equal(extract_pool_in_flight(b.pool), 8);
	run(&b);
	assert_string_equal(b.log.p, "found||1 \nfound||2 \n" CRASHED
				     "found||3 \nfound||4 \n" CRASHED
				     "found||5 \nfound||6 \n");
	assert_int_equal(counted(&b, "extractor_starts_total", NULL), 3);
	assert_int_equal(counted(&b, "extractor_ends_total",
				 MEMORY_IS_OURS ? "signal" : "status"),
			 2);
	assert_int_equal(extract_pool_pending(b.pool), 0);
	teardown(&b);
}

/* The one process that we have started; 0: there is none. */
static pid_t reader(void)
{
	FILE *f = fopen("/proc/thread-self/children", "r");
	int pid = 0;

	assert_non_null(f);
	if (fscanf(f, "%d", &pid) != 1)
		pid = 0;
	fclose(f);
	return pid;
}

/*
 * The process has two documents and is stopped, so that it has answered none
 * when the signal comes.
 */
static void who_is_killed_by_others_is_not_to_blame(void **state)
{
	static const struct {
		int signal;
		const char *log, *kind;
	} cases[] = {
		{ SIGKILL, "found||1 \nfound||2 \n", "killed" },
		{ SIGTERM, "found||1 \nfound||2 \n", "killed" },
		{ SIGHUP, "found||1 \nfound||2 \n", "killed" },
		{ SIGSYS,
		  "parse-fail|the parser ended with signal 31|\nfound||2 \n",
		  "signal" },
		{ SIGXCPU,
		  "parse-fail|the parser ended with signal 24|\nfound||2 \n",
		  "signal" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct bench b;

		setup(&b, &patient);
		warm_up(&b);
		kill(reader(), SIGSTOP);
		ask_numbers(&b, 1, 2);
		assert_int_equal(extract_pool_in_flight(b.pool), 2);
		kill(reader(), cases[i].signal);
		kill(reader(), SIGCONT);
		run(&b);
		assert_string_equal(b.log.p, cases[i].log);
		assert_int_equal(counted(&b, "extractor_starts_total", NULL),
				 2);
		assert_int_equal(
			counted(&b, "extractor_ends_total", cases[i].kind), 1);
		teardown(&b);
	}
}

struct killer {
	struct bench *b;
	struct loop_timer *timer;
};

/* As often as one has it. */
static void kill_reader(void *arg)
{
	struct killer *k = arg;

	if (extract_pool_in_flight(k->b->pool) > 0)
		kill(reader(), SIGKILL);
	loop_timer_start(k->timer, 1);
}

/* The system kills who needs too much memory: not for ever. */
static void who_is_killed_each_time_is_to_blame(void **state)
{
	struct bench b;
	struct killer k = { .b = &b };

	(void)state;
	setup(&b, &patient);
	k.timer = loop_timer_new(b.loop, kill_reader, &k);
	loop_timer_start(k.timer, 1);
	ask(&b, "json", ENDLESS, STR("1"));
	run(&b);
	loop_timer_free(&k.timer);
	assert_string_equal(b.log.p,
			    "parse-fail|the parser ended with signal 9|\n");
	assert_true(b.ended);
	assert_int_equal(counted(&b, "extractor_starts_total", NULL),
			 EXTRACT_POOL_TRIES);
	assert_int_equal(counted(&b, "extractor_ends_total", "killed"),
			 EXTRACT_POOL_TRIES);
	teardown(&b);
}

/* No further descriptor, or again as many as before. */
static void limit_files(struct rlimit *before, bool on)
{
	struct rlimit none;

	if (on) {
		assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
		none = (struct rlimit){ 0, before->rlim_max };
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, on ? &none : before), 0);
}

#define NO_FILES "no start of the parser: Too many open files"

/*
 * With several to be started for, each fails at once; whoever asks is told from
 * the loop all the same, and not that the document is to blame.
 */
static void where_none_can_be_started_documents_are_unread(void **state)
{
	struct extract_pool_conf conf = patient;
	struct rlimit before;
	struct bench b;

	(void)state;
	conf.children = EXTRACT_POOL_STARTS_MAX + 1;
	setup(&b, &conf);
	limit_files(&before, true);
	for (size_t i = 1; i <= EXTRACT_POOL_STARTS_MAX; i++) {
		ask(&b, "json", ID_OF_ALL, STR("[1]"));
		assert_int_equal(extract_pool_pending(b.pool), i);
	}
	run(&b);
	limit_files(&before, false);
	assert_string_equal(b.log.p, "unreachable|" NO_FILES "|\n"
				     "unreachable|" NO_FILES "|\n"
				     "unreachable|" NO_FILES "|\n");
	assert_true(b.unread);
	assert_false(b.ended);
	assert_int_equal(counted(&b, "extractions_total", "unread"),
			 EXTRACT_POOL_STARTS_MAX);
	buf_reset(&b.log);
	ask(&b, "json", ID_OF_ALL, STR("[2]"));
	run(&b);
	assert_string_equal(b.log.p, "found||2 \n");
	assert_false(b.unread);
	teardown(&b);
}

static void who_ends_at_its_start_blames_nobody(void **state)
{
	const struct extract_pool_conf conf = { 1, 60000, DIES_AT_START };
	struct bench b;

	(void)state;
	setup(&b, &conf);
	ask(&b, "json", ID_OF_ALL, STR("[1]"));
	run(&b);
	assert_string_equal(b.log.p,
			    "unreachable|no start of the parser: the parser "
			    "ended with signal 9|\n");
	assert_true(b.unread);
	assert_int_equal(counted(&b, "extractor_ends_total", "start"),
			 EXTRACT_POOL_STARTS_MAX);
	teardown(&b);
}

static void those_behind_a_slow_one_are_read(void **state)
{
	struct extract_pool_conf conf = patient;
	struct bench b;

	(void)state;
	setup(&b, &conf);
	warm_up(&b);
	conf.timeout_ms = 1000;
	extract_pool_set(b.pool, &conf);
	ask_numbers(&b, 1, 1);
	ask(&b, "json", ENDLESS, STR("1"));
	ask_numbers(&b, 2, 3);
	assert_int_equal(extract_pool_in_flight(b.pool), 4);
	run(&b);
	assert_string_equal(b.log.p, "found||1 \nparse-fail|the parser took "
				     "longer than 1s|\nfound||2 \n"
				     "found||3 \n");
	assert_int_equal(counted(&b, "extractor_starts_total", NULL), 2);
	teardown(&b);
}

/* One that is cancelled is answered to nobody, and not read once more. */
static void one_in_flight_is_cancelled(void **state)
{
	struct extraction *second, *fourth;
	struct bench b;

	(void)state;
	setup(&b, &patient);
	warm_up(&b);
	ask_numbers(&b, 1, 1);
	second = ask(&b, "json", ID_OF_ALL, STR("[2]"));
	ask(&b, "json", CRASH, STR("3"));
	fourth = ask(&b, "json", CRASH, STR("4"));
	ask_numbers(&b, 5, 5);
	assert_int_equal(extract_pool_in_flight(b.pool), 5);
	extraction_cancel(&second);
	extraction_cancel(&fourth);
	b.left = 3;
	run(&b);
	assert_string_equal(b.log.p, "found||1 \n" CRASHED "found||5 \n");
	assert_int_equal(counted(&b, "extractor_starts_total", NULL), 2);
	assert_int_equal(extract_pool_pending(b.pool), 0);
	teardown(&b);
}

/* So little that what is there at rest is a quarter of it already. */
static void a_process_that_has_grown_is_replaced(void **state)
{
	const struct extract_pool_conf conf = { 1, 60000, 2 << 20 };
	struct bench b;

	(void)state;
	if (!MEMORY_IS_OURS)
		skip();
	setup(&b, &conf);
	for (int i = 0; i < 5; i++)
		ask(&b, "html", "{\"fields\":{\"id\":{\"css\":\"p\"}}}",
		    STR("<p>x"));
	run(&b);
	assert_int_equal(counted(&b, "extractions_total", "found"), 5);
	assert_int_equal(counted(&b, "extractor_starts_total", NULL), 5);
	assert_int_equal(counted(&b, "extractor_ends_total", "memory"), 0);
	teardown(&b);
}

static bool ends_as_it_must(const struct json *c, void *ctx)
{
	const struct json *memory = json_member(c, "memory");
	const struct json *timeout = json_member(c, "timeout_ms");
	const struct extract_pool_conf conf = { 1, atoll(json_number(timeout)),
						atoll(json_number(memory)) };
	struct buf config = { 0 }, want = { 0 };
	struct bench b;
	bool good;

	(void)ctx;
	if (!MEMORY_IS_OURS &&
	    !strstr(json_string(json_member(c, "reason")), "took longer"))
		return true;
	json_print(json_member(c, "extract"), &config);
	buf_addf(&want, "parse-fail|%s|\n",
		 json_string(json_member(c, "reason")));
	setup(&b, &conf);
	ask(&b, "json", config.p, cases_str(c, "body"));
	run(&b);
	good = b.ended && str_eq(buf_str(&b.log), buf_str(&want));
	if (!good)
		print_message("# %s: %s", json_string(json_member(c, "name")),
			      b.log.p);
	teardown(&b);
	buf_free(&config);
	buf_free(&want);
	return good;
}

static void what_runs_away_is_ended(void **state)
{
	struct cases_count count = cases_run(
		"tests/fixtures/json", "runaways.jsonl", ends_as_it_must, NULL);

	(void)state;
	assert_int_equal(count.n, 11);
	assert_int_equal(count.good, count.n);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_in_order),
		cmocka_unit_test(says_whether_a_configuration_is_good),
		cmocka_unit_test(carries_large_documents),
		cmocka_unit_test(ends_what_takes_too_long_and_goes_on),
		cmocka_unit_test(a_crash_is_one_document_only),
		cmocka_unit_test(others_work_beside_a_stuck_one),
		cmocka_unit_test(what_is_cancelled_is_not_told),
		cmocka_unit_test(only_so_many_are_in_flight),
		cmocka_unit_test(those_behind_a_crash_are_read),
		cmocka_unit_test(who_is_killed_by_others_is_not_to_blame),
		cmocka_unit_test(who_is_killed_each_time_is_to_blame),
		cmocka_unit_test(
			where_none_can_be_started_documents_are_unread),
		cmocka_unit_test(who_ends_at_its_start_blames_nobody),
		cmocka_unit_test(those_behind_a_slow_one_are_read),
		cmocka_unit_test(one_in_flight_is_cancelled),
		cmocka_unit_test(a_process_that_has_grown_is_replaced),
		cmocka_unit_test(what_runs_away_is_ended),
	};

	if (extract_child_asked(argc, argv) && atoll(argv[2]) == DIES_AT_START)
		raise(SIGKILL);
	if (extract_child_asked(argc, argv))
		extract_child_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
