#include "mock.h"

#include <sysexits.h>

#include "draw.h"

/* Whole units fit 15 digits, so that sums of them never overflow. */
static bool read_amount(struct str s, struct decimal *d_r)
{
	return decimal_parse(s, d_r) && decimal_sign(*d_r) >= 0 &&
	       s.len <= 16 && d_r->scale <= 6;
}

static int set(struct mock *m, struct str key, struct str val, struct err *e)
{
	if (str_is(key, "seed") && str_u64(val, &m->seed))
		return 0;
	if (str_is(key, "start") && read_amount(val, &m->start))
		return 0;
	if (str_is(key, "step") && read_amount(val, &m->step))
		return 0;
	if (str_is(key, "currency") && val.len == 3) {
		m->currency = val;
		return 0;
	}
	return err_set(e, EX_CONFIG, "mock: bad parameter '%.*s'",
		       STR_ARG(key));
}

int mock_parse(struct str url, struct mock *m_r, struct err *e)
{
	struct str query, param;
	unsigned scale;

	*m_r = (struct mock){ .seed = 1,
			      .start = decimal_from_int(100),
			      .step = decimal_from_int(1) };
	if (!str_starts(url, STR("mock:")))
		return err_set(e, EX_CONFIG, "mock: the URL is not mock:NAME");
	m_r->name = str_cut(str_sub(url, 5, url.len), '?', &query);
	if (m_r->name.len == 0)
		return err_set(e, EX_CONFIG, "mock: the URL has no name");
	while (str_token(&query, "&", &param)) {
		struct str val, key = str_cut(param, '=', &val);

		if (set(m_r, key, val, e))
			return -1;
	}
	scale = m_r->start.scale > m_r->step.scale ? m_r->start.scale
						   : m_r->step.scale;
	decimal_round(m_r->start, scale, &m_r->start);
	decimal_round(m_r->step, scale, &m_r->step);
	return 0;
}

struct decimal mock_price(const struct mock *m, uint64_t n,
			  struct decimal before)
{
	uint64_t seed = m->seed ^ str_hash(m->name);
	int64_t step = (int64_t)m->step.coef;
	struct decimal price = before;

	if (n <= 1 || !decimal_round(before, m->start.scale, &price))
		return m->start;
	price.coef += draw_below(seed, n, 2 * step + 1) - step;
	if (price.coef > 2 * m->start.coef)
		price.coef = 2 * m->start.coef;
	if (price.coef < m->start.coef / 2)
		price.coef = m->start.coef / 2;
	return price;
}
