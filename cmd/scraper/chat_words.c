/*
 * The better a name tells what it names, the further in front it stands; of
 * two members the better one counts. "name" may be anything's, "author" is
 * not.
 */
#include "chat_words.h"

#include "common/json.h"
#include "common/xmem.h"

static const char *const text_names[] = {
	"message",    "text", "content",	"body",	       "comment",
	"msg",	      "chat", "displayMessage", "messageText", "message_text",
	"rawMessage", "line", "snippet",
};
static const char *const user_names[] = {
	"username",	 "user",	 "author",	"sender",   "nickname",
	"nick",		 "display_name", "displayName", "userName", "user_name",
	"authorDetails", "author_name",	 "authorName",	"uniqueId", "from",
	"login",	 "name",	 "profile",
};
/* Where the user is an object. */
static const char *const inner_user_names[] = {
	"username", "displayName", "display_name", "nickname",	 "nick", "name",
	"uniqueId", "login",	   "slug",	   "first_name", "id",
};
static const char *const inner_text_names[] = {
	"text",	   "content",	  "body",	"displayMessage",
	"message", "messageText", "simpleText",
};
static const char *const id_names[] = {
	"id",	"message_id", "messageId", "msgId",   "msg_id",
	"uuid", "_id",	      "event_id",  "eventId", "client_id",
};
static const char *const sent_names[] = {
	"sent",	      "sent_at",     "sentAt",	"timestamp", "created_at",
	"createdAt",  "publishedAt", "created", "time",	     "ts",
	"createTime", "create_time", "date",	"datetime",  "timestampUsec",
};
static const char *const type_names[] = { "type",   "event", "kind",
					  "action", "op",    "command" };
static const char *const containers[] = {
	"messages", "message", "items",	   "data",   "chats",  "chat",
	"comments", "payload", "results",  "result", "events", "event",
	"actions",  "body",    "response", "list",   "rows",   "content",
};
/* The last word of a type, as in "pusher:ping". */
static const char *const other_types[] = {
	"join",	   "joined",	   "leave",	 "left",	 "part",
	"quit",	   "ping",	   "pong",	 "heartbeat",	 "keepalive",
	"system",  "presence",	   "subscribed", "unsubscribed", "ack",
	"typing",  "like",	   "likes",	 "follow",	 "viewer",
	"viewers", "viewer_count", "room_user",	 "roomuser",	 "error",
	"welcome", "hello",	   "connected",	 "info",	 "status",
	"delete",  "deleted",	   "reaction",
};

/*
 * How good a name is: its place from the end, 0 for none. Asked for each member
 * of each message; the first letter answers it nearly always.
 */
static size_t rank(struct str key, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n && key.len; i++)
		if (key.p[0] == names[i][0] && str_is(key, names[i]))
			return n - i;
	return 0;
}

#define RANK(key, names) rank(key, names, ARRAY_LEN(names))

bool chat_words_is_container(struct str key)
{
	return RANK(key, containers) > 0;
}

static bool is_scalar(struct str v)
{
	enum json_type type = json_type_of(v);

	return type == JSON_STRING || type == JSON_NUMBER;
}

static bool is_other_type(struct str v, struct arena *a)
{
	struct str text;
	size_t from;

	if (json_type_of(v) != JSON_STRING || !json_text(v, a, &text))
		return false;
	from = text.len;
	while (from > 0 && text.p[from - 1] != ':' && text.p[from - 1] != '.' &&
	       text.p[from - 1] != '\\' && text.p[from - 1] != '/')
		from--;
	text = str_sub(text, from, text.len);
	for (size_t i = 0; i < ARRAY_LEN(other_types); i++)
		if (str_eq_nocase(text, str_from(other_types[i])))
			return true;
	return false;
}

/* The best scalar member of an object by these names, or absent. */
static struct str inner(struct str object, const char *const *names, size_t n)
{
	struct str best = { 0 };
	size_t best_rank = 0;
	struct json_iter it = json_iter(object);

	while (json_type_of(object) == JSON_OBJECT && json_next(&it)) {
		size_t r = rank(it.key, names, n);

		if (r > best_rank && is_scalar(it.value)) {
			best_rank = r;
			best = it.value;
		}
	}
	return best;
}

#define INNER(object, names) inner(object, names, ARRAY_LEN(names))

struct best {
	size_t text, user, id, sent;
};

static void take(struct str value, size_t rank_here, size_t *best,
		 struct str *to)
{
	if (rank_here <= *best || !value.p)
		return;
	*best = rank_here;
	*to = value;
}

static void read_member(struct str key, struct str v, struct best *b,
			struct chat_parts *p)
{
	bool flat = is_scalar(v);

	take(flat ? v : INNER(v, inner_user_names), RANK(key, user_names),
	     &b->user, &p->username);
	if (flat) {
		if (json_type_of(v) == JSON_STRING)
			take(v, RANK(key, text_names), &b->text, &p->text);
		take(v, RANK(key, id_names), &b->id, &p->id);
		take(v, RANK(key, sent_names), &b->sent, &p->sent);
	}
}

/* {"message":{"text":…,"sent":…},"user":…}: parts in a part. */
static void read_inner(struct str object, struct chat_parts *p)
{
	struct json_iter it = json_iter(object);

	while (json_next(&it)) {
		if (!RANK(it.key, text_names) ||
		    json_type_of(it.value) != JSON_OBJECT)
			continue;
		if (!p->text.p)
			p->text = INNER(it.value, inner_text_names);
		if (!p->id.p)
			p->id = INNER(it.value, id_names);
		if (!p->sent.p)
			p->sent = INNER(it.value, sent_names);
	}
}

bool chat_words_parts(struct str object, struct arena *a,
		      struct chat_parts *p_r)
{
	struct json_iter it = json_iter(object);
	struct best b = { 0 };

	*p_r = (struct chat_parts){ 0 };
	while (json_next(&it)) {
		if (RANK(it.key, type_names) && is_other_type(it.value, a))
			return false;
		read_member(it.key, it.value, &b, p_r);
	}
	if (p_r->username.p && !p_r->text.p)
		read_inner(object, p_r);
	return true;
}
