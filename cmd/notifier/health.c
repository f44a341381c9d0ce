/*
 * Channels that are down: told of once, remembered in the ledger as rows
 * "down/NAME", and told of again when they are up.
 */
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"

#include "notifier.h"

#define DOWN_PREFIX "down/"

enum { DOWN_KEY_MAX = sizeof(DOWN_PREFIX) + STR_ID_MAX };

static struct str key_of(struct str name, char out[DOWN_KEY_MAX])
{
	snprintf(out, DOWN_KEY_MAX, DOWN_PREFIX "%.*s", STR_ARG(name));
	return str_from(out);
}

static int emit(struct notifier *n, const char *type, const struct lane *l,
		const char *receiver, struct err *e)
{
	char since[CLK_TEXT_SIZE];
	struct type_channel c = { .channel = str_from(l->name),
				  .user = str_from(l->channel.user),
				  .reason = str_from(l->down_reason) };
	struct buf topic = { .p = NULL }, data = { .p = NULL };
	int rc;

	c.since = str_from(clk_format(l->down_us, since));
	if (*receiver)
		c.receiver = str_from(receiver);
	buf_addf(&topic, "%s/%s", type, l->name);
	shape_encode(&shape_channel, &c, &data);
	rc = stage_emit(n->stage, buf_str(&topic), clk_wall_us(), NULL,
			(struct str){ 0 }, buf_str(&data), e);
	buf_free(&topic);
	buf_free(&data);
	return rc;
}

static int put(struct notifier *n, struct str name, int64_t since_us,
	       struct str reason, struct err *e)
{
	char key[DOWN_KEY_MAX];
	struct buf b = { .p = NULL };
	int rc;

	buf_add(&b, &since_us, sizeof(since_us));
	buf_add_str(&b, reason);
	rc = stage_put(n->stage, key_of(name, key), buf_str(&b), e);
	buf_free(&b);
	return rc;
}

static void count(struct notifier *n, const struct lane *l)
{
	stats_set(stage_stats(n->stage), "channel_down", l->label, l->down);
}

static int tell_up(struct notifier *n, struct lane *l, struct err *e)
{
	char key[DOWN_KEY_MAX];

	log_info("up channel=%s", l->name);
	count(n, l);
	if (stage_del(n->stage, key_of(str_from(l->name), key), e) < 0)
		return -1;
	return emit(n, "channel.up", l, "", e);
}

int health_judge(struct notifier *n, struct lane *l, const struct outcome *o,
		 struct err *e)
{
	if (!l->channel.kind)
		return 0;
	switch (lane_judge(l, o, clk_wall_us())) {
	case LANE_SAME: return 0;
	case LANE_UP: return tell_up(n, l, e);
	case LANE_DOWN: break;
	}
	log_error("down channel=%s reason=%s %s", l->name, o->reason,
		  o->receiver);
	count(n, l);
	if (put(n, str_from(l->name), l->down_us, str_from(l->down_reason), e))
		return -1;
	return emit(n, "channel.down", l, o->receiver, e);
}

int health_gone(struct notifier *n, struct lane *l, struct err *e)
{
	if (!l->down || l->channel.kind)
		return 0;
	l->down = false;
	return tell_up(n, l, e);
}

static int load(void *arg, struct str key, struct str val, struct err *e)
{
	struct notifier *n = arg;
	struct str name = str_sub(key, sizeof(DOWN_PREFIX) - 1, key.len);
	struct lane *l = notifier_lane(n, name);

	(void)e;
	l->down = true;
	if (val.len >= sizeof(l->down_us))
		memcpy(&l->down_us, val.p, sizeof(l->down_us));
	str_copy(l->down_reason, sizeof(l->down_reason),
		 str_sub(val, sizeof(l->down_us), val.len));
	count(n, l);
	return 0;
}

int health_load(struct notifier *n, struct err *e)
{
	return stage_each(n->stage, STR(DOWN_PREFIX), load, n, e);
}

int health_learn(struct notifier *n, const struct event *ev, struct arena *a,
		 struct err *e)
{
	struct str name = event_subject(ev);
	char key[DOWN_KEY_MAX];
	struct type_channel c;
	struct err ignored;
	int64_t since_us = ev->time_us;

	if (!str_is_id(name) || json_check(ev->data, JSON_UNIQUE, &ignored) ||
	    shape_decode(&shape_channel, ev->data, &c, a, &ignored))
		return 0; /* somebody else's */
	if (event_is(ev, "channel.up"))
		return stage_del(n->stage, key_of(name, key), e) < 0 ? -1 : 0;
	if (c.since.p)
		(void)clk_parse(c.since, &since_us);
	return put(n, name, since_us, c.reason, e);
}
