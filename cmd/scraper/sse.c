#include "sse.h"

#include <string.h>

static const char bom[] = "\xef\xbb\xbf";

/* The value of a field, put in the place of the one before. */
static void set(struct buf *b, struct str value, size_t max)
{
	if (value.len > max)
		return;
	buf_reset(b);
	buf_add_str(b, value);
}

static void set_retry(struct sse *s, struct str value)
{
	uint64_t n;

	if (str_u64(value, &n))
		s->retry_ms = n < SSE_RETRY_MAX ? (int64_t)n : SSE_RETRY_MAX;
}

static void field(struct sse *s, struct str name, struct str value)
{
	if (value.len && value.p[0] == ' ')
		value = str_sub(value, 1, value.len);
	if (str_is(name, "data")) {
		s->has_data = true;
		buf_add_str(&s->data, value);
		buf_putc(&s->data, '\n');
	} else if (str_is(name, "event")) {
		set(&s->event, value, SSE_EVENT_MAX);
	} else if (str_is(name, "id")) {
		if (str_chr(value, '\0') == (size_t)-1)
			set(&s->id, value, SSE_ID_MAX);
	} else if (str_is(name, "retry")) {
		set_retry(s, value);
	}
}

/* Replace what is not UTF-8; b keeps its bytes where all is well. */
static void repair(struct buf *b)
{
	struct buf out = { 0 };

	if (str_is_utf8(buf_str(b)))
		return;
	buf_add_utf8(&out, buf_str(b));
	buf_free(b);
	b->p = out.p;
	b->len = out.len;
	b->cap = out.cap;
}

/* An empty line: true where it ends an event. */
static bool dispatch(struct sse *s, struct sse_event *e_r)
{
	bool has = s->has_data;

	set(&s->last_id, buf_str(&s->id), SSE_ID_MAX);
	s->has_data = false;
	if (!has) {
		buf_reset(&s->event);
		return false;
	}
	s->given = true;
	s->data.len--; /* the last line's LF */
	repair(&s->data);
	repair(&s->event);
	repair(&s->last_id);
	e_r->data = buf_str(&s->data);
	e_r->event = s->event.len ? buf_str(&s->event) : STR("message");
	e_r->id = s->last_id.len ? buf_str(&s->last_id) : STR("");
	return true;
}

/* True where the line ends an event. */
static bool on_line(struct sse *s, struct sse_event *e_r)
{
	struct str line = buf_str(&s->line), value, name;

	if (!line.len)
		return dispatch(s, e_r);
	name = str_cut(line, ':', &value);
	if (name.len) /* else a comment */
		field(s, name, value);
	buf_reset(&s->line);
	return false;
}

/* An event was given out: begin the next one. */
static void forget(struct sse *s)
{
	if (!s->given)
		return;
	s->given = false;
	if (s->data.cap > s->max / 16)
		buf_free(&s->data);
	buf_reset(&s->data);
	buf_reset(&s->event);
}

/* Up to the end of the line, or of the input. */
static size_t take_line(struct sse *s, struct str in)
{
	size_t n = 0;

	while (n < in.len && in.p[n] != '\n' && in.p[n] != '\r')
		n++;
	buf_add(&s->line, in.p, n);
	return n;
}

/* Bytes of a BOM at the beginning of the stream. */
static size_t skip_bom(struct sse *s, struct str in)
{
	size_t n = 0;

	while (s->bom < 3 && n < in.len) {
		if (in.p[n] != bom[s->bom]) {
			buf_add(&s->line, bom, s->bom); /* it was none */
			s->bom = 3;
			return n;
		}
		s->bom++;
		n++;
	}
	return n;
}

enum sse_result sse_read(struct sse *s, struct str in, size_t *used_r,
			 struct sse_event *e_r)
{
	size_t at = skip_bom(s, in);
	bool event;

	s->line.max = s->data.max = s->max;
	forget(s);
	while (at < in.len) {
		if (s->after_cr && in.p[at] == '\n')
			at++;
		s->after_cr = false;
		at += take_line(s, str_sub(in, at, in.len));
		if (s->line.full)
			return SSE_BIG;
		if (at == in.len)
			break;
		s->after_cr = in.p[at++] == '\r';
		event = on_line(s, e_r);
		if (s->data.full)
			return SSE_BIG;
		*used_r = at;
		if (event)
			return SSE_EVENT;
	}
	*used_r = in.len;
	return SSE_MORE;
}

void sse_free(struct sse *s)
{
	buf_free(&s->line);
	buf_free(&s->data);
	buf_free(&s->event);
	buf_free(&s->id);
	buf_free(&s->last_id);
}
