/*
 * email - a mail by SMTP: text, the same as HTML, and where it is about an item
 * with prices a chart of them. What is told of one alert is one thread, and a
 * mail that is sent again is known by its Message-ID.
 * RFC 5321, 6409 (submission), 3207 (STARTTLS), 8314 (smtps), 4954 (AUTH),
 * 5322 (headers), 2045 to 2047 (MIME), 2387 (related), 3834 (Auto-Submitted),
 * 2369 and 8058 (List-Unsubscribe).
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/json.h"
#include "common/xmem.h"

#include "kind.h"
#include "mail.h"
#include "mail_html.h"

enum {
	TITLE_MAX = 200, /* characters */
	RATE = 60,
	PORT = 587,
	PORT_TLS = 465,
};

struct email {
	const char *url, *tls, *ca_file, *login;
	char *password;
	const char *from, *to;
	bool plain; /* no picture */
	/* check() makes these */
	struct str from_name, from_address, to_name, to_address;
	struct smtp_request smtp;
};

static const struct kind_key keys[] = {
	{ KIND_KEY(email, url, "url", OPT_STR), .needed = true },
	{ KIND_KEY(email, tls, "tls", OPT_STR) },
	{ KIND_KEY(email, ca_file, "ca-file", OPT_STR) },
	{ KIND_KEY(email, login, "login", OPT_STR) },
	{ KIND_KEY(email, password, "password-file", OPT_STR), .secret = true },
	{ KIND_KEY(email, from, "from", OPT_STR), .needed = true },
	{ KIND_KEY(email, to, "to", OPT_STR), .needed = true },
	{ KIND_KEY(email, plain, "no-chart", OPT_FLAG) },
};

static const char *const schemes[] = { "smtp", "smtps", NULL };

/* ---- settings ---- */

/* A name, an IPv4 address, or an IPv6 one in brackets. */
static bool is_host(struct str host)
{
	bool v6 = str_starts(host, STR("[")) && str_ends(host, STR("]"));

	for (size_t i = v6; i + v6 < host.len; i++) {
		unsigned char c = (unsigned char)host.p[i];

		if (!(c >= '0' && c <= '9') &&
		    !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && c != '.' &&
		    !(v6 ? c == ':' : c == '-'))
			return false;
	}
	return host.len > 2 * (size_t)v6;
}

static bool is_loopback(struct str host)
{
	return str_eq_nocase(host, STR("localhost")) ||
	       str_starts(host, STR("127.")) || str_is(host, "[::1]");
}

/* "smtp://HOST[:PORT]" and nothing else; the port is the scheme's own. */
static int check_url(struct email *m, struct arena *a, struct str *host_r,
		     struct err *e)
{
	struct str url = str_from(m->url), rest, scheme, host;
	size_t colon = str_find(url, STR("://"));
	bool tls;
	uint64_t port;
	char *made;

	scheme = str_sub(url, 0, colon);
	if (colon == (size_t)-1 || !str_is_any(scheme, schemes))
		return err_set(e, EX_CONFIG,
			       "url: smtp://HOST:PORT or "
			       "smtps://HOST:PORT expected");
	tls = str_is(scheme, "smtps");
	port = tls ? PORT_TLS : PORT;
	host = str_sub(url, colon + 3, url.len);
	if (str_ends(host, STR("/")))
		host.len--;
	rest = host;
	colon = 0;
	for (size_t i = 0; i < host.len; i++)
		if (host.p[i] == ':' || host.p[i] == ']')
			colon = host.p[i] == ':' ? i : 0;
	if (colon) {
		rest = str_sub(host, colon + 1, host.len);
		host = str_sub(host, 0, colon);
		if (!str_u64(rest, &port) || port == 0 || port > 65535)
			return err_set(e, EX_CONFIG, "url: '%.*s' is no port",
				       STR_ARG(rest));
	}
	if (!is_host(host))
		return err_set(e, EX_CONFIG, "url: '%.*s' is no host",
			       STR_ARG(host));
	made = arena_alloc(a, url.len + 8);
	sprintf(made, "%s://%.*s:%u", tls ? "smtps" : "smtp", STR_ARG(host),
		(unsigned)port);
	m->smtp.url = made;
	*host_r = host;
	return 0;
}

/* What goes over the network in clear is for others to read. */
static int check_tls(struct email *m, struct str host, struct err *e)
{
	static const char *const names[] = { "required", "try", "no", NULL };
	bool implicit = str_starts(str_from(m->smtp.url), STR("smtps:"));
	size_t i = 0;

	if (!m->tls)
		m->tls = names[!implicit && is_loopback(host)];
	while (names[i] && strcmp(names[i], m->tls) != 0)
		i++;
	if (!names[i])
		return err_set(e, EX_CONFIG,
			       "tls: required, try or no expected");
	m->smtp.tls = (enum smtp_tls)i;
	if (implicit && m->smtp.tls != SMTP_TLS_REQUIRED)
		return err_set(e, EX_CONFIG, "tls: smtps has it always");
	if (m->ca_file && m->smtp.tls == SMTP_TLS_NO)
		return err_set(e, EX_CONFIG, "ca-file: there is no TLS");
	if (m->ca_file && access(m->ca_file, R_OK) != 0)
		return err_set(e, EX_CONFIG, "ca-file: cannot read '%s'",
			       m->ca_file);
	if (!m->login != !m->password)
		return err_set(e, EX_CONFIG, "%s is needed",
			       m->login ? "password-file" : "login");
	if (m->login && m->smtp.tls != SMTP_TLS_REQUIRED && !is_loopback(host))
		return err_set(e, EX_CONFIG,
			       "tls: a password needs it to be required");
	return 0;
}

static int check_address(const char *key, const char *text, struct str *name_r,
			 struct str *address_r, struct err *e)
{
	if (mail_parse_address(str_from(text), name_r, address_r))
		return 0;
	return err_set(e, EX_CONFIG,
		       "%s: NAME@DOMAIN or WORDS <NAME@DOMAIN> expected", key);
}

static int check(void *settings, struct arena *a, struct err *e)
{
	struct email *m = settings;
	struct str host;

	if (check_url(m, a, &host, e) || check_tls(m, host, e) ||
	    check_address("from", m->from, &m->from_name, &m->from_address,
			  e) ||
	    check_address("to", m->to, &m->to_name, &m->to_address, e))
		return -1;
	m->smtp.ca_file = m->ca_file;
	m->smtp.login = m->login;
	m->smtp.password = m->password;
	m->smtp.from = arena_strdup(a, m->from_address);
	m->smtp.to = arena_strdup(a, m->to_address);
	return 0;
}

/* ---- headers ---- */

static struct str domain(const struct email *m)
{
	struct str rest;

	str_cut(m->from_address, '@', &rest);
	return rest;
}

/*
 * The thread: one root for all that is told of an alert, which no mail needs to
 * have, and the mail that this one answers.
 */
static void add_thread(struct buf *b, const struct email *m,
		       const struct kind_message *km)
{
	const struct type_notification *data = &km->msg->data;
	bool answers = mail_is_address(km->edit);

	if (answers)
		buf_addf(b, "In-Reply-To: <%.*s>\r\n", STR_ARG(km->edit));
	if (!data->alert.len && !answers)
		return;
	buf_puts(b, "References:");
	if (data->alert.len)
		buf_addf(b, " <alert.%016llx@%.*s>%s",
			 (unsigned long long)str_hash_id(data->alert),
			 STR_ARG(domain(m)), answers ? "\r\n" : "");
	if (answers)
		buf_addf(b, " <%.*s>", STR_ARG(km->edit));
	buf_puts(b, "\r\n");
}

static void add_headers(struct buf *b, const struct email *m,
			const struct kind_message *km)
{
	static const char *const importance[] = {
		[KIND_LOW] = "low", [KIND_HIGH] = "high", [KIND_URGENT] = "high"
	};
	const struct event *ev = &km->msg->ev;
	enum kind_priority priority = kind_priority(km);

	mail_add_date(b, ev->time_us != CLK_NONE       ? ev->time_us
			 : ev->recorded_us != CLK_NONE ? ev->recorded_us
						       : km->now_us);
	mail_add_address(b, "From", m->from_name, m->from_address);
	mail_add_address(b, "To", m->to_name, m->to_address);
	mail_add_text(b, "Subject", km->title);
	buf_addf(b, "Message-ID: <%s@%.*s>\r\n", km->id, STR_ARG(domain(m)));
	add_thread(b, m, km);
	buf_puts(b, "Auto-Submitted: auto-generated\r\n");
	if (km->unsubscribe.len)
		buf_addf(b,
			 "List-Unsubscribe:\r\n <%.*s>\r\n"
			 "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
			 "\r\n",
			 STR_ARG(km->unsubscribe));
	if (importance[priority])
		buf_addf(b, "Importance: %s\r\n", importance[priority]);
	buf_puts(b, "MIME-Version: 1.0\r\n"
		    "Content-Type: multipart/alternative;\r\n"
		    " boundary=\"=_weir-a\"\r\n\r\n");
}

/* ---- bodies; no line of an encoded part begins with the boundary's "=_" ---- */

static void add_part(struct buf *b, const char *boundary, const char *type,
		     struct str text)
{
	buf_addf(b,
		 "--%s\r\nContent-Type: %s; charset=utf-8\r\n"
		 "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
		 boundary, type);
	mail_add_quoted(b, text);
}

static void add_html(struct buf *b, const char *boundary,
		     const struct kind_message *km, struct str picture)
{
	struct buf html = { .p = NULL };

	mail_html_add(&html, km->title, km->text, picture);
	add_part(b, boundary, "text/html", buf_str(&html));
	buf_free(&html);
}

/* The item that it is about, if any. */
static struct str find_item(const struct kind_message *km, struct arena *a)
{
	struct str none = { 0 }, item, id;

	if (!km->msg->data.data.p ||
	    !json_get(km->msg->data.data, "item", &item) ||
	    json_type_of(json_trim(item)) != JSON_OBJECT)
		return none;
	id = json_get_text(item, "id", a);
	return str_is_id(id) ? id : none;
}

static int build(const void *settings, const struct kind_message *km,
		 struct kind_request *req, struct err *e)
{
	const struct email *m = settings;
	struct arena a = { 0 };
	struct buf *b = &req->body;
	size_t text_end;

	(void)e;
	req->smtp = m->smtp;
	buf_addf(&req->message_id, "%s@%.*s", km->id, STR_ARG(domain(m)));
	add_headers(b, m, km);
	add_part(b, "=_weir-a", "text/plain", km->text);
	text_end = b->len;
	add_html(b, "=_weir-a", km, (struct str){ 0 });
	buf_puts(b, "--=_weir-a--\r\n");
	if (!m->plain)
		buf_add_str(&req->item, find_item(km, &a));
	if (req->item.len) {
		b = &req->before;
		buf_add_str(b, str_sub(buf_str(&req->body), 0, text_end));
		buf_puts(b, "--=_weir-a\r\nContent-Type: multipart/related;"
			    " type=\"text/html\";\r\n"
			    " boundary=\"=_weir-b\"\r\n\r\n");
		add_html(b, "=_weir-b", km,
			 (struct str){ req->message_id.p,
				       req->message_id.len });
		buf_addf(b,
			 "--=_weir-b\r\nContent-Type: image/png\r\n"
			 "Content-Transfer-Encoding: base64\r\n"
			 "Content-ID: <%s>\r\nContent-Disposition: inline;\r\n"
			 " filename=\"prices.png\"\r\n\r\n",
			 req->message_id.p);
		buf_puts(&req->behind, "--=_weir-b--\r\n--=_weir-a--\r\n");
	}
	arena_free(&a);
	return 0;
}

static void add_picture(struct kind_request *req, struct str png)
{
	mail_add_base64(&req->before, png);
	buf_add_str(&req->before, buf_str(&req->behind));
	buf_free(&req->body);
	req->body = req->before;
	req->before = (struct buf){ .p = NULL };
}

const struct kind kind_email = {
	.name = "email",
	.transport = KIND_SMTP,
	.schemes = schemes,
	.keys = keys,
	.n_keys = ARRAY_LEN(keys),
	.size = sizeof(struct email),
	.style = { .text = "{{message}}{{#data.link}}\n\n{{data.link}}"
			   "{{/data.link}}",
		   .unit = TEXT_CHARACTERS,
		   .title_max = TITLE_MAX },
	.rate = RATE,
	.check = check,
	.build = build,
	.can_edit = true,
	.add_picture = add_picture,
};
