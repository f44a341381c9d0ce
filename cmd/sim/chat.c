#include "chat.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/clk.h"
#include "common/xmem.h"

static const char *const users[] = {
	"ann",	  "bob",    "Carla",  "dave_77", "Eve",	    "frank",
	"grace",  "HeidiX", "ivan",   "judy",	 "mallory", "niaj",
	"Olivia", "peggy",  "rupert", "sybil",
};
static const char *const texts[] = {
	"hello everybody",
	"how much is the blue one?",
	"is it still there?",
	"I'll take it",
	"can you ship to Ohio?",
	"lol",
	"first!",
	"what size is that?",
	"show the back please",
	"sold?",
	"does it come with a box",
	"price check",
	"great stream",
	"wow",
	"I want two of these",
	"any discount for three?",
	"gr\303\274\303\237e aus Berlin",
	"\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5",
};

static void free_said(struct chat_said *s)
{
	free(s->user);
	free(s->text);
	*s = (struct chat_said){ 0 };
}

void chats_release(struct chats *cs)
{
	for (size_t i = 0; i < cs->n; i++) {
		for (size_t k = 0; k < CHAT_KEPT; k++)
			free_said(&cs->room[i]->kept[k]);
		free(cs->room[i]);
	}
	cs->n = 0;
}

struct chat_room *chats_room(struct chats *cs, struct str name)
{
	struct chat_room *r;

	for (size_t i = 0; i < cs->n; i++)
		if (str_is(name, cs->room[i]->name))
			return cs->room[i];
	if (!str_is_id(name) || cs->n == CHAT_ROOMS_MAX)
		return NULL;
	cs->room[cs->n++] = r = xcalloc(1, sizeof(*r));
	str_copy(r->name, sizeof(r->name), name);
	r->backlog = CHAT_BACKLOG;
	return r;
}

uint64_t chat_oldest(const struct chat_room *r)
{
	return r->n < CHAT_KEPT ? 1 : r->n - CHAT_KEPT + 1;
}

static struct chat_said *next_said(struct chat_room *r)
{
	struct chat_said *s = &r->kept[++r->n % CHAT_KEPT];

	free_said(s);
	s->sent_ms = clk_wall_us() / 1000;
	return s;
}

static void changed(struct chats *cs, struct chat_room *r)
{
	if (cs->changed)
		cs->changed(cs->arg, r);
}

void chats_say(struct chats *cs, struct chat_room *r, unsigned n)
{
	while (n-- > 0)
		next_said(r);
	changed(cs, r);
}

void chats_say_this(struct chats *cs, struct chat_room *r, struct str user,
		    struct str text)
{
	struct chat_said *s = next_said(r);

	s->user = xstrndup(user.p, user.len);
	s->text = xstrndup(text.p, text.len);
	changed(cs, r);
}

/* The n-th number of a seed (SplitMix64, as in world.c). */
static uint64_t draw(uint64_t seed, uint64_t n)
{
	uint64_t z = seed + n * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static const char *pick(const struct chats *cs, const struct chat_room *r,
			uint64_t n, uint64_t what, const char *const *v,
			size_t count)
{
	uint64_t seed = cs->seed ^ str_hash(str_from(r->name)) ^ what;

	return v[draw(seed, n) % count];
}

void chat_print(const struct chats *cs, const struct chat_room *r, uint64_t n,
		enum chat_as as, struct buf *b)
{
	const struct chat_said *s = &r->kept[n % CHAT_KEPT];
	const char *user =
		s->user ? s->user : pick(cs, r, n, 1, users, ARRAY_LEN(users));
	const char *text =
		s->text ? s->text : pick(cs, r, n, 2, texts, ARRAY_LEN(texts));
	unsigned long long number = n, ms = (unsigned long long)s->sent_ms;

	switch (as) {
	case CHAT_AS_JSON:
		buf_addf(b, "{\"type\":\"chat\",\"id\":\"%s-%llu\",\"user\":",
			 r->name, number);
		break;
	case CHAT_AS_BARE: buf_puts(b, "{\"user\":"); break;
	case CHAT_AS_TEXT: buf_addf(b, "<%s> %s", user, text); return;
	case CHAT_AS_IRC:
		buf_addf(b,
			 "@display-name=%s;id=%s-%llu;tmi-sent-ts=%llu "
			 ":%s!%s@%s.sim PRIVMSG #%s :%s\r\n",
			 user, r->name, number, ms, user, user, user, r->name,
			 text);
		return;
	}
	buf_json_str(b, str_from(user));
	buf_puts(b, ",\"text\":");
	buf_json_str(b, str_from(text));
	if (as == CHAT_AS_JSON)
		buf_addf(b, ",\"ts\":%llu", ms);
	buf_putc(b, '}');
}

/* ---- control ---- */

static int get_count(const struct json *in, const char *name, uint64_t max,
		     uint64_t *n_r, struct err *e)
{
	const char *text = json_number(json_member(in, name));

	if (!json_member(in, name))
		return 0;
	if (!text || !str_u64(str_from(text), n_r) || *n_r > max)
		return err_set(e, EX_DATAERR, "%s: not between 0 and %llu",
			       name, (unsigned long long)max);
	return 1;
}

int chats_control(struct chats *cs, const struct json *in, struct err *e)
{
	struct str name = str_from(json_string(json_member(in, "room")));
	struct str user = str_from(json_string(json_member(in, "user")));
	struct str text = str_from(json_string(json_member(in, "text")));
	struct chat_room *r = chats_room(cs, name);
	uint64_t say = 0, backlog = 0;
	int has_backlog;

	if (!r)
		return err_set(e, EX_DATAERR, "room: no name of one");
	has_backlog = get_count(in, "backlog", CHAT_KEPT / 2, &backlog, e);
	if (has_backlog < 0 || get_count(in, "say", CHAT_SAY_MAX, &say, e) < 0)
		return -1;
	if (has_backlog)
		r->backlog = (unsigned)backlog;
	if (json_member(in, "stall"))
		r->stalled = json_true(json_member(in, "stall"));
	if (json_member(in, "end"))
		r->ended = json_true(json_member(in, "end"));
	r->drops += json_true(json_member(in, "drop"));
	if (user.len && text.len)
		chats_say_this(cs, r, user, text);
	chats_say(cs, r, (unsigned)say);
	return 0;
}

void chats_describe(const struct chat_room *r, struct buf *b)
{
	buf_addf(b,
		 "{\"room\":\"%s\",\"said\":%llu,\"visits\":%llu,"
		 "\"peers\":%llu}\n",
		 r->name, (unsigned long long)r->n,
		 (unsigned long long)r->visits, (unsigned long long)r->peers);
}
