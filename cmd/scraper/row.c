#include "row.h"

#include <assert.h>
#include <stdio.h>

struct str row_key(const char *prefix, struct str id, char out[ROW_KEY_MAX])
{
	int n = snprintf(out, ROW_KEY_MAX, "%s%.*s", prefix, STR_ARG(id));

	assert(n > 0 && n < ROW_KEY_MAX);
	return (struct str){ out, (size_t)n };
}
