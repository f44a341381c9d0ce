#ifndef NOTIFIER_KIND_H
#define NOTIFIER_KIND_H

/*
 * kind - the kinds of channels: `type = NAME` in a [channel] section.
 *
 * To add one: a file kind_NAME.c that says what the kind is, in one struct
 * kind; a line for it in kind.c; its keys in weir-notifier(1); a test in
 * tests/unit/notifier/test_kind_NAME.c, and one against a local server in
 * tests/cli. No other file of the notifier knows a kind by its name.
 *
 * A kind is pure: settings and a message in, a request out; an answer in, an
 * outcome out. When to send, how often, what is remembered, what happens after
 * a crash, templates, escaping, cutting and splitting are the same for all.
 */
#include <stddef.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/opt.h"
#include "common/smtp.h"

#include "message.h"
#include "outcome.h"
#include "text.h"

enum {
	KIND_HEADERS_MAX = 8,	 /* of a request */
	KIND_ANSWER_MAX = 65536, /* bytes of an answer that are looked at */
	KIND_RANDOM = 64,	 /* bytes of chance for a message */
};

/*
 * A key of the kind's section. Its value goes to `at` in the settings: const
 * char * (OPT_STR), int64_t (OPT_UINT, OPT_MS, OPT_SIZE), bool (OPT_FLAG).
 * Where the key is not there, it stays 0, NULL, false.
 */
struct kind_key {
	const char *name;
	enum opt_kind kind;
	size_t at;
	int64_t min, max;
	bool needed;
	/*
	 * The value names a file, or "credential:NAME", that holds one word
	 * (secret.h): that word goes to `at`, and is wiped at the end. Names of
	 * such keys end in "-file". A secret is given in no other way, and must
	 * stand in no error, log or event.
	 */
	bool secret;
	bool text; /* with secret: not a word, but all that the file holds */
};

#define KIND_KEY(type, member, text, value) \
	.name = (text), .kind = (value), .at = offsetof(struct type, member)

/* What is to be told over one channel. */
struct kind_message {
	const struct message *msg; /* the notification and its event */
	const char *id;		   /* of the delivery: idempotency key */
	const char *channel;
	/*
	 * By the channel's templates or the kind's own, escaped and no longer
	 * than the kind says. The title is one line.
	 */
	struct str title, text;
	unsigned part, parts;		  /* of a text that was split, from 1 */
	const struct text_values *values; /* for templates of the kind's own */
	/* Where to be rid of its rule; absent: nowhere. */
	struct str unsubscribe;
	/* Change the message with this message_id; absent: a new one. */
	struct str edit;
	int64_t now_us; /* wall clock of this attempt, for what signs it */
	/* KIND_RANDOM bytes of this attempt that nobody else knows. */
	const unsigned char *random;
};

/* What to do. Zeroed before build(); what it holds is freed by the caller. */
struct kind_request {
	/* KIND_HTTP */
	const char *method; /* NULL: POST */
	struct buf url;
	struct buf body;
	struct buf header[KIND_HEADERS_MAX];
	size_t n_headers;
	/* The url is a secret, though no key's value is. */
	bool secret_url;
	/*
	 * By which the message will be known, where that is ours to say: kept
	 * once it was sent, as what answer() says of others.
	 */
	struct buf message_id;
	/* KIND_COMMAND: the body is its standard input */
	char **argv; /* borrowed from the settings */
	/* KIND_SMTP: the body is the mail */
	struct smtp_request smtp; /* borrowed likewise */
	/*
	 * An item whose prices are wanted as a picture, and for add_picture():
	 * what the mail is with one, before it and behind it.
	 */
	struct buf item, before, behind;
};

enum kind_transport { KIND_HTTP, KIND_COMMAND, KIND_SMTP };

struct http_response;

struct kind {
	const char *name;
	enum kind_transport transport;
	/*
	 * `url = SCHEME://…` alone makes a channel of this kind. Ends with
	 * NULL; NULL: none. The kind has a key "url" then.
	 */
	const char *const *schemes;
	const struct kind_key *keys;
	size_t n_keys;
	size_t size; /* of its settings */

	/*
	 * How its texts are made (text.h). Channels have the keys "title" and
	 * "text" only where text is not NULL, and "long" where there is a
	 * text_max.
	 */
	struct text_style style;

	int64_t rate; /* sends a minute, by default; 0: no limit */

	/*
	 * The keys were read: is all of it right? May change the settings and
	 * keep what it makes in the arena, which lives as long as they do.
	 * -1 with *e: a message that begins with the key it is about.
	 */
	int (*check)(void *settings, struct arena *a, struct err *e);

	/* The request for a message. -1 with *e: it can never be sent. */
	int (*build)(const void *settings, const struct kind_message *m,
		     struct kind_request *req_r, struct err *e);

	/*
	 * build() knows what to do with kind_message.edit, and answer() gives
	 * messages their ids, or build() where they are mails; a mail that
	 * cannot be changed is answered. Where there is nothing to change any more,
	 * answer() says OUTCOME_RETRY with edit_gone.
	 */
	bool can_edit;

	/*
	 * There is an answer, of any status. *o is what its status and
	 * Retry-After say, without a text of the receiver: say more, or another
	 * thing; outcome_set_receiver() and outcome_set_message() keep texts.
	 * NULL: the body's first line is the receiver's text where it was not
	 * taken. Settings are not given: the channel may be another one by now.
	 */
	void (*answer)(const struct http_response *r, struct arena *a,
		       struct outcome *o);

	/* The PNG that was wanted is here. NULL: none is ever wanted. */
	void (*add_picture)(struct kind_request *req, struct str png);
};

/* NULL: there is none. */
const struct kind *kind_find(struct str name);

/* Whose URL is it, by its scheme; NULL: nobody's. */
const struct kind *kind_of_url(struct str url);

/* Is it a key of any kind? */
bool kind_knows(const char *key);

/* "webhook, telegram or command", for messages. */
void kind_names(struct buf *b);

/* ---- for kinds ---- */

/*
 * Add a header. Characters that no header may hold become blanks. Without a
 * Content-Type it is application/json; Idempotency-Key is set for all.
 */
void kind_header(struct kind_request *req, const char *name, struct str value);

/* "Authorization: Bearer" and the token. */
void kind_bearer(struct kind_request *req, const char *token);

/* -1 with *e where it is no http or https URL. */
int kind_check_url(const char *key, const char *url, struct err *e);

/* Add a base URL without slashes at its end. */
void kind_add_base(struct buf *b, const char *url);

/* How much it matters; in the order of user_priorities. */
enum kind_priority { KIND_LOW, KIND_NORMAL, KIND_HIGH, KIND_URGENT };
enum kind_priority kind_priority(const struct kind_message *m);

/*
 * Where to look: the notification's data.link, an http or https URL of at most
 * KIND_LINK_MAX bytes in which all is encoded that no URL may hold. Absent:
 * there is none. It lives in the arena.
 */
enum { KIND_LINK_MAX = 1024 };
struct str kind_link(const struct kind_message *m, struct arena *a);

/* An answer's body, a JSON object; absent: it is none. */
struct str kind_answer_object(const struct http_response *r);

/* What says "sent" by its status is not an answer of this service. */
void kind_answer_of_others(struct outcome *o);

/* Wait so many seconds, which may have a fraction; other texts say nothing. */
void kind_wait(struct outcome *o, struct str seconds);

#endif
