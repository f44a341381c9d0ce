#include "words.h"

#include <stdbool.h>
#include <sysexits.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Copy one word from *line to out with a NUL; returns behind it, or NULL where
 * a quote or backslash has no end.
 */
static char *copy_word(struct str *line, char *out)
{
	char quote = '\0';

	for (; line->len && (quote || !is_space(*line->p));
	     *line = str_sub(*line, 1, line->len)) {
		char c = *line->p;

		if (quote && c == quote) {
			quote = '\0';
		} else if (!quote && (c == '\'' || c == '"')) {
			quote = c;
		} else if (quote != '\'' && c == '\\') {
			*line = str_sub(*line, 1, line->len);
			if (line->len == 0)
				return NULL;
			*out++ = *line->p;
		} else {
			*out++ = c;
		}
	}
	*out++ = '\0';
	return quote ? NULL : out;
}

char **words_split(struct str line, struct arena *a, struct err *e)
{
	/* Each word is no longer than what it was read from, with its NUL. */
	char **word =
		arena_alloc(a, (WORDS_MAX + 1) * sizeof(*word) + line.len + 1);
	char *out = (char *)(word + WORDS_MAX + 1);
	size_t n = 0;

	for (;;) {
		while (line.len && is_space(*line.p))
			line = str_sub(line, 1, line.len);
		if (line.len == 0)
			break;
		if (n == WORDS_MAX) {
			err_set(e, EX_CONFIG, "more than %d words", WORDS_MAX);
			return NULL;
		}
		word[n++] = out;
		out = copy_word(&line, out);
		if (!out) {
			err_set(e, EX_CONFIG,
				"a quote or backslash without its end");
			return NULL;
		}
	}
	if (n > 0 && word[0][0])
		return word;
	err_set(e, EX_CONFIG, "no program");
	return NULL;
}
