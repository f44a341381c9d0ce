#include "common/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"
#include "tests/unit/tmpdir.h"

static const char *dir;

static const char *file(const char *name, const char *text, mode_t mode)
{
	static char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static void one_word_is_read_and_nothing_else(void **state)
{
	char big[SECRET_MAX + 2];
	char *word;
	struct err e;

	dir = *state;
	word = secret_word(file("a", " s3cret\n", 0600), &e);
	assert_string_equal(word, "s3cret");
	secret_free(word);
	assert_null(secret_word(file("a", "", 0600), &e));
	assert_null(secret_word(file("a", "two words", 0600), &e));
	assert_non_null(strstr(e.msg, "one word expected"));
	assert_null(strstr(e.msg, "words expected"));
	assert_null(secret_word(file("a", "word", 0640), &e));
	assert_non_null(strstr(e.msg, "0640"));
	assert_null(secret_word("/no/such", &e));
	assert_int_equal(e.code, EX_CONFIG);
	memset(big, 'x', sizeof(big));
	big[SECRET_MAX] = '\0';
	word = secret_word(file("a", big, 0600), &e);
	assert_int_equal(strlen(word), SECRET_MAX);
	secret_free(word);
	big[SECRET_MAX] = 'x';
	big[SECRET_MAX + 1] = '\0';
	assert_null(secret_word(file("a", big, 0600), &e));
	assert_non_null(strstr(e.msg, "too large"));
	secret_free(NULL);
}

static void a_text_is_read_whole(void **state)
{
	char *text;
	struct err e;

	dir = *state;
	text = secret_text(file("a", "\n two\nlines \n", 0600), &e);
	assert_string_equal(text, "two\nlines");
	secret_free(text);
	assert_null(secret_text(file("a", " \n", 0600), &e));
	assert_non_null(strstr(e.msg, "text expected"));
	assert_null(secret_text(file("a", "text", 0640), &e));
	assert_non_null(strstr(e.msg, "0640"));
}

static void a_credential_is_a_file_of_systemds(void **state)
{
	static const char *const bad[] = { "credential:", "credential:..",
					   "credential:../a", "credential:b/c",
					   "credential:none" };
	char *word;
	struct err e;

	dir = *state;
	/* systemd's access lists show as the group's rights. */
	(void)file("mail", "s3cret", 0440);
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_null(secret_word("credential:mail", &e));
	assert_non_null(strstr(e.msg, "CREDENTIALS_DIRECTORY"));
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	word = secret_word("credential:mail", &e);
	assert_string_equal(word, "s3cret");
	secret_free(word);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_null(secret_word(bad[i], &e));
	setenv("CREDENTIALS_DIRECTORY", "relative", 1);
	assert_null(secret_word("credential:mail", &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(one_word_is_read_and_nothing_else),
		tmpdir_test(a_text_is_read_whole),
		tmpdir_test(a_credential_is_a_file_of_systemds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
