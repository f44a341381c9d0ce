#ifndef SCRAPER_EXTRACT_H
#define SCRAPER_EXTRACT_H

/*
 * extract - from the bytes of an answer to the items in it.
 *
 * Pure: no clock, network, log or state; the same input gives the same
 * observation. Bytes are hostile: every extractor bounds its work and memory,
 * and answers anything with one of the typed outcomes FOUND, EMPTY,
 * SELECTOR_MISS or PARSE_FAIL, never with a crash.
 *
 * One extractor per kind of watch: extract_product.c, extract_html.c,
 * extract_page.c, extract_feed.c, extract_json.c.
 */
#include "common/err.h"
#include "common/json.h"

#include "item.h"

enum { EXTRACT_KEEP = 4 << 20 }; /* what most pages need of the arena, bytes */

struct document {
	struct str body;	 /* decoded of transfer and content encoding */
	struct str content_type; /* the header's value; absent: unknown */
	struct str url;		 /* base for relative links; may be absent */
	struct str currency;	 /* the watch's hint, ISO 4217; may be absent */
	struct str lang;	 /* of a page, once it is parsed */
};

/*
 * A watch's "extract" member, compiled. config may be NULL (absent). Returns
 * NULL with *e (EX_CONFIG; msg names the member and what is wrong with it).
 */
struct extractor;
struct extractor *extractor_new(const char *kind, const struct json *config,
				struct err *e);
void extractor_free(struct extractor **xp);

/* Is there something to prepare? */
bool extractor_has_programs(const struct extractor *x);
/*
 * Compile what may only be compiled where it may be run, which are programs of
 * jq: in a process that can be spared (jqprogram.h). Before the first run. -1
 * with *e: EX_CONFIG, as from extractor_new().
 */
int extractor_prepare(struct extractor *x, struct err *e);

/* Fill *o; everything that it points to is in the arena or is constant. */
void extractor_run(const struct extractor *x, const struct document *doc,
		   struct arena *a, struct observation *o);

/*
 * What an extractor of one kind is; extract.c has the table of kinds. compile
 * may be NULL where a kind takes no configuration.
 */
struct extract_kind {
	const char *name;
	int (*compile)(const struct json *config, void **compiled_r,
		       struct err *e);
	/* May both be NULL. */
	bool (*has_programs)(const void *compiled);
	int (*prepare)(void *compiled, struct err *e);
	void (*release)(void *compiled);
	void (*run)(const void *compiled, const struct document *doc,
		    struct arena *a, struct observation *o);
};
extern const struct extract_kind extract_product, extract_html, extract_page,
	extract_feed, extract_json;

/* For extractors: end with an outcome and its reason (printf-style). */
void observation_fail(struct observation *o, struct arena *a, enum outcome why,
		      const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* For extractors: append a zeroed item; NULL once ITEM_MAX is reached. */
struct item *observation_add(struct observation *o, struct arena *a);

/*
 * For extractors: refuse (EX_CONFIG) an object with a member that is not among
 * the known ones (NULL ends them). where names the object in the message. A
 * NULL config is fine.
 */
int extract_members(const struct json *config, const char *where,
		    const char *const *known, struct err *e);

#endif
