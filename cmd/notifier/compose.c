#include "compose.h"

#include <string.h>

#include "common/json.h"
#include "common/unsubscribe.h"

/* A title goes into headers and subjects. */
static struct str one_line(struct str text, struct arena *a)
{
	char *p = arena_strdup(a, text);

	for (size_t i = 0; i < text.len; i++)
		if (p[i] == '\n' || p[i] == '\t')
			p[i] = ' ';
	return (struct str){ p, text.len };
}

/* The texts; returns how many parts follow. */
static int fill(const struct channel *c, const struct compose_job *job,
		struct kind_message *km, struct arena *a)
{
	const struct text_style *style = &c->kind->style;
	struct text_limit limit = { style->unit, style->title_max, false };
	struct str part[TEXT_PARTS_MAX];
	size_t n;

	km->part = km->parts = 1;
	if (!c->text)
		return 0;
	text_fill(c->title, km->values, &limit, a, part);
	km->title = one_line(part[0], a);
	/* What was one message is changed into one. */
	limit.split = c->split && !job->edit.p;
	limit.max = style->text_max;
	n = text_fill(c->text, km->values, &limit, a, part);
	km->parts = (unsigned)n;
	km->part = job->part < n ? job->part : (unsigned)n;
	km->text = part[km->part - 1];
	return (int)(km->parts - km->part);
}

/* The address by which this user wants no more of the rule that told it. */
static struct str make_link(const struct compose_links *links,
			    const struct message *m, struct arena *a)
{
	struct buf b = { .p = NULL };
	struct str link = { 0 }, rule = link;

	if (m->data.data.p)
		rule = json_get_text(m->data.data, "rule", a);
	if (!links || !links->url || !str_is_id(rule) || !str_is_id(m->user))
		return link;
	kind_add_base(&b, links->url);
	buf_puts(&b, "/unsubscribe/");
	unsubscribe_add(&b, str_from(links->key), m->user, rule);
	link = arena_str(a, buf_str(&b));
	buf_free(&b);
	return link;
}

int compose(const struct channel *c, const struct compose_job *job,
	    struct kind_request *req_r, struct err *e)
{
	struct arena a = { 0 };
	struct event ev;
	struct message m;
	const struct text_values values = { &m, str_from(job->id),
					    str_from(c->name) };
	struct kind_message km = { .msg = &m,
				   .id = job->id,
				   .channel = c->name,
				   .edit = job->edit,
				   .now_us = job->now_us,
				   .random = job->random,
				   .values = &values };
	int rc, more = 0;

	*req_r = (struct kind_request){ .method = NULL };
	rc = event_parse(job->line, 0, &a, &ev, e);
	if (rc == 0)
		rc = message_read(&ev, &a, &m, e);
	if (rc == 0) {
		km.unsubscribe = make_link(job->links, &m, &a);
		more = fill(c, job, &km, &a);
		rc = c->kind->build(c->settings, &km, req_r, e);
	}
	arena_free(&a);
	return rc ? -1 : more;
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
	buf_free(&req->message_id);
	buf_free(&req->item);
	buf_free(&req->before);
	buf_free(&req->behind);
	for (size_t i = 0; i < req->n_headers; i++)
		wipe(&req->header[i]);
	req->n_headers = 0;
}
