#include "client.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/json.h"
#include "common/since.h"

static bool __attribute__((format(printf, 3, 4)))
fail(struct client_error *e, const char *code, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->message, sizeof(e->message), fmt, ap);
	va_end(ap);
	str_make_printable(e->message);
	return false;
}

static bool read_patterns(struct str value, struct arena *a,
			  struct client_command *cmd, struct client_error *e)
{
	struct json_iter it = json_iter(value);
	struct err why;

	if (json_type_of(value) != JSON_ARRAY)
		return fail(e, "bad-pattern", "patterns come in an array");
	while (json_next(&it)) {
		struct str *p = &cmd->pattern[cmd->n];

		if (cmd->n == PATTERNS_MAX)
			return fail(e, "too-many-subscriptions",
				    "more than %d patterns", PATTERNS_MAX);
		if (!json_text(it.value, a, p))
			return fail(e, "bad-pattern", "a pattern is a string");
		if (cmd->verb == CLIENT_SUBSCRIBE
			    ? pattern_check_useful(*p, &why)
			    : pattern_check(*p, &why))
			return fail(e, "bad-pattern", "%s", why.msg);
		cmd->n++;
	}
	if (cmd->n == 0)
		return fail(e, "bad-pattern",
			    "no pattern given; \"\" is everything");
	return true;
}

static bool read_since(struct str value, struct arena *a,
		       struct client_command *cmd, struct client_error *e)
{
	struct since w;

	if (!json_text(value, a, &cmd->since) ||
	    !since_parse(cmd->since, 0, &w))
		return fail(e, "bad-position",
			    "since is a position (\"EPOCH:OFFSET\"), a time or "
			    "an age");
	return true;
}

static bool read_flag(struct str key, struct str value, bool *flag_r,
		      struct client_error *e)
{
	if (json_type_of(value) != JSON_BOOL)
		return fail(e, "bad-message", "%.*s is true or false",
			    STR_ARG(key));
	*flag_r = str_is(value, "true");
	return true;
}

static bool read_filter(struct str value, struct arena *a,
			struct client_command *cmd, struct client_error *e)
{
	if (!json_text(value, a, &cmd->filter))
		return fail(e, "bad-filter", "filter is a string");
	return true;
}

static bool read_verb(struct str key, struct str value, struct arena *a,
		      struct client_command *cmd, struct client_error *e)
{
	if (str_is(key, "ping")) {
		cmd->verb = CLIENT_PING;
		cmd->ping = value;
		if (value.len > CLIENT_PING_MAX)
			return fail(e, "too-large", "ping: more than %d bytes",
				    CLIENT_PING_MAX);
		return true;
	}
	if (str_is(key, "auth")) {
		cmd->verb = CLIENT_AUTH;
		return json_text(value, a, &cmd->token) ||
		       fail(e, "bad-message", "auth: a token is a string");
	}
	if (str_is(key, "publish")) {
		cmd->verb = CLIENT_PUBLISH;
		cmd->event = value;
		return json_type_of(value) == JSON_OBJECT ||
		       fail(e, "bad-event", "publish: an event is an object");
	}
	cmd->verb = str_is(key, "subscribe") ? CLIENT_SUBSCRIBE
					     : CLIENT_UNSUBSCRIBE;
	return read_patterns(value, a, cmd, e);
}

/* What goes with a subscription, or with an event. */
static bool read_option(struct str key, struct str value, struct arena *a,
			struct client_command *cmd, struct client_error *e)
{
	if (str_is(key, "since"))
		return read_since(value, a, cmd, e);
	if (str_is(key, "last"))
		return read_flag(key, value, &cmd->last, e);
	if (str_is(key, "presence"))
		return read_flag(key, value, &cmd->presence, e);
	if (str_is(key, "filter"))
		return read_filter(value, a, cmd, e);
	if (str_is(key, "id")) {
		cmd->id = value;
		return value.len <= CLIENT_PING_MAX ||
		       fail(e, "too-large", "id: more than %d bytes",
			    CLIENT_PING_MAX);
	}
	return fail(e, "bad-message", "%.*s: unknown member",
		    STR_ARG(str_utf8_prefix(key, 64)));
}

static bool is_verb(struct str key)
{
	return str_is(key, "subscribe") || str_is(key, "unsubscribe") ||
	       str_is(key, "ping") || str_is(key, "auth") ||
	       str_is(key, "publish");
}

bool client_parse(struct str text, struct arena *a, struct client_command *cmd,
		  struct client_error *e)
{
	struct json_iter it;
	struct err why;
	unsigned verbs = 0;

	*cmd = (struct client_command){ .verb = CLIENT_PING };
	text = json_trim(text);
	if (json_check(text, JSON_STRICT, &why))
		return fail(e, "bad-json", "%s", why.msg);
	if (json_type_of(text) != JSON_OBJECT)
		return fail(e, "bad-message", "a message is a JSON object");
	it = json_iter(text);
	while (json_next(&it)) {
		bool ok = true;

		if (is_verb(it.key) && verbs++ == 0)
			ok = read_verb(it.key, it.value, a, cmd, e);
		else if (!is_verb(it.key))
			ok = read_option(it.key, it.value, a, cmd, e);
		if (!ok)
			return false;
	}
	if (verbs != 1)
		return fail(e, "bad-message",
			    "one of subscribe, unsubscribe, ping, auth and "
			    "publish");
	if (cmd->verb != CLIENT_SUBSCRIBE &&
	    (cmd->since.p || cmd->last || cmd->presence || cmd->filter.p))
		return fail(e, "bad-message",
			    "since, last, presence and filter belong to "
			    "subscribe");
	if (cmd->verb != CLIENT_PUBLISH && cmd->id.p)
		return fail(e, "bad-message", "id belongs to publish");
	return true;
}

static void print_position(struct position pos, struct buf *b)
{
	char text[POSITION_TEXT_MAX];

	if (pos.epoch)
		buf_addf(b, "\"%s\"", position_format(pos, text));
	else
		buf_puts(b, "null");
}

void client_print_subscribed(const struct patterns *p, struct position pos,
			     bool recovered, struct buf *b)
{
	buf_puts(b, "{\"subscribed\":");
	patterns_print(p, b);
	if (patterns_filters(p)) {
		buf_puts(b, ",\"filters\":");
		patterns_print_filters(p, b);
	}
	buf_puts(b, ",\"position\":");
	print_position(pos, b);
	buf_addf(b, ",\"recovered\":%s}", recovered ? "true" : "false");
}

void client_print_pong(struct str ping, struct position pos, struct buf *b)
{
	buf_puts(b, "{\"pong\":");
	buf_add_str(b, ping);
	buf_puts(b, ",\"position\":");
	print_position(pos, b);
	buf_putc(b, '}');
}

void client_print_authenticated(const struct access *who, struct buf *b)
{
	char time[CLK_TEXT_SIZE];

	buf_puts(b, "{\"authenticated\":{\"user\":");
	if (who->user.p)
		buf_json_str(b, who->user);
	else
		buf_puts(b, "null");
	buf_addf(b,
		 ",\"role\":\"%s\",\"expires\":", access_role_name(who->role));
	if (who->expires_us == ACCESS_NEVER)
		buf_puts(b, "null}}");
	else
		buf_addf(b, "\"%s\"}}", clk_format(who->expires_us, time));
}

static void print_id(struct str id, struct buf *b)
{
	if (id.p)
		buf_add_str(b, id);
	else
		buf_puts(b, "null");
}

void client_print_published(struct str id, struct position pos, struct buf *b)
{
	buf_puts(b, "{\"published\":");
	print_id(id, b);
	buf_puts(b, ",\"position\":");
	print_position(pos, b);
	buf_putc(b, '}');
}

void client_print_refused(const char *code, const char *message, struct str id,
			  struct buf *b)
{
	buf_addf(b, "{\"error\":{\"code\":\"%s\",\"message\":", code);
	buf_json_str(b, str_from(message));
	buf_puts(b, ",\"id\":");
	print_id(id, b);
	buf_puts(b, "}}");
}

void client_print_error(const char *code, const char *message, struct buf *b)
{
	buf_addf(b, "{\"error\":{\"code\":\"%s\",\"message\":", code);
	buf_json_str(b, str_from(message));
	buf_puts(b, "}}");
}

void client_print_reason(unsigned retry_ms, struct position pos, struct buf *b)
{
	char text[POSITION_TEXT_MAX];

	buf_addf(b, "{\"retry\":%u", retry_ms);
	if (pos.epoch)
		buf_addf(b, ",\"position\":\"%s\"", position_format(pos, text));
	buf_putc(b, '}');
}
