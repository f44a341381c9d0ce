#include "vapid.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base64.h"
#include "common/secret.h"

#include "webpush.h"

static int write_pem(int fd, const char *path,
		     const unsigned char private[WEBPUSH_PRIVATE],
		     struct err *e)
{
	struct buf pem = { .p = NULL };
	int rc = webpush_add_pem(&pem, private, e);

	if (rc == 0 &&
	    (write(fd, pem.p, pem.len) != (ssize_t)pem.len || fsync(fd)))
		rc = err_set(e, EX_IOERR, "%s: %s", path, strerror(errno));
	if (pem.p)
		explicit_bzero(pem.p, pem.len);
	buf_free(&pem);
	return rc;
}

static int make(int fd, const char *path,
		unsigned char private_r[WEBPUSH_PRIVATE], struct err *e)
{
	unsigned char seed[WEBPUSH_SEED];
	int rc;

	while (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		;
	rc = webpush_private(seed, private_r, e);
	explicit_bzero(seed, sizeof(seed));
	if (rc == 0)
		rc = write_pem(fd, path, private_r, e);
	close(fd);
	if (rc)
		unlink(path);
	return rc;
}

static int load(const char *path, unsigned char private_r[WEBPUSH_PRIVATE],
		struct err *e)
{
	char *pem = secret_text(path, e);
	int rc = pem ? webpush_read_pem(str_from(pem), private_r, e) : -1;

	if (pem && rc)
		err_prefix(e, "%s", path);
	secret_free(pem);
	return rc;
}

static int print(const unsigned char private[WEBPUSH_PRIVATE], struct err *e)
{
	unsigned char public[WEBPUSH_PUBLIC];
	struct buf b = { .p = NULL };
	int rc = webpush_public(private, public, e);

	if (rc == 0) {
		base64url_add(&b, (struct str){ (const char *)public,
						sizeof(public) });
		buf_putc(&b, '\n');
		rc = buf_print(&b, e);
	}
	buf_free(&b);
	return rc;
}

int vapid_key(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	unsigned char private[WEBPUSH_PRIVATE];
	int rc;

	if (fd < 0 && errno != EEXIST)
		return err_set(e, EX_CANTCREAT, "%s: %s", path,
			       strerror(errno));
	rc = fd < 0 ? load(path, private, e) : make(fd, path, private, e);
	if (rc == 0)
		rc = print(private, e);
	explicit_bzero(private, sizeof(private));
	return rc;
}
