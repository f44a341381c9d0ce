#include "feed_vocabulary.h"

#include <string.h>

#include "common/xmem.h"

/* What a namespace's IRI begins with, without its scheme and "www.". */
static const struct {
	const char *iri, *prefix;
} namespaces[] = {
	{ "w3.org/2005/atom", "" },
	{ "purl.org/atom/", "" },
	{ "purl.org/rss/1.0/modules/content", "content" },
	{ "purl.org/rss/1.0/modules/", "?" },
	{ "purl.org/rss/", "" },
	{ "purl.org/net/rss", "" },
	{ "my.netscape.com/", "" },
	{ "channel.netscape.com/", "" },
	{ "backend.userland.com/", "" },
	{ "blogs.law.harvard.edu/tech/rss", "" },
	{ "purl.org/dc/elements/", "dc" },
	{ "purl.org/dc/terms/", "dcterms" },
	{ "search.yahoo.com/mrss", "media" },
	{ "itunes.com/dtds/", "itunes" },
	{ "base.google.com/", "g" },
	{ "w3.org/1999/02/22-rdf-syntax-ns", "rdf" },
	{ "w3.org/1999/xhtml", "xhtml" },
};

static bool starts_nocase(struct str s, struct str prefix)
{
	return s.len >= prefix.len &&
	       str_eq_nocase(str_sub(s, 0, prefix.len), prefix);
}

static struct str prefix_of_iri(struct str iri, struct str root_ns)
{
	size_t scheme = str_find(iri, STR("://"));
	struct str rest = iri;

	if (scheme != (size_t)-1)
		rest = str_sub(iri, scheme + 3, iri.len);
	if (starts_nocase(rest, STR("www.")))
		rest = str_sub(rest, 4, rest.len);
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++)
		if (starts_nocase(rest, str_from(namespaces[i].iri)))
			return str_from(namespaces[i].prefix);
	return str_eq(iri, root_ns) ? STR("") : STR("?");
}

static struct str known_prefix(struct str prefix)
{
	if (str_eq_nocase(prefix, STR("atom")) ||
	    str_eq_nocase(prefix, STR("rss")))
		return STR("");
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++)
		if (str_eq_nocase(prefix, str_from(namespaces[i].prefix)))
			return str_from(namespaces[i].prefix);
	return STR("?");
}

struct feed_name feed_name_of(const struct dom_node *n, struct str root_ns)
{
	struct str local, prefix = str_cut(n->name, ':', &local);

	if (!local.p) {
		local = prefix;
		prefix = STR("");
	}
	if (n->ns.len > 0)
		prefix = prefix_of_iri(n->ns, root_ns);
	else if (prefix.len > 0)
		prefix = known_prefix(prefix);
	return (struct feed_name){ prefix, local };
}

bool feed_name_is_just(struct feed_name n, struct str name)
{
	struct str local, prefix;

	if (!n.prefix.len)
		return str_eq_nocase(n.local, name) &&
		       str_chr(name, ':') == (size_t)-1;
	prefix = str_cut(name, ':', &local);
	return local.p && str_eq_nocase(n.local, local) &&
	       str_eq(n.prefix, prefix);
}
