/*
 * A byte that chooses form and rules, then a unit of a chat. Messages come out
 * as the header promises: printable, not too long, none empty.
 */
#include <assert.h>

#include "cmd/scraper/chat_decode.h"
#include "common/clk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct str s, size_t max)
{
	assert(s.len <= max && str_is_utf8(s));
	for (size_t i = 0; i < s.len; i++)
		assert((unsigned char)s.p[i] >= ' ' && s.p[i] != 0x7f);
}

static void check(const struct chat_found *f)
{
	assert(f->n <= CHAT_FOUND_MAX);
	for (size_t i = 0; i < f->n; i++) {
		const struct chat_message *m = &f->v[i];
		int64_t year_2000 = clk_days(2000, 1, 1) * 86400 * 1000000;

		assert(m->text.len > 0);
		check_text(m->text, CHAT_TEXT_MAX);
		check_text(m->username, CHAT_NAME_MAX);
		check_text(m->id, CHAT_ID_MAX);
		assert(m->sent_us == CLK_NONE || m->sent_us >= year_2000);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct chat_rules *rules[2];
	static const struct type_chat by_path = {
		.messages = { "items,data,messages.0", 21 },
		.message = { "text,snippet.displayMessage,message", 35 },
		.username = { "user.name,user", 14 },
		.only = { "type != \"x\"", 11 },
		.ended = { "over", 4 },
		.since = { "next.0", 6 },
	};
	struct arena a = { 0 };
	struct chat_found f;
	struct err e;

	if (!rules[0]) {
		rules[0] = chat_rules_new(&(struct type_chat){ 0 }, &e);
		rules[1] = chat_rules_new(&by_path, &e);
		assert(rules[0] && rules[1]);
	}
	if (size < 1)
		return 0;
	if (chat_decode(rules[data[0] & 1], (enum chat_form)(data[0] / 2 % 3),
			(struct str){ (const char *)data + 1, size - 1 }, &a,
			&f, &e) == 0)
		check(&f);
	arena_free(&a);
	return 0;
}
