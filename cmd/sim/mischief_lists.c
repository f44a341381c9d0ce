#include "mischief_lists.h"

#include "common/json.h"
#include "common/xmem.h"

#include "tally.h"

enum {
	PER_PAGE = 10,
	REAL_MAX = 1000,
	FILLERS = 5, /* ads that nobody asked for */
};

static void begin(struct visit *v, const char *lang, const char *title)
{
	v->a->type = "text/html; charset=utf-8";
	buf_addf(&v->a->body,
		 "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset="
		 "\"utf-8\"><title>%s</title></head>\n<body>",
		 lang, title);
}

static void add_entry(struct buf *b, const char *id, unsigned long long n)
{
	buf_addf(b,
		 "<li class=\"result\" data-id=\"%s%llu\"><a href=\"/ads/%s%llu"
		 "\"><h3>No. %llu</h3></a><p class=\"price\">$%llu.00</p>"
		 "</li>\n",
		 id, n, id, n, n, 10 + n % 1000);
}

void page_endless_list(struct visit *v, struct str rest)
{
	struct str arg;
	uint64_t page = 1;

	(void)rest;
	if (json_get(v->rq->args, "page", &arg) && arg.len > 2)
		str_u64(str_sub(arg, 1, arg.len - 1), &page);
	page = page < 1 || page > UINT32_MAX ? 1 : page;
	begin(v, "en", "For ever for sale");
	buf_puts(&v->a->body, "<ul class=\"results\">\n");
	for (unsigned i = 0; i < PER_PAGE; i++)
		add_entry(&v->a->body, "e", (page - 1) * PER_PAGE + i + 1);
	buf_addf(&v->a->body,
		 "</ul>\n<p><a class=\"more\" rel=\"next\" href=\"?page=%llu\">"
		 "older ads</a></p></body></html>\n",
		 (unsigned long long)page + 1);
}

void page_similar(struct visit *v, struct str rest)
{
	unsigned long long turn = tally_add(&v->site->counters, v->rq->path);
	struct str behind;
	uint64_t n;

	if (!str_u64(str_cut(rest, '/', &behind), &n) || n > REAL_MAX) {
		answer_error(v->a, 400, "How many?");
		return;
	}
	begin(v, "en", "Search results");
	buf_puts(&v->a->body, n ? "<ul class=\"results\">\n"
				: "<p>No ads match your search.</p>\n<ul>\n");
	for (unsigned i = 0; i < n; i++)
		add_entry(&v->a->body, "r", i + 1);
	buf_puts(&v->a->body,
		 "<li class=\"divider\"><h2>Similar ads</h2></li>\n");
	for (unsigned i = 0; i < FILLERS; i++)
		add_entry(&v->a->body, "s", turn * FILLERS + i);
	buf_puts(&v->a->body, "</ul></body></html>\n");
}

static void product(struct visit *v, const char *lang, const char *price)
{
	begin(v, lang, "Diver 300 M");
	buf_addf(&v->a->body,
		 "<main class=\"product\"><h1>Diver 300 M</h1>"
		 "<p class=\"price\">%s</p><p>In stock</p>"
		 "<button>Add to cart</button></main></body></html>\n",
		 price);
}

void page_locale(struct visit *v, struct str rest)
{
	static const struct {
		const char *lang, *price;
	} forms[] = {
		{ "en", "$1,299.00" },
		{ "de", "1.199,00 \u20ac" },
		{ "fr", "1\u202f219,00 \u20ac" },
		{ "de-CH", "CHF 1\u2019150.00" },
		{ "ja", "\uffe5198,000" },
	};
	struct str wanted;
	size_t at = 0;

	(void)rest;
	if (!json_get(v->rq->headers, "accept-language", &wanted))
		wanted = STR("\"\"");
	wanted = str_sub(wanted, 1, wanted.len);
	/* The longest that fits. */
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (str_starts(wanted, str_from(forms[i].lang)))
			at = i;
	product(v, forms[at].lang, forms[at].price);
}

void page_ab(struct visit *v, struct str rest)
{
	unsigned long long turn = tally_add(&v->site->counters, v->rq->path);

	(void)rest;
	product(v, "en", turn % 2 ? "$99.00" : "$109.00");
}
