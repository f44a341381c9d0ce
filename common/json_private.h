#ifndef COMMON_JSON_PRIVATE_H
#define COMMON_JSON_PRIVATE_H

/* What the two halves of json.h share: strings of text that was checked. */
#include <stdint.h>

#include "common/json.h"

/* Where the next quote or backslash is, or end. */
const char *json_find_special(const char *p, const char *end);

/*
 * Write what stands between the quotes without its escapes, which is never
 * longer: out may be p. nul is the character that \u0000 stands for. Returns
 * the length.
 */
size_t json_unescape(const char *p, const char *end, uint32_t nul, char *out);

#endif
