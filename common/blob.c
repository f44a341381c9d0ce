#include "common/blob.h"

#include <errno.h>
#include <stdio.h>
#include <sysexits.h>

#include <openssl/sha.h>

#include "common/blob_batch.h"
#include "common/blob_file.h"

int blob_id(struct str content, char id_r[BLOB_ID_SIZE], struct err *e)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	if (!SHA256((const unsigned char *)(content.p ? content.p : ""),
		    content.len, hash))
		return err_set(e, EX_SOFTWARE, "blob: no SHA-256");
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(id_r + 2 * i, 3, "%02x", hash[i]);
	return 0;
}

int blob_put(const char *dir, struct str content, bool is_text,
	     char id_r[BLOB_ID_SIZE], struct err *e)
{
	struct blob_batch *b = blob_batch_new(dir);
	int rc = blob_batch_add(b, content, is_text, id_r, e);

	blob_batch_flush(b);
	if (rc == 0)
		rc = blob_batch_kept(b, id_r, e);
	blob_batch_free(&b);
	return rc;
}

int blob_get(const char *dir, struct str id, struct buf *b, bool *is_text_r,
	     struct err *e)
{
	struct blob_place p;
	int rc = 0;

	buf_reset(b);
	if (!blob_is_id(id))
		return 0;
	if (blob_place_open(&p, dir, id))
		rc = blob_file_load(&p, b, is_text_r, e);
	else if (errno != ENOENT)
		rc = blob_fail(&p, "open", e);
	blob_place_close(&p);
	return rc;
}

int blob_look(const char *dir, struct str id, size_t *size_r, bool *is_text_r,
	      struct err *e)
{
	struct blob_place p;
	int rc = 0;

	if (!blob_is_id(id))
		return 0;
	if (blob_place_open(&p, dir, id))
		rc = blob_file_look(&p, size_r, is_text_r, e);
	else if (errno != ENOENT)
		rc = blob_fail(&p, "open", e);
	blob_place_close(&p);
	return rc;
}
