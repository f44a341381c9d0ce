#include "pages.h"

#include <stdio.h>

#include "common/xmem.h"

#include "fill.h"

void page_text(const struct world *w, struct answer *a)
{
	static const char *const harbours[WORLD_LINES] = {
		"Norderney",  "Juist",	"Langeoog",  "Spiekeroog",
		"Wangerooge", "Borkum", "Baltrum",   "Amrum",
		"Pellworm",   "Hooge",	"Helgoland", "Sylt",
	};
	static const char *const news[] = {
		"on time",
		"on time",
		"on time",
		"delayed by 10 minutes",
		"delayed by half an hour",
		"from pier 4 today",
		"cancelled",
	};

	buf_puts(&a->body, "<!DOCTYPE html>\n<html lang=\"en\"><head>"
			   "<meta charset=\"utf-8\"><title>Ferries</title>"
			   "</head>\n<body><h1>Ferries today</h1>\n");
	for (unsigned i = 0; i < WORLD_LINES; i++)
		buf_addf(&a->body, "<p>%02u:%02u %s: %s</p>\n", 6 + i,
			 i * 25 % 60, harbours[i],
			 news[world_line(w, i, ARRAY_LEN(news))]);
	buf_puts(&a->body, "</body></html>\n");
	a->type = "text/html; charset=utf-8";
	a->modified_s = world_lines_changed_s(w);
}

void page_image(struct str rest, struct answer *a)
{
	struct str id = rest;
	char hue[8];

	if (str_ends(rest, STR(".svg")))
		id = str_sub(rest, 0, rest.len - 4);
	if (id.len == rest.len || !str_is_id(id)) {
		answer_error(a, 404, "No such picture.");
		return;
	}
	snprintf(hue, sizeof(hue), "%u", (unsigned)(str_hash(id) % 360));
	FILL(&a->body,
	     "<svg xmlns=\"http://www.w3.org/2000/svg\" "
	     "viewBox=\"0 0 320 240\">"
	     "<rect width=\"320\" height=\"240\" fill=\"hsl({hue} 45% 75%)\"/>"
	     "<circle cx=\"160\" cy=\"105\" r=\"60\" "
	     "fill=\"hsl({hue} 50% 45%)\"/>"
	     "<text x=\"160\" y=\"215\" font-family=\"sans-serif\" "
	     "font-size=\"20\" text-anchor=\"middle\">{id}</text></svg>\n",
	     { "hue", str_from(hue) }, { "id", id });
	a->type = "image/svg+xml";
	a->cache_control = "max-age=86400, immutable";
	a->modified_s = WORLD_START_S;
}

void page_front(const struct world *w, struct answer *a)
{
	buf_addf(&a->body,
		 "<!DOCTYPE html>\n<html lang=\"en\"><head>"
		 "<meta charset=\"utf-8\"><title>weir-sim</title></head>\n"
		 "<body><h1>A small web</h1>\n<ul>\n"
		 "<li><a href=\"/shop/\">Shops</a>: %zu products</li>\n"
		 "<li><a href=\"/ads/\">Classified ads</a>",
		 w->n_products);
	for (int i = 0; i < WORLD_SOURCES; i++)
		FILL(&a->body, ", <a href=\"/ads/{name}/\">{name}</a>",
		     { "name", str_from(world_sources[i]) });
	buf_puts(&a->body, "</li>\n<li><a href=\"/page\">Ferries</a></li>\n"
			   "</ul></body></html>\n");
	a->type = "text/html; charset=utf-8";
	a->modified_s = WORLD_START_S;
}
