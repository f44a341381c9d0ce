#include "common/regex.h"

#include <stdlib.h>
#include <sysexits.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "common/xmem.h"

struct regex {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *limits;
	size_t work;  /* that the match at hand may do yet */
	size_t place; /* where it is */
};

/* PCRE2 calls this between any two items of the pattern. */
static int count_work(pcre2_callout_block *at, void *arg)
{
	struct regex *re = arg;
	size_t place = at->current_position;
	size_t work =
		1 + (place > re->place ? place - re->place : re->place - place);

	re->place = place;
	if (work > re->work)
		return PCRE2_ERROR_CALLOUT;
	re->work -= work;
	return 0;
}

static int mistake(int error, struct err *e)
{
	PCRE2_UCHAR text[128];
	const char *hint = "";

	switch (error) {
	case PCRE2_ERROR_QUANTIFIER_INVALID:
		hint = "; the sign itself is written with \\\\ before it";
		break;
	case PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS:
	case PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS:
		hint = "; a parenthesis itself is written with \\\\ before it";
		break;
	case PCRE2_ERROR_MISSING_SQUARE_BRACKET:
		hint = "; a '[' itself is written \\\\[";
		break;
	}
	if (pcre2_get_error_message(error, text, sizeof(text)) < 0)
		text[0] = '\0';
	return err_set(e, EX_DATAERR, "%s%s", (const char *)text, hint);
}

static pcre2_code *compile(struct str pattern, size_t *at_r, struct err *e)
{
	pcre2_compile_context *c = pcre2_compile_context_create(NULL);
	pcre2_code *code;
	int error;

	if (!c) {
		err_set(e, EX_OSERR, "out of memory");
		return NULL;
	}
	pcre2_set_parens_nest_limit(c, REGEX_NESTED_MAX);
	code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.len,
			     PCRE2_UTF | PCRE2_UCP | PCRE2_AUTO_CALLOUT |
				     PCRE2_NEVER_BACKSLASH_C,
			     &error, at_r, c);
	pcre2_compile_context_free(c);
	if (!code)
		mistake(error, e);
	return code;
}

/* Where a group seems to be asked for again; 0 where that is not seen. */
static size_t find_reference(struct str pattern)
{
	for (size_t i = 0; i + 1 < pattern.len; i++) {
		char c = pattern.p[i + 1];

		if (pattern.p[i] != '\\')
			continue;
		if ((c >= '1' && c <= '9') || c == 'k' || c == 'g')
			return i;
		i++;
	}
	return 0;
}

/* It compiles; is it one whose work can be counted? */
static int check(const pcre2_code *code, struct str pattern, size_t *at_r,
		 struct err *e)
{
	uint32_t reference = 0;
	size_t size = 0;

	*at_r = 0;
	pcre2_pattern_info(code, PCRE2_INFO_BACKREFMAX, &reference);
	pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);
	if (reference > 0) {
		*at_r = find_reference(pattern);
		return err_set(
			e, EX_DATAERR,
			"a group cannot be asked for again, as by \\\\%u",
			reference);
	}
	if (size > REGEX_CODE_MAX)
		return err_set(e, EX_DATAERR,
			       "it repeats so much that it is too large");
	return 0;
}

struct regex *regex_compile(struct str pattern, size_t *at_r, struct err *e)
{
	struct regex *re;
	pcre2_code *code;

	*at_r = 0;
	if (pattern.len > REGEX_PATTERN_MAX) {
		*at_r = REGEX_PATTERN_MAX;
		err_set(e, EX_DATAERR, "longer than %d bytes",
			REGEX_PATTERN_MAX);
		return NULL;
	}
	code = compile(pattern, at_r, e);
	if (!code)
		return NULL;
	if (check(code, pattern, at_r, e)) {
		pcre2_code_free(code);
		return NULL;
	}
	re = xcalloc(1, sizeof(*re));
	re->code = code;
	re->match = pcre2_match_data_create(1, NULL);
	re->limits = pcre2_match_context_create(NULL);
	if (!re->match || !re->limits) {
		err_set(e, EX_OSERR, "out of memory");
		regex_free(&re);
		return NULL;
	}
	pcre2_set_heap_limit(re->limits, REGEX_MEMORY_MAX);
	pcre2_set_callout(re->limits, count_work, re);
	/* Where there is none, and where the system forbids it, it is slower. */
	pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE);
	return re;
}

void regex_free(struct regex **rep)
{
	struct regex *re = *rep;

	*rep = NULL;
	if (!re)
		return;
	pcre2_match_context_free(re->limits);
	pcre2_match_data_free(re->match);
	pcre2_code_free(re->code);
	free(re);
}

static int match(struct regex *re, struct str text, uint32_t options)
{
	re->work = REGEX_WORK + REGEX_WORK_PER_BYTE * text.len;
	re->place = 0;
	return pcre2_match(re->code, (PCRE2_SPTR)(text.p ? text.p : ""),
			   text.len, 0, PCRE2_NO_UTF_CHECK | options, re->match,
			   re->limits);
}

int regex_match(struct regex *re, struct str text)
{
	int rc = match(re, text, 0);

	/* Machine code has a small stack of its own. */
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = match(re, text, PCRE2_NO_JIT);
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	return rc >= 0 ? 1 : -1;
}
