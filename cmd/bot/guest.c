#include "guest.h"

#include <sysexits.h>

static bool parse_id(struct str text, int64_t *id_r)
{
	bool is_group = str_starts(text, STR("-"));
	uint64_t v;

	if (!str_u64(str_sub(text, is_group, text.len), &v) || v == 0 ||
	    v > INT64_MAX)
		return false;
	*id_r = is_group ? -(int64_t)v : (int64_t)v;
	return true;
}

static bool parse_role(struct str text, enum role *role_r)
{
	static const char *const names[] = { "reader", "editor", "admin" };

	for (int i = 0; i < 3; i++) {
		if (str_is(text, names[i])) {
			*role_r = (enum role)i;
			return true;
		}
	}
	return false;
}

static int parse(struct str line, struct guest *g_r, struct err *e)
{
	struct str rest = line, id = { 0 }, role = { 0 }, user, more;

	*g_r = (struct guest){ .user = STR("default") };
	if (!str_token(&rest, " \t", &id) || !parse_id(id, &g_r->id))
		return err_set(e, EX_CONFIG,
			       "allow '%.*s': not ID ROLE [USER], the ID being "
			       "Telegram's number",
			       STR_ARG(line));
	if (!str_token(&rest, " \t", &role) || !parse_role(role, &g_r->role))
		return err_set(e, EX_CONFIG,
			       "allow '%.*s': the role is reader, editor or "
			       "admin",
			       STR_ARG(line));
	if (str_token(&rest, " \t", &user)) {
		if (!str_is_id(user))
			return err_set(e, EX_CONFIG,
				       "allow '%.*s': the user is no id",
				       STR_ARG(line));
		g_r->user = user;
	}
	if (str_token(&rest, " \t", &more))
		return err_set(e, EX_CONFIG, "allow '%.*s': too many words",
			       STR_ARG(line));
	return 0;
}

int guests_parse(const struct opt_list *lines, struct guests *g_r,
		 struct err *e)
{
	*g_r = (struct guests){ .n = 0 };
	if (lines->n > GUESTS_MAX)
		return err_set(e, EX_CONFIG, "allow: more than %d", GUESTS_MAX);
	for (size_t i = 0; i < lines->n; i++) {
		struct guest *g = &g_r->v[g_r->n];

		if (parse(str_from(lines->v[i]), g, e))
			return -1;
		if (guests_find(g_r, g->id, 0))
			return err_set(e, EX_CONFIG, "allow '%s': twice",
				       lines->v[i]);
		g_r->n++;
	}
	return 0;
}

const struct guest *guests_find(const struct guests *g, int64_t from,
				int64_t chat)
{
	const struct guest *group = NULL;

	for (size_t i = 0; i < g->n; i++) {
		if (from && g->v[i].id == from)
			return &g->v[i];
		if (chat && g->v[i].id == chat)
			group = &g->v[i];
	}
	return group;
}
