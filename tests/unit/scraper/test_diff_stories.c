/*
 * Stories of a watch: what is seen, look after look, and what is told of it.
 *
 * tests/fixtures/diff/stories.jsonl: {"story","watch","looks":[{"see","told","at"}]}.
 * "see" is a list as "id:price ..." or as objects, or the lines of a page;
 * "told" the events, "type id price" each, or "price price currency stock", or
 * "page +line -line".
 * "pages" stands for "see" where a list goes on: {"see","next","fails"} each, at
 * http://x/N; next is the one behind it unless it says so itself, and fails the
 * outcome of a page that cannot be read. "read" is how many are, "stopped" why no
 * more, "reason" what is said of it.
 * "at" is the time in seconds, else a minute after the look before; "waits":
 * something is to be confirmed. Between two looks the state is written and
 * read, as by a restart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/types.h"
#include "common/xmem.h"

#include "cmd/scraper/watch.h"
#include "tests/unit/cases.h"

struct story {
	struct arena arena;
	struct tz_cache zones;
	struct watch *w;
	struct watch_state state;
	int64_t now_s;
	struct diff d;
};

static const struct {
	const char *name;
	size_t offset;
} members[] = {
	{ "id", offsetof(struct item, id) },
	{ "title", offsetof(struct item, title) },
	{ "price", offsetof(struct item, price) },
	{ "list_price", offsetof(struct item, list_price) },
	{ "currency", offsetof(struct item, currency) },
	{ "availability", offsetof(struct item, availability) },
	{ "summary", offsetof(struct item, summary) },
	{ "image", offsetof(struct item, image) },
};

static void read_object(const struct json *c, struct item *it)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		*(struct str *)(void *)((char *)it + members[i].offset) =
			cases_str(c, members[i].name);
}

/* "a:1 b:2 c" */
static size_t read_words(struct str text, struct item *items)
{
	struct str word;
	size_t n = 0;

	while (str_token(&text, " ", &word)) {
		items[n].id = str_cut(word, ':', &items[n].price);
		if (!items[n].price.len)
			items[n].price = (struct str){ 0 };
		n++;
	}
	return n;
}

static void read_look(struct story *s, const struct json *see,
		      struct observation *o)
{
	struct str text = str_from(json_string(see));

	*o = (struct observation){ .outcome = OUTCOME_FOUND };
	o->items = arena_alloc(&s->arena, 200 * sizeof(*o->items));
	if (text.p && s->w->diff.page) {
		o->text = text;
	} else if (text.p) {
		o->n_items = read_words(text, o->items);
	} else {
		json_each (c, see)
			read_object(c, &o->items[o->n_items++]);
	}
}

static void restart(struct story *s)
{
	struct buf b = { 0 };
	struct err e;

	watchstate_encode(&s->state, &b);
	if (watchstate_decode(arena_str(&s->arena, buf_str(&b)), &s->arena,
			      &s->state, &e))
		fail_msg("%s", e.msg);
	buf_free(&b);
}

/* ---- a list that goes on ---- */

enum { STORY_PAGES_MAX = 20 };

struct site {
	const struct json *page[STORY_PAGES_MAX];
	struct str url[STORY_PAGES_MAX];
	size_t n;
};

static void make_site(struct story *s, const struct json *pages,
		      struct site *site)
{
	struct buf b = { 0 };

	site->n = 0;
	json_each (c, pages) {
		buf_reset(&b);
		buf_addf(&b, "http://x/%zu", site->n + 1);
		site->url[site->n] = arena_str(&s->arena, buf_str(&b));
		site->page[site->n++] = c;
	}
	buf_free(&b);
}

static struct str next_of(const struct site *site, size_t at)
{
	const struct json *next = json_member(site->page[at], "next");

	if (next)
		return str_from(json_string(next));
	return at + 1 < site->n ? site->url[at + 1] : (struct str){ 0 };
}

static size_t find_page(const struct site *site, struct str url)
{
	size_t at = 0;

	while (at < site->n && !str_eq(site->url[at], url))
		at++;
	return at;
}

static enum outcome outcome_named(struct str name)
{
	enum outcome o = 0;

	while (o < OUTCOMES && !str_is(name, outcome_name(o)))
		o++;
	return o;
}

/* As the scraper does it, without a network. */
static void read_pages(struct story *s, const struct json *pages,
		       struct paging *p)
{
	struct str url = STR("http://x/1");
	struct observation o;
	struct site site;
	bool more = true;

	make_site(s, pages, &site);
	paging_begin(p, &s->w->paging, &s->state, &s->arena);
	while (more) {
		size_t at = find_page(&site, url);
		struct str fails;

		if (at == site.n)
			fail_msg("%.*s was asked for", STR_ARG(url));
		fails = cases_str(site.page[at], "fails");
		if (fails.p) {
			paging_fail(p, outcome_named(fails), (struct str){ 0 });
			return;
		}
		read_look(s, json_member(site.page[at], "see"), &o);
		o.next = next_of(&site, at);
		if (!o.n_items)
			o.outcome = OUTCOME_EMPTY;
		more = paging_add(p, url, url, &o);
		url = p->next;
	}
}

static bool is_member(const struct json *step, const char *name,
		      struct str have)
{
	struct str want = cases_str(step, name);

	if (str_eq(want, have))
		return true;
	print_error("%s is \"%.*s\"\n", name, STR_ARG(have));
	return false;
}

static bool look_at_pages(struct story *s, const struct json *step,
			  struct observation *o)
{
	struct paging p;
	struct buf read = { 0 };
	bool good;

	read_pages(s, json_member(step, "pages"), &p);
	*o = p.all;
	buf_addf(&read, "%u", p.n);
	good = str_is(buf_str(&read), json_number(json_member(step, "read")));
	if (!good)
		print_error("read %u pages\n", p.n);
	buf_free(&read);
	return is_member(step, "stopped", str_from(paging_name(p.end))) &&
	       is_member(step, "reason", o->reason) && good;
}

static bool look(struct story *s, const struct json *step)
{
	struct observation o = { .n_items = 0 };
	struct watch_state after;
	bool good = true;

	if (json_member(step, "pages"))
		good = look_at_pages(s, step, &o);
	else
		read_look(s, json_member(step, "see"), &o);
	diff_found(&s->w->diff, &s->state, &o, s->now_s * 1000000, &s->arena,
		   &after, &s->d);
	/* What is not to be written must not be needed. */
	if (s->d.moved || !s->state.based || s->state.cut != after.cut)
		s->state = after;
	restart(s);
	return good;
}

static struct str text_or(struct str s, const char *other)
{
	return s.p ? s : str_from(other);
}

/* An event in few words; it must be one that weir's own door lets in. */
static void add_told(struct story *s, const struct diff_event *told,
		     struct buf *b)
{
	struct event ev = { .topic = told->topic,
			    .source = STR("weir/scraper/-"),
			    .id = 1,
			    .data = told->data };
	struct type_price p = { .free = false };
	struct type_listing t = { .free = false };
	struct type_page_change c = { .baseline = false };
	struct str verb;
	struct err e;

	if (event_check(&ev, &e) || type_check(&ev, &e))
		fail_msg("%.*s: %s", STR_ARG(ev.topic), e.msg);
	if (event_is(&ev, "price.update")) {
		shape_decode(&shape_price, ev.data, &p, &s->arena, &e);
		buf_addf(b, "price %.*s %.*s %.*s",
			 STR_ARG(text_or(p.price, "null")),
			 STR_ARG(text_or(p.currency, "-")),
			 STR_ARG(text_or(p.availability, "-")));
	} else if (event_is(&ev, "page.change")) {
		shape_decode(&shape_page_change, ev.data, &c, &s->arena, &e);
		buf_puts(b, "page");
		for (size_t i = 0; i < c.added.n; i++)
			buf_addf(b, " +%.*s", STR_ARG(c.added.v[i]));
		for (size_t i = 0; i < c.removed.n; i++)
			buf_addf(b, " -%.*s", STR_ARG(c.removed.v[i]));
	} else {
		shape_decode(&shape_listing, ev.data, &t, &s->arena, &e);
		str_cut(event_type(&ev), '.', &verb);
		buf_addf(b, "%.*s %.*s", STR_ARG(verb), STR_ARG(t.id));
		if (t.price.p)
			buf_addf(b, " %.*s", STR_ARG(t.price));
	}
	if (p.baseline || t.baseline || c.baseline)
		buf_puts(b, " baseline");
}

static bool check_told(struct story *s, const struct json *step, size_t at)
{
	struct buf have = { 0 }, want = { 0 };
	bool good, waits = json_true(json_member(step, "waits"));

	for (size_t i = 0; i < s->d.n; i++) {
		add_told(s, &s->d.events[i], &have);
		buf_puts(&have, "; ");
	}
	json_each (c, json_member(step, "told"))
		buf_addf(&want, "%s; ", json_string(c));
	good = str_eq(buf_str(&have), buf_str(&want));
	if (!good)
		print_error("look %zu: told %.*s\n", at,
			    STR_ARG(buf_str(&have)));
	if (waits != s->d.waits) {
		print_error("look %zu: waits is %d\n", at, s->d.waits);
		good = false;
	}
	buf_free(&have);
	buf_free(&want);
	return good;
}

static bool judge(const struct json *c, void *ctx)
{
	struct story s = { .now_s = 1000 };
	const struct watch_env env = { .zones = &s.zones };
	struct buf json = { 0 };
	bool good = true;
	size_t n = 0;
	struct err e;

	(void)ctx;
	json_print(json_member(c, "watch"), &json);
	s.w = watch_new(buf_str(&json), (struct str){ 0 }, &env, &e);
	if (!s.w)
		fail_msg("%s: %s", json_string(json_member(c, "story")), e.msg);
	json_each (step, json_member(c, "looks")) {
		const struct json *at = json_member(step, "at");

		s.now_s =
			at ? strtoll(json_number(at), NULL, 10) : s.now_s + 60;
		good &= look(&s, step);
		good &= check_told(&s, step, ++n);
	}
	if (!good)
		print_error("in: %s\n", json_string(json_member(c, "story")));
	watch_free(&s.w);
	tz_cache_free(&s.zones);
	arena_free(&s.arena);
	buf_free(&json);
	return good;
}

static void stories_are_told_as_they_should_be(void **state)
{
	struct cases_count count =
		cases_run("tests/fixtures/diff", "stories.jsonl", judge, NULL);

	(void)state;
	assert_int_equal(count.good, count.n);
	assert_true(count.n >= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stories_are_told_as_they_should_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
