/* What Socket.IO clients say: rooms, questions, and events to publish. */
#include <stdlib.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/xmem.h"

#include "api.h"
#include "asked.h"
#include "socketio_peer.h"

/* ---- answers ---- */

/* As an acknowledgement, if one is wanted; takes what is in b. */
static void acknowledge(struct peer *p, const struct socketio_message *to,
			struct buf *b)
{
	struct socketio_message m = { .has_id = true, .id = to->id };
	struct buf args = { 0 };

	if (to->has_id && p->c) {
		buf_putc(&args, '[');
		buf_add_str(&args, buf_str(b));
		buf_putc(&args, ']');
		m.args = buf_str(&args);
		socketio_ack(p->c, &m);
	}
	buf_free(&args);
	buf_free(b);
}

/* Where nothing is to be acknowledged, as an event "error". */
static void refuse(struct peer *p, const struct socketio_message *to,
		   const struct err *e)
{
	struct buf b = { 0 };

	stats_add(p->s->g->stats, "socketio_refused_total",
		  e->code == EX_NOPERM ? "access" : "message", 1);
	if (to->has_id) {
		buf_puts(&b, "{\"ok\":false,\"error\":");
		buf_json_str(&b, str_from(e->msg));
		buf_putc(&b, '}');
		acknowledge(p, to, &b);
		return;
	}
	buf_puts(&b, "{\"message\":");
	buf_json_str(&b, str_from(e->msg));
	buf_putc(&b, '}');
	peer_tell(p, STR("\"error\""), buf_str(&b));
	buf_free(&b);
}

/* recovered: NULL where nothing of the past was asked for. */
static void answer_rooms(struct peer *p, const struct socketio_message *to,
			 const bool *recovered)
{
	struct buf b = { 0 };
	struct str room;

	buf_puts(&b, "{\"ok\":true,\"rooms\":[");
	for (size_t i = 0; (room = rooms_at(p->seat, i)).p; i++) {
		if (i)
			buf_putc(&b, ',');
		buf_json_str(&b, room);
	}
	buf_putc(&b, ']');
	if (recovered)
		buf_addf(&b, ",\"recovered\":%s",
			 *recovered ? "true" : "false");
	buf_putc(&b, '}');
	acknowledge(p, to, &b);
}

/* ---- the rooms that a message names ---- */

struct named {
	const struct compat *t;
	struct arena a;
	struct str room[ROOMS_MAX];
	size_t n;
	bool last;	  /* the newest event of each topic is wanted, too */
	struct str since; /* what came after it is, too; or absent */
	bool recovered;	  /* and that is all there */
	struct err e;
};

static bool name_room(struct named *n, struct str room)
{
	if (n->n == ROOMS_MAX)
		return !err_set(&n->e, EX_DATAERR, "more than %d rooms",
				ROOMS_MAX);
	n->room[n->n++] = room;
	return true;
}

/* A text, or several. */
static bool name_texts(struct named *n, struct str value)
{
	struct json_iter it = json_iter(value);
	struct str text;

	if (json_text(value, &n->a, &text))
		return name_room(n, text);
	if (json_type_of(value) != JSON_ARRAY)
		return !err_set(&n->e, EX_DATAERR, "a room is a text");
	while (json_next(&it)) {
		if (!json_text(it.value, &n->a, &text))
			return !err_set(&n->e, EX_DATAERR, "a room is a text");
		if (!name_room(n, text))
			return false;
	}
	return true;
}

/* {"jobId":"7"} */
static bool name_by_part(struct named *n, struct str key, struct str value)
{
	struct buf b = { 0 };
	struct str text, room;
	bool known;

	if (json_type_of(value) == JSON_NUMBER)
		text = value;
	else if (!json_text(value, &n->a, &text))
		return true; /* something else */
	known = compat_room_for(n->t, json_name(key, &n->a), text, &b);
	room = arena_str(&n->a, buf_str(&b));
	buf_free(&b);
	return !known || name_room(n, room);
}

/* {"room":"venue:7"}, or what the braces of a room stand for */
static bool name_members(struct named *n, struct str object)
{
	static const char *const keys[] = { "room",	"rooms", "channel",
					    "channels", "topic", "topics" };
	struct json_iter it = json_iter(object);

	while (json_next(&it)) {
		size_t i = 0;

		while (i < ARRAY_LEN(keys) && !str_is(it.key, keys[i]))
			i++;
		if (str_is(it.key, "last")) {
			n->last = str_is(it.value, "true");
		} else if (str_is(it.key, "since")) {
			if (!json_text(it.value, &n->a, &n->since))
				return !err_set(&n->e, EX_DATAERR,
						"since is a text");
		} else if (i < ARRAY_LEN(keys)
				   ? !name_texts(n, it.value)
				   : !name_by_part(n, it.key, it.value)) {
			return false;
		}
	}
	return true;
}

static bool name_rooms(struct named *n, struct json_iter args)
{
	while (json_next(&args)) {
		struct str value = json_trim(args.value);

		if (json_type_of(value) == JSON_OBJECT ? !name_members(n, value)
						       : !name_texts(n, value))
			return false;
	}
	if (n->n == 0)
		return !err_set(&n->e, EX_DATAERR, "a room is missing");
	return true;
}

/* ---- joining and leaving ---- */

/* Leave rooms, and take away what only they wanted. */
static void leave(struct peer *p, const struct str *rooms, size_t n)
{
	struct patterns gone = { 0 }, rest = { 0 };
	struct str other;
	struct err e;

	for (size_t i = 0; i < n; i++)
		if (rooms_leave(p->s->rooms, p->seat, rooms[i]))
			peer_room(p, rooms[i], &gone, &e);
	for (size_t i = 0; (other = rooms_at(p->seat, i)).p; i++)
		peer_room(p, other, &rest, &e);
	for (size_t i = 0; i < rest.n; i++)
		patterns_remove(&gone, rest.v[i]);
	if (gone.n)
		hub_unsubscribe(p->s->g->hub, &p->l.client, gone.v, gone.n);
	patterns_free(&gone);
	patterns_free(&rest);
}

/* Of a client, as the settings say; those that it has may be counted twice. */
static int check_count(const struct peer *p, size_t more, struct err *e)
{
	size_t max = (size_t)p->s->g->settings->max_subscriptions;
	const struct group *has = p->l.client.group;

	if ((has ? has->patterns.n : 0) + more <= max)
		return 0;
	return err_set(e, EX_DATAERR, "more than %zu patterns", max);
}

/* Now, as the message says; who came before the journal is seen to later. */
static int subscribe(struct peer *p, const struct patterns *set,
		     struct named *n, struct err *e)
{
	struct gateway *g = p->s->g;
	struct position pos, since = { 0 };
	struct hub_wish wish = { .pattern = set->v,
				 .n = set->n,
				 .since = n->since.p ? &since : NULL,
				 .last = n->last };
	bool recovered, whole = true;

	if (p->waits && n->since.p)
		return err_set(e, EX_UNAVAILABLE, "no journal yet");
	if (p->waits)
		return 0;
	if (n->since.p &&
	    asked_since(g, n->since, set->v, set->n, &since, &whole, e))
		return -1;
	if (hub_subscribe(g->hub, &p->l.client, &wish, &pos, &recovered, e))
		return -1;
	n->recovered &= recovered && whole;
	return 0;
}

static int join(struct peer *p, struct str room, struct named *n, struct err *e)
{
	struct patterns set = { 0 };
	struct str left;
	bool was_in = rooms_in(p->seat, room);
	int rc = peer_room(p, room, &set, e);

	if (rc == 0 && !was_in)
		rc = check_count(p, set.n, e);
	if (rc == 0 && !rooms_enter(p->s->rooms, p->seat, room))
		rc = err_set(e, EX_DATAERR, "more than %d rooms", ROOMS_MAX);
	if (rc == 0)
		rc = subscribe(p, &set, n, e);
	if (rc && p->seat && !was_in)
		rooms_leave(p->s->rooms, p->seat, room);
	patterns_free(&set);
	left = compat_left_for(p->s->g->compat, room);
	if (rc == 0 && left.p && p->c)
		leave(p, &left, 1);
	return rc;
}

static void charge(const struct peer *p, size_t n)
{
	/* a poll may not wait just now */
	const struct net_conn *c = engineio_net_post(p->s->wire);

	if (!c)
		c = socketio_live_conn(&p->l);
	if (c)
		gateway_charge(p->s->g, THROTTLE_SUBSCRIPTION, c,
			       p->l.s.who->user, n);
}

/* False with the error: not all of them. */
static bool join_all(struct peer *p, struct named *n)
{
	bool past = n->last || n->since.p;
	bool ok = !peer_comes_too_often(p->s, p, THROTTLE_SUBSCRIPTION);

	if (!ok)
		err_set(&n->e, EX_TEMPFAIL, "too many subscriptions");
	/* What others are sent then may be too much for its session. */
	for (size_t i = 0; ok && p->c && i < n->n; i++) {
		if (rooms_in(p->seat, n->room[i]) && !past)
			continue;
		ok = join(p, n->room[i], n, &n->e) == 0;
		charge(p, (i > 0) + p->l.client.looked / HUB_LOOKED_COST);
	}
	return ok;
}

static void change_rooms(struct peer *p, const struct socketio_message *m,
			 struct json_iter args, bool come)
{
	struct named n = { .t = p->s->g->compat,
			   .a = { .block = 256 },
			   .recovered = true };
	bool ok = name_rooms(&n, args);

	if (ok && come)
		ok = join_all(p, &n);
	else if (ok)
		leave(p, n.room, n.n);
	if (ok)
		answer_rooms(p, m, come && n.since.p ? &n.recovered : NULL);
	else
		refuse(p, m, &n.e);
	for (size_t i = 0; ok && come && p->c && i < n.n; i++)
		peer_tell_state(p, n.room[i]);
	arena_free(&n.a);
}

/* ---- publishing ---- */

/* An event that waits until it is durable. */
struct posting {
	struct posting *next;
	struct peer *p;
	struct publish_batch *batch;
	struct socketio_message to; /* its id alone */
};

static void unlink_posting(struct posting *post)
{
	struct posting **at = &post->p->postings;

	while (*at != post)
		at = &(*at)->next;
	*at = post->next;
	post->p->n_postings--;
}

void peer_abandon(struct peer *p)
{
	struct posting *post;

	while ((post = p->postings)) {
		publish_abandon(post->batch);
		unlink_posting(post);
		free(post);
	}
}

static void on_published(void *arg, enum publish_end end,
			 const struct position *pos, size_t n)
{
	struct posting *post = arg;
	struct peer *p = post->p;
	char text[POSITION_TEXT_MAX];
	struct buf b = { 0 };
	struct err e;

	(void)n;
	unlink_posting(post);
	if (end == PUBLISH_DONE) {
		p->s->counts.published++;
		buf_addf(&b, "{\"ok\":true,\"position\":\"%s\"}",
			 position_format(pos[0], text));
		acknowledge(p, &post->to, &b);
	} else {
		err_set(&e, EX_UNAVAILABLE,
			end == PUBLISH_REFUSED ? "the store refused it"
					       : "not confirmed in time");
		refuse(p, &post->to, &e);
	}
	free(post);
}

static int hand_over(struct peer *p, const struct socketio_message *m,
		     const struct event *ev, struct err *e)
{
	struct gateway *g = p->s->g;
	struct posting *post;

	if (p->n_postings == SOCKETIO_PUBLISH_MAX)
		return err_set(e, EX_UNAVAILABLE,
			       "too many events wait for the store");
	post = xcalloc(1, sizeof(*post));
	post->batch = publish_add(g->publish, ev, 1, on_published, post, e);
	if (!post->batch) {
		free(post);
		api_count_unpublished(g, e);
		return -1;
	}
	post->p = p;
	post->to =
		(struct socketio_message){ .has_id = m->has_id, .id = m->id };
	post->next = p->postings;
	p->postings = post;
	p->n_postings++;
	producer_kick(g->producer);
	return 0;
}

static void publish(struct peer *p, const struct socketio_message *m,
		    struct str name, struct json_iter args)
{
	struct mold_scope scope = { .data = STR("null"),
				    .user = p->user,
				    .now_us = clk_wall_us() };
	struct arena a = { 0 };
	struct event ev;
	struct err e;
	int rc;

	if (json_next(&args))
		scope.data = json_trim(args.value);
	rc = compat_publish(p->s->g->compat, name, &scope, &a, &ev, &e);
	ev.time_us = scope.now_us;
	if (rc == 0 && (access_check_event(p->l.s.who, &ev, &e) ||
			hand_over(p, m, &ev, &e)))
		rc = -1;
	if (rc)
		refuse(p, m, &e);
	arena_free(&a);
}

/* ---- all of them ---- */

static bool answer(struct peer *p, const struct socketio_message *m,
		   struct str name)
{
	const struct mold_scope scope = { .user = p->user,
					  .now_us = clk_wall_us() };
	struct buf b = { 0 };
	struct str as;

	if (!compat_answer(p->s->g->compat, name, &scope, &as, &b))
		return false;
	if (!m->has_id)
		peer_tell(p, as, buf_str(&b));
	acknowledge(p, m, &b);
	return true;
}

void peer_heard(struct peer *p, const struct socketio_message *m)
{
	struct json_iter args = json_iter(m->args);
	struct arena a = { .block = 256 };
	struct str name = { 0 };
	struct err e;

	if (json_next(&args))
		json_text(args.value, &a, &name);
	if (m->n) {
		err_set(&e, EX_DATAERR, "binary data are not taken here");
		refuse(p, m, &e);
	} else if (str_is(name, "subscribe") || str_is(name, "join")) {
		change_rooms(p, m, args, true);
	} else if (str_is(name, "unsubscribe") || str_is(name, "leave")) {
		change_rooms(p, m, args, false);
	} else if (!answer(p, m, name)) {
		publish(p, m, name, args);
	}
	arena_free(&a);
}
