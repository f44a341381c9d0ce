#include "common/version.h"

#ifndef WEIR_VERSION
#define WEIR_VERSION "0"
#endif

const char weir_version[] = WEIR_VERSION;
