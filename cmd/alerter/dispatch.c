#include "dispatch.h"

static struct str user_topic(struct str user, struct arena *a)
{
	struct buf b = { 0 };
	struct str topic;

	buf_puts(&b, "user.notification/");
	buf_add_str(&b, user);
	topic = arena_str(a, buf_str(&b));
	buf_free(&b);
	return topic;
}

int dispatch_tell(struct alerter *al, struct stage *s,
		  const struct dispatch_news *news, struct err *e)
{
	if (news->change != DISPATCH_NEW)
		return 0;
	return stage_emit(s, user_topic(news->alert->user, &al->arena),
			  news->time_us, news->cause, news->ext, news->note, e);
}
