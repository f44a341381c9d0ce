#include "common/event.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/swar.h"

const char *position_format(struct position p, char out[POSITION_TEXT_MAX])
{
	snprintf(out, POSITION_TEXT_MAX, "%08x:%llu", p.epoch,
		 (unsigned long long)p.offset);
	return out;
}

static bool parse_epoch(struct str s, uint32_t *epoch_r)
{
	uint32_t v = 0;

	if (s.len != 8)
		return false;
	for (size_t i = 0; i < 8; i++) {
		char c = s.p[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint32_t)(c - 'a' + 10);
		else
			return false;
	}
	*epoch_r = v;
	return true;
}

bool position_parse(struct str s, struct position *p_r)
{
	struct str offset, epoch = str_cut(s, ':', &offset);

	return parse_epoch(epoch, &p_r->epoch) && str_u64(offset, &p_r->offset);
}

struct str event_type(const struct event *ev)
{
	struct str subject;

	return str_cut(ev->topic, '/', &subject);
}

struct str event_subject(const struct event *ev)
{
	struct str subject;

	str_cut(ev->topic, '/', &subject);
	return subject;
}

bool event_is(const struct event *ev, const char *type)
{
	return str_is(event_type(ev), type);
}

/* Most words are ASCII: whether s is one, of eight bytes or more. */
static bool is_ascii_word(struct str s)
{
	const char *last = s.p + s.len - 8;

	for (const char *p = s.p;; p = p + 8 < last ? p + 8 : last) {
		uint64_t word = swar_load(p);

		if (swar_high(word) | swar_below(word, ' ' + 1) |
		    swar_is(word, 0x7f))
			return false;
		if (p == last)
			return true;
	}
}

/* Printable UTF-8 without spaces or control characters. */
static bool is_word(struct str s)
{
	if (s.len >= 8 && is_ascii_word(s))
		return true;
	if (!str_is_utf8(s))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == 0x7f)
			return false;
		/* C1 controls, U+0080 to U+009F */
		if (c == 0xc2 && i + 1 < s.len &&
		    (unsigned char)s.p[i + 1] < 0xa0)
			return false;
	}
	return true;
}

int pattern_check(struct str s, struct err *e)
{
	if (s.len > EVENT_TOPIC_MAX)
		return err_set(e, EX_DATAERR, "topic is longer than %d bytes",
			       EVENT_TOPIC_MAX);
	if (!is_word(s))
		return err_set(e, EX_DATAERR,
			       "topic has a space, a control character or "
			       "broken UTF-8");
	if (s.len && s.p[0] == '$')
		return err_set(e, EX_DATAERR, "topic starts with '$'");
	return 0;
}

/* Two words or more, with a dot between each. */
static bool is_type(struct str s)
{
	size_t dots = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] != '.')
			continue;
		if (i == 0 || i + 1 == s.len || s.p[i - 1] == '.')
			return false;
		dots++;
	}
	return dots > 0;
}

int topic_check(struct str s, struct err *e)
{
	struct str subject, type = str_cut(s, '/', &subject);

	if (pattern_check(s, e))
		return -1;
	if (type.len == 0)
		return err_set(e, EX_DATAERR, "topic has no type");
	if (s.p[s.len - 1] == '/' || s.p[s.len - 1] == '.')
		return err_set(e, EX_DATAERR, "topic ends in '%c'",
			       s.p[s.len - 1]);
	if (!is_type(type))
		return err_set(e, EX_DATAERR,
			       "type '%.*s' is not of the form noun.verb",
			       STR_ARG(type));
	return 0;
}

/* Some topic begins with it, or is it. */
static bool can_match(struct str pattern)
{
	struct str subject, type = str_cut(pattern, '/', &subject);
	size_t last = type.len - 1;

	if (pattern.len == 0)
		return true;
	if (subject.p || type.len == 0 || type.p[last] != '.')
		return is_type(type);
	/* The beginning of a type: one word with a dot behind it, or more. */
	type.len = last;
	return last > 0 && (str_chr(type, '.') == (size_t)-1 || is_type(type));
}

int pattern_check_useful(struct str s, struct err *e)
{
	struct str subject, type;

	if (pattern_check(s, e))
		return -1;
	if (can_match(s))
		return 0;
	type = str_cut(s, '/', &subject);
	if (!subject.p && type.len && str_chr(type, '.') == (size_t)-1)
		return err_set(e, EX_DATAERR,
			       "no topic is '%.*s'; those of all types that "
			       "begin so are '%.*s.'",
			       STR_ARG(s), STR_ARG(s));
	return err_set(e, EX_DATAERR,
		       "no topic matches '%.*s': its type is not of the form "
		       "noun.verb",
		       STR_ARG(s));
}

bool pattern_is_prefix(struct str pattern)
{
	return pattern.len == 0 || pattern.p[pattern.len - 1] == '/' ||
	       pattern.p[pattern.len - 1] == '.';
}

bool topic_matches(struct str topic, struct str pattern)
{
	if (pattern_is_prefix(pattern))
		return str_starts(topic, pattern);
	return str_eq(topic, pattern);
}

bool source_is_valid(struct str s)
{
	return s.len > 0 && s.len <= EVENT_SOURCE_MAX && is_word(s);
}

/* ---- text ---- */

/* What is gathered while reading one line. */
struct reading {
	struct event *ev;
	struct arena *a;
	struct str type, subject;
	struct buf ext;
};

static int bad(struct err *e, const char *name, const char *why)
{
	return err_set(e, EX_DATAERR, "%s: %s", name, why);
}

static int read_time(struct str value, struct arena *a, const char *name,
		     int64_t *us_r, struct err *e)
{
	struct str text;

	if (!json_text(value, a, &text) || !clk_parse(text, us_r))
		return bad(e, name, "not an RFC 3339 time");
	return 0;
}

static int read_id(struct reading *r, struct str value, struct err *e)
{
	struct str text;
	uint64_t id;

	if (!json_text(value, r->a, &text))
		return bad(e, "id", "not a string");
	if (text.len == 0 || text.len > EVENT_ID_MAX)
		return bad(e, "id", "empty or too long");
	/* "007" is not the text of 7: it stays what it was. */
	if (str_u64(text, &id) && id > 0 && text.p[0] != '0')
		r->ev->id = id;
	else
		r->ev->idtext = text;
	return 0;
}

static int read_text(struct str value, struct arena *a, const char *name,
		     struct str *text_r, struct err *e)
{
	if (!json_text(value, a, text_r))
		return bad(e, name, "not a string");
	if (text_r->len == 0)
		return bad(e, name, "empty");
	return 0;
}

static int read_constant(struct str value, struct arena *a, const char *name,
			 const char *want, struct err *e)
{
	struct str text;

	if (!json_text(value, a, &text) || !str_is(text, want))
		return err_set(e, EX_DATAERR, "%s: must be \"%s\"", name, want);
	return 0;
}

static int read_offset(struct reading *r, struct str value, struct err *e)
{
	struct str text;

	if (!json_text(value, r->a, &text) || !str_u64(text, &r->ev->offset))
		return bad(e, "offset", "not a string of digits");
	return 0;
}

static int read_epoch(struct reading *r, struct str value, struct err *e)
{
	struct str text;

	if (!json_text(value, r->a, &text) || !parse_epoch(text, &r->ev->epoch))
		return bad(e, "epoch", "not eight hexadecimal digits");
	return 0;
}

/* An attribute that weir does not know: kept if CloudEvents allows it. */
static int read_further(struct reading *r, struct str key, struct str value,
			struct err *e)
{
	enum json_type type = json_type_of(value);

	for (size_t i = 0; i < key.len; i++)
		if (!((key.p[i] >= 'a' && key.p[i] <= 'z') ||
		      (key.p[i] >= '0' && key.p[i] <= '9')))
			return err_set(e, EX_DATAERR, "%.*s: unknown field",
				       STR_ARG(key));
	if (type != JSON_STRING && type != JSON_NUMBER && type != JSON_BOOL)
		return err_set(e, EX_DATAERR,
			       "%.*s: must be text, number or boolean",
			       STR_ARG(key));
	buf_puts(&r->ext, r->ext.len ? "," : "{");
	buf_json_str(&r->ext, key);
	buf_putc(&r->ext, ':');
	buf_add_str(&r->ext, value);
	return 0;
}

static int read_member(struct reading *r, struct str key, struct str value,
		       struct err *e)
{
	struct event *ev = r->ev;

	if (str_is(key, "data")) {
		ev->data = value;
		return 0;
	}
	if (str_is(key, "id"))
		return read_id(r, value, e);
	if (str_is(key, "source"))
		return read_text(value, r->a, "source", &ev->source, e);
	if (str_is(key, "type"))
		return read_text(value, r->a, "type", &r->type, e);
	if (str_is(key, "subject"))
		return read_text(value, r->a, "subject", &r->subject, e);
	if (str_is(key, "time"))
		return read_time(value, r->a, "time", &ev->time_us, e);
	if (str_is(key, "recordedtime"))
		return read_time(value, r->a, "recordedtime", &ev->recorded_us,
				 e);
	if (str_is(key, "offset"))
		return read_offset(r, value, e);
	if (str_is(key, "epoch"))
		return read_epoch(r, value, e);
	if (str_is(key, "specversion"))
		return read_constant(value, r->a, "specversion", "1.0", e);
	if (str_is(key, "datacontenttype"))
		return read_constant(value, r->a, "datacontenttype",
				     "application/json", e);
	if (str_is(key, "data_base64"))
		return bad(e, "data_base64", "not taken; data must be JSON");
	return read_further(r, key, value, e);
}

/* Join type and subject; checks what a topic must be. */
static int make_topic(struct reading *r, struct err *e)
{
	char *p;

	if (!r->type.p)
		return bad(e, "type", "missing");
	if (str_chr(r->type, '/') != (size_t)-1)
		return bad(e, "type", "has a '/'");
	r->ev->topic = r->type;
	if (r->subject.p) {
		p = arena_alloc(r->a, r->type.len + r->subject.len + 2);
		memcpy(p, r->type.p, r->type.len);
		p[r->type.len] = '/';
		memcpy(p + r->type.len + 1, r->subject.p, r->subject.len);
		r->ev->topic =
			(struct str){ p, r->type.len + r->subject.len + 1 };
	}
	return topic_check(r->ev->topic, e);
}

static int check_complete(const struct event *ev, unsigned flags, struct err *e)
{
	if (ev->source.p && !source_is_valid(ev->source))
		return bad(e, "source", "too long, or has a space");
	if (flags & EVENT_LAX)
		return 0;
	if (ev->id == 0 && !ev->idtext.p)
		return bad(e, "id", "missing");
	if (!ev->source.p)
		return bad(e, "source", "missing");
	if (ev->time_us == CLK_NONE)
		return bad(e, "time", "missing");
	return 0;
}

int event_parse(struct str line, unsigned flags, struct arena *a,
		struct event *ev_r, struct err *e)
{
	struct reading r = { .ev = ev_r, .a = a };
	struct json_iter it;
	int rc = -1;

	*ev_r = (struct event){ .time_us = CLK_NONE, .recorded_us = CLK_NONE };
	if (line.len > EVENT_LINE_MAX)
		return err_set(e, EX_DATAERR, "longer than %d bytes",
			       EVENT_LINE_MAX);
	line = json_trim(line);
	if (json_check(line, JSON_STRICT, e))
		return -1;
	if (json_type_of(line) != JSON_OBJECT)
		return err_set(e, EX_DATAERR, "not a JSON object");
	it = json_iter(line);
	while (json_next(&it))
		if (read_member(&r, it.key, it.value, e))
			goto out;
	if (make_topic(&r, e) || check_complete(ev_r, flags, e))
		goto out;
	if (ev_r->data.len > EVENT_DATA_MAX) {
		err_set(e, EX_DATAERR, "data: more than %d bytes",
			EVENT_DATA_MAX);
		goto out;
	}
	if (r.ext.len) {
		buf_putc(&r.ext, '}');
		if (r.ext.len > EVENT_EXT_MAX) {
			err_set(e, EX_DATAERR,
				"further attributes: more than %d bytes",
				EVENT_EXT_MAX);
			goto out;
		}
		ev_r->ext = arena_str(a, buf_str(&r.ext));
	}
	rc = 0;
out:
	buf_free(&r.ext);
	return rc;
}

/*
 * An event is written in one go, into room that was reserved for it. What is
 * put returns where it ended.
 */
static char *put(char *at, struct str s)
{
	if (s.len)
		memcpy(at, s.p, s.len);
	return at + s.len;
}

static char *put_u64(char *at, uint64_t v)
{
	return at + str_put_u64(at, v);
}

static char *put_epoch(char *at, uint32_t epoch)
{
	for (int shift = 28; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[epoch >> shift & 15];
	return at;
}

/* It writes its NUL too: there is room behind. */
static char *put_time(char *at, int64_t us)
{
	clk_format(us, at);
	return at + CLK_TEXT_LEN;
}

static void put_end(struct buf *b, char *at)
{
	*at = '\0';
	b->len = (size_t)(at - b->p);
}

/* From the id to the time. Texts that may need escapes are left to buf. */
static void print_head(const struct event *ev, bool brief, struct buf *b)
{
	struct str subject = event_subject(ev);

	buf_puts(b, brief ? "{\"id\":" : "{\"specversion\":\"1.0\",\"id\":");
	if (ev->id) {
		buf_putc(b, '"');
		buf_u64(b, ev->id);
		buf_putc(b, '"');
	} else {
		buf_json_str(b, ev->idtext);
	}
	buf_puts(b, ",\"source\":");
	buf_json_str(b, ev->source);
	buf_puts(b, ",\"type\":");
	buf_json_str(b, event_type(ev));
	if (subject.p) {
		buf_puts(b, ",\"subject\":");
		buf_json_str(b, subject);
	}
}

enum { EVENT_PRINT_FIXED = 256 }; /* more than names, times and numbers take */

void event_print(const struct event *ev, unsigned flags, struct buf *b)
{
	bool brief = flags & EVENT_BRIEF;
	struct str data = ev->data.p ? ev->data : STR("null");
	char *at;

	print_head(ev, brief, b);
	at = buf_reserve(b, EVENT_PRINT_FIXED + ev->ext.len + data.len);
	if (!at)
		return;
	if (ev->time_us != CLK_NONE) {
		at = put(at, STR(",\"time\":\""));
		at = put_time(at, ev->time_us);
		*at++ = '"';
	}
	if (ev->ext.len > 2) {
		*at++ = ',';
		at = put(at, str_sub(ev->ext, 1, ev->ext.len - 1));
	}
	if (!brief)
		at = put(at, STR(",\"datacontenttype\":\"application/json\""));
	at = put(at, STR(",\"data\":"));
	at = put(at, data);
	if (ev->recorded_us != CLK_NONE) {
		at = put(at, STR(",\"recordedtime\":\""));
		at = put_time(at, ev->recorded_us);
		*at++ = '"';
	}
	if (ev->offset) {
		at = put(at, STR(",\"offset\":\""));
		at = put_u64(at, ev->offset);
		*at++ = '"';
	}
	if (ev->epoch && !brief) {
		at = put(at, STR(",\"epoch\":\""));
		at = put_epoch(at, ev->epoch);
		*at++ = '"';
	}
	*at++ = '}';
	put_end(b, at);
}

/* ---- frames ---- */

static char *put_word_time(char *at, int64_t us)
{
	*at++ = ' ';
	if (us == CLK_NONE) {
		*at++ = '-';
		return at;
	}
	return put_time(at, us);
}

enum { EVENT_ATTRS_FIXED = 128 }; /* more than times and numbers take */

void event_print_attrs(const struct event *ev, struct buf *b)
{
	char *at = buf_reserve(b, EVENT_ATTRS_FIXED + ev->source.len +
					  ev->ext.len);

	if (!at)
		return;
	at = put(at, ev->source);
	*at++ = ' ';
	at = put_u64(at, ev->id);
	at = put_word_time(at, ev->time_us);
	at = put_word_time(at, ev->recorded_us);
	if (ev->offset) {
		*at++ = ' ';
		at = put_u64(at, ev->offset);
		*at++ = ' ';
		at = put_epoch(at, ev->epoch);
		*at++ = ' ';
	} else {
		at = put(at, STR(" - - "));
	}
	at = put(at, ev->ext.len ? ev->ext : STR("-"));
	put_end(b, at);
}

static bool is_dash(struct str s)
{
	return s.len == 1 && s.p[0] == '-';
}

static bool frame_time(struct str s, int64_t *us_r)
{
	*us_r = CLK_NONE;
	return is_dash(s) || clk_parse(s, us_r);
}

int event_parse_frames(struct str topic, struct str attrs, struct str data,
		       struct event *ev_r, struct err *e)
{
	struct str part[6], rest = attrs;
	struct event ev = { .topic = topic, .data = data };

	for (size_t i = 0; i < 6; i++)
		part[i] = str_cut(rest, ' ', &rest);
	ev.source = part[0];
	if (!rest.p || !source_is_valid(ev.source) ||
	    !str_u64(part[1], &ev.id) || !frame_time(part[2], &ev.time_us) ||
	    !frame_time(part[3], &ev.recorded_us) ||
	    !(is_dash(part[4]) || str_u64(part[4], &ev.offset)) ||
	    !(is_dash(part[5]) || parse_epoch(part[5], &ev.epoch)))
		return err_set(e, EX_DATAERR, "malformed attributes frame");
	if (!is_dash(rest))
		ev.ext = rest;
	*ev_r = ev;
	return 0;
}

int event_check(const struct event *ev, struct err *e)
{
	if (topic_check(ev->topic, e))
		return -1;
	if (!source_is_valid(ev->source))
		return bad(e, "source", "too long, or has a space");
	if (ev->id == 0)
		return bad(e, "id", "no sequence number");
	if (ev->time_us == CLK_NONE)
		return bad(e, "time", "missing");
	if (ev->data.len > EVENT_DATA_MAX)
		return err_set(e, EX_DATAERR, "data: more than %d bytes",
			       EVENT_DATA_MAX);
	if (ev->ext.len > EVENT_EXT_MAX)
		return err_set(e, EX_DATAERR,
			       "further attributes: more than %d bytes",
			       EVENT_EXT_MAX);
	/* An event as text is one line. */
	if (str_chr(ev->data, '\n') != (size_t)-1)
		return bad(e, "data", "has a line break");
	if (str_chr(ev->ext, '\n') != (size_t)-1)
		return bad(e, "further attributes", "have a line break");
	if (ev->data.p && json_check(ev->data, JSON_STRICT, e))
		return err_prefix(e, "data");
	if (ev->ext.p && (json_check(ev->ext, JSON_STRICT, e) ||
			  json_type_of(ev->ext) != JSON_OBJECT))
		return bad(e, "further attributes", "not a JSON object");
	return 0;
}

struct str event_attr(const struct event *ev, const char *name, struct arena *a)
{
	struct str value, text = { 0 };

	if (!ev->ext.p || !json_get(ev->ext, name, &value))
		return text;
	if (!json_text(value, a, &text))
		text = value; /* a number or a boolean, as it stands */
	return text;
}
