#ifndef NOTIFIER_CHANNEL_H
#define NOTIFIER_CHANNEL_H

/*
 * channel - the ways to reach people: the [channel NAME] sections of weir.conf.
 *
 *	[channel ops]
 *	type = webhook
 *	url = https://example.net/hook
 *	[channel phone]
 *	type = telegram
 *	token-file = /etc/weir/telegram.token
 *	chat = 4711
 *	user = ana
 *
 * Checked completely when loaded: each error names file and line. Secrets come
 * from files that nobody but their owner may touch, and are kept in memory
 * only; neither messages nor events show them.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"
#include "common/str.h"

enum {
	CHANNELS_MAX = 256,
	CHANNEL_SECRET_MAX = 4096, /* bytes */
};

enum channel_type {
	CHANNEL_NONE, /* no such channel: nothing can be delivered */
	CHANNEL_WEBHOOK,
	CHANNEL_TELEGRAM,
	CHANNEL_COMMAND,
};

struct channel {
	const char *name;
	enum channel_type type;
	const char *user; /* whose it is; NULL: every user's */
	const char *chat; /* telegram */
	char *url;	  /* webhook, telegram: with its secret */
	char *bearer;	  /* webhook: "Authorization: Bearer ...", or NULL */
	char **argv;	  /* command */
	bool hold;	  /* an unknown outcome is not tried again */
	int64_t rate;	  /* sends a minute; 0: no limit */
	int64_t parallel; /* at a time */
	int64_t timeout_ms;
	int64_t retries; /* after the first try; 0: as retry_life_ms allows */
	int64_t retry_life_ms;
};

struct channels {
	struct channel *v;
	size_t n;
};

/*
 * conf may be NULL: no channels. Names and users borrow from conf. -1 with *e:
 * EX_CONFIG.
 */
int channels_load(const struct conf *conf, struct channels *set_r,
		  struct err *e);
void channels_free(struct channels *set);

/* The one word of a secret's file. The caller frees it; NULL with *e. */
char *channel_secret(const char *path, struct err *e);

/* NULL: there is none. */
const struct channel *channels_find(const struct channels *set,
				    struct str name);

/* True if what is for this user may go over it. */
bool channel_serves(const struct channel *c, struct str user);

#endif
