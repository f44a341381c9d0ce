#include "reply.h"

#include <stdio.h>

void reply_reset(struct reply *r)
{
	buf_reset(&r->text);
	buf_reset(&r->buttons);
	r->n_buttons = 0;
}

void reply_free(struct reply *r)
{
	buf_free(&r->text);
	buf_free(&r->buttons);
}

void reply_puts(struct reply *r, const char *html)
{
	buf_puts(&r->text, html);
}

void reply_text(struct reply *r, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		switch (text.p[i]) {
		case '<': buf_puts(&r->text, "&lt;"); break;
		case '>': buf_puts(&r->text, "&gt;"); break;
		case '&': buf_puts(&r->text, "&amp;"); break;
		default: buf_putc(&r->text, text.p[i]);
		}
	}
}

void reply_textf(struct reply *r, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	reply_text(r, str_utf8_prefix(str_from(text), sizeof(text)));
}

bool reply_button(struct reply *r, struct str label, struct str data)
{
	if (data.len > REPLY_DATA_MAX || r->n_buttons == REPLY_BUTTONS_MAX)
		return false;
	buf_puts(&r->buttons, r->n_buttons++ ? ",[{\"text\":" : "[{\"text\":");
	buf_json_str(&r->buttons, str_utf8_prefix(label, REPLY_LABEL_MAX));
	buf_puts(&r->buttons, ",\"callback_data\":");
	buf_json_str(&r->buttons, data);
	buf_puts(&r->buttons, "}]");
	return true;
}

/* Whole lines, so that no tag and no entity is cut. */
static struct str fitting(struct str text)
{
	size_t end = REPLY_TEXT_MAX;

	if (text.len <= REPLY_TEXT_MAX)
		return text;
	while (end > 0 && text.p[end] != '\n')
		end--;
	return str_sub(text, 0, end);
}

void reply_print(const struct reply *r, struct buf *b)
{
	struct str whole = buf_str(&r->text), text = fitting(whole);
	struct buf cut = { 0 };

	buf_add_str(&cut, text);
	if (text.len < whole.len)
		buf_puts(&cut, "\n…");
	buf_puts(b, "\"text\":");
	buf_json_str(b, buf_str(&cut));
	buf_puts(b, ",\"parse_mode\":\"HTML\","
		    "\"link_preview_options\":{\"is_disabled\":true}");
	if (r->n_buttons) {
		buf_puts(b, ",\"reply_markup\":{\"inline_keyboard\":[");
		buf_add_str(b, buf_str(&r->buttons));
		buf_puts(b, "]}");
	}
	buf_free(&cut);
}
