#ifndef COMMON_FILES_H
#define COMMON_FILES_H

/*
 * files - how many descriptors this process may have.
 */
#include <stddef.h>

/*
 * Have as many as `want`, as far as the system lets us (RLIMIT_NOFILE, its hard
 * limit). Returns how many there may be, which is more where it was more.
 */
size_t files_allow(size_t want);

#endif
