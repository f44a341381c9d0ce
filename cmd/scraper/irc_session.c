#include "irc_session.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/xmem.h"

#include "irc.h"

/* Of these, what is offered. */
static const char *const wanted[] = {
	"message-tags",
	"server-time",
	"twitch.tv/tags",
	"twitch.tv/commands",
};

static void over(struct irc_verdict *v, enum outcome outcome, const char *fmt,
		 ...) __attribute__((format(printf, 3, 4)));

static void over(struct irc_verdict *v, enum outcome outcome, const char *fmt,
		 ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->reason, sizeof(v->reason), fmt, ap);
	va_end(ap);
	v->over = true;
	v->outcome = outcome;
}

static void say_nick(struct irc_session *s, struct buf *out)
{
	unsigned digits = 10000 + s->conf.random % 90000 + s->tries;

	if (!s->conf.nick)
		snprintf(s->nick, sizeof(s->nick), "justinfan%u", digits);
	else if (!s->tries)
		str_copy(s->nick, sizeof(s->nick), str_from(s->conf.nick));
	else
		snprintf(s->nick, sizeof(s->nick), "%.48s%u", s->conf.nick,
			 digits % 1000);
	buf_addf(out, "NICK %s\r\n", s->nick);
}

static const char *fault(const struct irc_conf *conf)
{
	if (conf->nick && !irc_is_word(str_from(conf->nick)))
		return "no such nick can be";
	if (conf->pass && strpbrk(conf->pass, "\r\n"))
		return "the password has a line break";
	if (!conf->n_channels)
		return "no channel to join";
	for (size_t i = 0; i < conf->n_channels; i++)
		if (!irc_is_word(str_from(conf->channels[i])))
			return "no such channel can be";
	return NULL;
}

const char *irc_begin(struct irc_session *s, const struct irc_conf *conf,
		      struct buf *out)
{
	const char *why = fault(conf);

	*s = (struct irc_session){ .conf = *conf };
	if (why)
		return why;
	buf_puts(out, "CAP LS 302\r\n");
	if (conf->pass)
		buf_addf(out, "PASS %s\r\n", conf->pass);
	say_nick(s, out);
	buf_addf(out, "USER %s 0 * :%s\r\n", s->nick, s->nick);
	return NULL;
}

/* ---- capabilities ---- */

/* "multi-prefix sasl=PLAIN server-time" */
static void offered(struct irc_session *s, struct str list)
{
	struct str word, value;

	while (str_token(&list, " ", &word)) {
		word = str_cut(word, '=', &value);
		for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
			if (!str_is(word, wanted[i]) || s->caps.len > 400)
				continue;
			buf_addf(&s->caps, "%s%s", s->caps.len ? " " : "",
				 wanted[i]);
		}
	}
}

static void on_cap(struct irc_session *s, const struct irc_message *m,
		   struct buf *out)
{
	struct str what = irc_param(m, 1), last = irc_param(m, m->n - 1);

	if (s->state != IRC_ASKING)
		return;
	if (str_eq_nocase(what, STR("LS"))) {
		offered(s, last);
		if (str_is(irc_param(m, 2), "*") && m->n > 3)
			return; /* more of the list is to come */
		if (s->caps.len)
			buf_addf(out, "CAP REQ :%s\r\n", s->caps.p);
		else
			buf_puts(out, "CAP END\r\n");
	} else if (str_eq_nocase(what, STR("ACK")) ||
		   str_eq_nocase(what, STR("NAK"))) {
		buf_puts(out, "CAP END\r\n");
	}
	/* An ACK is still to come where something was asked for. */
	if (!s->caps.len || !str_eq_nocase(what, STR("LS")))
		s->state = IRC_REGISTERING;
}

/* ---- channels ---- */

bool irc_join_more(struct irc_session *s, struct buf *out)
{
	size_t n = 0, len = 0;

	if (s->state < IRC_JOINING)
		return false;
	while (s->asked < s->conf.n_channels && n < IRC_JOIN_MAX) {
		const char *name = s->conf.channels[s->asked];

		if (n && len + strlen(name) > 400)
			break;
		buf_addf(out, "%s%s", n ? "," : "JOIN ", name);
		len += strlen(name) + 1;
		s->asked++;
		n++;
	}
	if (n)
		buf_puts(out, "\r\n");
	return s->asked < s->conf.n_channels;
}

static bool is_ours(const struct irc_session *s, struct str channel)
{
	for (size_t i = 0; i < s->conf.n_channels; i++)
		if (str_eq_nocase(channel, str_from(s->conf.channels[i])))
			return true;
	return false;
}

/* One channel has let us in, or not. */
static void answered(struct irc_session *s, bool in)
{
	s->answered++;
	s->refused_all = !in && (s->refused_all || s->answered == 1);
	if (in)
		s->state = IRC_JOINED;
}

/* A channel does not let us in; where none does, it is over. */
static void kept_out(struct irc_session *s, struct str channel, struct str text,
		     struct irc_verdict *v)
{
	if (!is_ours(s, channel))
		return;
	answered(s, false);
	if (s->refused_all && s->answered >= s->conf.n_channels)
		over(v, OUTCOME_BLOCKED, "%.*s: %.*s", STR_ARG(channel),
		     STR_ARG(text));
}

/* ---- numbers and words ---- */

static bool is_login_notice(struct str text)
{
	static const char *const words[] = {
		"Login authentication failed",
		"Login unsuccessful",
		"Improperly formatted auth",
		"Invalid NICK",
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_starts(text, str_from(words[i])))
			return true;
	return false;
}

static void on_nick_in_use(struct irc_session *s, struct buf *out,
			   struct irc_verdict *v)
{
	if (s->state >= IRC_JOINING)
		return;
	if (++s->tries > IRC_NICK_TRIES)
		over(v, OUTCOME_BLOCKED, "nick in use, and %d others",
		     IRC_NICK_TRIES);
	else
		say_nick(s, out);
}

static void on_number(struct irc_session *s, const struct irc_message *m,
		      struct buf *out, struct irc_verdict *v)
{
	struct str text = irc_param(m, m->n ? m->n - 1 : 0);
	uint64_t n = 0;

	str_u64(m->command, &n);
	switch (n) {
	case 1: /* the nick that it knows us by may be shorter */
		if (s->state < IRC_JOINING) {
			str_copy(s->nick, sizeof(s->nick), irc_param(m, 0));
			s->state = IRC_JOINING;
			irc_join_more(s, out);
		}
		break;
	case 432:
	case 433:
	case 436:
	case 437: on_nick_in_use(s, out, v); break;
	case 464:
	case 465:
	case 466:
		over(v, OUTCOME_BLOCKED, "login refused: %.*s", STR_ARG(text));
		break;
	case 403:
	case 405:
	case 471:
	case 473:
	case 474:
	case 475:
	case 476:
	case 477: kept_out(s, irc_param(m, 1), text, v); break;
	default: break;
	}
}

static bool is_us(const struct irc_session *s, struct str nick)
{
	return str_eq_nocase(nick, str_from(s->nick));
}

static void on_word(struct irc_session *s, const struct irc_message *m,
		    struct buf *out, struct irc_verdict *v)
{
	struct str text = irc_param(m, m->n ? m->n - 1 : 0);

	v->give = true;
	if (str_eq_nocase(m->command, STR("PING"))) {
		v->give = false;
		buf_addf(out, "PONG :%.*s\r\n", STR_ARG(text));
	} else if (str_eq_nocase(m->command, STR("PONG"))) {
		v->give = false;
	} else if (str_eq_nocase(m->command, STR("CAP"))) {
		v->give = false;
		if (m->n > 2)
			on_cap(s, m, out);
	} else if (str_eq_nocase(m->command, STR("ERROR"))) {
		over(v, OUTCOME_UNREACHABLE, "closed by the server: %.*s",
		     STR_ARG(text));
	} else if (str_eq_nocase(m->command, STR("RECONNECT"))) {
		over(v, OUTCOME_UNREACHABLE,
		     "the server wants us to come back");
	} else if (str_eq_nocase(m->command, STR("NOTICE"))) {
		if (s->state < IRC_JOINING && is_login_notice(text))
			over(v, OUTCOME_BLOCKED, "login refused: %.*s",
			     STR_ARG(text));
		else if (s->state == IRC_JOINING)
			kept_out(s, irc_param(m, 0), text, v);
	} else if (str_eq_nocase(m->command, STR("JOIN"))) {
		if (is_us(s, m->nick) && is_ours(s, irc_param(m, 0)))
			answered(s, true);
	} else if (str_eq_nocase(m->command, STR("NICK"))) {
		if (is_us(s, m->nick))
			str_copy(s->nick, sizeof(s->nick), text);
	} else if (str_eq_nocase(m->command, STR("KICK"))) {
		if (is_us(s, irc_param(m, 1)) && s->conf.n_channels == 1)
			over(v, OUTCOME_BLOCKED, "kicked: %.*s", STR_ARG(text));
	}
}

void irc_line(struct irc_session *s, struct str line, struct buf *out,
	      struct irc_verdict *v_r)
{
	struct irc_message m;

	*v_r = (struct irc_verdict){ 0 };
	if (!irc_parse(line, &m)) {
		if (s->state < IRC_JOINING)
			over(v_r, OUTCOME_PARSE_FAIL, "not IRC");
		return;
	}
	if (m.command.p[0] >= '0' && m.command.p[0] <= '9')
		on_number(s, &m, out, v_r);
	else
		on_word(s, &m, out, v_r);
	v_r->give = v_r->give && !v_r->over && s->state == IRC_JOINED;
}

void irc_session_free(struct irc_session *s)
{
	buf_free(&s->caps);
}
