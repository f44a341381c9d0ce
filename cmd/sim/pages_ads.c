#include "pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/xmem.h"

#include "fill.h"

enum { ALL_SOURCES = -1 };

/* How one kind of list is written: what stands around the ads, and an ad. */
struct list_style {
	const char *name; /* in the path */
	const char *type;
	const char *head, *more, *begin, *ad, *separator, *foot;
};

static const struct list_style styles[] = {
	{ .name = "",
	  .type = "text/html; charset=utf-8",
	  .head = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>"
		  "<meta charset=\"utf-8\"><title>{source}: for sale</title>\n"
		  "<link rel=\"alternate\" type=\"application/rss+xml\" "
		  "href=\"feed.xml\">\n"
		  "<link rel=\"alternate\" type=\"application/atom+xml\" "
		  "href=\"atom.xml\"></head>\n"
		  "<body>\n<h1>{source}: for sale</h1>\n",
	  .more = "<p><a class=\"more\" rel=\"next\" href=\"{next}\">"
		  "older ads</a></p>\n",
	  .begin = "<ul class=\"results\">\n",
	  .ad = "<li class=\"result\" data-id=\"{id}\">"
		"<a href=\"/ads/{source}/{id}\">"
		"<img src=\"/img/{id}.svg\" alt=\"\"><h3>{title}</h3></a>"
		"<p class=\"price\">${price_us}</p>"
		"<p class=\"place\">{place}</p>"
		"<time datetime=\"{posted}\">{posted}</time></li>\n",
	  .separator = "",
	  .foot = "</ul>\n<p><a href=\"/ads/\">all sources</a></p>\n"
		  "</body>\n</html>\n" },
	{ .name = "feed.xml",
	  .type = "application/rss+xml; charset=utf-8",
	  .head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		  "<rss version=\"2.0\" "
		  "xmlns:g=\"http://base.google.com/ns/1.0\" "
		  "xmlns:media=\"http://search.yahoo.com/mrss/\">\n<channel>\n"
		  "<title>{source}: for sale</title>\n"
		  "<link>{base}/ads/</link>\n"
		  "<description>The newest ads</description>\n"
		  "<lastBuildDate>{changed_http}</lastBuildDate>\n",
	  .more = "<atom:link xmlns:atom=\"http://www.w3.org/2005/Atom\" "
		  "rel=\"next\" href=\"{next}\"/>\n",
	  .begin = "",
	  .ad = "<item>\n<title>{title} - ${price_us} ({place})</title>\n"
		"<link>{base}/ads/{source}/{id}</link>\n"
		"<guid isPermaLink=\"false\">{id}</guid>\n"
		"<pubDate>{posted_http}</pubDate>\n"
		"<description>{title} in {place}, ${price_us}</description>\n"
		"<g:price>{price} USD</g:price>\n"
		"<media:content url=\"{base}/img/{id}.svg\" "
		"medium=\"image\"/>\n</item>\n",
	  .separator = "",
	  .foot = "</channel>\n</rss>\n" },
	{ .name = "atom.xml",
	  .type = "application/atom+xml; charset=utf-8",
	  .head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		  "<feed xmlns=\"http://www.w3.org/2005/Atom\" "
		  "xmlns:media=\"http://search.yahoo.com/mrss/\">\n"
		  "<id>{base}/ads/{source}</id>\n"
		  "<title>{source}: for sale</title>\n"
		  "<updated>{changed}</updated>\n"
		  "<author><name>{source}</name></author>\n",
	  .more = "<link rel=\"next\" href=\"{next}\"/>\n",
	  .begin = "",
	  .ad = "<entry>\n<id>{base}/ads/{source}/{id}</id>\n"
		"<title>{title} - ${price_us}</title>\n"
		"<link href=\"{base}/ads/{source}/{id}\"/>\n"
		"<published>{posted}</published>\n"
		"<updated>{updated}</updated>\n"
		"<summary>{title} in {place}, ${price_us}</summary>\n"
		"<media:content url=\"{base}/img/{id}.svg\" "
		"medium=\"image\"/>\n</entry>\n",
	  .separator = "",
	  .foot = "</feed>\n" },
	{ .name = "api.json",
	  .type = "application/json",
	  .head = "{\"source\":{j:source},",
	  .more = "\"next\":{j:next},\"next_page\":{page},",
	  .begin = "\"results\":[",
	  .ad = "\n{\"id\":{j:id},\"source\":{j:source},\"title\":{j:title},"
		"\"price\":{j:price},\"currency\":\"USD\","
		"\"place\":{j:place},\"url\":{j:url},\"image\":{j:image},"
		"\"posted\":{j:posted},\"updated\":{j:updated}}",
	  .separator = ",",
	  .foot = "\n]}\n" },
};

static const char one_ad[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
	"<title>{title}</title></head>\n<body>\n"
	"<p><a href=\"/ads/{source}/\">{source}</a></p>\n"
	"<h1>{title}</h1>\n<img src=\"/img/{id}.svg\" alt=\"{title}\">\n"
	"<p class=\"price\">${price_us}</p>\n<p class=\"place\">{place}</p>\n"
	"<p>Posted <time datetime=\"{posted}\">{posted}</time></p>\n"
	"</body>\n</html>\n";

static void render_ad(const struct ad *ad, const char *tmpl, struct str base,
		      struct buf *b)
{
	const char *source = world_sources[ad->source];
	char price[FILL_MONEY_SIZE], us[FILL_MONEY_SIZE];
	char posted[FILL_DATE_SIZE], posted_http[FILL_DATE_SIZE];
	char updated[FILL_DATE_SIZE];
	struct buf url = { 0 }, image = { 0 };

	buf_addf(&url, "%.*s/ads/%s/%s", STR_ARG(base), source, ad->id);
	buf_addf(&image, "%.*s/img/%s.svg", STR_ARG(base), ad->id);
	FILL(b, tmpl, { "id", str_from(ad->id) },
	     { "source", str_from(source) }, { "title", str_from(ad->title) },
	     { "place", str_from(ad->place) }, { "base", base },
	     { "url", buf_str(&url) }, { "image", buf_str(&image) },
	     { "price", fill_money(ad->cents, MONEY_PLAIN, price) },
	     { "price_us", fill_money(ad->cents, MONEY_US, us) },
	     { "posted", fill_iso_date(ad->posted_s, posted) },
	     { "posted_http", fill_http_date(ad->posted_s, posted_http) },
	     { "updated", fill_iso_date(ad->changed_s, updated) });
	buf_free(&url);
	buf_free(&image);
}

static int newest_first(const void *pa, const void *pb)
{
	const struct ad *a = *(const struct ad *const *)pa;
	const struct ad *b = *(const struct ad *const *)pb;

	if (a->posted_s != b->posted_s)
		return a->posted_s < b->posted_s ? 1 : -1;
	return str_cmp(str_from(a->id), str_from(b->id));
}

/* Those that are listed; the caller frees the array. */
static const struct ad **list_ads(const struct world *w, int source,
				  size_t *n_r)
{
	const struct ad **list = xcalloc(w->n_ads + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < w->n_ads; i++) {
		const struct ad *ad = &w->ads[i];

		if (ad->here &&
		    (source == ALL_SOURCES || ad->source == (unsigned)source))
			list[n++] = ad;
	}
	qsort(list, n, sizeof(*list), newest_first);
	*n_r = n;
	return list;
}

/* Which part of a list is asked for. */
struct part {
	uint64_t per, page; /* ads of a page, 0: all; the page, from 1 */
	uint64_t pages;	    /* as many at least, the last one repeated */
};

static struct part part_of(struct str args)
{
	struct part p = { .page = 1 };
	const struct {
		const char *name;
		uint64_t *to;
	} all[] = {
		{ "per", &p.per },
		{ "page", &p.page },
		{ "pages", &p.pages },
	};
	struct str text;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (args.p && json_get(args, all[i].name, &text) &&
		    text.len > 2)
			str_u64(str_sub(text, 1, text.len - 1), all[i].to);
	return p;
}

/* From which ad up to which; true where another page follows. */
static bool bounds(const struct part *p, size_t n, size_t *from_r,
		   size_t *upto_r)
{
	size_t last = p->per && n ? (n - 1) / p->per + 1 : 1;
	size_t page = p->page > last ? last : p->page < 1 ? 1 : p->page;

	*from_r = p->per ? (page - 1) * p->per : 0;
	*upto_r = p->per && page < last ? page * p->per : n;
	return p->per && (page < last || p->page < p->pages);
}

static void render_more(const struct part *p, const char *tmpl, struct buf *b)
{
	char page[24], query[128];
	int n;

	snprintf(page, sizeof(page), "%" PRIu64, p->page + 1);
	n = snprintf(query, sizeof(query), "?per=%" PRIu64 "&page=%s", p->per,
		     page);
	if (p->pages)
		snprintf(query + n, sizeof(query) - (size_t)n,
			 "&pages=%" PRIu64, p->pages);
	FILL(b, tmpl, { "next", str_from(query) }, { "page", str_from(page) });
}

static void render_list(const struct world *w, int source,
			const struct list_style *style, struct str base,
			const struct part *part, struct answer *a)
{
	const char *name =
		source == ALL_SOURCES ? "all" : world_sources[source];
	char changed[FILL_DATE_SIZE], changed_http[FILL_DATE_SIZE];
	const struct fill vars[] = {
		{ "source", str_from(name) },
		{ "base", base },
		{ "changed", fill_iso_date(w->ads_changed_s, changed) },
		{ "changed_http",
		  fill_http_date(w->ads_changed_s, changed_http) },
	};
	size_t n, first, upto;
	const struct ad **list = list_ads(w, source, &n);

	fill(&a->body, style->head, vars, ARRAY_LEN(vars));
	if (bounds(part, n, &first, &upto))
		render_more(part, style->more, &a->body);
	buf_puts(&a->body, style->begin);
	for (size_t i = first; i < upto; i++) {
		if (i > first)
			buf_puts(&a->body, style->separator);
		render_ad(list[i], style->ad, base, &a->body);
	}
	fill(&a->body, style->foot, vars, ARRAY_LEN(vars));
	a->type = style->type;
	a->modified_s = w->ads_changed_s;
	free(list);
}

void page_ads(const struct world *w, struct str base, struct str rest,
	      struct str args, struct answer *a)
{
	const struct part part = part_of(args);
	struct str behind, first = str_cut(rest, '/', &behind);
	int source = world_source(first);
	const struct ad *ad;

	if (source >= 0)
		rest = behind;
	for (size_t i = 0; i < ARRAY_LEN(styles); i++) {
		if (str_is(rest, styles[i].name)) {
			if (part.per && w->ads_fail == part.page)
				answer_error(a, 503, "Not this page.");
			else
				render_list(w, source, &styles[i], base, &part,
					    a);
			return;
		}
	}
	ad = world_ad(w, rest);
	if (!ad || (source >= 0 && ad->source != (unsigned)source)) {
		answer_error(a, 404, "This ad is gone.");
		return;
	}
	render_ad(ad, one_ad, base, &a->body);
	a->type = "text/html; charset=utf-8";
	a->modified_s = ad->changed_s;
}
