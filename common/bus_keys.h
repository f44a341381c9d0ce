#ifndef COMMON_BUS_KEYS_H
#define COMMON_BUS_KEYS_H

/*
 * bus_keys - which endpoints may be used, and the keys that guard them.
 *
 * ipc:// is guarded by the permissions of its directory, tcp:// by CURVE (RFC
 * 26 of ZeroMQ): each process has a key pair (--curve-key), and names the
 * public keys of those at the other end (--curve-peers): the store's one, or
 * for the store those of all who are let in. tcp:// beyond this machine's own
 * loopback is refused without keys. Nothing else than these two is an endpoint.
 *
 * A file of keys has one on each line, after its kind and before an optional
 * remark; a key is 40 characters of Z85 (RFC 32 of ZeroMQ). Empty lines and
 * those that begin with # are passed over.
 *
 *	public Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID laptop
 *	secret D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs
 */
#include "common/opt.h"

enum {
	BUS_KEY_LEN = 40,	/* characters */
	BUS_KEY_LINE_MAX = 512, /* bytes */
};

/* All empty where no endpoint is tcp, or where there are no keys. */
struct bus_keys {
	char secret[BUS_KEY_LEN + 1]; /* our own */
	char store[BUS_KEY_LEN + 1];  /* its public key, for all but itself */
	const char *peers; /* for the store: the file of those let in */
};

/*
 * Check the endpoints and read the keys that they need. -1 with *e, EX_CONFIG:
 * an endpoint may not be used, a file is missing, open to others or malformed.
 */
int bus_keys_read(const struct opt_common *common, struct bus_keys *keys_r,
		  struct err *e);
void bus_keys_wipe(struct bus_keys *keys);

/* Is this public key in the file? 1, 0, or -1 with *e: EX_CONFIG. */
int bus_keys_has(const char *path, const char *key, struct err *e);

#endif
