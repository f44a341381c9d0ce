/*
 * The bytes around a message, at each border of RFC 6455, section 5.2; blocks
 * of Server-Sent Events.
 */
#include "cmd/gateway/frame.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static void the_length_takes_as_many_bytes_as_it_needs(void **state)
{
	static const struct {
		size_t len, head;
		unsigned char want[FRAME_HEAD_MAX];
	} rows[] = {
		{ 0, 2, { 0x81, 0 } },
		{ 125, 2, { 0x81, 125 } },
		{ 126, 4, { 0x81, 126, 0, 126 } },
		{ 65535, 4, { 0x81, 126, 255, 255 } },
		{ 65536, 10, { 0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0 } },
		{ 0x12345678,
		  10,
		  { 0x81, 127, 0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned char head[FRAME_HEAD_MAX];

		assert_int_equal(frame_head(rows[i].len, head), rows[i].head);
		assert_memory_equal(head, rows[i].want, rows[i].head);
	}
}

static void a_close_says_why_as_far_as_it_fits(void **state)
{
	struct buf b = { 0 };
	char why[300];

	(void)state;
	memset(why, 'x', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	frame_add_close(&b, 1001, "bye");
	assert_memory_equal(b.p,
			    "\x88\x05\x03\xe9"
			    "bye",
			    7);
	buf_reset(&b);
	frame_add_close(&b, 1008, why);
	assert_int_equal(b.len, 2 + 125);
	buf_free(&b);
}

static void an_event_is_a_message_or_a_block_with_its_position(void **state)
{
	const struct position pos = { 0x9b1c04e7, 88213 };
	struct buf b = { 0 };

	(void)state;
	frame_add_event(FRAME_WEBSOCKET, pos, STR("{}"), &b);
	assert_true(str_is(buf_str(&b), "\x81\x02{}"));
	buf_reset(&b);
	frame_add_event(FRAME_SSE, pos, STR("{}"), &b);
	assert_true(str_is(buf_str(&b), "id: 9b1c04e7:88213\ndata: {}\n\n"));
	buf_free(&b);
}

/* The standard ends a line at LF, CR and CRLF alike. */
static void each_line_of_data_is_one_of_its_own(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "data: \n" },
		{ "{}", "data: {}\n" },
		{ "{\n}", "data: {\ndata: }\n" },
		{ "{\r}", "data: {\ndata: }\n" },
		{ "{\r\n}", "data: {\ndata: }\n" },
		{ "{\n\r}", "data: {\ndata: \ndata: }\n" },
		{ "{}\r", "data: {}\ndata: \n" },
		{ "\n\n{}", "data: \ndata: \ndata: {}\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = { 0 };

		frame_add_data(&b, str_from(rows[i].text));
		if (!str_is(buf_str(&b), rows[i].want))
			fail_msg("row %zu: %.*s", i, (int)b.len, b.p);
		buf_free(&b);
	}
}

static void an_id_is_only_of_a_position_that_there_is(void **state)
{
	struct buf b = { 0 };

	(void)state;
	frame_add_id(&b, (struct position){ 0, 0 });
	assert_int_equal(b.len, 0);
	frame_add_id(&b, (struct position){ 1, 0 });
	frame_end_block(&b);
	frame_add_comment(&b);
	assert_true(str_is(buf_str(&b), "id: 00000001:0\n\n:\n\n"));
	buf_free(&b);
}

static void frames_are_taken_apart_as_they_were_built(void **state)
{
	static const size_t lengths[] = { 0, 1, 125, 126, 65535, 65536 };
	struct buf b = { 0 }, bytes = { 0 };
	struct str rest, data;
	bool binary;

	(void)state;
	for (size_t i = 0; i < 65536; i++)
		buf_putc(&bytes, (char)i);
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		frame_add(&b, str_sub(buf_str(&bytes), 0, lengths[i]));
		frame_add_binary(&b, str_sub(buf_str(&bytes), 0, lengths[i]));
	}
	rest = buf_str(&b);
	for (size_t i = 0; i < 2 * ARRAY_LEN(lengths); i++) {
		assert_true(frame_next(&rest, &data, &binary));
		assert_int_equal(binary, i % 2);
		assert_int_equal(data.len, lengths[i / 2]);
		assert_memory_equal(data.p, bytes.p, data.len);
	}
	assert_false(frame_next(&rest, &data, &binary));
	buf_free(&b);
	buf_free(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_length_takes_as_many_bytes_as_it_needs),
		cmocka_unit_test(a_close_says_why_as_far_as_it_fits),
		cmocka_unit_test(
			an_event_is_a_message_or_a_block_with_its_position),
		cmocka_unit_test(each_line_of_data_is_one_of_its_own),
		cmocka_unit_test(an_id_is_only_of_a_position_that_there_is),
		cmocka_unit_test(frames_are_taken_apart_as_they_were_built),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
