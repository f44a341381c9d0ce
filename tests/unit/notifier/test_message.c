#include "cmd/notifier/message.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static struct event notification(const char *data)
{
	return (struct event){ .topic = STR("user.notification/ana"),
			       .source = STR("weir/alerter/1"),
			       .id = 7,
			       .time_us = 0,
			       .recorded_us = CLK_NONE,
			       .data = str_from(data) };
}

static void a_delivery_has_one_id_for_ever(void **state)
{
	struct event ev = notification("{}"), other = ev;
	char a[MESSAGE_ID_SIZE], b[MESSAGE_ID_SIZE];

	(void)state;
	message_id(&ev, STR("phone"), a);
	/* Receivers remember it: it must not change between versions. */
	assert_string_equal(a, "560f55976f894c54cf2d569610ebf34f");
	other.offset = 12;
	other.recorded_us = 99;
	message_id(&other, STR("phone"), b);
	assert_string_equal(a, b);
}

static void each_event_and_channel_has_its_own_id(void **state)
{
	struct event ev = notification("{}");
	struct event later = ev, elsewhere = ev, outside = ev;
	char id[5][MESSAGE_ID_SIZE];

	(void)state;
	later.id = 8;
	elsewhere.source = STR("weir/alerter/2");
	outside.id = 0;
	outside.idtext = STR("x7");
	message_id(&ev, STR("phone"), id[0]);
	message_id(&ev, STR("mail"), id[1]);
	message_id(&later, STR("phone"), id[2]);
	message_id(&elsewhere, STR("phone"), id[3]);
	message_id(&outside, STR("phone"), id[4]);
	for (size_t i = 0; i < ARRAY_LEN(id); i++)
		for (size_t k = 0; k < i; k++) {
			assert_memory_not_equal(id[i], id[k], 16);
			assert_memory_not_equal(id[i] + 16, id[k] + 16, 16);
		}
}

static void what_is_no_notification_is_refused(void **state)
{
	static const char *const bad[] = { "null", "[]", "{}", "{\"type\":1}",
					   "{\"type\":\"custom\"" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct event ev = notification(bad[i]);
		struct arena a = { 0 };
		struct message m;
		struct err e = { 0 };

		assert_int_equal(message_read(&ev, &a, &m, &e), -1);
		assert_int_equal(e.code, EX_DATAERR);
		arena_free(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delivery_has_one_id_for_ever),
		cmocka_unit_test(each_event_and_channel_has_its_own_id),
		cmocka_unit_test(what_is_no_notification_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
