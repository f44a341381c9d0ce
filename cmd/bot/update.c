#include "update.h"

#include <stdlib.h>
#include <sysexits.h>

/* Ids of chats may be below 0: groups. */
static int64_t number(const struct json *n)
{
	const char *text = json_number(n);

	return text ? strtoll(text, NULL, 10) : 0;
}

/* The first button of a message that stands for something. */
static struct str first_button(const struct json *message)
{
	const struct json *keyboard = json_member(
		json_member(message, "reply_markup"), "inline_keyboard");

	json_each (row, keyboard) {
		json_each (button, row) {
			const struct json *data =
				json_member(button, "callback_data");

			if (json_string(data))
				return json_content(data);
		}
	}
	return (struct str){ 0 };
}

static void read_chat(const struct json *message, struct update *u)
{
	const struct json *chat = json_member(message, "chat");

	u->chat = number(json_member(chat, "id"));
	u->is_private =
		str_is(json_content(json_member(chat, "type")), "private");
	u->message = number(json_member(message, "message_id"));
}

static void read_message(const struct json *message, struct update *u)
{
	const struct json *text = json_member(message, "text");

	u->kind = UPDATE_MESSAGE;
	read_chat(message, u);
	u->from = number(json_member(json_member(message, "from"), "id"));
	if (json_string(text))
		u->text = json_content(text);
	u->about = first_button(json_member(message, "reply_to_message"));
}

static void read_press(const struct json *press, struct update *u)
{
	const struct json *data = json_member(press, "data");
	const struct json *id = json_member(press, "id");

	if (!json_string(id))
		return;
	u->kind = UPDATE_BUTTON;
	read_chat(json_member(press, "message"), u);
	u->from = number(json_member(json_member(press, "from"), "id"));
	u->press = json_content(id);
	if (json_string(data))
		u->text = json_content(data);
}

int update_read(const struct json *node, struct update *u_r, struct err *e)
{
	const char *id = json_number(json_member(node, "update_id"));
	const struct json *message = json_member(node, "message");
	const struct json *press = json_member(node, "callback_query");

	*u_r = (struct update){ .kind = UPDATE_OTHER };
	if (!id || !str_u64(str_from(id), &u_r->id))
		return err_set(e, EX_DATAERR, "an update without an id");
	if (message)
		read_message(message, u_r);
	else if (press)
		read_press(press, u_r);
	if (!u_r->chat)
		u_r->kind = UPDATE_OTHER;
	return 0;
}

bool update_command(struct str text, struct str *name_r, struct str *args_r)
{
	size_t end = 1;

	text = str_trim(text);
	if (!str_starts(text, STR("/")))
		return false;
	while (end < text.len && text.p[end] != ' ' && text.p[end] != '\n')
		end++;
	*name_r = str_sub(text, 1, end);
	*args_r = str_trim(str_sub(text, end, text.len));
	if (str_chr(*name_r, '@') != (size_t)-1)
		*name_r = str_sub(*name_r, 0, str_chr(*name_r, '@'));
	return true;
}
