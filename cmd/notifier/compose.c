#include "compose.h"

#include <string.h>

/* A title goes into headers and subjects. */
static struct str one_line(struct str text, struct arena *a)
{
	char *p = arena_strdup(a, text);

	for (size_t i = 0; i < text.len; i++)
		if (p[i] == '\n' || p[i] == '\t')
			p[i] = ' ';
	return (struct str){ p, text.len };
}

static int build(const struct channel *c, const struct message *m,
		 const char *id, struct arena *a, struct kind_request *req_r,
		 struct err *e)
{
	const struct text_style *style = &c->kind->style;
	const struct text_limit title = { style->unit, style->title_max,
					  false };
	const struct text_limit text = { style->unit, style->text_max, false };
	const struct text_values values = { m, str_from(id),
					    str_from(c->name) };
	struct kind_message km = {
		.msg = m, .id = id, .channel = c->name, .part = 1, .parts = 1
	};
	struct str part[TEXT_PARTS_MAX];

	text_fill(c->title, &values, &title, a, part);
	km.title = one_line(part[0], a);
	text_fill(c->text, &values, &text, a, part);
	km.text = part[0];
	return c->kind->build(c->settings, &km, req_r, e);
}

int compose(const struct channel *c, struct str line, const char *id,
	    struct kind_request *req_r, struct err *e)
{
	struct arena a = { 0 };
	struct event ev;
	struct message m;
	int rc;

	*req_r = (struct kind_request){ .method = NULL };
	rc = event_parse(line, 0, &a, &ev, e);
	if (rc == 0)
		rc = message_read(&ev, &a, &m, e);
	if (rc == 0)
		rc = build(c, &m, id, &a, req_r, e);
	arena_free(&a);
	return rc;
}

/* Addresses and headers may hold secrets. */
static void wipe(struct buf *b)
{
	if (b->p)
		explicit_bzero(b->p, b->len);
	buf_free(b);
}

void compose_free(struct kind_request *req)
{
	wipe(&req->url);
	buf_free(&req->body);
	for (size_t i = 0; i < req->n_headers; i++)
		wipe(&req->header[i]);
	req->n_headers = 0;
}
