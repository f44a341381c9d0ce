/* The same text in every coding, whole, in pieces, and cut short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include <zlib.h>

#include "common/buf.h"
#include "common/unpack.h"
#include "common/xmem.h"

#define LINE "Fair winds and following seas, "

static const char text[] = LINE LINE LINE LINE;

static const struct {
	const char *coding, *hex;
} packed[] = {
	{ "gzip", "1f8b0800000000000203734bcc2c5228cfcc4b295648cc4b5148cbcfc9"
		  "c90772d3158a53138b7514dc68290d00fc77fead7c000000" },
	{ "deflate", "78da734bcc2c5228cfcc4b295648cc4b5148cbcfc9c90772d3158a53"
		     "138b7514dc68290d00ed982c8d" },
	{ "Deflate", "734bcc2c5228cfcc4b295648cc4b5148cbcfc9c90772d3158a53138b"
		     "7514dc68290d00" },
	{ "br", "1b7b00408cd45ef9c3401238e1dc121f0449f0e00d42c632b71ec22d3012"
		"399f76349735b31100" },
	{ "zstd", "28b52ffd207c350100f8466169722077696e647320616e6420666f6c6c"
		  "6f77696e6720736561732c200100ab989413" },
};

struct out {
	struct buf b;
	size_t max; /* 0: none */
};

static bool take(void *arg, struct str piece)
{
	struct out *o = arg;

	assert_true(piece.len > 0 && piece.len <= UNPACK_PIECE);
	buf_add_str(&o->b, piece);
	return !o->max || o->b.len <= o->max;
}

static void unhex(const char *hex, struct buf *b)
{
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		buf_putc(b, (char)byte);
}

/* In pieces of `step` bytes; what unpack_feed() or unpack_end() says. */
static int run(const char *codings, struct str in, size_t step, struct out *o,
	       struct err *e)
{
	struct unpack *u;
	int rc = 0;

	*e = (struct err){ 0 };
	assert_int_equal(unpack_new(str_from(codings), &u, e), 0);
	for (size_t at = 0; !rc && at < in.len; at += step) {
		size_t to = at + step < in.len ? at + step : in.len;

		rc = unpack_feed(u, str_sub(in, at, to), take, o, e);
	}
	if (!rc)
		rc = unpack_end(u, e);
	unpack_free(&u);
	return rc;
}

static void what_was_packed_comes_out_in_any_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packed); i++) {
		struct buf in = { 0 };
		struct err e;

		unhex(packed[i].hex, &in);
		for (size_t step = 1; step <= in.len; step++) {
			struct out o = { 0 };

			if (run(packed[i].coding, buf_str(&in), step, &o, &e))
				fail_msg("%s: %s", packed[i].coding, e.msg);
			assert_true(str_is(buf_str(&o.b), text));
			buf_free(&o.b);
		}
		buf_free(&in);
	}
}

static void what_was_cut_short_says_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packed); i++) {
		struct buf in = { 0 };
		struct err e;

		unhex(packed[i].hex, &in);
		for (size_t n = 1; n < in.len; n++) {
			struct out o = { 0 };
			struct str half = str_sub(buf_str(&in), 0, n);

			if (!run(packed[i].coding, half, n, &o, &e))
				fail_msg("%s: %zu bytes are whole",
					 packed[i].coding, n);
			assert_int_equal(e.code, EX_DATAERR);
			buf_free(&o.b);
		}
		buf_free(&in);
	}
}

static void nothing_at_all_is_whole(void **state)
{
	struct out o = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(run("gzip", STR(""), 1, &o, &e), 0);
	assert_int_equal(o.b.len, 0);
}

static void several_bodies_follow_one_another_and_rubbish_does_not(void **state)
{
	struct buf in = { 0 }, want = { 0 };
	struct out o = { 0 };
	struct err e;

	(void)state;
	unhex(packed[0].hex, &in);
	unhex(packed[0].hex, &in);
	buf_puts(&in, "<!-- served by somebody -->");
	buf_addf(&want, "%s%s", text, text);
	assert_int_equal(run("x-gzip", buf_str(&in), 7, &o, &e), 0);
	assert_true(str_eq(buf_str(&o.b), buf_str(&want)));
	buf_free(&o.b);
	o.b = (struct buf){ 0 };
	buf_reset(&in);
	unhex(packed[0].hex, &in);
	unhex(packed[0].hex, &in);
	buf_puts(&in, "\x1f, a mark of the end");
	assert_int_equal(run("gzip", buf_str(&in), 7, &o, &e), 0);
	assert_true(str_eq(buf_str(&o.b), buf_str(&want)));
	buf_free(&in);
	buf_free(&want);
	buf_free(&o.b);
}

/* gzip was applied first, zstd over it. */
static void codings_are_undone_from_the_outside(void **state)
{
	static const char twice[] =
		"28b52ffd2035a901001f8b0800000000000203734bcc2c5228cfcc4b2956"
		"48cc4b5148cbcfc9c90772d3158a53138b7514dc68290d00fc77fead7c00"
		"0000";
	struct buf in = { 0 };
	struct out o = { 0 };
	struct err e;

	(void)state;
	unhex(twice, &in);
	assert_int_equal(run("gzip, zstd", buf_str(&in), 9, &o, &e), 0);
	assert_true(str_is(buf_str(&o.b), text));
	buf_free(&o.b);
	in.len -= 4;
	assert_int_equal(run("gzip, zstd", buf_str(&in), 9, &o, &e), -1);
	buf_free(&in);
	buf_free(&o.b);
}

/* Pack it once more, with gzip. */
static void pack(struct buf *b)
{
	z_stream z = { 0 };
	struct buf out = { 0 };
	uLong room;

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 8,
				      Z_DEFAULT_STRATEGY),
			 Z_OK);
	room = deflateBound(&z, b->len);
	z.next_in = (unsigned char *)b->p;
	z.avail_in = (uInt)b->len;
	z.next_out = (unsigned char *)buf_reserve(&out, room);
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.len = z.total_out;
	deflateEnd(&z);
	buf_free(b);
	*b = out;
}

/* A receiver that counts sees nothing of it, and cannot stop it. */
static void nothing_packed_many_times_is_a_bomb(void **state)
{
	static const char empty_block[] = { 0, 0, 0, '\377', '\377' };
	struct buf in = { 0 };
	struct out o = { 0 };
	struct err e;

	(void)state;
	unhex("1f8b0800000000000003", &in);
	while (in.len < 2 * UNPACK_SLACK)
		buf_add(&in, empty_block, sizeof(empty_block));
	pack(&in);
	assert_int_equal(run("gzip, gzip", buf_str(&in), 1000, &o, &e), -1);
	assert_string_equal(e.msg, "the gzip holds next to nothing");
	pack(&in);
	assert_int_equal(run("gzip,gzip,gzip", buf_str(&in), 1000, &o, &e), -1);
	assert_string_equal(e.msg, "the gzip holds next to nothing");
	assert_int_equal(o.b.len, 0);
	buf_free(&in);
	buf_free(&o.b);
}

/* What cannot be packed, and what can as nothing else: both are honest. */
static void a_large_body_may_be_packed_several_times(void **state)
{
	uint32_t noise = 1;

	(void)state;
	for (int noisy = 0; noisy < 2; noisy++) {
		struct buf in = { 0 };
		struct out o = { 0 };
		struct err e;

		while (in.len < 4 * UNPACK_SLACK) {
			noise = noise * 1664525 + 1013904223;
			buf_putc(&in, noisy ? (char)(noise >> 24) : ' ');
		}
		for (int i = 0; i < 3; i++)
			pack(&in);
		if (run("gzip,gzip,gzip", buf_str(&in), 4096, &o, &e))
			fail_msg("%s", e.msg);
		assert_int_equal(o.b.len, 4 * UNPACK_SLACK);
		buf_free(&in);
		buf_free(&o.b);
	}
}

static void what_is_not_packed_so_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packed); i++) {
		struct out o = { 0 };
		struct err e;

		assert_int_equal(run(packed[i].coding,
				     STR("\377<p>hello</p>\n and more of it"),
				     5, &o, &e),
				 -1);
		assert_non_null(strstr(e.msg, "the body is no"));
		buf_free(&o.b);
	}
}

static void a_receiver_that_has_enough_ends_it(void **state)
{
	struct out o = { .max = 10 };
	struct buf in = { 0 };
	struct err e;

	(void)state;
	unhex(packed[0].hex, &in);
	assert_int_equal(run("gzip", buf_str(&in), 100, &o, &e), -1);
	buf_free(&in);
	buf_free(&o.b);
}

static void codings_are_known_or_refused(void **state)
{
	struct unpack *u;
	struct err e;

	(void)state;
	assert_int_equal(unpack_new((struct str){ 0 }, &u, &e), 0);
	assert_null(u);
	assert_int_equal(unpack_new(STR(" identity ,"), &u, &e), 0);
	assert_null(u);
	assert_int_equal(unpack_new(STR("gzip, rot13"), &u, &e), -1);
	assert_string_equal(e.msg, "unknown content encoding rot13");
	assert_int_equal(unpack_new(STR("gzip,gzip,br,br"), &u, &e), -1);
	assert_string_equal(e.msg, "more than 3 content encodings");
	assert_null(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_packed_comes_out_in_any_pieces),
		cmocka_unit_test(what_was_cut_short_says_so),
		cmocka_unit_test(nothing_at_all_is_whole),
		cmocka_unit_test(
			several_bodies_follow_one_another_and_rubbish_does_not),
		cmocka_unit_test(codings_are_undone_from_the_outside),
		cmocka_unit_test(nothing_packed_many_times_is_a_bomb),
		cmocka_unit_test(a_large_body_may_be_packed_several_times),
		cmocka_unit_test(what_is_not_packed_so_is_told),
		cmocka_unit_test(a_receiver_that_has_enough_ends_it),
		cmocka_unit_test(codings_are_known_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
