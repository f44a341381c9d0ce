#include "send.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/child.h"
#include "common/http.h"
#include "common/log.h"
#include "common/loop_child.h"
#include "common/retry_after.h"
#include "common/secret.h"
#include "common/smtp.h"
#include "common/xmem.h"

struct sender {
	struct loop *loop;
	const struct opt_common *common;
	const struct compose_links *links;
	struct http *http;
	struct smtp *smtp;
};

enum { SECRETS_MAX = 8 }; /* of a channel */

struct sending {
	struct sender *sender;
	const struct kind *kind;
	char id[MESSAGE_ID_SIZE + 16];
	unsigned more; /* parts that follow this one */
	send_fn *fn;
	void *arg;
	struct http_call *call;
	struct http_headers *headers;
	struct kind_request req;
	char *secret[SECRETS_MAX];
	size_t n_secrets;
	struct smtp_call *mail;
	struct child *chart; /* is being drawn for it */
	struct loop_child *child;
	struct loop_timer *timer; /* the command's timeout, or a late failure */
	bool timed_out;
	struct outcome outcome; /* of what could not be started */
};

struct sender *sender_new(struct loop *l, const struct opt_common *common,
			  const struct compose_links *links, struct err *e)
{
	struct sender *s = xcalloc(1, sizeof(*s));
	/* Each channel bounds its own; what it bounds must never wait here. */
	struct http_config config = { .user_agent = "weir-notifier",
				      .max_connections = 4096,
				      .max_per_host = 1024 };

	s->loop = l;
	s->common = common;
	s->links = links;
	s->http = http_new(l, &config, e);
	if (s->http)
		s->smtp = smtp_new(l, e);
	if (!s->smtp)
		sender_free(&s);
	return s;
}

void sender_free(struct sender **sp)
{
	if (*sp) {
		http_free(&(*sp)->http);
		smtp_free(&(*sp)->smtp);
	}
	free(*sp);
	*sp = NULL;
}

static void release(struct sending *s)
{
	http_headers_free(&s->headers);
	child_cancel(&s->chart);
	loop_child_free(&s->child);
	loop_timer_free(&s->timer);
	compose_free(&s->req);
	for (size_t i = 0; i < s->n_secrets; i++)
		secret_free(s->secret[i]);
	free(s);
}

void send_cancel(struct sending **sp)
{
	if (!*sp)
		return;
	http_cancel(&(*sp)->call);
	smtp_cancel(&(*sp)->mail);
	release(*sp);
	*sp = NULL;
}

/* The channel may be another one by the time there is an answer. */
static void keep_secrets(struct sending *s, const struct channel *c)
{
	for (size_t i = 0; i < c->kind->n_keys; i++) {
		const struct kind_key *key = &c->kind->keys[i];
		char *const *at =
			(char *const *)((const char *)c->settings + key->at);

		if (!key->secret || !*at)
			continue;
		assert(s->n_secrets < SECRETS_MAX);
		s->secret[s->n_secrets++] = xstrdup(*at);
	}
}

static void end(struct sending *s, struct outcome *o)
{
	o->more = s->more;
	if (o->end == OUTCOME_SENT && s->req.message_id.len)
		outcome_set_message(o, buf_str(&s->req.message_id));
	for (size_t i = 0; i < s->n_secrets; i++)
		outcome_hide(o, str_from(s->secret[i]));
	if (s->req.secret_url)
		outcome_hide(o, buf_str(&s->req.url));
	s->fn(s->arg, o);
	release(s);
}

/* ---- HTTP ---- */

static void on_answer(void *arg, const struct http_response *r)
{
	struct sending *s = arg;
	struct outcome o = outcome_of_http(r->result, r->sent, r->status);
	struct arena a = { 0 };

	s->call = NULL;
	if (r->result != HTTP_OK)
		outcome_set_receiver(&o, str_from(r->reason));
	else if (o.end != OUTCOME_SENT &&
		 !retry_after_parse(http_header(r, "Retry-After"),
				    clk_wall_us(), &o.wait_ms))
		o.wait_ms = 0;
	if (r->result == HTTP_OK && s->kind->answer)
		s->kind->answer(r, &a, &o);
	else if (r->result == HTTP_OK && o.end != OUTCOME_SENT)
		outcome_set_receiver(&o, r->body);
	arena_free(&a);
	end(s, &o);
}

static bool has_type(const struct kind_request *req)
{
	for (size_t i = 0; i < req->n_headers; i++)
		if (strncasecmp(req->header[i].p, "Content-Type:", 13) == 0)
			return true;
	return false;
}

static void start_http(struct sending *s, const struct channel *c)
{
	const char *lines[KIND_HEADERS_MAX + 3];
	struct kind_request *made = &s->req;
	struct http_request req = { .url = made->url.p,
				    .method = made->method ? made->method
							   : "POST",
				    .body = buf_str(&made->body),
				    .max_bytes = KIND_ANSWER_MAX,
				    .timeout_ms = c->timeout_ms };
	char key[96];
	size_t n = 0;

	snprintf(key, sizeof(key), "Idempotency-Key: %s", s->id);
	lines[n++] = "Expect:";
	lines[n++] = key;
	if (!has_type(made))
		lines[n++] = "Content-Type: application/json";
	for (size_t i = 0; i < made->n_headers; i++)
		lines[n++] = made->header[i].p;
	s->headers = http_headers_new(lines, n);
	req.headers = s->headers;
	s->call = http_send(s->sender->http, &req, on_answer, s);
}

/* ---- SMTP ---- */

static void on_mail(void *arg, const struct smtp_response *r)
{
	struct sending *s = arg;
	struct outcome o = outcome_of_smtp(r);

	s->mail = NULL;
	end(s, &o);
}

/* A mail whose picture cannot be drawn goes without it. */
static void on_chart(void *arg, bool ok, struct str png)
{
	struct sending *s = arg;

	s->chart = NULL;
	if (ok && str_starts(png, STR("\x89PNG")) && png.len < SEND_CHART_MAX)
		s->kind->add_picture(&s->req, png);
	smtp_send(s->mail, buf_str(&s->req.body));
}

static void start_chart(struct sending *s)
{
	const char *args[] = { "--since", "30d",	 "--width",
			       "640",	  "--height",	 "320",
			       "--",	  s->req.item.p, NULL };
	const struct child_want want = { .tool = "chart",
					 .args = args,
					 .dir = s->sender->common->dir,
					 .config = s->sender->common->config,
					 .timeout_ms = SEND_CHART_MS,
					 .max_bytes = SEND_CHART_MAX };
	struct err e;

	s->chart = child_start(s->sender->loop, &want, on_chart, s, &e);
	if (!s->chart)
		log_warn("no chart: %s", e.msg);
}

static void start_smtp(struct sending *s, const struct channel *c)
{
	struct smtp_request req = s->req.smtp;

	req.timeout_ms = c->timeout_ms;
	s->mail = smtp_call_new(s->sender->smtp, &req, on_mail, s);
	if (s->req.item.len && s->sender->common)
		start_chart(s);
	if (!s->chart)
		smtp_send(s->mail, buf_str(&s->req.body));
}

/* ---- command ---- */

static void on_end(void *arg, int status, int signal)
{
	struct sending *s = arg;
	struct outcome o = outcome_of_exit(status, signal, s->timed_out);

	end(s, &o);
}

/* Its end is then told by on_end(). */
static void on_timeout(void *arg)
{
	struct sending *s = arg;

	s->timed_out = true;
	loop_child_kill(s->child, SIGKILL);
}

static void on_no_start(void *arg)
{
	struct sending *s = arg;
	struct outcome o = s->outcome;

	end(s, &o);
}

/* The text as a file without a name, which the command can read as it likes. */
static int text_fd(struct str text)
{
	int fd = memfd_create("weir", MFD_CLOEXEC);

	while (fd >= 0 && text.len) {
		ssize_t n = write(fd, text.p, text.len);

		if (n <= 0) {
			close(fd);
			return -1;
		}
		text = str_sub(text, (size_t)n, text.len);
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Our environment with what tells the command about this delivery. */
static char **child_env(const struct sending *s, const char *channel,
			struct arena *a)
{
	size_t n = 0;
	char **env, *p;

	while (environ[n])
		n++;
	env = arena_alloc(a, (n + 3) * sizeof(*env));
	memcpy(env + 2, environ, n * sizeof(*env));
	env[0] = p = arena_alloc(a, sizeof(s->id) + 32);
	sprintf(p, "WEIR_DELIVERY=%s", s->id);
	env[1] = p = arena_alloc(a, strlen(channel) + 32);
	sprintf(p, "WEIR_CHANNEL=%s", channel);
	return env;
}

/* Told from the loop. */
static void fail_late(struct sending *s, enum outcome_end end,
		      const char *reason, const struct err *e)
{
	s->outcome =
		(struct outcome){ .end = end, .reason = reason, .status = -1 };
	outcome_set_receiver(&s->outcome, str_from(e->msg));
	s->timer = loop_timer_new(s->sender->loop, on_no_start, s);
	loop_timer_start(s->timer, 0);
}

static void start_command(struct sending *s, const struct channel *c)
{
	struct arena a = { 0 };
	struct err e;
	int fd = text_fd(buf_str(&s->req.body));

	if (fd < 0)
		err_set(&e, 0, "memfd: %s", strerror(errno));
	else
		s->child = loop_child_new(
			s->sender->loop, s->req.argv, child_env(s, c->name, &a),
			(const int[]){ fd, STDERR_FILENO, STDERR_FILENO },
			on_end, s, &e);
	arena_free(&a);
	if (fd >= 0)
		close(fd);
	if (!s->child) {
		fail_late(s, OUTCOME_RETRY, "no-start", &e);
		return;
	}
	s->timer = loop_timer_new(s->sender->loop, on_timeout, s);
	loop_timer_start(s->timer, c->timeout_ms);
}

struct sending *send_start(struct sender *sender, const struct channel *c,
			   const struct compose_job *job, send_fn *fn,
			   void *arg)
{
	struct sending *s = xcalloc(1, sizeof(*s));
	struct compose_job now = *job;
	unsigned char random[KIND_RANDOM];
	int more;
	struct err e;

	while (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		;
	now.now_us = clk_wall_us();
	now.links = sender->links;
	now.random = random;
	s->sender = sender;
	s->kind = c->kind;
	s->fn = fn;
	s->arg = arg;
	keep_secrets(s, c);
	/* Each part is a request of its own, which a receiver must not merge. */
	if (job->part > 1)
		snprintf(s->id, sizeof(s->id), "%s-%u", job->id, job->part);
	else
		str_copy(s->id, sizeof(s->id), str_from(job->id));
	more = compose(c, &now, &s->req, &e);
	explicit_bzero(random, sizeof(random));
	if (more < 0) {
		fail_late(s, OUTCOME_FAILED, "bad-notification", &e);
		return s;
	}
	s->more = (unsigned)more;
	switch (c->kind->transport) {
	case KIND_HTTP: start_http(s, c); break;
	case KIND_SMTP: start_smtp(s, c); break;
	case KIND_COMMAND: start_command(s, c); break;
	}
	return s;
}
