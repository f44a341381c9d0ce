/* permessage-deflate: what is offered, messages out and in. */
#include "cmd/gateway/deflate.h"
#include "cmd/gateway/deflate_offer.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

/* ---- offers ---- */

#define PLAIN  "; server_no_context_takeover; client_no_context_takeover"
#define WINDOW PLAIN "; server_max_window_bits=15"
#define PMD    "permessage-deflate"

static void the_first_that_can_be_kept_is_taken(void **state)
{
	static const struct {
		const char *header, *want; /* NULL: none */
		bool asked;
		unsigned mentions;
	} rows[] = {
		{ NULL, NULL, false, 0 },
		{ "", NULL, false, 0 },
		{ " , ,", NULL, false, 0 },
		{ "foo", NULL, false, 0 },
		{ "foo; bar=\"1\", x-" PMD, NULL, false, 0 },
		{ PMD, PLAIN, true, 1 },
		{ " \t" PMD "\t ", PLAIN, true, 1 },
		{ ",," PMD ",", PLAIN, true, 1 },
		{ PMD "; client_max_window_bits", PLAIN, true, 1 },
		{ PMD ";client_max_window_bits=8", PLAIN, true, 1 },
		{ PMD ";client_max_window_bits=15", PLAIN, true, 1 },
		{ PMD ";client_max_window_bits=\"9\"", PLAIN, true, 1 },
		{ PMD "; server_no_context_takeover", PLAIN, true, 1 },
		{ PMD "; client_no_context_takeover", PLAIN, true, 1 },
		{ PMD "; server_max_window_bits=15", WINDOW, true, 1 },
		{ PMD " ; server_max_window_bits = \"15\" ", WINDOW, true, 1 },
		{ PMD ";server_no_context_takeover;client_no_context_takeover"
		      ";server_max_window_bits=15;client_max_window_bits=15",
		  WINDOW, true, 1 },
		/* what cannot be kept, and what then can */
		{ PMD "; server_max_window_bits=14", NULL, true, 1 },
		{ PMD "; server_max_window_bits=8," PMD, PLAIN, true, 2 },
		{ PMD ";x, foo," PMD ";server_max_window_bits=15," PMD, WINDOW,
		  true, 3 },
		{ PMD "," PMD ";server_max_window_bits=15", PLAIN, true, 2 },
		/* void */
		{ PMD "; unknown", NULL, true, 1 },
		{ PMD "; Server_No_Context_Takeover", NULL, true, 1 },
		{ PMD "; server_no_context_takeover=1", NULL, true, 1 },
		{ PMD "; client_no_context_takeover=\"x\"", NULL, true, 1 },
		{ PMD "; server_max_window_bits", NULL, true, 1 },
		{ PMD "; server_max_window_bits=16", NULL, true, 1 },
		{ PMD "; server_max_window_bits=015", NULL, true, 1 },
		{ PMD "; client_max_window_bits=7", NULL, true, 1 },
		{ PMD "; client_max_window_bits=08", NULL, true, 1 },
		{ PMD "; client_max_window_bits=16", NULL, true, 1 },
		{ PMD "; client_max_window_bits=1e", NULL, true, 1 },
		{ PMD "; client_max_window_bits; client_max_window_bits", NULL,
		  true, 1 },
		{ PMD "; server_no_context_takeover; "
		      "server_no_context_takeover",
		  NULL, true, 1 },
		{ "Permessage-Deflate", NULL, false, 0 },
		/* no grammar */
		{ PMD ";", NULL, true, 0 },
		{ PMD "; =15", NULL, true, 0 },
		{ PMD "; client_max_window_bits=", NULL, true, 0 },
		{ PMD "; client_max_window_bits=\"\"", NULL, true, 0 },
		{ PMD "; client_max_window_bits=\"9", NULL, true, 0 },
		{ PMD "; client_max_window_bits=\" 9\"", NULL, true, 0 },
		{ PMD "; client_max_window_bits=\"9 \"", NULL, true, 0 },
		{ PMD "; client_max_window_bits=\"9,\"", NULL, true, 0 },
		{ PMD " " PMD, NULL, true, 0 },
		{ PMD ", (", NULL, true, 0 },
		{ "foo bar, " PMD, NULL, true, 0 },
		{ ";" PMD, NULL, true, 0 },
		{ "permessage -deflate", NULL, true, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct deflate_offer o =
			deflate_offer_read(str_from(rows[i].header));

		if (o.taken != (rows[i].want != NULL) ||
		    (o.taken && strcmp(o.answer, rows[i].want) != 0) ||
		    o.asked != rows[i].asked || o.mentions != rows[i].mentions)
			fail_msg("%s: taken %d, asked %d, mentions %u: %s",
				 rows[i].header, o.taken, o.asked, o.mentions,
				 o.answer ? o.answer : "-");
	}
}

/* ---- messages ---- */

enum { MAX = 300000 };

/* A frame that was built here: whether it is compressed, and what it carries. */
static struct str open_frame(struct str f, bool *deflated_r)
{
	const unsigned char *p = (const unsigned char *)f.p;
	size_t head = p[1] < 126 ? 2 : p[1] == 126 ? 4 : 10;

	assert_int_equal(p[0] | 0x40, 0xc1);
	*deflated_r = p[0] == 0xc1;
	return str_sub(f, head, f.len);
}

static void a_message_comes_back_as_it_was(void **state)
{
	static const size_t sizes[] = { 0,   1,	    199,   200,	  201,
					450, 65535, 65536, 70000, 262144 };
	struct deflater *d = deflater_new();
	struct inflater *in = inflater_new();
	char *text = xmalloc(MAX);
	struct str back;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		for (unsigned noise = 1; noise <= 256; noise *= 4) {
			struct str s = { text, sizes[i] };
			struct buf b = { 0 };
			bool deflated;

			for (size_t k = 0; k < s.len; k++)
				text[k] = (char)((k * k / 7 + k % 3 * 31) %
						 noise);
			deflater_add(d, s, &b);
			back = open_frame(buf_str(&b), &deflated);
			assert_true(deflated ? back.len < s.len
					     : back.len == s.len);
			if (noise == 1)
				assert_int_equal(deflated,
						 s.len >= DEFLATE_MIN);
			if (deflated)
				assert_int_equal(inflater_read(in, back, s.len,
							       &back),
						 INFLATE_OK);
			assert_true(str_eq(back, s));
			buf_free(&b);
		}
	}
	assert_true(deflater_count(d).after < deflater_count(d).before);
	free(text);
	deflater_free(&d);
	inflater_free(&in);
}

/* Random bytes do not get shorter; nothing is sent longer than it is. */
static void what_does_not_shrink_stays_plain(void **state)
{
	struct deflater *d = deflater_new();
	char text[1000];
	struct buf b = { 0 };
	uint64_t seed = 1;
	bool deflated;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		text[i] = (char)(seed >> 56);
	}
	deflater_add(d, (struct str){ text, sizeof(text) }, &b);
	open_frame(buf_str(&b), &deflated);
	assert_false(deflated);
	assert_int_equal(deflater_count(d).messages, 0);
	/* It has left nothing behind for the next one. */
	buf_reset(&b);
	memset(text, 'x', sizeof(text));
	deflater_add(d, (struct str){ text, sizeof(text) }, &b);
	assert_true(b.len < 40);
	buf_free(&b);
	deflater_free(&d);
}

static void payloads_are_read_as_the_rfc_has_them(void **state)
{
	/* RFC 7692, 7.2.3, and what it does not say */
	static const struct {
		const char *bytes;
		size_t len, max;
		enum inflate_result want;
		const char *text;
	} rows[] = {
		{ "\xf2\x48\xcd\xc9\xc9\x07\x00", 7, 5, INFLATE_OK, "Hello" },
		{ "\xf2\x48\xcd\xc9\xc9\x07\x00", 7, 4, INFLATE_TOO_LARGE, 0 },
		{ "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11, 9,
		  INFLATE_OK, "Hello" },
		{ "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8, 9, INFLATE_OK,
		  "Hello" },
		{ "\xf3\x48\xcd\xc9\xc9\x07\x00", 7, 9, INFLATE_OK, "Hello" },
		{ "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13, 9,
		  INFLATE_OK, "Hello" },
		{ "\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48\xcd\xc9\xc9\x07\x00",
		  14, 10, INFLATE_OK, "HelloHello" },
		{ "\x00", 1, 0, INFLATE_OK, "" },
		{ "\x02\x00", 2, 0, INFLATE_OK, "" },
		{ "", 0, 9, INFLATE_OK, "" },
		{ "\xf2\x48\xcd\xc9\xc9", 5, 9, INFLATE_BROKEN, 0 },
		{ "\xf2\x00\x11\x00\x00", 5, 9, INFLATE_BROKEN, 0 },
		{ "\xff", 1, 9, INFLATE_BROKEN, 0 },
		{ "\x01\x05\x00", 3, 9, INFLATE_BROKEN, 0 },
		{ "Hello", 5, 9, INFLATE_BROKEN, 0 },
	};
	struct inflater *in = inflater_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct str packed = { rows[i].bytes, rows[i].len };
		struct str text;
		enum inflate_result r =
			inflater_read(in, packed, rows[i].max, &text);

		if (r != rows[i].want ||
		    (r == INFLATE_OK && !str_is(text, rows[i].text)))
			fail_msg("row %zu: %d, %.*s", i, (int)r, STR_ARG(text));
	}
	inflater_free(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_can_be_kept_is_taken),
		cmocka_unit_test(a_message_comes_back_as_it_was),
		cmocka_unit_test(what_does_not_shrink_stays_plain),
		cmocka_unit_test(payloads_are_read_as_the_rfc_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
