/*
 * A stage as a filter: what goes in by one descriptor and comes out by another,
 * in a child process, since a stage owns standard output.
 */
#include "common/stage.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"
#include "tests/unit/tmpdir.h"

/*
 * The handler: an event "set.alarm" with data N asks for a deadline N seconds
 * after it was recorded; any other is counted, and said with the count.
 */
struct clock {
	int64_t due_us;
	uint64_t count;
};

static int on_open(void *self, struct stage *s, struct err *e)
{
	struct clock *c = self;
	struct str val;
	int rc = stage_get(s, STR("count"), &val, e);

	if (rc > 0)
		memcpy(&c->count, val.p, sizeof(c->count));
	return rc < 0 ? -1 : 0;
}

static int on_event(void *self, struct stage *s, const struct event *ev,
		    struct err *e)
{
	struct clock *c = self;
	char text[32];
	uint64_t n = 0;

	if (event_is(ev, "set.alarm") && str_u64(ev->data, &n)) {
		c->due_us = ev->recorded_us + (int64_t)n * 1000000;
		return 0;
	}
	c->count++;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)c->count);
	if (stage_put(s, STR("count"),
		      (struct str){ (const char *)&c->count, sizeof(c->count) },
		      e))
		return -1;
	return stage_emit(s, STR("test.count"), ev->time_us, ev,
			  (struct str){ 0 }, str_from(text), e);
}

static int64_t deadline(void *self)
{
	return ((struct clock *)self)->due_us;
}

static int fire(void *self, struct stage *s, int64_t now_us, struct err *e)
{
	((struct clock *)self)->due_us = CLK_NONE;
	return stage_emit(s, STR("test.alarm"), now_us, NULL, (struct str){ 0 },
			  STR("null"), e);
}

static const struct stage_handler handler = {
	.tool = "test",
	.pure = true,
	.open = on_open,
	.event = on_event,
	.deadline = deadline,
	.fire = fire,
};

/* Run input through it; the exit code, and what it wrote in out. */
static int filter(const char *dir, const char *input,
		  struct stage_options options, char *out, size_t size)
{
	char in_path[256], out_path[256];
	FILE *f = fopen(tmpdir_path(dir, "in", in_path), "we");
	int status, fd;
	size_t n;
	pid_t pid;

	fputs(input, f);
	fclose(f);
	tmpdir_path(dir, "out", out_path);
	pid = fork();
	if (pid == 0) {
		struct clock c = { .due_us = CLK_NONE };
		struct opt_common common = { .dir = dir };
		struct err e = { 0 };

		fd = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, STDOUT_FILENO);
		fd = open("/dev/null", O_WRONLY);
		dup2(fd, STDERR_FILENO);
		options.in = in_path;
		options.out = "-";
		_exit(stage_run(&handler, &c, &common, &options, &e) ? e.code
								     : 0);
	}
	waitpid(pid, &status, 0);
	f = fopen(out_path, "re");
	n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	fclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -status;
}

/* "TYPE@SECOND": the types and times of the lines, in order. */
static void lines_are(const char *out, const char *want)
{
	struct str rest = str_from(out), line;
	struct arena a = { 0 };
	struct buf b = { 0 };

	while (str_token(&rest, "\n", &line)) {
		struct event ev;
		struct err e = { 0 };

		if (event_parse(line, 0, &a, &ev, &e))
			fail_msg("%s", e.msg);
		buf_addf(&b, "%s%.*s@%lld", b.len ? " " : "",
			 STR_ARG(event_type(&ev)),
			 (long long)(ev.time_us / 1000000 % 60));
	}
	assert_string_equal(b.len ? b.p : "", want);
	buf_free(&b);
	arena_free(&a);
}

#define EVENT(type, id, second, data)                                      \
	"{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"s/1\","   \
	"\"type\":\"" type "\",\"time\":\"2026-11-20T21:00:" second "Z\"," \
	"\"data\":" data "}\n"

static void a_deadline_fires_before_the_first_event_after_it(void **state)
{
	static char out[8192];

	/* Not by an event of that very moment; with its own time. */
	assert_int_equal(filter(*state,
				EVENT("set.alarm", "1", "00",
				      "5") EVENT("a.b", "2", "04", "1")
					EVENT("a.b", "3", "05", "1")
						EVENT("a.b", "4", "09", "1")
							EVENT("set.alarm", "5",
							      "10", "30"),
				(struct stage_options){ 0 }, out, sizeof(out)),
			 0);
	lines_are(out, "test.count@4 test.count@5 test.alarm@5 test.count@9");
}

static void a_replay_is_the_same_to_the_byte(void **state)
{
	static char input[200000], a[400000], b[400000];
	size_t len = 0;

	for (int i = 0; i < 900; i++)
		len += (size_t)snprintf(
			input + len, sizeof(input) - len,
			"{\"id\":\"%d\",\"source\":\"s/1\",\"type\":\"%s\","
			"\"time\":\"2026-11-20T21:%02d:%02dZ\",\"data\":%d}\n",
			i + 1, i % 7 ? "a.b" : "set.alarm", i / 60, i % 60,
			i % 11);
	assert_int_equal(filter(*state, input, (struct stage_options){ 0 }, a,
				sizeof(a)),
			 0);
	assert_int_equal(filter(*state, input, (struct stage_options){ 0 }, b,
				sizeof(b)),
			 0);
	assert_true(strlen(a) > 50000);
	assert_string_equal(a, b);
	assert_non_null(strstr(a, "\"id\":\"1\",\"source\":\"weir/test/-\""));
	assert_non_null(strstr(a, "\"cause\":\"s/1 2\""));
	assert_non_null(strstr(a, "test.alarm"));
}

static void state_is_kept_where_a_place_is_named(void **state)
{
	char dir[256], out[4096];
	struct stage_options o = { .state_dir = tmpdir_path(*state, "s", dir) };

	assert_int_equal(filter(*state, EVENT("a.b", "1", "01", "1"), o, out,
				sizeof(out)),
			 0);
	assert_non_null(strstr(out, "\"data\":1}"));
	assert_int_equal(filter(*state, EVENT("a.b", "2", "02", "1"), o, out,
				sizeof(out)),
			 0);
	/* It counts on, and says nothing twice. */
	assert_non_null(strstr(out, "\"id\":\"2\""));
	assert_non_null(strstr(out, "\"data\":2}"));
	assert_null(strstr(out, "\"id\":\"1\""));
}

static void input_is_passed_where_that_is_wanted(void **state)
{
	char out[4096];

	assert_int_equal(filter(*state, EVENT("a.b", "1", "01", "1"),
				(struct stage_options){ .pass = true }, out,
				sizeof(out)),
			 0);
	lines_are(out, "a.b@1 test.count@1");
}

static void bad_lines_do_not_stop_the_others(void **state)
{
	char out[4096];

	assert_int_equal(
		filter(*state,
		       EVENT("a.b", "1", "01",
			     "1") "{\n\n[]\n"
				  "nonsense\n" EVENT("a.b", "2", "02", "1"),
		       (struct stage_options){ 0 }, out, sizeof(out)),
		EX_DATAERR);
	lines_are(out, "test.count@1 test.count@2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(a_deadline_fires_before_the_first_event_after_it),
		tmpdir_test(a_replay_is_the_same_to_the_byte),
		tmpdir_test(state_is_kept_where_a_place_is_named),
		tmpdir_test(input_is_passed_where_that_is_wanted),
		tmpdir_test(bad_lines_do_not_stop_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
