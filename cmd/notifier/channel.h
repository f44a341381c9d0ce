#ifndef NOTIFIER_CHANNEL_H
#define NOTIFIER_CHANNEL_H

/*
 * channel - the ways to reach people: the [channel NAME] sections of weir.conf.
 *
 *	[channel ops]
 *	url = https://example.net/hook
 *	[channel phone]
 *	type = telegram
 *	token-file = /etc/weir/telegram.token
 *	chat = 4711
 *	user = ana
 *
 * Checked completely when loaded: each error names file and line. Secrets come
 * from files that nobody but their owner may touch, and are kept in memory
 * only; neither messages nor events show them. What the kinds of channels are
 * is said in kind.h.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/conf.h"
#include "common/err.h"
#include "common/shape.h"
#include "common/str.h"

#include "kind.h"

enum {
	CHANNELS_MAX = 256,
	CHANNEL_PARALLEL_MAX = 128,
	CHANNEL_TRIED_MAX = 1024, /* bytes of names; then there is no other */
};

struct channel {
	const char *name;
	const struct kind *kind; /* NULL: no such channel, nothing is sent */
	void *settings;		 /* of the kind */
	const char *user;	 /* whose it is; NULL: every user's */
	bool hold;		 /* an unknown outcome is not tried again */
	int64_t rate;		 /* sends a minute; 0: no limit */
	int64_t parallel;	 /* at a time */
	int64_t timeout_ms;
	int64_t retries; /* after the first try; 0: as retry_life_ms allows */
	int64_t retry_life_ms;
	const struct text_template *title, *text; /* NULL: it has none */
	int64_t down_after_ms; /* of nothing but failures: it is down */
	const char *fallover;  /* NULL: the user's next one; "-": none */
	bool standby;	       /* only where it is named, or as a fallover */
	bool split;	       /* a text that is too long; else it is cut */
};

struct channels {
	struct channel *v;
	size_t n;
	struct arena arena; /* settings, templates */
};

/*
 * conf may be NULL: no channels. Names and users borrow from conf. -1 with *e:
 * EX_CONFIG.
 */
int channels_load(const struct conf *conf, struct channels *set_r,
		  struct err *e);
void channels_free(struct channels *set);

/* NULL: there is none. */
const struct channel *channels_find(const struct channels *set,
				    struct str name);

/* True if what is for this user may go over it. */
bool channel_serves(const struct channel *c, struct str user);

/* Does a notification go over it, which names these channels or none? */
bool channel_is_meant(const struct channel *c, struct str user,
		      const struct shape_list *notify);

/*
 * What c cannot deliver goes over another one: that of `fallover`, or the
 * user's own next one. Never one that is meant for the notification anyway or
 * has failed before (tried: names with line breaks between them). NULL: none.
 */
const struct channel *channels_next(const struct channels *set,
				    const struct channel *c, struct str user,
				    const struct shape_list *notify,
				    struct str tried);

#endif
