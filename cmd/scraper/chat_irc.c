#include "chat_irc.h"

#include "common/xmem.h"

/* IRCv3, "Message Tags": "\:" is ';', "\s" a blank, a lone "\" goes. */
static struct str unescape(struct str s, struct arena *a)
{
	char *p;
	size_t n = 0;

	if (str_chr(s, '\\') == (size_t)-1)
		return s;
	p = arena_alloc(a, s.len + 1);
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c == '\\') {
			if (++i == s.len)
				break;
			c = s.p[i];
			c = c == ':'   ? ';'
			    : c == 's' ? ' '
			    : c == 'r' ? '\r'
			    : c == 'n' ? '\n'
				       : c;
		}
		p[n++] = c;
	}
	return (struct str){ p, n };
}

struct tags {
	struct str id, display_name, sent, time, msg_id;
};

static void read_tags(struct str text, struct arena *a, struct tags *t)
{
	const struct {
		const char *name;
		struct str *to;
	} wanted[] = {
		{ "id", &t->id },
		{ "msgid", &t->id },
		{ "display-name", &t->display_name },
		{ "tmi-sent-ts", &t->sent },
		{ "time", &t->time },
		{ "msg-id", &t->msg_id },
	};

	while (text.p) {
		struct str value;
		struct str name =
			str_cut(str_cut(text, ';', &text), '=', &value);

		for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
			if (value.len && str_is(name, wanted[i].name))
				*wanted[i].to = unescape(value, a);
	}
}

/* Twitch closes a channel with a notice. */
static bool is_end(struct str msg_id)
{
	static const char *const words[] = { "msg_channel_suspended",
					     "msg_channel_blocked",
					     "msg_room_not_found", "tos_ban" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_is(msg_id, words[i]))
			return true;
	return false;
}

/* Without a CTCP around it; absent where that is no ACTION. */
static struct str said(struct str text)
{
	if (!str_starts(text, STR("\001")))
		return text;
	if (!str_starts(text, STR("\001ACTION ")))
		return (struct str){ 0 };
	text = str_sub(text, 8, text.len);
	return str_ends(text, STR("\001")) ? str_sub(text, 0, text.len - 1)
					   : text;
}

static struct str skip_blanks(struct str s)
{
	while (s.len && s.p[0] == ' ')
		s = str_sub(s, 1, s.len);
	return s;
}

bool chat_irc_parse(struct str line, struct arena *a, struct chat_irc *irc_r)
{
	struct tags t = { 0 };
	struct str nick = { 0 }, command, target, rest;

	*irc_r = (struct chat_irc){ 0 };
	if (str_starts(line, STR("@"))) {
		read_tags(str_cut(str_sub(line, 1, line.len), ' ', &rest), a,
			  &t);
		line = rest.p ? skip_blanks(rest) : rest;
	}
	if (str_starts(line, STR(":"))) {
		nick = str_cut(str_sub(line, 1, line.len), ' ', &rest);
		nick = str_cut(nick, '!', &(struct str){ 0 });
		line = rest.p ? skip_blanks(rest) : rest;
	}
	command = str_cut(line, ' ', &rest);
	if (command.len == 0)
		return false;
	if (str_is(command, "NOTICE"))
		irc_r->ended = is_end(t.msg_id);
	if (!str_is(command, "PRIVMSG") || !rest.p)
		return true;
	target = str_cut(skip_blanks(rest), ' ', &rest);
	rest = rest.p ? skip_blanks(rest) : rest;
	if (str_starts(rest, STR(":")))
		rest = str_sub(rest, 1, rest.len);
	/* What is said to us alone is not said in the channel. */
	if (target.len == 0 || !(target.p[0] == '#' || target.p[0] == '&' ||
				 target.p[0] == '+' || target.p[0] == '!'))
		return true;
	irc_r->text = said(rest);
	irc_r->channel = target;
	irc_r->username = t.display_name.p ? t.display_name : nick;
	irc_r->id = t.id;
	irc_r->sent = t.sent.p ? t.sent : t.time;
	return true;
}
