#include "draw.h"

uint64_t draw(uint64_t seed, uint64_t n)
{
	uint64_t z = seed + (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

int64_t draw_below(uint64_t seed, uint64_t n, int64_t limit)
{
	return limit > 0 ? (int64_t)(draw(seed, n) % (uint64_t)limit) : 0;
}
