/*
 * Whatever a receiver answers, its kind makes an outcome of it that can be
 * recorded. The first line says the kind and the status: "slack 200".
 */
#include <assert.h>

#include "cmd/notifier/kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct outcome *o)
{
	assert(o->reason && (*o->reason == '\0') == (o->end == OUTCOME_SENT));
	assert(o->wait_ms >= 0);
	assert(!o->edit_gone || o->end == OUTCOME_RETRY);
	assert(str_is_utf8(str_from(o->receiver)));
	assert(str_is_utf8(str_from(o->message)));
	for (const char *p = o->receiver; *p; p++)
		assert((unsigned char)*p >= ' ' && *p != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body, status;
	struct str first =
		str_cut((struct str){ (const char *)data, size }, '\n', &body);
	const struct kind *k = kind_find(str_cut(first, ' ', &status));
	struct http_response r = { .result = HTTP_OK, .sent = true };
	struct arena a = { 0 };
	struct outcome o;
	uint64_t code;

	if (!k || !k->answer || !str_u64(status, &code) || code < 200 ||
	    code > 599)
		return 0;
	r.status = (int)code;
	r.body = body;
	o = outcome_of_http(HTTP_OK, true, r.status);
	k->answer(&r, &a, &o);
	check(&o);
	outcome_hide(&o, STR("https://h/services/12345678901234567"));
	outcome_hide(&o, str_sub(body, 0, 5));
	check(&o);
	arena_free(&a);
	return 0;
}
