#include "message.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/retry_after.h"
#include "common/xmem.h"

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

/* ---- webhook ---- */

static bool is_ours(struct str key)
{
	static const char *const ours[] = { "id", "channel", "user", "event" };

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (str_is(key, ours[i]))
			return true;
	return false;
}

void message_webhook(const struct message *m, struct str id, struct str channel,
		     struct buf *b)
{
	struct json_iter it = json_iter(m->ev.data);
	char time[CLK_TEXT_SIZE];
	struct buf event_id = { .p = NULL };

	buf_puts(b, "{\"id\":");
	buf_json_str(b, id);
	buf_puts(b, ",\"channel\":");
	buf_json_str(b, channel);
	buf_puts(b, ",\"user\":");
	buf_json_str(b, m->user);
	buf_puts(b, ",\"event\":{\"source\":");
	buf_json_str(b, m->ev.source);
	event_add_id(&m->ev, &event_id);
	buf_puts(b, ",\"id\":");
	buf_json_str(b, buf_str(&event_id));
	buf_free(&event_id);
	if (m->ev.time_us != CLK_NONE)
		buf_addf(b, ",\"time\":\"%s\"",
			 clk_format(m->ev.time_us, time));
	buf_putc(b, '}');
	while (json_next(&it)) {
		if (is_ours(it.key))
			continue;
		buf_puts(b, ",\"");
		buf_add_str(b, it.key);
		buf_puts(b, "\":");
		buf_add_str(b, it.value);
	}
	buf_putc(b, '}');
}

/* ---- Telegram ---- */

/*
 * Add text with what HTML gives a meaning replaced, as far as *room (UTF-16
 * code units) goes. Telegram counts after it has put the characters back; to
 * count them as written keeps us below. False where it did not all fit.
 */
static bool add_escaped(struct buf *b, struct str text, size_t *room)
{
	while (text.len) {
		char raw[4];
		uint32_t cp;
		size_t n = utf8_decode(text, &cp), units;
		struct str out;

		switch (cp) {
		case '&': out = STR("&amp;"); break;
		case '<': out = STR("&lt;"); break;
		case '>': out = STR("&gt;"); break;
		default: out = (struct str){ raw, utf8_encode(cp, raw) };
		}
		units = cp > 0xffff ? 2 : cp < 0x80 ? out.len : 1;
		if (units > *room)
			return false;
		*room -= units;
		buf_add_str(b, out);
		text = str_sub(text, n, text.len);
	}
	return true;
}

static void add_text(const struct message *m, struct buf *b)
{
	static const char open[] = "<b>", close[] = "</b>\n";
	size_t room = TELEGRAM_TEXT_MAX - (sizeof(open) + sizeof(close) - 2) -
		      1; /* the ellipsis */
	bool whole;

	buf_puts(b, open);
	whole = add_escaped(b, m->data.title, &room);
	buf_puts(b, close);
	if (!whole || !add_escaped(b, m->data.message, &room))
		buf_puts(b, "\xe2\x80\xa6");
}

void message_telegram(const struct message *m, struct str chat, struct buf *b)
{
	struct buf text = { .p = NULL };

	add_text(m, &text);
	buf_puts(b, "{\"chat_id\":");
	buf_json_str(b, chat);
	buf_puts(b, ",\"parse_mode\":\"HTML\",\"text\":");
	buf_json_str(b, buf_str(&text));
	buf_putc(b, '}');
	buf_free(&text);
}

void message_telegram_answer(struct str body, struct arena *a,
			     struct str *description_r, int64_t *wait_ms_r)
{
	struct str parameters, value;
	struct err ignored;

	*description_r = (struct str){ 0 };
	*wait_ms_r = 0;
	if (json_check(body, 0, &ignored))
		return;
	body = json_trim(body);
	if (json_get(body, "description", &value))
		(void)json_text(value, a, description_r);
	if (json_get(body, "parameters", &parameters) &&
	    json_get(parameters, "retry_after", &value))
		(void)retry_after_parse(value, 0, wait_ms_r);
}
