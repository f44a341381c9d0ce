#include "common/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/str.h"
#include "common/xmem.h"

/* Opening a FIFO would wait for its writer. */
static int open_regular(const char *path, struct stat *sb_r, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fstat(fd, sb_r) != 0)
		err_set(e, EX_CONFIG, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(sb_r->st_mode))
		err_set(e, EX_CONFIG, "%s: not a regular file", path);
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int secret_open(const char *path, struct err *e)
{
	struct stat sb;
	int fd = open_regular(path, &sb, e);

	if (fd < 0 || !(sb.st_mode & 077))
		return fd;
	close(fd);
	return err_set(e, EX_CONFIG,
		       "%s: mode is %04o; others than its owner may touch it "
		       "(chmod 600)",
		       path, (unsigned)(sb.st_mode & 07777));
}

int secret_open_public(const char *path, struct err *e)
{
	struct stat sb;

	return open_regular(path, &sb, e);
}

#define CREDENTIAL "credential:"

static int open_credential(const char *name, struct err *e)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[4096];

	if (!*name || *name == '.' || strchr(name, '/'))
		return err_set(e, EX_CONFIG, CREDENTIAL "%s: no name", name);
	if (!dir || *dir != '/')
		return err_set(e, EX_CONFIG,
			       CREDENTIAL "%s: $CREDENTIALS_DIRECTORY is not "
					  "set",
			       name);
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		return err_set(e, EX_CONFIG, CREDENTIAL "%s: too long", name);
	return secret_open_public(path, e);
}

static int open_word(const char *path, struct err *e)
{
	size_t n = sizeof(CREDENTIAL) - 1;

	if (strncmp(path, CREDENTIAL, n) == 0)
		return open_credential(path + n, e);
	return secret_open(path, e);
}

static char *read_secret(const char *path, bool word, struct err *e)
{
	char text[SECRET_MAX + 1], *secret;
	int fd = open_word(path, e);
	struct str s;
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n < 0 || n > SECRET_MAX) {
		err_set(e, EX_CONFIG, "%s: %s", path,
			n < 0 ? strerror(errno) : "too large");
		return NULL;
	}
	s = str_trim((struct str){ text, (size_t)n });
	for (size_t i = 0; i < s.len; i++)
		if (word ? (unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f
			 : s.p[i] == '\0')
			s.len = 0;
	secret = s.len ? xstrndup(s.p, s.len) : NULL;
	explicit_bzero(text, sizeof(text));
	if (!secret)
		err_set(e, EX_CONFIG, "%s: %s expected", path,
			word ? "one word" : "text");
	return secret;
}

char *secret_word(const char *path, struct err *e)
{
	return read_secret(path, true, e);
}

char *secret_text(const char *path, struct err *e)
{
	return read_secret(path, false, e);
}

void secret_free(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}
