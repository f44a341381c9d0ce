#include "common/bus_keys.h"

#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "tests/unit/cases.h"
#include "tests/unit/tmpdir.h"

#define CASES  "tests/fixtures/bus"
#define LAPTOP "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define OTHER  "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

/* Accepted, or refused with EX_CONFIG and the case's words. */
static void judge(const struct json *c, int rc, const struct err *e)
{
	const char *refused = json_string(json_member(c, "refused"));

	if (!refused && rc)
		fail_msg("%s", e->msg);
	if (!refused)
		return;
	assert_int_equal(rc, -1);
	assert_int_equal(e->code, EX_CONFIG);
	if (!strstr(e->msg, refused))
		fail_msg("'%s' does not say '%s'", e->msg, refused);
}

static bool judge_endpoint(const struct json *c, void *ctx)
{
	const char *endpoint = json_string(json_member(c, "endpoint"));
	const struct opt_common as_ingest = { .ingest = endpoint },
				as_feed = { .feed = endpoint };
	struct bus_keys keys;
	struct err e = { 0 };

	(void)ctx;
	judge(c, bus_keys_read(&as_ingest, &keys, &e), &e);
	judge(c, bus_keys_read(&as_feed, &keys, &e), &e);
	return true;
}

static void only_this_machine_is_reached_without_keys(void **state)
{
	struct cases_count count =
		cases_run(CASES, "endpoints.jsonl", judge_endpoint, NULL);

	(void)state;
	assert_true(count.n > 15);
}

static const char *write_file(const char *dir, const char *name,
			      const char *text, mode_t mode, char path[256])
{
	FILE *f = fopen(tmpdir_path(dir, name, path), "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

/* The case's text is one of the three files; the other is a good one. */
static bool judge_file(const struct json *c, void *dir)
{
	const char *file = json_string(json_member(c, "file"));
	const char *text = json_string(json_member(c, "text"));
	bool own = strcmp(file, "own") == 0;
	char key[256], peers[256];
	struct opt_common common = { .feed = "tcp://192.0.2.1:7002" };
	struct bus_keys keys;
	struct err e = { 0 };

	common.is_store = strcmp(file, "clients") == 0;
	common.curve_key =
		write_file(dir, "key", own ? text : "secret " OTHER, 0600, key);
	common.curve_peers = write_file(
		dir, "peers", own ? "public " LAPTOP : text, 0644, peers);
	judge(c, bus_keys_read(&common, &keys, &e), &e);
	if (!json_member(c, "refused")) {
		assert_int_equal(strlen(keys.secret), BUS_KEY_LEN);
		assert_int_equal(strlen(keys.store),
				 common.is_store ? 0 : BUS_KEY_LEN);
		assert_ptr_equal(keys.peers, common.is_store ? peers : NULL);
	}
	return true;
}

static void files_of_keys(void **state)
{
	struct cases_count count =
		cases_run(CASES, "keys.jsonl", judge_file, *state);

	assert_true(count.n > 15);
}

static void a_secret_that_others_may_read_is_refused(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0660, 0666, 0610 };
	char key[256], peers[256];
	struct opt_common common = { .ingest = "tcp://127.0.0.1:7001" };
	struct bus_keys keys;
	struct err e;

	common.curve_peers =
		write_file(*state, "peers", "public " LAPTOP, 0644, peers);
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		common.curve_key = write_file(*state, "key", "secret " OTHER,
					      modes[i], key);
		assert_int_equal(bus_keys_read(&common, &keys, &e), -1);
		assert_int_equal(e.code, EX_CONFIG);
		assert_non_null(strstr(e.msg, "chmod 600"));
		assert_string_equal(keys.secret, "");
	}
	common.curve_key = "/no/such/file";
	assert_int_equal(bus_keys_read(&common, &keys, &e), -1);
	assert_string_equal(e.msg, "curve-key: /no/such/file: No such file or "
				   "directory");
}

static void a_fifo_is_not_waited_for(void **state)
{
	char key[256], peers[256];
	struct opt_common common = { .ingest = "tcp://127.0.0.1:7001",
				     .is_store = true };
	struct bus_keys keys;
	struct err e;

	common.curve_key =
		write_file(*state, "key", "secret " OTHER, 0600, key);
	common.curve_peers = tmpdir_path(*state, "peers", peers);
	assert_int_equal(mkfifo(peers, 0600), 0);
	alarm(20);
	assert_int_equal(bus_keys_read(&common, &keys, &e), -1);
	alarm(0);
	assert_int_equal(e.code, EX_CONFIG);
	assert_non_null(strstr(e.msg, "not a regular file"));
}

static void half_of_the_settings_is_an_error(void **state)
{
	const struct opt_common key = { .curve_key = "k" },
				peers = { .curve_peers = "p" };
	struct bus_keys keys;
	struct err e;

	(void)state;
	assert_int_equal(bus_keys_read(&key, &keys, &e), -1);
	assert_int_equal(e.code, EX_CONFIG);
	assert_int_equal(bus_keys_read(&peers, &keys, &e), -1);
	assert_string_equal(e.msg, "curve-key and curve-peers go together");
}

/* Where all is on ipc, files of keys are not needed, nor looked at. */
static void ipc_needs_no_keys(void **state)
{
	const struct opt_common common = { .ingest = "ipc:///a",
					   .curve_key = "/no/such",
					   .curve_peers = "/no/such" };
	struct bus_keys keys;
	struct err e;

	(void)state;
	assert_int_equal(bus_keys_read(&common, &keys, &e), 0);
	assert_string_equal(keys.secret, "");
}

/* What the file says now holds: a key that is added is known at once. */
static void known_is_who_is_in_the_file_now(void **state)
{
	char path[256];
	struct err e;

	write_file(*state, "peers", "public " LAPTOP " laptop\n", 0644, path);
	assert_int_equal(bus_keys_has(path, LAPTOP, &e), 1);
	assert_int_equal(bus_keys_has(path, OTHER, &e), 0);
	write_file(*state, "peers", "#public " LAPTOP "\npublic " OTHER "\n",
		   0644, path);
	assert_int_equal(bus_keys_has(path, LAPTOP, &e), 0);
	assert_int_equal(bus_keys_has(path, OTHER, &e), 1);
	write_file(*state, "peers", "public " OTHER "\nnonsense\n", 0644, path);
	assert_int_equal(bus_keys_has(path, OTHER, &e), -1);
	assert_int_equal(e.code, EX_CONFIG);
	assert_int_equal(bus_keys_has("/no/such", OTHER, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_this_machine_is_reached_without_keys),
		tmpdir_test(files_of_keys),
		tmpdir_test(a_secret_that_others_may_read_is_refused),
		tmpdir_test(a_fifo_is_not_waited_for),
		cmocka_unit_test(half_of_the_settings_is_an_error),
		cmocka_unit_test(ipc_needs_no_keys),
		tmpdir_test(known_is_who_is_in_the_file_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
