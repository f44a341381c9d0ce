#include "message.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "common/json.h"

int message_read(const struct event *ev, struct arena *a, struct message *m_r,
		 struct err *e)
{
	*m_r = (struct message){ .ev = *ev, .user = event_subject(ev) };
	if (m_r->user.len == 0)
		m_r->user = STR("default");
	if (json_check(ev->data, JSON_UNIQUE, e))
		return -1;
	return shape_decode(&shape_notification, ev->data, &m_r->data, a, e);
}

void message_id(const struct event *ev, struct str channel,
		char out[MESSAGE_ID_SIZE])
{
	struct buf b = { .p = NULL };
	uint64_t high, low;

	/* No source has a space, no channel a line break. */
	buf_puts(&b, "weir\n");
	buf_add_str(&b, channel);
	buf_putc(&b, '\n');
	buf_add_str(&b, ev->source);
	buf_putc(&b, ' ');
	event_add_id(ev, &b);
	high = str_hash_id(buf_str(&b));
	low = str_hash_id(str_sub(buf_str(&b), 5, b.len));
	snprintf(out, MESSAGE_ID_SIZE, "%016" PRIx64 "%016" PRIx64, high, low);
	buf_free(&b);
}
