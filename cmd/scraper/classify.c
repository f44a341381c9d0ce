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
	{ "window._cf_chl_opt", "Cloudflare" },
	{ "geo.captcha-delivery.com/", "DataDome" },
	{ "Incapsula incident ID", "Imperva" },
	{ "id=\"main-iframe\" src=\"/_Incapsula_Resource", "Imperva" },
	{ "Sucuri WebSite Firewall - Access Denied", "Sucuri" },
	{ "sucuri_cloudproxy_js", "Sucuri" },
	{ "/errors/validateCaptcha", "Amazon" },
	{ "id=\"px-captcha\"", "HUMAN" },
	{ "\"blockScript\":\"", "HUMAN" }, /* to an API, as JSON */
	{ "gokuProps", "AWS WAF" },
	{ "/sorry/index?continue=", "Google" },
	{ "sec-if-cpt-container", "Akamai" },
	{ "KP_UIDz=", "Kasada" },
	{ "/.well-known/ddos-guard/js-challenge/", "DDoS-Guard" },
	{ "lbUsersInLineAhead", "Queue-it" },
	{ "The requested URL was rejected. Please consult with your", "F5" },
	{ "acw_sc__v2", "Alibaba" },
	{ "id=\"anubis_challenge\"", "Anubis" },
	{ "/checkcaptcha?key=", "Yandex" },
	{ "distil_r_captcha", "Imperva" },
};

/* The whole title of such a page; "…" stands for any end. In lower case. */
static const struct mark titles[] = {
	{ "just a moment...", "Cloudflare" },
	{ "attention required! | cloudflare", "Cloudflare" },
	{ "ddos-guard", "DDoS-Guard" },
	{ "pardon our interruption\xe2\x80\xa6", "Imperva" },
	{ "access to this page has been denied\xe2\x80\xa6", "HUMAN" },
	{ "robot or human?", "HUMAN" },
	{ "robot check", "Amazon" },
	{ "challenge validation", "Akamai" },
	{ "vercel security checkpoint", "Vercel" },
	{ "client challenge", "Fastly" },
	{ "radware captcha page", "Radware" },
	{ "making sure you're not a bot!", "Anubis" },
	{ "making sure you&#39;re not a bot!", "Anubis" },
	{ "queue-it", "Queue-it" },
	{ "request rejected", "F5" },
	{ "access denied", "a block page" },
	{ "human verification", "a challenge" },
	{ "bot verification", "a challenge" },
	{ "are you a human?", "a challenge" },
	{ "are you a robot?", "a challenge" },
	{ "verify you are human\xe2\x80\xa6", "a challenge" },
	{ "checking your browser\xe2\x80\xa6", "a challenge" },
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

/* Where needle begins, whatever its case; (size_t)-1. */
static size_t find_nocase(struct str page, struct str needle)
{
	for (size_t i = 0; i + needle.len <= page.len; i++)
		if (str_eq_nocase(str_sub(page, i, i + needle.len), needle))
			return i;
	return (size_t)-1;
}

/* What the page calls itself, its white space made single blanks. */
static struct str title_of(struct str page, char out[CLASSIFY_TITLE_MAX])
{
	struct str text = { 0 }, word;
	size_t at, n = 0;

	while (!text.p && (at = str_chr(page, '<')) != (size_t)-1) {
		page = str_sub(page, at + 1, page.len);
		if (str_eq_nocase(str_sub(page, 0, 5), STR("title")))
			str_cut(page, '>', &text);
	}
	text = str_cut(text, '<', &page);
	while (str_token(&text, " \t\r\n\f", &word)) {
		if (n + word.len + 1 > CLASSIFY_TITLE_MAX)
			return (struct str){
				0
			}; /* longer than any of theirs */
		if (n)
			out[n++] = ' ';
		memcpy(out + n, word.p, word.len);
		n += word.len;
	}
	return (struct str){ out, n };
}

static bool is_title(struct str title, struct str known)
{
	const struct str any = STR("\xe2\x80\xa6");

	if (str_ends(known, any)) {
		known.len -= any.len;
		title = str_sub(title, 0, known.len);
	}
	return str_eq_nocase(title, known);
}

static const char *surely(struct str page)
{
	char text[CLASSIFY_TITLE_MAX];
	struct str title;

	page = beginning(page);
	for (size_t i = 0; i < ARRAY_LEN(sure_marks); i++)
		if (str_find(page, str_from(sure_marks[i].text)) != (size_t)-1)
			return sure_marks[i].who;
	title = title_of(page, text);
	for (size_t i = 0; title.len && i < ARRAY_LEN(titles); i++)
		if (is_title(title, str_from(titles[i].text)))
			return titles[i].who;
	return NULL;
}

/* Whatever the case; only refusals are searched so. */
static const char *likely(struct str page)
{
	page = beginning(page);
	for (size_t i = 0; i < ARRAY_LEN(likely_marks); i++)
		if (find_nocase(page, str_from(likely_marks[i].text)) !=
		    (size_t)-1)
			return likely_marks[i].who;
	return NULL;
}

/* Gatekeepers put these into all answers; with one that says no it was them. */
static const char *gatekeeper(const struct answer *a)
{
	if (a->kasada.p)
		return "Kasada";
	if (a->status != 403)
		return NULL;
	if (a->datadome.p)
		return "DataDome";
	if (str_eq_nocase(a->server, STR("AkamaiGHost")))
		return "Akamai";
	return str_eq_nocase(a->server, STR("ddos-guard")) ? "DDoS-Guard"
							   : NULL;
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
		who = gatekeeper(a);
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
	if (r->status / 100 == 2)
		return;
	a->server = http_header(r, "server");
	a->kasada = http_header(r, "x-kpsdk-ct");
	a->datadome = http_header(r, "x-datadome");
}
