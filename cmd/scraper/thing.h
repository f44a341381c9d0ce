#ifndef SCRAPER_THING_H
#define SCRAPER_THING_H

/*
 * thing - what a page says about itself, whatever it says it with.
 *
 * JSON-LD, microdata, RDFa and OpenGraph describe the same: things that have
 * types, and properties whose values are text or other things. Each reader
 * adds what it finds to one struct things, so that its meaning is worked out
 * in one place (schemaorg.h).
 *
 * Names are kept short: of an IRI ("http://schema.org/Product") or of a
 * prefixed name of that vocabulary ("schema:Product") only the last part.
 * Text borrows from the document or is in the arena; entities of the markup
 * are resolved, white space is as the page has it.
 *
 * Work is bounded: once a page gave THINGS_MAX things and properties, or its
 * readers looked at THINGS_WORK_MAX nodes, the rest of the page is not read.
 */
#include "common/arena.h"
#include "common/str.h"

#include "dom.h"

enum {
	THING_TYPES_MAX = 4,	   /* of one thing; further ones are dropped */
	THING_DEPTH_MAX = 64,	   /* things within things */
	THINGS_MAX = 200000,	   /* things and properties of one page */
	THINGS_WORK_MAX = 4000000, /* nodes looked at */
};

enum thing_source {
	THING_JSONLD,
	THING_MICRODATA,
	THING_RDFA,
	THING_OPENGRAPH,
	THING_STATE, /* what the page's scripts start from */
	THING_SOURCES,
};

struct thing_prop {
	struct str name;
	struct str text;	     /* absent where the value is a thing */
	struct thing *thing;	     /* NULL where the value is text */
	const struct dom_node *node; /* where it stands; NULL in JSON-LD */
	struct thing_prop *next;
};

struct thing {
	enum thing_source source;
	struct str id; /* absent: none */
	struct str types[THING_TYPES_MAX];
	unsigned n_types;
	struct thing_prop *first, *last;
	const struct dom_node *node; /* its element, or JSON-LD's <script> */
	struct thing *parent;	     /* NULL: not the value of another one */
	struct str role;	     /* the property of parent that it is */
	struct thing *next;
};

struct things {
	struct arena *arena;
	struct thing *first, *last; /* all of them, nested ones too */
	size_t n;		    /* things and properties so far */
	size_t work;		    /* nodes looked at so far */
	struct thing **by_id;	    /* hash table, made by the first look-up */
	size_t n_slots;
};

/* The readers. Each may be called on any document. */
void jsonld_read(struct things *ts, const struct dom *d);
void microdata_read(struct things *ts, const struct dom *d);
void rdfa_read(struct things *ts, const struct dom *d);
void opengraph_read(struct things *ts, const struct dom *d);
void state_read(struct things *ts, const struct dom *d);

/*
 * JSON as pages have it: also with comments, stray or missing commas, quotes
 * of the wrong kind or not escaped, raw line ends in strings, entities in
 * place of quotes, CDATA or HTML comment marks around it, its end cut off.
 * What cannot be understood is left out. Of THING_STATE only the first value is
 * read, as code may follow it.
 */
void jsonld_parse(struct things *ts, enum thing_source source, struct str text,
		  const struct dom_node *node);

/* A new thing; NULL once a limit is reached. */
struct thing *thing_new(struct things *ts, enum thing_source source,
			const struct dom_node *node);
void thing_add_type(struct thing *t, struct str type);
void thing_add_text(struct things *ts, struct thing *t, struct str name,
		    struct str text, const struct dom_node *node);
void thing_add_thing(struct things *ts, struct thing *t, struct str name,
		     struct thing *value);

/* Count n nodes as looked at. False: the limit is reached, stop. */
bool things_spend(struct things *ts, size_t n);

/* The short form of a name: see above. */
struct str thing_name(struct str iri);

/* Whether one of its types is this; case does not matter. */
bool thing_is(const struct thing *t, const char *type);

/* The first property of this name behind `after` (NULL: of all), or NULL. */
const struct thing_prop *thing_prop(const struct thing *t, const char *name,
				    const struct thing_prop *after);

/* What t stands for: t, or the thing that a bare reference by @id names. */
const struct thing *things_resolve(struct things *ts, const struct thing *t);

/*
 * The value of an element that carries a property (WHATWG HTML, "5.2.4
 * Values", and "content" on any element, as search engines read it). Text is
 * cut to a few thousand bytes.
 */
struct str thing_node_value(struct things *ts, const struct dom_node *n);

/* The text of an element, cut in the same way. */
struct str thing_node_text(struct things *ts, const struct dom_node *n);

#endif
