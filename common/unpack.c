#include "common/unpack.h"

#include <stdint.h>
#include <stdlib.h>
#include <sysexits.h>

#define ZLIB_CONST
#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "common/xmem.h"

enum { WINDOW_BITS = 23 }; /* UNPACK_WINDOW */

_Static_assert(1 << WINDOW_BITS == UNPACK_WINDOW, "as it is said");

struct coding;

/* What one step did. */
enum step {
	STEP_MORE,   /* out is full: there may be more of it */
	STEP_HUNGRY, /* all of `in` is used */
	STEP_END,    /* the end of what was packed */
	STEP_BAD,
};

struct window {
	const uint8_t *in;
	size_t n_in;
	uint8_t *out;
	size_t n_out;
};

struct format {
	const char *name;
	bool (*begin)(struct coding *c, const struct window *w);
	enum step (*step)(struct coding *c, struct window *w);
	void (*end)(struct coding *c);
	bool joins; /* one may follow another */
};

struct coding {
	const struct format *format;
	union {
		z_stream z;
		BrotliDecoderState *br;
		ZSTD_DCtx *zstd;
	} u;
	bool begun, ended; /* begun: its state is there */
	bool over;	   /* what follows is not looked at */
	bool hungry;	   /* bytes came since its last end */
	uint64_t out;	   /* bytes that came out of it */
	uint64_t before;   /* of these, before the body that was begun last */
};

struct unpack {
	struct coding v[UNPACK_CODINGS_MAX]; /* the outermost first */
	size_t n;
	unpack_fn *fn;
	void *arg;
	struct err *e;
};

/* ---- zlib ---- */

static bool z_begin(struct coding *c, int bits)
{
	c->u.z = (z_stream){ 0 };
	return inflateInit2(&c->u.z, bits) == Z_OK;
}

static bool gzip_begin(struct coding *c, const struct window *w)
{
	(void)w;
	return z_begin(c, MAX_WBITS + 16);
}

/* zlib's header tells itself by its first byte, which no bare data has. */
static bool deflate_begin(struct coding *c, const struct window *w)
{
	bool zlib = (w->in[0] & 15) == Z_DEFLATED && w->in[0] >> 4 <= 7;

	return z_begin(c, zlib ? MAX_WBITS : -MAX_WBITS);
}

static enum step z_step(struct coding *c, struct window *w)
{
	z_stream *z = &c->u.z;
	int rc;

	z->next_in = w->in;
	z->avail_in = (uInt)w->n_in;
	z->next_out = w->out;
	z->avail_out = (uInt)w->n_out;
	rc = inflate(z, Z_NO_FLUSH);
	w->in = z->next_in;
	w->n_in = z->avail_in;
	w->n_out = z->avail_out;
	if (rc == Z_STREAM_END)
		return STEP_END;
	if (rc != Z_OK && rc != Z_BUF_ERROR)
		return STEP_BAD;
	return z->avail_out ? STEP_HUNGRY : STEP_MORE;
}

static void z_end(struct coding *c)
{
	inflateEnd(&c->u.z);
}

/* ---- brotli ---- */

static bool br_begin(struct coding *c, const struct window *w)
{
	(void)w;
	c->u.br = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	return c->u.br != NULL;
}

static enum step br_step(struct coding *c, struct window *w)
{
	switch (BrotliDecoderDecompressStream(c->u.br, &w->n_in, &w->in,
					      &w->n_out, &w->out, NULL)) {
	case BROTLI_DECODER_RESULT_SUCCESS: return STEP_END;
	case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: return STEP_HUNGRY;
	case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: return STEP_MORE;
	default: return STEP_BAD;
	}
}

static void br_end(struct coding *c)
{
	BrotliDecoderDestroyInstance(c->u.br);
}

/* ---- zstd ---- */

static bool zstd_begin(struct coding *c, const struct window *w)
{
	(void)w;
	c->u.zstd = ZSTD_createDCtx();
	return c->u.zstd &&
	       !ZSTD_isError(ZSTD_DCtx_setParameter(
		       c->u.zstd, ZSTD_d_windowLogMax, WINDOW_BITS));
}

static enum step zstd_step(struct coding *c, struct window *w)
{
	ZSTD_inBuffer in = { w->in, w->n_in, 0 };
	ZSTD_outBuffer out = { w->out, w->n_out, 0 };
	size_t rc = ZSTD_decompressStream(c->u.zstd, &out, &in);

	w->in += in.pos;
	w->n_in -= in.pos;
	w->n_out -= out.pos;
	if (ZSTD_isError(rc))
		return STEP_BAD;
	if (rc == 0)
		return STEP_END;
	return w->n_out ? STEP_HUNGRY : STEP_MORE;
}

static void zstd_end(struct coding *c)
{
	ZSTD_freeDCtx(c->u.zstd);
}

/* ---- codings, one behind the other ---- */

static const struct format formats[] = {
	{ "gzip", gzip_begin, z_step, z_end, true },
	{ "x-gzip", gzip_begin, z_step, z_end, true },
	{ "deflate", deflate_begin, z_step, z_end, false },
	{ "br", br_begin, br_step, br_end, false },
	{ "zstd", zstd_begin, zstd_step, zstd_end, true },
};

static const struct format *format_named(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (str_eq_nocase(name, str_from(formats[i].name)))
			return &formats[i];
	return NULL;
}

int unpack_new(struct str codings, struct unpack **u_r, struct err *e)
{
	struct unpack u = { .n = 0 };

	*u_r = NULL;
	while (codings.len) {
		struct str name = str_trim(str_cut(codings, ',', &codings));

		if (!name.len || str_eq_nocase(name, STR("identity")))
			continue;
		if (u.n == UNPACK_CODINGS_MAX)
			return err_set(e, EX_DATAERR,
				       "more than %d content encodings",
				       UNPACK_CODINGS_MAX);
		/* The last one is the outermost. */
		for (size_t i = u.n++; i > 0; i--)
			u.v[i] = u.v[i - 1];
		u.v[0] = (struct coding){ .format = format_named(name) };
		if (!u.v[0].format)
			return err_set(e, EX_DATAERR,
				       "unknown content encoding %.*s",
				       STR_ARG(str_utf8_prefix(name, 40)));
	}
	if (!u.n)
		return 0;
	*u_r = xmalloc(sizeof(u));
	**u_r = u;
	return 0;
}

static void coding_end(struct coding *c)
{
	if (c->begun)
		c->format->end(c);
	c->begun = false;
}

void unpack_free(struct unpack **up)
{
	struct unpack *u = *up;

	if (!u)
		return;
	for (size_t i = 0; i < u->n; i++)
		coding_end(&u->v[i]);
	free(u);
	*up = NULL;
}

static int feed(struct unpack *u, size_t at, struct str bytes);

/*
 * Of nothing, packed, one can make as much as one likes, and pack that again:
 * a bomb that no receiver sees. What is honest grows by a thousandth at most.
 */
static bool is_hollow(const struct unpack *u, size_t at)
{
	return u->v[at].out > UNPACK_SLACK + 2 * u->v[u->n - 1].out;
}

static int hand_on(struct unpack *u, size_t at, const uint8_t *p, size_t n)
{
	const struct str piece = { (const char *)p, n };

	if (!n)
		return 0;
	u->v[at].out += n;
	if (at + 1 < u->n)
		return is_hollow(u, at)
			       ? err_set(u->e, EX_DATAERR,
					 "the %s holds next to nothing",
					 u->v[at + 1].format->name)
			       : feed(u, at + 1, piece);
	return u->fn(u->arg, piece)
		       ? 0
		       : err_set(u->e, EX_DATAERR, "no more is wanted");
}

/* Bytes behind an end: another one of the same, or nothing to us. */
static bool begins_another(const struct coding *c, const struct window *w)
{
	static const uint8_t gzip = 0x1f, zstd = 0x28;

	if (!c->format->joins || !w->n_in)
		return false;
	return w->in[0] == (c->format->step == z_step ? gzip : zstd);
}

static int bad(struct unpack *u, const struct coding *c)
{
	return err_set(u->e, EX_DATAERR, "the body is no %s", c->format->name);
}

static int feed(struct unpack *u, size_t at, struct str bytes)
{
	struct coding *c = &u->v[at];
	uint8_t out[UNPACK_PIECE];
	struct window w = { (const uint8_t *)bytes.p, bytes.len, out, 0 };
	enum step did;

	while (w.n_in && !c->over) {
		if (!c->begun && c->ended && !begins_another(c, &w)) {
			c->over = true;
			break;
		}
		if (!c->begun && !c->format->begin(c, &w))
			return bad(u, c);
		if (!c->begun)
			c->before = c->out;
		c->begun = c->hungry = true;
		do {
			w.out = out;
			w.n_out = sizeof(out);
			did = c->format->step(c, &w);
			if (hand_on(u, at, out, sizeof(out) - w.n_out))
				return -1;
		} while (did == STEP_MORE);
		if (did == STEP_BAD && c->ended && c->out == c->before) {
			/* It only began like another one. */
			c->over = true;
			c->hungry = false;
			break;
		}
		if (did == STEP_BAD)
			return bad(u, c);
		if (did == STEP_END) {
			coding_end(c);
			c->ended = true;
			c->hungry = false;
		}
	}
	return 0;
}

int unpack_feed(struct unpack *u, struct str bytes, unpack_fn *fn, void *arg,
		struct err *e)
{
	u->fn = fn;
	u->arg = arg;
	u->e = e;
	return feed(u, 0, bytes);
}

int unpack_end(const struct unpack *u, struct err *e)
{
	for (size_t i = 0; i < u->n; i++)
		if (u->v[i].hungry)
			return err_set(e, EX_DATAERR, "the %s was cut short",
				       u->v[i].format->name);
	return 0;
}
