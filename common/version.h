#ifndef COMMON_VERSION_H
#define COMMON_VERSION_H

/* The version that this was built from, as `git describe` names it. */
extern const char weir_version[];

#endif
