#include "page_rules.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "iregexp.h"

/* I-Regexp has no anchors: what is bound to an end matches a whole line. */
static struct iregexp *compile_pattern(struct str pattern)
{
	bool start = str_starts(pattern, STR("^"));
	bool end = str_ends(pattern, STR("$"));
	struct buf b = { 0 };
	struct iregexp *re;

	pattern = str_sub(pattern, start, pattern.len - end);
	/* An alternative must not take the rest into itself. */
	buf_addf(&b, "%s(%.*s)%s", start || !end ? "" : ".*", STR_ARG(pattern),
		 end || !start ? "" : ".*");
	re = iregexp_compile(buf_str(&b), start || end);
	buf_free(&b);
	return re;
}

static int compile_patterns(const struct json *config, const char *name,
			    struct page_patterns *p, struct err *e)
{
	const struct json *list = json_member(config, name);

	if (list && json_kind(list) != JSON_ARRAY)
		return err_set(e, EX_CONFIG, "%s: is no array", name);
	json_each (c, list) {
		const char *text = json_string(c);

		if (p->n == PAGE_PATTERNS_MAX)
			return err_set(e, EX_CONFIG, "%s: more than %d", name,
				       PAGE_PATTERNS_MAX);
		if (!text)
			return err_set(e, EX_CONFIG, "%s: is no text", name);
		xgrow(&p->v, &p->cap, p->n, sizeof(*p->v));
		p->v[p->n] = compile_pattern(str_from(text));
		if (!p->v[p->n])
			return err_set(e, EX_CONFIG,
				       "%s: '%.100s' is no I-Regexp", name,
				       text);
		p->n++;
	}
	return 0;
}

static int compile_flag(const struct json *config, const char *name,
			bool *flag_r, struct err *e)
{
	const struct json *flag = json_member(config, name);

	*flag_r = json_true(flag);
	if (!flag || json_kind(flag) == JSON_BOOL)
		return 0;
	return err_set(e, EX_CONFIG, "%s: is not true or false", name);
}

struct page_rules *page_rules_compile(const struct json *config, struct err *e)
{
	struct page_rules *r = xcalloc(1, sizeof(*r));

	if (compile_patterns(config, "ignore_lines", &r->ignore, e) ||
	    compile_patterns(config, "trigger", &r->trigger, e) ||
	    compile_flag(config, "unordered", &r->unordered, e) ||
	    compile_flag(config, "only_new", &r->only_new, e))
		page_rules_free(&r);
	return r;
}

static void release(struct page_patterns *p)
{
	for (size_t i = 0; i < p->n; i++)
		iregexp_free(&p->v[i]);
	free(p->v);
}

void page_rules_free(struct page_rules **rp)
{
	struct page_rules *r = *rp;

	*rp = NULL;
	if (!r)
		return;
	release(&r->ignore);
	release(&r->trigger);
	free(r);
}

bool page_patterns_match(const struct page_patterns *p, struct str line)
{
	for (size_t i = 0; i < p->n; i++)
		if (iregexp_match(p->v[i], line) > 0)
			return true;
	return false;
}
