#include "dom_tag.h"

static const char *const names[] = {
#define X(tag, name) name,
	DOM_TAG_LIST(X)
#undef X
};

enum dom_tag dom_tag_of(struct str name)
{
	size_t from = 0, to = sizeof(names) / sizeof(names[0]);

	while (from < to) {
		size_t mid = (from + to) / 2;
		int cmp = str_cmp(name, str_from(names[mid]));

		if (cmp == 0)
			return (enum dom_tag)(mid + 1);
		if (cmp < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return DOM_TAG_OTHER;
}
