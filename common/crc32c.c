#include "common/crc32c.h"

#include <string.h>

static uint32_t step_byte(uint32_t crc, unsigned char byte)
{
	crc ^= byte;
	for (int k = 0; k < 8; k++)
		crc = crc >> 1 ^ (0x82f63b78u & -(crc & 1));
	return crc;
}

static uint32_t software(const unsigned char *p, size_t len)
{
	uint32_t crc = ~0u;

	while (len--)
		crc = step_byte(crc, *p++);
	return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t hardware(
	const unsigned char *p, size_t len)
{
	uint64_t crc = ~0u;

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, p, 8);
		crc = __builtin_ia32_crc32di(crc, word);
	}
	while (len--)
		crc = __builtin_ia32_crc32qi((uint32_t)crc, *p++);
	return ~(uint32_t)crc;
}

uint32_t crc32c(const void *p, size_t len)
{
	if (__builtin_cpu_supports("sse4.2"))
		return hardware(p, len);
	return software(p, len);
}
#else
uint32_t crc32c(const void *p, size_t len)
{
	return software(p, len);
}
#endif
