/*
 * The later pages of a list: fetched one after another, each as politely as
 * any other request, and read as one look. Nothing of it is written before the
 * last one: who is killed between two pages looks again.
 */
#include "task.h"

#include "common/stats.h"

#include "next_url.h"
#include "origin.h"

/* A page after the first. */
struct leaf {
	struct str url; /* that answered */
	int status;
	size_t items;	 /* on it, those of earlier pages among them */
	size_t bytes;	 /* of its body */
	struct str body; /* absent: not held until the look is over */
	struct keeping kept;
	struct leaf *next;
};

struct pages {
	struct scraper *scraper;
	struct paging paging;
	/* The page that is being read: as asked for, what answered, its Link. */
	struct str asked, url, link;
	struct leaf *first, *leaf; /* of the later ones; the last of them */
	size_t bytes;		   /* of bodies that are held, of all pages */
};

/* ---- bodies, until the look is over ---- */

/* A look goes on for as long as its hosts want: all of them have a limit, too. */
static bool has_room(const struct pages *p, size_t bytes)
{
	return bytes <= p->scraper->conf->body_max &&
	       p->bytes + bytes <= PAGES_BYTES_MAX &&
	       p->scraper->page_bytes + bytes <= PAGES_ALL_MAX;
}

/*
 * Held for a record of what changed. Where that is too much, or too large to be
 * kept in the end, absent, and its hash is in *kept_r.
 */
static struct str hold(struct pages *p, struct str body, struct arena *a,
		       struct keeping *kept_r)
{
	struct err none;

	if (has_room(p, body.len)) {
		p->bytes += body.len;
		p->scraper->page_bytes += body.len;
		return arena_str(a, body);
	}
	kept_r->how = blob_id(body, kept_r->id, &none) ? KEEPING_FAILED
						       : KEEPING_TOO_LARGE;
	return (struct str){ 0 };
}

/* What was held is recorded, or dropped. */
static void let_go(struct pages *p)
{
	p->scraper->page_bytes -= p->bytes;
	p->bytes = 0;
}

/* ---- the first page ---- */

static void answered(struct pages *p, const struct fetched *f, struct arena *a)
{
	p->url = arena_str(a, str_from(f->r->url));
	p->link = arena_str(a, http_header(f->r, "link"));
}

/* Only a list whose newest entries come first asks what is known. */
static int load_known(struct task *t, struct arena *a, struct watch_state *st_r)
{
	struct stage *stage = t->scraper->stage;
	struct err e;

	*st_r = (struct watch_state){ 0 };
	if (!t->watch->paging.ends_known || t->scraper->conf->test)
		return 0;
	if (stage_begin(stage, &e) == 0 && known_of(t, a, st_r, &e) == 0 &&
	    stage_commit(stage, &e) == 0)
		return 0;
	stage_fail(stage, &e);
	return -1;
}

void pages_begin(struct task *t, struct result *r, const struct fetched *f)
{
	struct watch_state before;
	struct pages *p;

	if (t->watch->paging.max < 2 || load_known(t, &r->arena, &before))
		return;
	p = arena_alloc(&r->arena, sizeof(*p));
	*p = (struct pages){ .scraper = t->scraper,
			     .asked = t->watch->def.url };
	paging_begin(&p->paging, &t->watch->paging, &before, &r->arena);
	answered(p, f, &r->arena);
	r->pages = p;
	if (!t->scraper->conf->body_max)
		return;
	r->from.bytes = f->a->body.len;
	r->from.body = hold(p, f->a->body, &r->arena, &r->kept);
}

/* ---- a later page ---- */

static void add_leaf(struct result *r, const struct fetched *f)
{
	struct pages *p = r->pages;
	struct leaf *leaf = arena_alloc(&r->arena, sizeof(*leaf));

	answered(p, f, &r->arena);
	*leaf = (struct leaf){ .url = p->url, .status = f->a->status };
	if (r->task->scraper->conf->body_max) {
		leaf->bytes = f->a->body.len;
		leaf->body = hold(p, f->a->body, &r->arena, &leaf->kept);
	}
	*(p->leaf ? &p->leaf->next : &p->first) = leaf;
	p->leaf = leaf;
}

/* ---- the look is over ---- */

/*
 * Asked for its version, the first page stands for the list only where it is
 * all of it, or where what is new comes first.
 */
static bool stands_for_all(const struct paging *p)
{
	if (p->all.span == OBSERVED_PART)
		return false;
	return p->rules->ends_known || (p->n == 1 && p->end == PAGING_LAST);
}

static void end(struct task *t, struct result *r)
{
	const struct paging *p = &r->pages->paging;

	r->o = p->all;
	if (!stands_for_all(p))
		r->etag = r->last_modified = (struct str){ 0 };
	stats_add(stage_stats(t->scraper->stage), "lists_read_total",
		  paging_name(p->end), 1);
}

static void on_fetched(void *arg, const struct fetched *f)
{
	struct task *t = arg;
	struct result *r = t->paged;
	struct pages *p = r->pages;
	enum outcome outcome = f->v->outcome;

	t->fetch = NULL;
	t->paged = NULL;
	stats_add(stage_stats(t->scraper->stage), "list_pages_total",
		  outcome_name(outcome), 1);
	if (f->v->retry_ms > r->wait_ms)
		r->wait_ms = f->v->retry_ms;
	if (outcome == OUTCOME_FOUND) {
		add_leaf(r, f);
		task_extract(t, r, f->a->body, f->a->content_type, p->url);
		return;
	}
	if (outcome == OUTCOME_EMPTY)
		paging_add(&p->paging, p->asked, p->asked,
			   &(struct observation){ .outcome = outcome });
	else
		paging_fail(&p->paging, outcome, str_from(f->v->reason));
	end(t, r);
	task_found(t, r, false);
}

/* ---- going on ---- */

/* The host may have asked to be left alone since we began. */
static bool is_held(struct task *t, struct pages *p, const char *url)
{
	if (fetcher_hold_ms(t->scraper->fetcher, url) <= 0)
		return false;
	paging_fail(&p->paging, OUTCOME_RATE_LIMITED,
		    STR("the host is left alone for now"));
	return true;
}

static bool ask(struct task *t, struct result *r)
{
	const struct watch *w = t->watch;
	struct pages *p = r->pages;
	const char *url = arena_strdup(&r->arena, p->paging.next);
	struct fetch_request req = task_request(t, url);

	if (is_held(t, p, url))
		return false;
	p->asked = p->paging.next;
	/* No version of it is known, and secrets stay at home. */
	req.headers = origin_is_home(w->def.url, p->asked) ? w->own : NULL;
	req.version = NULL;
	req.conditional = false;
	t->paged = r;
	t->fetch = fetcher_get(t->scraper->fetcher, &req, on_fetched, t);
	return true;
}

/* True where there is another page. */
static bool add(struct result *r, struct observation *o)
{
	struct pages *p = r->pages;

	if (p->leaf)
		p->leaf->items = o->n_items;
	if (o->outcome == OUTCOME_FOUND && !o->next.p)
		next_url_of_header(p->link, p->url, &r->arena, &o->next);
	if (o->outcome == OUTCOME_FOUND || o->outcome == OUTCOME_EMPTY)
		return paging_add(&p->paging, p->asked, p->url, o);
	paging_fail(&p->paging, o->outcome, o->reason);
	return false;
}

bool pages_go_on(struct task *t, struct result *r, struct observation *o)
{
	if (r->pages && !r->pages->paging.n && o->outcome != OUTCOME_FOUND) {
		let_go(r->pages);
		r->pages = NULL;
	}
	if (r->pages) {
		if (add(r, o) && ask(t, r))
			return true;
		end(t, r);
		return false;
	}
	r->o = *o;
	/* What somebody pushes in is one page of it. */
	if (t->watch->paging.max > 1 && o->next.p) {
		r->o.span = OBSERVED_PART;
		r->o.reason = STR("one page was pushed in; it goes on");
	}
	return false;
}

void pages_end(struct result *r)
{
	if (r->pages)
		let_go(r->pages);
}

/* ---- what is said of them ---- */

unsigned pages_read(const struct result *r)
{
	return r->pages ? r->pages->paging.n : 0;
}

struct str pages_stopped(const struct result *r)
{
	return r->pages ? str_from(paging_name(r->pages->paging.end))
			: (struct str){ 0 };
}

void pages_keep(const struct result *r, struct blob_batch *b)
{
	for (struct leaf *l = r->pages ? r->pages->first : NULL; l; l = l->next)
		keep_body(r, l->body, b, &l->kept);
}

void pages_kept(const struct result *r, const struct blob_batch *b)
{
	for (struct leaf *l = r->pages ? r->pages->first : NULL; l; l = l->next)
		keep_ended(r, b, "body", "bodies_total", &l->kept);
}

static void print_leaf(const struct leaf *l, struct buf *b)
{
	buf_puts(b, "{\"url\":");
	buf_json_str(b, l->url);
	buf_addf(b, ",\"status\":%d,\"items\":%zu", l->status, l->items);
	if (l->kept.id[0])
		buf_addf(b, ",\"body\":{\"%s\":\"%s\",\"bytes\":%zu}",
			 l->kept.how == KEEPING_KEPT ? "blob" : "sha256",
			 l->kept.id, l->bytes);
	buf_putc(b, '}');
}

struct str pages_print(const struct result *r, struct arena *a)
{
	struct buf b = { 0 };
	struct str s;

	if (!r->pages || !r->pages->first)
		return (struct str){ 0 };
	for (const struct leaf *l = r->pages->first; l; l = l->next) {
		buf_putc(&b, b.len ? ',' : '[');
		print_leaf(l, &b);
	}
	buf_putc(&b, ']');
	s = arena_str(a, buf_str(&b));
	buf_free(&b);
	return s;
}
