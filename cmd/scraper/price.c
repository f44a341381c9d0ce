#include "price.h"

#include <string.h>

#include "common/xmem.h"

#include "price_aside.h"
#include "price_number.h"

enum { MARKS_MAX = 32, AMOUNTS_MAX = 32 };

/* A number in the text, and what stands around it. */
struct amount {
	struct number number;
	struct decimal value;
	size_t from, to; /* with its currency marks */
	const struct currency_mark *mark;
	bool sure;  /* of its marks, one is no other word */
	bool other; /* a percentage, measure, date: no price */
	bool aside; /* a former price, shipping, a saving, a unit's price */
	bool range; /* the next one is the other end of a range */
};

/* Large: what has a count beside it is filled in as far as that says. */
struct reading {
	struct plain text;
	struct currency_mark marks[MARKS_MAX];
	size_t n_marks;
	struct amount amounts[AMOUNTS_MAX];
	size_t n_amounts;
	size_t taken;	      /* bytes that belong to numbers read already */
	struct str near_code; /* the one that `near` names, or absent */
	const struct price_hints *hints;
	bool asked; /* the hints were */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t find_marks(const struct plain *t, struct currency_mark *marks)
{
	size_t n = 0;

	for (size_t i = 0; i < t->len && n < MARKS_MAX;) {
		if (currency_mark_at(t, i, &marks[n]))
			i += marks[n++].len;
		else
			i++;
	}
	return n;
}

static struct str first_code(const struct currency_mark *m)
{
	return str_sub(str_from(m->codes), 0, CURRENCY_LEN);
}

static bool is_shared(const struct currency_mark *m)
{
	return m->codes[CURRENCY_LEN] != '\0';
}

struct str price_hint(const struct price_hints *h)
{
	struct str code = h->page;

	if (!currency_is_code(code))
		code = currency_of_country(h->country);
	if (!code.len)
		code = currency_of_lang(h->lang);
	if (!code.len && currency_is_code(h->currency))
		code = h->currency;
	return code;
}

/* Which of its currencies a mark means here. */
static struct str shared_code(const struct reading *r,
			      const struct currency_mark *m)
{
	const struct str known[] = {
		r->near_code,
		r->hints->page,
		currency_of_country(r->hints->country),
		currency_of_lang(r->hints->lang),
		r->hints->currency,
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].len && currency_mark_means(m, known[i]))
			return known[i];
	return first_code(m);
}

static struct str mark_code(struct reading *r, const struct currency_mark *m)
{
	if (!is_shared(m))
		return first_code(m);
	r->asked = true;
	return shared_code(r, m);
}

static struct str hinted_code(struct reading *r)
{
	r->asked = true;
	return price_hint(r->hints);
}

/* Back over spaces and what may stand between a sign and its number. */
static size_t skip_back(const struct plain *t, size_t i)
{
	while (i > 0 && strchr(" :~-", t->raw[i - 1]))
		i--;
	return i;
}

/* Ahead over spaces and the dash that stands for no cents ("1.198,- kr"). */
static size_t skip_ahead(const struct plain *t, size_t i)
{
	size_t next = i;

	if (t->raw[i] == ',' || t->raw[i] == '.')
		next++;
	while (t->raw[next] == '-')
		next++;
	if (next == i || t->raw[next - 1] == '-')
		i = next;
	while (t->raw[i] == ' ')
		i++;
	return i;
}

static const struct currency_mark *mark_ending_at(const struct reading *r,
						  size_t end)
{
	for (size_t i = 0; i < r->n_marks; i++)
		if (r->marks[i].at + r->marks[i].len == end)
			return &r->marks[i];
	return NULL;
}

static const struct currency_mark *mark_starting_at(const struct reading *r,
						    size_t at)
{
	for (size_t i = 0; i < r->n_marks; i++)
		if (r->marks[i].at == at)
			return &r->marks[i];
	return NULL;
}

/* Does a word that may be no currency say another than the sign does? */
static bool is_denied(const struct currency_mark *word,
		      const struct currency_mark *sign)
{
	return word->weak && !sign->weak &&
	       !currency_mark_means(sign, first_code(word));
}

/*
 * Of two marks beside one number the one that leaves no doubt: "$20 CAD", but
 * "a partire da 20 €" has nothing to do with dinars.
 */
static const struct currency_mark *clearer(const struct currency_mark *a,
					   const struct currency_mark *b)
{
	if (!a || !b)
		return a ? a : b;
	if (is_denied(a, b))
		return b;
	return is_shared(a) && !is_shared(b) && !is_denied(b, a) ? b : a;
}

static void take_mark(struct amount *a, const struct currency_mark *m)
{
	a->mark = clearer(a->mark, m);
	a->sure |= !m->weak;
}

/* Take the marks before and after a number ("NZD $100", "£94.50 GBP"). */
static void take_marks(const struct reading *r, struct amount *a)
{
	const struct currency_mark *m;
	size_t start;

	a->from = a->number.at;
	a->to = a->number.end;
	for (int i = 0; i < 2; i++) {
		m = mark_ending_at(r, skip_back(&r->text, a->from));
		/* "10€ 20": the sign belongs to the number before. */
		if (!m || m->at < r->taken)
			break;
		take_mark(a, m);
		a->from = m->at;
	}
	for (int i = 0; i < 2; i++) {
		start = skip_ahead(&r->text, a->to);
		m = mark_starting_at(r, start);
		/* "10 $20" */
		if (!m ||
		    (start > a->to && is_digit(r->text.raw[start + m->len])))
			break;
		take_mark(a, m);
		a->to = m->at + m->len;
	}
}

/* Is it a number of something else than money? */
static bool is_other(const struct plain *t, const struct amount *a)
{
	static const char *const units[] = {
		"%",   "°",	"x",	 "×",	    "kg",   "g",     "mg",
		"lb",  "lbs",	"oz",	 "ml",	    "cl",   "l",     "mm",
		"cm",  "m",	"km",	 "m²",	    "ft",   "in",    "inch",
		"\"",  "w",	"kw",	 "v",	    "hz",   "ghz",   "gb",
		"tb",  "mb",	"mah",	 "px",	    "mp",   "pcs",   "pc",
		"p",   "st",	"stk",	 "stück",   "шт",   "кг",    "г",
		"см",  "мм",	"мл",	 "years",   "days", "hours", "h",
		"min", "stars", "items", "reviews", NULL,
	};
	size_t at = a->number.at, end = a->number.end;
	size_t next = end + (t->raw[end] == ' ');
	char before = at > 0 ? t->raw[at - 1] : ' ';

	if (a->mark)
		return false;
	if (plain_word_at(t, next, units) || t->raw[next] == '%')
		return true;
	if (before == '#' || before == '/' || before == ':' ||
	    (t->raw[end] == ':' && is_digit(t->raw[end + 1])))
		return before != ':' || (at > 1 && is_digit(t->raw[at - 2]));
	/* "4.5/5" */
	if (t->raw[end] == '/' && is_digit(t->raw[end + 1]))
		return true;
	/* "iPhone12", but "Price12.99" */
	return plain_letter_before(t, at) && number_is_whole(t, &a->number, 2);
}

/* "1250€ 60": cents behind the sign. Moves the end of the amount. */
static void take_cents(const struct plain *t, struct amount *a, unsigned coins)
{
	size_t at = a->to;
	struct number cents;
	struct decimal d;

	if (!a->mark || a->mark->at != a->number.end ||
	    a->mark->at + a->mark->len != a->to ||
	    !number_is_whole(t, &a->number, coins))
		return;
	at += t->raw[at] == ' ';
	if (!number_at(t, at, &cents) || cents.end != at + 2 || cents.n != 1 ||
	    !number_value(t, &cents, 2, &d) || plain_letter_at(t, cents.end) ||
	    strchr("%:", t->raw[cents.end] ? t->raw[cents.end] : ' '))
		return;
	d.scale = 2;
	if (decimal_add(a->value, d, &a->value))
		a->to = cents.end;
}

/* "12万8000円": what stands behind the multiplier belongs to it. */
static void take_rest(const struct plain *t, struct amount *a, unsigned zeros)
{
	struct number rest;
	struct decimal d;

	if (!is_digit(t->raw[a->number.end]) ||
	    !number_at(t, a->number.end, &rest) || rest.end - rest.at > zeros ||
	    !number_value(t, &rest, 0, &d) || !decimal_add(a->value, d, &d))
		return;
	a->value = d;
	a->number.end = rest.end;
}

/* "1.2 million", "12万円", "$450k", "450k €" */
static void take_multiplier(const struct reading *r, struct amount *a)
{
	const struct plain *t = &r->text;
	static const struct {
		const char *words[5];
		unsigned zeros;
		bool glued;
	} multipliers[] = {
		{ { "万", "萬", "만", NULL }, 4, false },
		{ { "億", "亿", "억", NULL }, 8, false },
		{ { "lakh", "lakhs", "lac", "lacs", NULL }, 5, false },
		{ { "crore", "crores", "cr", NULL }, 7, false },
		{ { "million", "millions", "mio", "mln", NULL }, 6, false },
		{ { "млн", "млн.", NULL }, 6, false },
		{ { "billion", "mrd", "млрд", NULL }, 9, false },
		{ { "тыс", "тыс.", "тысяч", NULL }, 3, false },
		{ { "k", NULL }, 3, true },
		{ { "m", NULL }, 6, true },
	};
	size_t end = a->number.end, at = end + (t->raw[end] == ' ');

	for (size_t i = 0; i < ARRAY_LEN(multipliers); i++) {
		size_t len = plain_word_at(t, multipliers[i].glued ? end : at,
					   multipliers[i].words);
		size_t behind = end + len + (t->raw[end + len] == ' ');
		struct decimal d = a->value;

		/* A bare "5m" is a length. */
		if (!len || (multipliers[i].glued && a->from == a->number.at &&
			     !mark_starting_at(r, behind)))
			continue;
		for (unsigned z = multipliers[i].zeros; z > 0; z--) {
			if (d.scale > 0)
				d.scale--;
			else if (!decimal_mul(d, decimal_from_int(10), &d))
				return;
		}
		a->value = d;
		a->number.end = (multipliers[i].glued ? end : at) + len;
		if (i < 2)
			take_rest(t, a, multipliers[i].zeros);
		return;
	}
}

/* "99¢", "99 cents", but "¢5.000" */
static void take_small_coins(const struct plain *t, struct amount *a)
{
	static const struct currency_mark whole = {
		.codes = "USD CAD AUD NZD SGD HKD EUR",
	};
	static const char *const words[] = { "¢", "cents", "cent", NULL };
	size_t at = a->number.end + (t->raw[a->number.end] == ' ');
	size_t len = plain_word_at(t, at, words);

	if (!len || a->value.scale > 0 || (a->mark && a->mark->at < at))
		return;
	a->value.scale = 2;
	a->mark = &whole;
	a->sure = true;
	a->to = at + len;
}

static unsigned coins_of(struct reading *r, const struct amount *a)
{
	if (a->mark)
		return currency_digits(mark_code(r, a->mark));
	if (r->near_code.len)
		return currency_digits(r->near_code);
	return currency_digits(hinted_code(r));
}

/* Read the number at byte i into the next amount; returns where it ends. */
static size_t read_amount(struct reading *r, size_t i)
{
	struct amount *a = &r->amounts[r->n_amounts];
	unsigned coins;

	*a = (struct amount){ 0 };
	if (!number_at(&r->text, i, &a->number))
		return i + 1;
	take_marks(r, a);
	coins = coins_of(r, a);
	if (!number_value(&r->text, &a->number, coins, &a->value))
		return a->number.end;
	take_multiplier(r, a);
	take_marks(r, a); /* one may stand behind the multiplier */
	take_cents(&r->text, a, coins);
	take_small_coins(&r->text, a);
	a->other = is_other(&r->text, a);
	r->n_amounts++;
	r->taken = a->to;
	return a->to;
}

/* Is there nothing but a dash or "to" between two amounts? */
static bool is_range(const struct plain *t, const struct amount *a,
		     const struct amount *b)
{
	static const char *const words[] = { "to",  "bis", "do",  "до",	  "à",
					     "a",   "al",  "til", "till", "tot",
					     "and", "und", "et",  "y",	  "-",
					     "~",   NULL };
	size_t i = a->to, len;

	while (t->raw[i] == ' ')
		i++;
	len = plain_word_at(t, i, words);
	i += len;
	while (t->raw[i] == ' ')
		i++;
	return len && i == b->from;
}

static void find_amounts(struct reading *r)
{
	size_t i = 0;

	while (i < r->text.len && r->n_amounts < AMOUNTS_MAX) {
		char c = r->text.raw[i];

		i = is_digit(c) || c == '.' ? read_amount(r, i) : i + 1;
	}
	for (size_t k = 0; k + 1 < r->n_amounts; k++) {
		struct amount *a = &r->amounts[k];

		a->range = !a[1].other && is_range(&r->text, a, a + 1);
		/* "26 to 50 €" */
		if (a->range && !a->mark)
			a->mark = a[1].mark;
		if (a->range && a->mark)
			a->other = false;
	}
	for (size_t k = 0; k < r->n_amounts; k++)
		r->amounts[k].aside =
			price_aside(&r->text, r->amounts[k].from,
				    r->amounts[k].to) >= PRICE_ASIDE_FORMER;
	/* "2026-11-20", "555-123-4567": no range has three ends. */
	for (size_t k = 0; k + 2 < r->n_amounts; k++) {
		struct amount *a = &r->amounts[k];

		if (a->range && a[1].range && !a[1].mark)
			a->other = a[1].other = a[2].other = true;
	}
}

static bool is_wanted(const struct amount *a)
{
	return !a->other && !a->aside && a->mark && decimal_sign(a->value) > 0;
}

/* What is said beside the price is only taken where there is nothing else. */
static const struct amount *choose(const struct reading *r)
{
	for (size_t i = 0; i < r->n_amounts; i++)
		if (is_wanted(&r->amounts[i]))
			return &r->amounts[i];
	for (int marked = 1; marked >= 0; marked--)
		for (size_t i = 0; i < r->n_amounts; i++) {
			const struct amount *a = &r->amounts[i];

			if (!a->other && (a->mark || !marked))
				return a;
		}
	return NULL;
}

static bool says_from(const struct plain *t, size_t end)
{
	static const char *const words[] = {
		"from", "ab",  "starting", "desde",  "partir", "partire",
		"da",	"dès", "vanaf",	   "fra",    "från",   "od",
		"от",	"από", "från:",	   "alkaen", NULL,
	};

	for (size_t i = 0; i < end; i++)
		if (plain_word_at(t, i, words))
			return true;
	return false;
}

/* Is the text, behind a label, nothing but a word for "free"? */
static bool says_free(const struct plain *t)
{
	static const char *const words[] = {
		"free",	       "for free",	 "gratis",    "kostenlos",
		"umsonst",     "zu verschenken", "gratuit",   "gratuite",
		"gratuito",    "grátis",	 "za darmo",  "darmowe",
		"zdarma",      "zadarmo",	 "ingyenes",  "ilmainen",
		"maksutta",    "besplatno",	 "бесплатно", "безплатно",
		"безкоштовно", "δωρεάν",	 "ücretsiz",  "bedava",
		"無料",	       "免费",		 "免費",      "무료",
		"مجاني",       "مجانا",		 "חינם",      "फ्री",
		"ฟรี",	       "miễn phí",	 NULL,
	};
	struct str s = { t->low, t->len }, rest;
	struct str label = str_cut(s, ':', &rest);
	size_t at, len;

	at = rest.p ? label.len + 1 : 0;
	while (t->raw[at] == ' ')
		at++;
	len = plain_word_at(t, at, words);
	for (at += len; len && t->raw[at] && strchr(" !.*", t->raw[at]);)
		at++;
	return len && at == t->len;
}

/* Does a number stand right before or after the mark? */
static bool beside_number(const struct plain *t, const struct currency_mark *m)
{
	size_t before = skip_back(t, m->at);

	return is_digit(t->raw[skip_ahead(t, m->at + m->len)]) ||
	       (before > 0 && is_digit(t->raw[before - 1]));
}

/* What text beside the price names; a weak mark only alone or at a number. */
static const struct currency_mark *near_mark(const struct plain *t,
					     struct currency_mark *marks)
{
	size_t n = find_marks(t, marks);

	for (size_t i = 0; i < n; i++)
		if (!marks[i].weak || marks[i].len == t->len ||
		    beside_number(t, &marks[i]))
			return &marks[i];
	return NULL;
}

/* The currency of the text, by all that is known. */
static struct str find_currency(struct reading *r, const struct amount *a,
				const struct currency_mark *near)
{
	if (a && a->mark)
		return mark_code(r, a->mark);
	for (size_t i = 0; i < r->n_marks; i++)
		if (!r->marks[i].weak)
			return mark_code(r, &r->marks[i]);
	if (near)
		return mark_code(r, near);
	return hinted_code(r);
}

static void take_price(const struct reading *r, const struct amount *a,
		       struct price *p)
{
	p->found = true;
	p->amount = a->value;
	p->from = a->range || says_from(&r->text, a->from);
	p->aside = a->aside;
	p->weak = a->mark && !a->sure;
	if (a->range && decimal_cmp(a[1].value, a->value) < 0)
		p->amount = a[1].value;
}

/* needs_mark: the text must name a currency. */
static bool parse(struct str text, struct str near, bool needs_mark,
		  const struct price_hints *hints, struct price *p_r)
{
	static const struct price_hints none;
	struct reading r;
	struct currency_mark near_marks[MARKS_MAX];
	const struct currency_mark *beside = NULL;
	const struct amount *a;
	struct plain near_text;
	struct price p = { 0 };

	r.n_amounts = r.taken = 0;
	r.asked = false;
	r.near_code = (struct str){ 0 };
	r.hints = hints ? hints : &none;
	plain_make(text, &r.text);
	r.n_marks = find_marks(&r.text, r.marks);
	if (needs_mark && !r.n_marks)
		return false;
	near = str_trim(near);
	if (near.len) {
		plain_make(near, &near_text);
		beside = near_mark(&near_text, near_marks);
	}
	if (beside && !is_shared(beside))
		r.near_code = first_code(beside);
	find_amounts(&r);
	a = choose(&r);
	if (a)
		take_price(&r, a, &p);
	else if (r.n_amounts == 0 && says_free(&r.text))
		p.found = p.free = true;
	str_copy(p.currency, sizeof(p.currency), find_currency(&r, a, beside));
	p.hinted = r.asked;
	*p_r = p;
	return p.found;
}

bool price_parse(struct str text, struct str near,
		 const struct price_hints *hints, struct price *p_r)
{
	return parse(text, near, false, hints, p_r);
}

bool price_parse_marked(struct str text, const struct price_hints *hints,
			struct price *p_r)
{
	*p_r = (struct price){ 0 };
	return parse(text, (struct str){ 0 }, true, hints, p_r);
}
