#include "deflate_offer.h"

#include <ctype.h>
#include <string.h>

#include "common/xmem.h"

/* The parameters there are, as bits of what an offer has. */
enum {
	SERVER_NO_TAKEOVER = 1,
	CLIENT_NO_TAKEOVER = 2,
	SERVER_BITS = 4,
	CLIENT_BITS = 8,
};

struct offer {
	unsigned has;
	bool void_;
};

/* ---- the grammar ---- */

static void skip_space(struct str *s)
{
	while (s->len && (*s->p == ' ' || *s->p == '\t'))
		*s = str_sub(*s, 1, s->len);
}

static bool take(struct str *s, char c)
{
	skip_space(s);
	if (!s->len || *s->p != c)
		return false;
	*s = str_sub(*s, 1, s->len);
	return true;
}

/* RFC 9110, 5.6.2. */
static bool is_token_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* False where there is none. */
static bool take_token(struct str *s, struct str *token_r)
{
	size_t n = 0;

	skip_space(s);
	while (n < s->len && is_token_char(s->p[n]))
		n++;
	*token_r = str_sub(*s, 0, n);
	*s = str_sub(*s, n, s->len);
	return n > 0;
}

/* What is quoted must be a token, too (RFC 6455, 9.1); escapes need nobody. */
static bool take_value(struct str *s, struct str *value_r)
{
	if (!take(s, '"'))
		return take_token(s, value_r);
	return s->len && is_token_char(*s->p) && take_token(s, value_r) &&
	       s->len && *s->p == '"' && take(s, '"');
}

/* ---- an offer ---- */

/* RFC 7692, 7.1.2: 8 to 15, without leading zeros. */
static bool is_bits(struct str s)
{
	if (s.len == 1)
		return *s.p == '8' || *s.p == '9';
	return s.len == 2 && s.p[0] == '1' && s.p[1] >= '0' && s.p[1] <= '5';
}

static unsigned param_of(struct str name)
{
	static const struct {
		const char *name;
		unsigned bit;
	} params[] = {
		{ "server_no_context_takeover", SERVER_NO_TAKEOVER },
		{ "client_no_context_takeover", CLIENT_NO_TAKEOVER },
		{ "server_max_window_bits", SERVER_BITS },
		{ "client_max_window_bits", CLIENT_BITS },
	};

	for (size_t i = 0; i < ARRAY_LEN(params); i++)
		if (str_is(name, params[i].name))
			return params[i].bit;
	return 0;
}

/* Absent: the parameter has no value. */
static bool may_have(unsigned param, struct str value)
{
	switch (param) {
	case SERVER_BITS: return str_is(value, "15");
	case CLIENT_BITS: return !value.p || is_bits(value);
	default: return !value.p;
	}
}

/* The parameters of one extension; false where they are none. */
static bool read_params(struct str *s, struct offer *o)
{
	while (take(s, ';')) {
		struct str name, value = { 0 };
		unsigned param;

		if (!take_token(s, &name) ||
		    (take(s, '=') && !take_value(s, &value)))
			return false;
		param = param_of(name);
		o->void_ |=
			!param || (o->has & param) || !may_have(param, value);
		o->has |= param;
	}
	return true;
}

static const char *answer_to(const struct offer *o)
{
	if (o->has & SERVER_BITS)
		return "; server_no_context_takeover"
		       "; client_no_context_takeover"
		       "; server_max_window_bits=15";
	return "; server_no_context_takeover; client_no_context_takeover";
}

/* False where the header breaks the grammar. */
static bool read_offers(struct str s, struct deflate_offer *r)
{
	for (;;) {
		struct offer o = { 0 };
		struct str name;

		while (take(&s, ','))
			continue; /* a list may have empty elements */
		if (!s.len)
			return true;
		if (!take_token(&s, &name) || !read_params(&s, &o))
			return false;
		if (s.len && !take(&s, ',')) {
			skip_space(&s);
			if (s.len)
				return false;
		}
		if (!str_is(name, "permessage-deflate"))
			continue;
		r->asked = true;
		r->mentions++;
		if (!o.void_ && !r->taken) {
			r->taken = true;
			r->answer = answer_to(&o);
		}
	}
}

struct deflate_offer deflate_offer_read(struct str header)
{
	struct deflate_offer r = { 0 };

	if (!read_offers(header, &r))
		return (struct deflate_offer){ .asked = true };
	return r;
}
