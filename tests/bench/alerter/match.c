/*
 * match - saved searches of two to five words with bounds of the price, against
 * ads: text in, the searches that are satisfied out. Beside it the plain way,
 * each search against each ad, for a sample of the ads.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/alerter/percolate.h"
#include "common/words.h"
#include "common/xmem.h"

enum { ADS = 2000, PLAIN_SEARCHES = 50000, PLAIN_PAIRS = 5000000 };

struct market {
	struct percolator *searches;
	struct ad ad[ADS];
	uint32_t n_searches;
	size_t text; /* bytes of the searches */
};

static struct rule *make_search(struct dice *d, uint32_t i, struct buf *b)
{
	struct rule *r;
	struct err e;
	char id[32];

	buf_reset(b);
	put_search(b, d, i);
	snprintf(id, sizeof(id), "search-%07u", i);
	r = rule_new(true, str_from(id), buf_str(b), &e);
	if (!r) {
		fprintf(stderr, "bench: %s: %s\n", b->p, e.msg);
		exit(1);
	}
	return r;
}

static void fill(struct market *m)
{
	struct dice d = { 7 };
	struct buf b = { 0 };

	for (uint32_t i = 0; i < m->n_searches; i++) {
		percolator_put(m->searches, make_search(&d, i, &b));
		m->text += b.len;
	}
	buf_free(&b);
	percolator_find(m->searches, &(struct matter){ .topic = STR("a.b") });
}

/* The ad as rules see it; the event is that of the last call. */
static struct matter matter_of(const struct ad *ad, struct buf *row)
{
	static struct event ev;

	buf_reset(row);
	words_add(row, ad->title);
	buf_putc(row, '\n');
	words_add(row, ad->summary);
	ev = (struct event){ .topic = STR("listing.new/ads"),
			     .data = ad->data };
	return (struct matter){ .ev = &ev,
				.topic = STR("listing.new/ads"),
				.source = STR("ads"),
				.row = buf_str(row),
				.price = ad->price,
				.currency = STR("EUR") };
}

struct tally {
	double cpu_s;
	size_t ads, looked_at, matched;
};

static struct tally matched(struct market *m)
{
	struct tally t = { 0 };
	double start = cpu_s();
	struct buf row = { 0 };

	do {
		struct matter ad = matter_of(&m->ad[t.ads % ADS], &row);
		size_t n;

		percolator_find(m->searches, &ad);
		n = percolator_n_found(m->searches);
		for (size_t i = 0; i < n; i++)
			t.matched +=
				percolator_is_sure(m->searches, i) ||
				rule_judge(percolator_found(m->searches, i),
					   &ad, false) == VERDICT_YES;
		t.looked_at += percolator_looked_at(m->searches);
		t.ads++;
		t.cpu_s = cpu_s() - start;
	} while (t.cpu_s < 2 || t.ads < ADS / 100);
	buf_free(&row);
	return t;
}

/* Each of some searches against the first ads. */
static struct tally plainly(const struct market *m)
{
	struct rule **some = xcalloc(PLAIN_SEARCHES, sizeof(*some));
	struct dice d = { 7 };
	struct buf row = { 0 };
	struct tally t = { 0 };
	double start;

	for (uint32_t i = 0; i < PLAIN_SEARCHES; i++)
		some[i] = make_search(&d, i, &row);
	start = cpu_s();
	for (; t.ads * PLAIN_SEARCHES < PLAIN_PAIRS; t.ads++) {
		struct matter ad = matter_of(&m->ad[t.ads % ADS], &row);

		for (uint32_t i = 0; i < PLAIN_SEARCHES; i++)
			t.matched +=
				rule_concerns(some[i], ad.topic, ad.source) &&
				rule_judge(some[i], &ad, false) == VERDICT_YES;
	}
	t.cpu_s = cpu_s() - start;
	for (uint32_t i = 0; i < PLAIN_SEARCHES; i++)
		rule_free(&some[i]);
	free(some);
	buf_free(&row);
	return t;
}

static void report(struct market *m, double wanted)
{
	size_t before = heap_used(), after;
	double start = cpu_s(), loaded_s;
	double share = (double)m->n_searches / PLAIN_SEARCHES;
	struct tally t, plain;

	m->searches = percolator_new();
	fill(m);
	loaded_s = cpu_s() - start;
	after = heap_used();
	t = matched(m);
	plain = plainly(m);
	printf("{\"searches\":%u,\"ads_per_cpu_s\":%.0f,\"wanted\":%.0f,"
	       "\"matches_per_ad\":%.1f,\"looked_at_per_ad\":%.1f,"
	       "\"plain_ads_per_cpu_s\":%.1f,\"plain_matches_per_ad\":%.1f,"
	       "\"bytes_per_search\":%.0f,\"bytes_wanted\":200,"
	       "\"text_per_search\":%.0f,\"load_us_per_search\":%.2f}",
	       m->n_searches, (double)t.ads / t.cpu_s, wanted,
	       (double)t.matched / (double)t.ads,
	       (double)t.looked_at / (double)t.ads,
	       (double)plain.ads / plain.cpu_s / share,
	       (double)plain.matched / (double)plain.ads * share,
	       (double)(after - before - m->text) / m->n_searches,
	       (double)m->text / m->n_searches, loaded_s / m->n_searches * 1e6);
	percolator_free(&m->searches);
}

void bench_match(const char *bin, bool quick)
{
	static const struct {
		uint32_t searches;
		double wanted;
	} sizes[] = { { 100000, 20000 }, { 1000000, 5000 } };
	struct market m = { 0 };
	struct dice d = { 11 };

	(void)bin;
	for (size_t i = 0; i < ADS; i++)
		m.ad[i] = make_ad(&d);
	printf("{\"bench\":\"alerter-match\",\"sizes\":[");
	for (size_t i = 0; i < (quick ? 1 : ARRAY_LEN(sizes)); i++) {
		m.n_searches = sizes[i].searches;
		m.text = 0;
		printf("%s", i ? "," : "");
		report(&m, sizes[i].wanted);
	}
	printf("]}\n");
}
