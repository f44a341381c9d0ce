/*
 * The receivers' ids of messages that were sent and may be changed later.
 * A row each, "m/CHANNEL/NOTIFICATION": when, the kind, the id. They are
 * forgotten after BOOK_KEEP_US.
 */
#include <stdio.h>
#include <string.h>

#include "notifier.h"

#define BOOK_PREFIX  "m/"
#define BOOK_KEEP_US (INT64_C(30) * 24 * 3600 * 1000000)

enum {
	BOOK_KEY_MAX = sizeof(BOOK_PREFIX) + 2 * STR_ID_MAX + 1,
	BOOK_PRUNE_EVERY = 10000, /* rows that were added */
};

static bool key_of(const struct lane *l, struct str notification,
		   char out[BOOK_KEY_MAX])
{
	if (!str_is_id(notification))
		return false;
	snprintf(out, BOOK_KEY_MAX, BOOK_PREFIX "%s/%.*s", l->name,
		 STR_ARG(notification));
	return true;
}

int book_find(struct notifier *n, const struct lane *l, struct str notification,
	      struct str *message_r, struct err *e)
{
	char key[BOOK_KEY_MAX];
	struct str val, kind;
	int rc;

	*message_r = (struct str){ 0 };
	if (!l->channel.kind || !l->channel.kind->can_edit ||
	    !key_of(l, notification, key))
		return 0;
	rc = stage_get(n->stage, str_from(key), &val, e);
	if (rc <= 0)
		return rc;
	/* The channel may be of another kind by now. */
	kind = str_cut(str_sub(val, sizeof(int64_t), val.len), '\0', &val);
	if (val.len && str_is(kind, l->channel.kind->name))
		*message_r = val;
	return 0;
}

static int forget_old(void *arg, struct str key, struct str val, struct err *e)
{
	struct notifier *n = arg;
	int64_t at_us = 0;

	if (val.len >= sizeof(at_us))
		memcpy(&at_us, val.p, sizeof(at_us));
	if (clk_wall_us() - at_us < BOOK_KEEP_US)
		return 0;
	return stage_del(n->stage, key, e) < 0 ? -1 : 0;
}

int book_prune(struct notifier *n, struct err *e)
{
	n->booked = 0;
	return stage_each(n->stage, STR(BOOK_PREFIX), forget_old, n, e);
}

int book_put(struct notifier *n, const struct lane *l, struct str notification,
	     struct str message, struct err *e)
{
	int64_t now_us = clk_wall_us();
	char key[BOOK_KEY_MAX];
	struct buf b = { .p = NULL };
	int rc;

	if (!l->channel.kind || !l->channel.kind->can_edit || !message.len ||
	    !key_of(l, notification, key))
		return 0;
	buf_add(&b, &now_us, sizeof(now_us));
	buf_add(&b, l->channel.kind->name, strlen(l->channel.kind->name) + 1);
	buf_add_str(&b, message);
	rc = stage_put(n->stage, str_from(key), buf_str(&b), e);
	buf_free(&b);
	if (rc == 0 && ++n->booked >= BOOK_PRUNE_EVERY)
		rc = book_prune(n, e);
	return rc;
}

int book_drop(struct notifier *n, const struct lane *l, struct str notification,
	      struct err *e)
{
	char key[BOOK_KEY_MAX];

	if (!key_of(l, notification, key))
		return 0;
	return stage_del(n->stage, str_from(key), e) < 0 ? -1 : 0;
}
