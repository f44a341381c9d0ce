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

enum { ADS = 2000, PLAIN_PAIRS = 2000000 };

struct market {
	struct percolator *searches;
	struct ad ad[ADS];
	uint32_t n_searches;
	size_t text; /* bytes of the searches */
};

static void fill(struct market *m)
{
	struct dice d = { 7 };
	struct buf b = { 0 };
	struct err e;

	for (uint32_t i = 0; i < m->n_searches; i++) {
		char id[32];
		struct rule *r;

		buf_reset(&b);
		put_search(&b, &d, i);
		snprintf(id, sizeof(id), "search-%07u", i);
		r = rule_new(true, str_from(id), buf_str(&b), &e);
		if (!r) {
			fprintf(stderr, "bench: %s: %s\n", b.p, e.msg);
			exit(1);
		}
		percolator_put(m->searches, r);
		m->text += b.len;
	}
	buf_free(&b);
}

static struct matter matter_of(const struct ad *ad, struct buf *row)
{
	buf_reset(row);
	words_add(row, ad->title);
	buf_putc(row, '\n');
	words_add(row, ad->summary);
	return (struct matter){ .topic = STR("listing.new/ads"),
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
		const struct rule *const *found;
		size_t n;

		found = percolator_find(m->searches, ad.topic, ad.source,
					ad.row, &n);
		for (size_t i = 0; i < n; i++)
			t.matched +=
				rule_judge(found[i], &ad, false) == VERDICT_YES;
		t.looked_at += n;
		t.ads++;
		t.cpu_s = cpu_s() - start;
	} while (t.cpu_s < 2 || t.ads < ADS / 100);
	buf_free(&row);
	return t;
}

/* Each search against the first ads. */
static struct tally plainly(struct market *m)
{
	struct tally t = { 0 };
	double start = cpu_s();
	struct buf row = { 0 };

	while (t.looked_at < PLAIN_PAIRS) {
		struct matter ad = matter_of(&m->ad[t.ads % ADS], &row);

		for (uint32_t i = 0; i < m->n_searches; i++) {
			char id[32];
			const struct rule *r;

			snprintf(id, sizeof(id), "search-%07u", i);
			r = percolator_get(m->searches, true, str_from(id));
			t.matched += rule_concerns(r, ad.topic, ad.source) &&
				     rule_judge(r, &ad, false) == VERDICT_YES;
		}
		t.looked_at += m->n_searches;
		t.ads++;
	}
	t.cpu_s = cpu_s() - start;
	buf_free(&row);
	return t;
}

static void report(struct market *m, double wanted)
{
	size_t before = heap_used(), after;
	double start = cpu_s(), loaded_s;
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
	       (double)plain.ads / plain.cpu_s,
	       (double)plain.matched / (double)plain.ads,
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
