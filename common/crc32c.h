#ifndef COMMON_CRC32C_H
#define COMMON_CRC32C_H

/*
 * crc32c - the Castagnoli checksum (RFC 3720, appendix B.4), with the
 * processor's instruction where it has one.
 */
#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const void *p, size_t len);

#endif
