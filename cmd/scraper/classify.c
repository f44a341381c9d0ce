#include "classify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/xmem.h"

#include "date.h"

struct mark {
	const char *text, *who;
};

/* Only a page that blocks has these. */
static const struct mark sure_marks[] = {
	{ "<title>Just a moment...</title>", "Cloudflare" },
	{ "<title>Attention Required! | Cloudflare</title>", "Cloudflare" },
	{ "window._cf_chl_opt", "Cloudflare" },
	{ "geo.captcha-delivery.com/captcha", "DataDome" },
	{ "Incapsula incident ID", "Imperva" },
	{ "Sucuri WebSite Firewall - Access Denied", "Sucuri" },
	{ "/errors/validateCaptcha", "Amazon" },
	{ "id=\"px-captcha\"", "HUMAN" },
	{ "<title>Pardon Our Interruption", "Imperva" },
	{ "gokuProps", "AWS WAF" },
	{ "<title>Access to this page has been denied", "HUMAN" },
	{ "/sorry/index?continue=", "Google" },
};

/* Ordinary pages may have these too. */
static const struct mark likely_marks[] = {
	{ "captcha", "a captcha" },
	{ "/cdn-cgi/challenge-platform/", "Cloudflare" },
	{ "_Incapsula_Resource", "Imperva" },
	{ "errors.edgesuite.net", "Akamai" },
	{ "ddos protection by", "a challenge" },
	{ "verify you are human", "a challenge" },
	{ "unusual traffic", "a challenge" },
	{ "access denied", "a block page" },
};

static void say(struct verdict *v, enum outcome outcome, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct verdict *v, enum outcome outcome, const char *fmt, ...)
{
	va_list ap;

	v->outcome = outcome;
	va_start(ap, fmt);
	vsnprintf(v->reason, sizeof(v->reason), fmt, ap);
	va_end(ap);
	str_make_printable(v->reason);
}

static struct str beginning(struct str page)
{
	return str_sub(page, 0,
		       page.len < CLASSIFY_SCAN_MAX ? page.len
						    : CLASSIFY_SCAN_MAX);
}

static const char *surely(struct str page)
{
	for (size_t i = 0; i < ARRAY_LEN(sure_marks); i++)
		if (str_find(beginning(page), str_from(sure_marks[i].text)) !=
		    (size_t)-1)
			return sure_marks[i].who;
	return NULL;
}

/* Whatever the case; only refusals are searched so. */
static const char *likely(struct str page)
{
	page = beginning(page);
	for (size_t i = 0; i < ARRAY_LEN(likely_marks); i++) {
		struct str mark = str_from(likely_marks[i].text);

		for (size_t k = 0; k + mark.len <= page.len; k++)
			if (str_eq_nocase(str_sub(page, k, k + mark.len), mark))
				return likely_marks[i].who;
	}
	return NULL;
}

/* Who blocks us, or NULL. */
static const char *blocker(const struct answer *a)
{
	bool refusing = a->status == 403 || a->status == 429 ||
			a->status == 503 || a->status == 405 ||
			a->status == 202;
	const char *who = NULL;

	if (str_eq_nocase(a->cf_mitigated, STR("challenge")))
		return "Cloudflare";
	if (a->waf_action.p)
		return "AWS WAF";
	if (refusing || a->body.len <= CLASSIFY_PAGE_MAX)
		who = surely(a->body);
	if (!who && refusing && a->status != 202)
		who = likely(a->body);
	return who;
}

/* Seconds or a date (RFC 9110, 10.2.3); 0 where it is neither. */
static int64_t retry_after(struct str s, int64_t now_us)
{
	uint64_t n;
	int64_t at_us, ms = 0;

	s = str_trim(s);
	if (str_u64(s, &n))
		ms = n > 86400 ? CLASSIFY_RETRY_MAX_MS : (int64_t)n * 1000;
	else if (s.len && date_parse(s, &at_us) && at_us > now_us)
		ms = (at_us - now_us + 999) / 1000;
	return ms < CLASSIFY_RETRY_MAX_MS ? ms : CLASSIFY_RETRY_MAX_MS;
}

static void classify_failure(const struct answer *a, struct verdict *v)
{
	switch (a->result) {
	case HTTP_TIMEOUT: say(v, OUTCOME_TIMEOUT, "%s", a->reason); break;
	case HTTP_REFUSED:
	case HTTP_TOO_LARGE: say(v, OUTCOME_REFUSED, "%s", a->reason); break;
	case HTTP_REDIRECTS:
		say(v, OUTCOME_HTTP_ERROR, "too many redirects");
		break;
	default:
		say(v, OUTCOME_UNREACHABLE, "%s: %s",
		    http_result_name(a->result), a->reason);
	}
}

static void classify_refusal(const struct answer *a, struct verdict *v)
{
	const char *who = blocker(a);

	if (who)
		say(v, OUTCOME_BLOCKED, "status %d, %s", a->status, who);
	else if (a->status == 403)
		say(v, OUTCOME_BLOCKED, "status 403");
	else if (a->status == 429 || (a->status == 503 && a->retry_after.p))
		say(v, OUTCOME_RATE_LIMITED, "status %d", a->status);
	else if (a->status == 304)
		say(v, OUTCOME_HTTP_ERROR,
		    "status 304, and no version was asked for");
	else if (a->status / 100 == 3)
		say(v, OUTCOME_HTTP_ERROR, "status %d without a new address",
		    a->status);
	else
		say(v, OUTCOME_HTTP_ERROR, "status %d", a->status);
}

static void classify_success(const struct answer *a, struct verdict *v)
{
	const char *who = blocker(a);

	if (who)
		say(v, OUTCOME_BLOCKED, "status %d, %s", a->status, who);
	else if (str_trim(a->body).len == 0)
		say(v, OUTCOME_EMPTY, "status %d without content", a->status);
	else
		v->outcome = OUTCOME_FOUND;
}

void classify(const struct answer *a, int64_t now_us, struct verdict *v_r)
{
	*v_r = (struct verdict){ 0 };
	if (a->result != HTTP_OK) {
		classify_failure(a, v_r);
		return;
	}
	if (a->status == 304 && a->conditional)
		v_r->outcome = OUTCOME_UNCHANGED;
	else if (a->status / 100 == 2 && a->status != 206)
		classify_success(a, v_r);
	else
		classify_refusal(a, v_r);
	if (v_r->outcome != OUTCOME_UNCHANGED && v_r->outcome != OUTCOME_FOUND)
		v_r->retry_ms = retry_after(a->retry_after, now_us);
}

void answer_from(struct answer *a, const struct http_response *r)
{
	*a = (struct answer){ .result = r->result,
			      .reason = r->reason,
			      .status = r->status,
			      .body = r->body };
	if (r->result != HTTP_OK || r->status == 304)
		return; /* nothing more is asked of these */
	a->content_type = http_header(r, "content-type");
	a->retry_after = http_header(r, "retry-after");
	a->cf_mitigated = http_header(r, "cf-mitigated");
	a->waf_action = http_header(r, "x-amzn-waf-action");
}
