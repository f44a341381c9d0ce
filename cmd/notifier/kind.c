#include "kind.h"

#include <assert.h>
#include <string.h>
#include <sysexits.h>

#include "common/decimal.h"
#include "common/http.h"
#include "common/json.h"
#include "common/retry_after.h"
#include "common/types_user.h"
#include "common/url.h"
#include "common/xmem.h"

extern const struct kind kind_webhook, kind_telegram, kind_slack, kind_discord,
	kind_ntfy, kind_gotify, kind_sms, kind_email, kind_webpush,
	kind_command;

static const struct kind *const kinds[] = {
	&kind_webhook, &kind_telegram, &kind_slack, &kind_discord,
	&kind_ntfy,    &kind_gotify,   &kind_sms,   &kind_email,
	&kind_webpush, &kind_command,
};

const struct kind *kind_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_is(name, kinds[i]->name))
			return kinds[i];
	return NULL;
}

const struct kind *kind_of_url(struct str url)
{
	size_t colon = str_find(url, STR("://"));
	struct str scheme = str_sub(url, 0, colon);

	if (colon == (size_t)-1)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i]->schemes && str_is_any(scheme, kinds[i]->schemes))
			return kinds[i];
	return NULL;
}

bool kind_knows(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		for (size_t k = 0; k < kinds[i]->n_keys; k++)
			if (strcmp(kinds[i]->keys[k].name, key) == 0)
				return true;
	return false;
}

void kind_names(struct buf *b)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		bool last = i + 1 == ARRAY_LEN(kinds);

		buf_addf(b, "%s%s",
			 i == 0 ? ""
			 : last ? " or "
				: ", ",
			 kinds[i]->name);
	}
}

void kind_header(struct kind_request *req, const char *name, struct str value)
{
	struct buf *b = &req->header[req->n_headers++];

	assert(req->n_headers <= KIND_HEADERS_MAX);
	buf_addf(b, "%s: ", name);
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.p[i];

		buf_putc(b, c < ' ' || c == 0x7f ? ' ' : (char)c);
	}
}

int kind_check_url(const char *key, const char *url, struct err *e)
{
	if (url_is_http(str_from(url)))
		return 0;
	return err_set(e, EX_CONFIG, "%s: no http or https URL", key);
}

void kind_bearer(struct kind_request *req, const char *token)
{
	struct buf b = { .p = NULL };

	buf_addf(&b, "Bearer %s", token);
	kind_header(req, "Authorization", buf_str(&b));
	explicit_bzero(b.p, b.len);
	buf_free(&b);
}

void kind_add_base(struct buf *b, const char *url)
{
	size_t len = strlen(url);

	while (len && url[len - 1] == '/')
		len--;
	buf_add(b, url, len);
}

enum kind_priority kind_priority(const struct kind_message *m)
{
	for (size_t i = 0; user_priorities[i]; i++)
		if (str_is(m->msg->data.priority, user_priorities[i]))
			return (enum kind_priority)i;
	return KIND_NORMAL;
}

struct str kind_link(const struct kind_message *m, struct arena *a)
{
	struct str data = m->msg->data.data, link, none = { .p = NULL };

	if (!data.p)
		return none;
	link = json_get_text(data, "link", a);
	if (link.len == 0 || !url_resolve(none, link, a, &link) ||
	    link.len > KIND_LINK_MAX)
		return none;
	return link;
}

struct str kind_answer_object(const struct http_response *r)
{
	struct str body = json_trim(r->body), none = { .p = NULL };
	struct err ignored;

	if (json_check(r->body, 0, &ignored) ||
	    json_type_of(body) != JSON_OBJECT)
		return none;
	return body;
}

void kind_answer_of_others(struct outcome *o)
{
	if (o->end != OUTCOME_SENT)
		return;
	o->end = OUTCOME_FAILED;
	o->reason = "rejected";
	outcome_set_receiver(o, STR("this is no answer of such a service"));
}

void kind_wait(struct outcome *o, struct str seconds)
{
	const struct decimal thousand = decimal_from_int(1000);
	decimal_coef unit = 1, ms;
	struct decimal d;

	if (!decimal_parse_json(seconds, &d) || decimal_sign(d) <= 0 ||
	    !decimal_mul(d, thousand, &d))
		return;
	for (unsigned i = 0; i < d.scale; i++)
		unit *= 10;
	ms = (d.coef + unit - 1) / unit;
	if (ms > RETRY_AFTER_MAX_MS)
		ms = RETRY_AFTER_MAX_MS;
	if (ms > o->wait_ms)
		o->wait_ms = (int64_t)ms;
}
