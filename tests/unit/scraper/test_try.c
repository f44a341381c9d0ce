#include "cmd/scraper/try.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

/* What a run wrote, what it returned and why. */
struct run {
	char *out;
	size_t len;
	int status;
	struct err e;
};

static FILE *input(const char *text, size_t len)
{
	FILE *in = tmpfile();

	assert_non_null(in);
	assert_int_equal(fwrite(text, 1, len, in), len);
	rewind(in);
	return in;
}

static struct run run_price(const char *text, size_t len)
{
	struct run r = { 0 };
	FILE *in = input(text, len);
	FILE *out = open_memstream(&r.out, &r.len);

	r.status = try_price(in, out, &r.e);
	fclose(in);
	fclose(out);
	return r;
}

static struct run run_cron(const char *expr, const char *from,
			   unsigned long count, const char *tz)
{
	struct run r = { 0 };
	FILE *out = open_memstream(&r.out, &r.len);

	r.status = try_cron(expr, from, count, tz, out, &r.e);
	fclose(out);
	return r;
}

static struct run run_robots(const char *body, const char *urls)
{
	char path[] = "/tmp/test_try.XXXXXX";
	int fd = mkstemp(path);
	struct run r = { 0 };
	FILE *in = input(urls, strlen(urls));
	FILE *out = open_memstream(&r.out, &r.len);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, body, strlen(body)), strlen(body));
	close(fd);
	r.status = try_robots("weir/1.0", path, in, out, &r.e);
	unlink(path);
	fclose(in);
	fclose(out);
	return r;
}

static void expect(struct run r, const char *out)
{
	if (r.status)
		fail_msg("%s", r.e.msg);
	assert_string_equal(r.out, out);
	free(r.out);
}

static void expect_failure(struct run r, int code, const char *part)
{
	assert_int_equal(r.status, -1);
	assert_int_equal(r.e.code, code);
	if (!strstr(r.e.msg, part))
		fail_msg("'%s' does not say '%s'", r.e.msg, part);
	free(r.out);
}

static void prices_come_as_text_or_json_line_by_line(void **state)
{
	static const char in[] =
		"1.250,60 \xe2\x82\xac\r\n"
		"\n"
		"{\"text\":\"28\",\"currency_hint\":\"$\"}\n"
		"{\"text\":null,\"currency_hint\":null}\n"
		"{\"currency_hint\":\"EUR\"}\n"
		"{\"text\":\"5 \\u20ac\",\"currency_hint\":\"\",\"x\":1}\n"
		"a\0b 5\n"
		"Free";

	(void)state;
	expect(run_price(in, sizeof(in) - 1),
	       "{\"amount\":\"1250.60\",\"currency\":\"EUR\"}\n"
	       "{\"amount\":null,\"currency\":null}\n"
	       "{\"amount\":\"28\",\"currency\":\"USD\"}\n"
	       "{\"amount\":null,\"currency\":null}\n"
	       "{\"amount\":null,\"currency\":\"EUR\"}\n"
	       "{\"amount\":\"5\",\"currency\":\"EUR\"}\n"
	       "{\"amount\":\"5\",\"currency\":null}\n"
	       "{\"amount\":\"0\",\"currency\":null}\n");
	expect(run_price("", 0), "");
}

/* Standard error goes into a file until log_end() reads it. */
struct logged {
	FILE *file;
	int stderr_was;
	char text[512];
};

static struct logged log_begin(void)
{
	struct logged l = { .file = tmpfile(), .stderr_was = dup(2) };

	assert_non_null(l.file);
	assert_int_equal(dup2(fileno(l.file), 2), 2);
	return l;
}

static void log_end(struct logged *l)
{
	size_t n;

	assert_int_equal(dup2(l->stderr_was, 2), 2);
	close(l->stderr_was);
	rewind(l->file);
	n = fread(l->text, 1, sizeof(l->text) - 1, l->file);
	l->text[n] = '\0';
	fclose(l->file);
}

static void expect_bad_lines(struct run r, const struct logged *l,
			     const char *out, const char *says)
{
	assert_string_equal(r.out, out);
	if (!strstr(l->text, says) ||
	    strchr(l->text, '\n') != strrchr(l->text, '\n'))
		fail_msg("'%s' is not the one line '%s'", l->text, says);
	expect_failure(r, EX_DATAERR, "see above");
}

static void a_bad_line_is_named_and_the_next_one_read(void **state)
{
	static const char *const in[][2] = {
		{ "{\"text\":", "line 1: JSON: value expected" },
		{ "{\"text\":5}", "line 1: text: not a string" },
		{ "{\"text\":\"5\",\"currency_hint\":[]}",
		  "line 1: currency_hint: not a string" },
		{ "{\"text\":\"5\",\"text\":\"6\"}", "twice" },
		{ "{\"text\":\"\xff\"}", "UTF-8" },
	};
	char *line = xcalloc(1, TRY_LINE_MAX + 4);
	struct logged l;
	struct run r;

	(void)state;
	for (size_t i = 0; i <= ARRAY_LEN(in); i++) {
		bool is_long = i == ARRAY_LEN(in);

		memset(line, '7', TRY_LINE_MAX + 1);
		strcpy(is_long ? line + TRY_LINE_MAX + 1
			       : stpcpy(line, in[i][0]),
		       "\n5");
		l = log_begin();
		r = run_price(line, strlen(line));
		log_end(&l);
		expect_bad_lines(r, &l,
				 "{\"amount\":null,\"currency\":null}\n"
				 "{\"amount\":\"5\",\"currency\":null}\n",
				 is_long ? "line 1: longer than" : in[i][1]);
	}
	free(line);
}

static void an_output_that_is_full_is_an_error(void **state)
{
	struct err e = { 0 };
	FILE *in = input("5\n", 2), *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_int_equal(try_price(in, full, &e), -1);
	assert_int_equal(e.code, EX_IOERR);
	fclose(in);
	fclose(full);
}

static void urls_are_allowed_or_denied(void **state)
{
	FILE *in = input("", 0);
	struct err e = { 0 };

	(void)state;
	expect(run_robots("User-agent: weir\nDisallow: /a\n",
			  "https://x.test/a\nhttps://x.test/b?c=/a\n/a/b\n\n"
			  "https://x.test\n"),
	       "deny\nallow\ndeny\n\nallow\n");
	assert_int_equal(try_robots("x", "/nonexistent", in, stdout, &e), -1);
	assert_int_equal(e.code, EX_NOINPUT);
	assert_int_equal(try_robots("x", "/", in, stdout, &e), -1);
	assert_int_equal(e.code, EX_IOERR);
	fclose(in);
}

static void what_is_no_url_is_not_allowed(void **state)
{
	struct logged l = log_begin();
	struct run r =
		run_robots("", "/a\nnot a url\nx.test/\nftp://x.test/c\n");

	(void)state;
	log_end(&l);
	assert_string_equal(r.out, "allow\n\n\nallow\n");
	assert_non_null(strstr(l.text, "line 2: 'not a url' is neither"));
	assert_non_null(strstr(l.text, "line 3: 'x.test/' is neither"));
	expect_failure(r, EX_DATAERR, "see above");
}

static void times_come_with_the_offset_of_their_zone(void **state)
{
	(void)state;
	expect(run_cron("0 12 * * *", "2026-03-28T00:00:00Z", 2, NULL),
	       "2026-03-28T12:00:00Z\n2026-03-29T12:00:00Z\n");
	expect(run_cron("0 12 * * *", "2026-03-28", 2, "Europe/Paris"),
	       "2026-03-28T12:00:00+01:00\n2026-03-29T12:00:00+02:00\n");
	expect(run_cron("0 12 * * *", "2026-07-01T11:59:59", 1,
			"America/St_Johns"),
	       "2026-07-01T12:00:00-02:30\n");
	expect(run_cron("0 12 * * *", "2026-07-01T11:59:59-02:30", 1,
			"America/St_Johns"),
	       "2026-07-01T12:00:00-02:30\n");
	expect(run_cron("0 12 * * *", "2026-01-01T12:00:00", 1,
			"Europe/London"),
	       "2026-01-02T12:00:00Z\n");
	expect(run_cron("* * * * *", "2026-01-01", 0, "UTC"), "");
}

static void a_bad_argument_is_told(void **state)
{
	(void)state;
	expect_failure(run_cron("61 * * * *", "2026-01-01", 1, NULL),
		       EX_DATAERR, "minute");
	expect_failure(run_cron("0 0 30 2 *", "2026-01-01", 5, NULL),
		       EX_DATAERR, "expr: '0 0 30 2 *' never comes");
	expect_failure(run_cron("* * * * *", "soon", 1, NULL), EX_USAGE,
		       "soon");
	expect_failure(run_cron("* * * * *", "2026-01-01", 1, "Mars/Base"),
		       EX_DATAERR, "Mars/Base");
	expect_failure(run_cron("* * * * *", "2026-01-01", 1, "../passwd"),
		       EX_DATAERR, "is no time zone");
	expect_failure(run_cron("* * * * *", "2026-01-01", 1, "Europe"),
		       EX_DATAERR, "Europe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prices_come_as_text_or_json_line_by_line),
		cmocka_unit_test(a_bad_line_is_named_and_the_next_one_read),
		cmocka_unit_test(an_output_that_is_full_is_an_error),
		cmocka_unit_test(urls_are_allowed_or_denied),
		cmocka_unit_test(what_is_no_url_is_not_allowed),
		cmocka_unit_test(times_come_with_the_offset_of_their_zone),
		cmocka_unit_test(a_bad_argument_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
