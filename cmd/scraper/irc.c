#include "irc.h"

enum irc_result irc_next(struct str in, struct str *line_r, size_t *used_r)
{
	size_t at = 0, end;

	while (at < in.len && (in.p[at] == '\r' || in.p[at] == '\n'))
		at++;
	*used_r = at;
	for (end = at; end < in.len; end++)
		if (in.p[end] == '\n' || in.p[end] == '\r')
			break;
	if (end - at > IRC_LINE_MAX)
		return IRC_BIG;
	if (end == in.len)
		return IRC_MORE;
	*line_r = str_sub(in, at, end);
	*used_r = end + 1;
	return IRC_LINE;
}

static struct str skip_blanks(struct str s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] == ' ')
		n++;
	return str_sub(s, n, s.len);
}

/* The word at the beginning; *s goes on behind the blanks after it. */
static struct str take_word(struct str *s)
{
	size_t n = 0;
	struct str word;

	while (n < s->len && s->p[n] != ' ')
		n++;
	word = str_sub(*s, 0, n);
	*s = skip_blanks(str_sub(*s, n, s->len));
	return word;
}

static bool is_command(struct str s)
{
	size_t letters = 0, digits = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		digits += c >= '0' && c <= '9';
		letters += (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
	}
	return s.len && (letters == s.len || (digits == 3 && s.len == 3));
}

static void take_params(struct str s, struct irc_message *m)
{
	while (s.len) {
		bool last = s.p[0] == ':' || m->n + 1 == IRC_PARAMS_MAX;

		if (s.p[0] == ':')
			s = str_sub(s, 1, s.len);
		m->param[m->n++] = last ? s : take_word(&s);
		if (last)
			return;
	}
}

bool irc_parse(struct str line, struct irc_message *m_r)
{
	*m_r = (struct irc_message){ 0 };
	if (line.len && line.p[0] == '@') {
		m_r->tags = take_word(&line);
		m_r->tags = str_sub(m_r->tags, 1, m_r->tags.len);
	}
	line = skip_blanks(line);
	if (line.len && line.p[0] == ':') {
		m_r->source = take_word(&line);
		m_r->source = str_sub(m_r->source, 1, m_r->source.len);
		m_r->nick = str_cut(m_r->source, '!', &(struct str){ 0 });
	}
	m_r->command = take_word(&line);
	take_params(line, m_r);
	return is_command(m_r->command);
}

struct str irc_param(const struct irc_message *m, size_t i)
{
	return i < m->n ? m->param[i] : (struct str){ 0 };
}

bool irc_is_word(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == ',' ||
		    s.p[i] == 0x7f)
			return false;
	return s.len > 0 && s.len <= 200 && s.p[0] != ':';
}
