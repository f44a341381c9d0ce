#ifndef TESTS_UNIT_NOTIFIER_KINDS_H
#define TESTS_UNIT_NOTIFIER_KINDS_H

/*
 * kinds - what tests of the kinds of channels share: a channel from the text
 * of its section, the request for a notification, and what an answer becomes.
 */
#include <string.h>
#include <unistd.h>

#include "cmd/notifier/compose.h"
#include "common/http.h"

#include "tests/unit/cases.h"

#define KINDS_NOW_S INT64_C(1700000000)

struct kinds_case {
	struct conf *conf;
	struct channels channels;
	struct kind_request req;
};

/* A file, readable by its owner only; the path is valid until the next one. */
static inline const char *kinds_file(const char *text)
{
	static char path[64];
	size_t len = strlen(text);
	int fd;

	strcpy(path, "/tmp/weir-kinds-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	return path;
}

/* Load "[channel x]" and these keys. -1 with *e where they are refused. */
static inline int kinds_load(struct kinds_case *k, const char *keys,
			     struct err *e)
{
	struct buf text = { .p = NULL };
	const char *path;
	int rc;

	*k = (struct kinds_case){ .conf = NULL };
	buf_addf(&text, "[channel x]\n%s\n", keys);
	path = kinds_file(text.p);
	k->conf = conf_load(path, e);
	unlink(path);
	buf_free(&text);
	assert_non_null(k->conf);
	rc = channels_load(k->conf, &k->channels, e);
	if (rc)
		conf_free(&k->conf);
	return rc;
}

static inline void kinds_free(struct kinds_case *k)
{
	compose_free(&k->req);
	channels_free(&k->channels);
	conf_free(&k->conf);
}

/* The same with a secret: FILE in keys stands for a file that holds it. */
static inline int kinds_load_secret(struct kinds_case *k, const char *keys,
				    const char *secret, struct err *e)
{
	const char *at = strstr(keys, "FILE");
	char path[64];
	struct buf text = { .p = NULL };
	int rc;

	assert_non_null(at);
	strcpy(path, kinds_file(secret));
	buf_addf(&text, "%.*s%s%s", (int)(at - keys), keys, path, at + 4);
	rc = kinds_load(k, text.p, e);
	unlink(path);
	buf_free(&text);
	return rc;
}

/*
 * Make the request for a notification with this data, for user ana. edit: the
 * receiver's id of the message to change, or absent. Returns how many parts
 * follow, or -1 with *e.
 */
static inline int kinds_compose_any(struct kinds_case *k, const char *data,
				    unsigned part, struct str edit,
				    int64_t now_s, struct err *e)
{
	struct event ev = { .topic = STR("user.notification/ana"),
			    .source = STR("weir/alerter/1"),
			    .id = 7,
			    .time_us = 0,
			    .recorded_us = CLK_NONE,
			    .data = str_from(data) };
	struct compose_job job = { .id = "k1",
				   .part = part,
				   .edit = edit,
				   .now_us = now_s * 1000000,
				   .random = (const unsigned char[KIND_RANDOM]){
					   "a test's bytes of chance" } };
	struct buf line = { .p = NULL };
	int rc;

	event_print(&ev, 0, &line);
	job.line = buf_str(&line);
	compose_free(&k->req);
	rc = compose(&k->channels.v[0], &job, &k->req, e);
	buf_free(&line);
	return rc;
}

static inline int kinds_compose_part(struct kinds_case *k, const char *data,
				     unsigned part, struct str edit,
				     struct err *e)
{
	return kinds_compose_any(k, data, part, edit, KINDS_NOW_S, e);
}

static inline int kinds_compose_at(struct kinds_case *k, const char *data,
				   int64_t now_s, struct err *e)
{
	return kinds_compose_any(k, data, 1, (struct str){ 0 }, now_s, e);
}

static inline int kinds_compose(struct kinds_case *k, const char *data,
				struct err *e)
{
	return kinds_compose_part(k, data, 1, (struct str){ 0 }, e);
}

/* The value of a header of the request, or NULL. */
static inline const char *kinds_header(const struct kinds_case *k,
				       const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < k->req.n_headers; i++) {
		const char *line = k->req.header[i].p;

		if (strncmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 2;
	}
	return NULL;
}

/* What the kind of this name makes of an answer without headers. */
static inline struct outcome kinds_answer(const char *kind, int status,
					  const char *body)
{
	const struct http_response r = { .result = HTTP_OK,
					 .status = status,
					 .sent = true,
					 .body = str_from(body) };
	struct outcome o = outcome_of_http(r.result, true, status);
	struct arena a = { 0 };

	kind_find(str_from(kind))->answer(&r, &a, &o);
	arena_free(&a);
	return o;
}

/* An answer, and all that is to become of it. */
struct kinds_answer_case {
	int status;
	const char *body;
	enum outcome_end end;
	const char *reason, *receiver, *message;
	int64_t wait_ms;
	bool gone;
};

static inline void kinds_check_answers(const char *kind,
				       const struct kinds_answer_case *t,
				       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct outcome o = kinds_answer(kind, t[i].status, t[i].body);

		if (o.end != t[i].end || strcmp(o.reason, t[i].reason) != 0 ||
		    strcmp(o.receiver, t[i].receiver) != 0 ||
		    strcmp(o.message, t[i].message) != 0 ||
		    o.wait_ms != t[i].wait_ms || o.edit_gone != t[i].gone)
			fail_msg("%d %s: %d %s, receiver %s, message %s, "
				 "wait %lld",
				 t[i].status, t[i].body, o.end, o.reason,
				 o.receiver, o.message, (long long)o.wait_ms);
	}
}

/* Keys that are refused, with a secret for FILE, and what must be said. */
struct kinds_refusal {
	const char *keys, *secret, *want;
};

static inline void kinds_check_refusals(const struct kinds_refusal *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct kinds_case k;
		struct err e;
		int rc = strstr(t[i].keys, "FILE")
				 ? kinds_load_secret(&k, t[i].keys, t[i].secret,
						     &e)
				 : kinds_load(&k, t[i].keys, &e);

		if (rc == 0)
			fail_msg("%s: taken", t[i].keys);
		if (!strstr(e.msg, t[i].want) || strstr(e.msg, t[i].secret))
			fail_msg("%s: %s", t[i].keys, e.msg);
	}
}

#define KINDS_NOTE(title, message) \
	"{\"type\":\"custom\",\"title\":" title ",\"message\":" message "}"
#define KINDS_FOREIGN "this is no answer of such a service"

#endif
