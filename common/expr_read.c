#include "common/expr_private.h"

#include <math.h>
#include <stdlib.h>

#include "common/clk.h"

enum { EXPR_PERCENT_SCALE = 12 }; /* digits behind the point of per cents */

/* ---- fields ---- */

static struct expr_step *step_at(const struct expr_step *in, size_t index)
{
	for (struct expr_step *s = in->first; s; s = s->next)
		if (!s->name.p && s->index == index)
			return s;
	return NULL;
}

static struct expr_step *step_named(const struct expr_step *in, struct str name)
{
	for (struct expr_step *s = in->first; s; s = s->next)
		if (s->name.p && str_eq(s->name, name))
			return s;
	return NULL;
}

static struct expr_step *find_step(struct expr *x, const struct expr_step *in,
				   const struct json_iter *it, size_t index)
{
	if (!it->key.p)
		return step_at(in, index);
	if (str_chr(it->key, '\\') == (size_t)-1)
		return step_named(in, it->key);
	return step_named(in, json_name(it->key, &x->scratch));
}

/*
 * Lay the tree of fields over a value. Goes no deeper than the fields do, and
 * no further than the last of them.
 */
static void find_values(struct expr *x, struct expr_step *s, struct str value)
{
	struct json_iter it = json_iter(value);

	if (s->is_asked && !s->value.p) {
		s->value = value;
		x->n_missing--;
	}
	if (!s->first)
		return;
	for (size_t i = 0; x->n_missing > 0 && json_next(&it); i++) {
		struct expr_step *inner = find_step(x, s, &it, i);

		if (inner)
			find_values(x, inner, it.value);
	}
}

static void forget_values(struct expr_step *s)
{
	s->value = (struct str){ 0 };
	for (struct expr_step *inner = s->first; inner; inner = inner->next)
		forget_values(inner);
}

/* The data is read when a test first needs it: often the topic says enough. */
static void read_data(struct expr *x)
{
	if (x->is_read)
		return;
	forget_values(&x->data);
	x->n_missing = x->n_asked;
	find_values(x, &x->data, json_trim(x->ev->data));
	x->is_read = true;
}

void expr_take(struct expr *x, const struct event *ev,
	       const struct expr_facts *facts)
{
	if (x->scratch.used)
		arena_reset(&x->scratch);
	x->is_read = x->is_turned = x->has_slack = false;
	x->ev = ev;
	x->facts = facts;
}

static struct str number_text(struct expr *x, uint64_t v)
{
	char *text = arena_alloc(&x->scratch, STR_U64_MAX);

	return (struct str){ text, str_put_u64(text, v) };
}

static struct str time_text(struct expr *x, int64_t us)
{
	char *text;

	if (us == CLK_NONE)
		return (struct str){ 0 };
	text = arena_alloc(&x->scratch, CLK_TEXT_SIZE);
	return str_from(clk_format(us, text));
}

static struct str epoch_text(struct expr *x, uint32_t epoch)
{
	char text[POSITION_TEXT_MAX];

	position_format((struct position){ epoch, 0 }, text);
	return arena_str(&x->scratch, str_sub(str_from(text), 0, 8));
}

/* An attribute as the event's text has it; absent where there is none. */
static struct str attribute(struct expr *x, const struct expr_field *f)
{
	const struct event *ev = x->ev;
	const struct str none = { 0 };

	switch (f->attr) {
	case EXPR_TOPIC: return ev->topic;
	case EXPR_TYPE: return event_type(ev);
	case EXPR_SUBJECT: return event_subject(ev);
	case EXPR_SOURCE: return ev->source;
	case EXPR_ID: return ev->id ? number_text(x, ev->id) : ev->idtext;
	case EXPR_TIME: return time_text(x, ev->time_us);
	case EXPR_RECORDEDTIME: return time_text(x, ev->recorded_us);
	case EXPR_OFFSET: return ev->offset ? number_text(x, ev->offset) : none;
	case EXPR_EPOCH: return ev->epoch ? epoch_text(x, ev->epoch) : none;
	default: return none;
	}
}

struct expr_value expr_read_json(struct expr *x, struct str raw)
{
	struct expr_value v = { json_type_of(raw), raw };

	if (v.type == JSON_STRING)
		json_text(raw, &x->scratch, &v.text);
	return v;
}

static struct expr_value step_value(struct expr *x, const struct expr_step *s)
{
	read_data(x);
	return expr_read_json(x, s->value);
}

struct expr_value expr_value(struct expr *x, const struct expr_field *f)
{
	struct str text;

	if (f->attr == EXPR_DATA)
		return step_value(x, f->step);
	if (f->attr == EXPR_FURTHER)
		text = event_attr(x->ev, f->name.p, &x->scratch);
	else
		text = attribute(x, f);
	return (struct expr_value){ text.p ? JSON_STRING : JSON_NONE, text };
}

/* ---- `text` ---- */

bool expr_next_text(struct expr *x, struct expr_texts *it, struct str *text_r)
{
	struct expr_value v;

	while (it->i < EXPR_TEXTS) {
		v = step_value(x, x->texts[it->i]);
		if (it->i + 1 < EXPR_TEXTS) {
			it->i++;
		} else {
			if (!it->list.rest.p)
				it->list = json_iter(v.text);
			if (v.type != JSON_ARRAY || !json_next(&it->list))
				return false;
			v = expr_read_json(x, it->list.value);
		}
		*text_r = v.text;
		if (v.type == JSON_STRING)
			return true;
	}
	return false;
}

/* ---- numbers ---- */

bool expr_is_decimal(struct str s)
{
	size_t i = s.len > 0 && s.p[0] == '-', point = 0, digits = i;

	if (i + 1 < s.len && s.p[i] == '0' && s.p[i + 1] != '.')
		return false;
	for (; i < s.len; i++) {
		if (s.p[i] == '.' && !point && i > digits && i + 1 < s.len)
			point = i;
		else if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return i > digits;
}

static bool value_decimal(const struct expr_value *v, struct decimal *d_r)
{
	return expr_is_number(v) && decimal_parse_json(v->text, d_r);
}

static bool step_decimal(struct expr *x, const struct expr_step *s,
			 struct decimal *d_r)
{
	struct expr_value v = step_value(x, s);

	return value_decimal(&v, d_r);
}

static bool ask_fact(struct expr *x, enum expr_fact which, int64_t window_us,
		     struct decimal *d_r)
{
	return x->facts && x->facts->number &&
	       x->facts->number(x->facts->arg, which, window_us, d_r);
}

/* By how much the price is below what it was, or above; of it, in per cent. */
static bool change(struct expr *x, const struct expr_field *f, bool rises,
		   bool percent, struct decimal *d_r)
{
	enum expr_fact from = !f->window_us ? EXPR_PREVIOUS
			      : rises	    ? EXPR_LOWEST
					    : EXPR_HIGHEST;
	struct decimal was, is, by;

	if (!step_decimal(x, x->price, &is) ||
	    !ask_fact(x, from, f->window_us, &was) ||
	    !(rises ? decimal_sub(is, was, &by) : decimal_sub(was, is, &by)))
		return false;
	if (!percent) {
		*d_r = by;
		return true;
	}
	return decimal_sign(was) > 0 &&
	       decimal_mul(by, decimal_from_int(100), &by) &&
	       decimal_div(by, was, EXPR_PERCENT_SCALE, d_r);
}

/* Kilometres on a sphere of the Earth's mean radius, to the metre. */
static double haversine_km(const double a[2], const double b[2])
{
	const double radius_km = 6371.0088, rad = acos(-1) / 180;
	double lat = sin((b[0] - a[0]) * rad / 2);
	double lon = sin((b[1] - a[1]) * rad / 2);
	double h = lat * lat + cos(a[0] * rad) * cos(b[0] * rad) * lon * lon;

	return 2 * radius_km * asin(sqrt(h < 1 ? h : 1));
}

static double as_double(struct decimal d)
{
	char text[DECIMAL_TEXT_MAX];

	return strtod(decimal_format(d, text), NULL);
}

/* From data.location.lat and lon, or else from data.lat and lon. */
static bool distance(struct expr *x, const struct expr_field *f,
		     struct decimal *d_r)
{
	const double from[2] = { as_double(f->at[0]), as_double(f->at[1]) };
	struct decimal lat, lon;
	double to[2];

	for (size_t i = 0; i < 4; i += 2) {
		if (!step_decimal(x, x->place[i], &lat) ||
		    !step_decimal(x, x->place[i + 1], &lon))
			continue;
		to[0] = as_double(lat);
		to[1] = as_double(lon);
		if (fabs(to[0]) > 90 || fabs(to[1]) > 360)
			return false;
		*d_r = decimal_from_int(llround(1e3 * haversine_km(from, to)));
		d_r->scale = 3;
		return true;
	}
	return false;
}

static bool compute(struct expr *x, const struct expr_field *f,
		    struct decimal *d_r)
{
	switch (f->function) {
	case EXPR_FN_DISTANCE: return distance(x, f, d_r);
	case EXPR_FN_DROP: return change(x, f, false, false, d_r);
	case EXPR_FN_DROP_PERCENT: return change(x, f, false, true, d_r);
	case EXPR_FN_HIGHEST:
		return ask_fact(x, EXPR_HIGHEST, f->window_us, d_r);
	case EXPR_FN_LOWEST: return ask_fact(x, EXPR_LOWEST, f->window_us, d_r);
	case EXPR_FN_PREVIOUS: return ask_fact(x, EXPR_PREVIOUS, 0, d_r);
	case EXPR_FN_RISE: return change(x, f, true, false, d_r);
	case EXPR_FN_RISE_PERCENT: return change(x, f, true, true, d_r);
	}
	return false;
}

bool expr_decimal(struct expr *x, const struct expr_field *f,
		  struct decimal *d_r)
{
	struct expr_value v;

	if (f->attr == EXPR_FUNCTION)
		return compute(x, f, d_r);
	v = expr_value(x, f);
	return value_decimal(&v, d_r);
}

bool expr_term_decimal(struct expr *x, const struct expr_term *t,
		       struct decimal *d_r)
{
	struct decimal d;

	if (!expr_decimal(x, &t->field, &d))
		return false;
	if (t->is_sum &&
	    (!decimal_mul(d, t->times, &d) || !decimal_add(d, t->plus, &d)))
		return false;
	*d_r = d;
	return true;
}
