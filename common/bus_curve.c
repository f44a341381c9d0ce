#include "common/bus_curve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <zmq.h>

#include "common/bus.h"

/* ---- sockets ---- */

static int set_key(void *zmq, int option, const char *key)
{
	return zmq_setsockopt(zmq, option, key, BUS_KEY_LEN + 1);
}

int bus_curve_set(void *zmq, const struct bus_keys *keys, struct err *e)
{
	const int yes = 1;
	char public[BUS_KEY_LEN + 1];
	int rc = zmq_curve_public(public, keys->secret);

	if (rc == 0 && keys->peers)
		rc = zmq_setsockopt(zmq, ZMQ_CURVE_SERVER, &yes, sizeof(yes)) ||
		     zmq_setsockopt(zmq, ZMQ_ZAP_DOMAIN, "weir", 4);
	else if (rc == 0)
		rc = set_key(zmq, ZMQ_CURVE_SERVERKEY, keys->store);
	if (rc || set_key(zmq, ZMQ_CURVE_PUBLICKEY, public) ||
	    set_key(zmq, ZMQ_CURVE_SECRETKEY, keys->secret))
		return err_set(e, EX_OSERR, "bus: curve: %s",
			       zmq_strerror(errno));
	return 0;
}

/* ---- who is let in ---- */

void *bus_zap_open(void *ctx, struct err *e)
{
	void *zap = zmq_socket(ctx, ZMQ_REP);

	if (zap && zmq_bind(zap, "inproc://zeromq.zap.01") == 0)
		return zap;
	err_set(e, EX_OSERR, "bus: zap: %s", zmq_strerror(errno));
	if (zap)
		zmq_close(zap);
	return NULL;
}

enum zap_frame {
	ZAP_VERSION,
	ZAP_ID,
	ZAP_DOMAIN,
	ZAP_ADDRESS,
	ZAP_IDENTITY,
	ZAP_MECHANISM,
	ZAP_KEY, /* of CURVE: 32 bytes */
	ZAP_FRAMES,
};

struct zap_request {
	char text[ZAP_FRAMES][256];
	size_t len[ZAP_FRAMES];
};

/* 1: there is one; 0: none. libzmq itself makes them, so they are well-formed. */
static int receive(void *zap, struct zap_request *r)
{
	int more = 1;
	size_t size = sizeof(more);

	for (int i = 0; more && i < ZAP_FRAMES; i++) {
		int n = zmq_recv(zap, r->text[i], sizeof(r->text[i]) - 1,
				 i == 0 ? ZMQ_DONTWAIT : 0);

		if (n < 0)
			return 0;
		r->len[i] = (size_t)n < sizeof(r->text[i])
				    ? (size_t)n
				    : sizeof(r->text[i]) - 1;
		r->text[i][r->len[i]] = '\0';
		zmq_getsockopt(zap, ZMQ_RCVMORE, &more, &size);
	}
	return 1;
}

/*
 * After 300 libzmq leaves the client without an answer, which tries again when
 * its time for a handshake is over (BUS_HANDSHAKE_MS); after 400 it would give
 * up for ever, though its key may be added later.
 */
static void reply(void *zap, const struct zap_request *r, bool known)
{
	const struct str frame[] = { STR("1.0"),
				     { r->text[ZAP_ID], r->len[ZAP_ID] },
				     str_from(known ? "200" : "300"),
				     STR(""),
				     STR(""),
				     STR("") };

	for (size_t i = 0; i < 6; i++)
		zmq_send(zap, frame[i].p, frame[i].len,
			 i < 5 ? ZMQ_SNDMORE : 0);
}

int bus_zap_answer(void *zap, const char *peers, struct err *e)
{
	struct zap_request r = { .len = { 0 } };
	char key[BUS_KEY_LEN + 1] = "";
	int known = 0;

	if (!receive(zap, &r))
		return 0;
	if (strcmp(r.text[ZAP_MECHANISM], "CURVE") == 0 &&
	    r.len[ZAP_KEY] == 32) {
		zmq_z85_encode(key, (uint8_t *)r.text[ZAP_KEY], 32);
		known = bus_keys_has(peers, key, e);
	}
	reply(zap, &r, known > 0);
	if (known == 0)
		err_set(e, EX_NOPERM, "%s: key %s is not in %s",
			r.text[ZAP_ADDRESS], key, peers);
	return known > 0 ? 1 : -1;
}

/* ---- making keys ---- */

static int write_new(const char *path, const char *text, struct err *e)
{
	const ssize_t len = (ssize_t)strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(e, EX_CANTCREAT, "%s: %s", path,
			       strerror(errno));
	if (write(fd, text, (size_t)len) == len && fsync(fd) == 0)
		return close(fd);
	err_set(e, EX_IOERR, "%s: %s", path, strerror(errno));
	unlink(path);
	close(fd);
	return -1;
}

int bus_keygen(const char *path, char public_r[BUS_KEY_LEN + 1], struct err *e)
{
	char secret[BUS_KEY_LEN + 1], text[2 * BUS_KEY_LEN + 20];
	int rc;

	if (zmq_curve_keypair(public_r, secret))
		return err_set(e, EX_OSERR, "keygen: %s", zmq_strerror(errno));
	snprintf(text, sizeof(text), "public %s\nsecret %s\n", public_r,
		 secret);
	rc = write_new(path, text, e);
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(text, sizeof(text));
	return rc;
}
