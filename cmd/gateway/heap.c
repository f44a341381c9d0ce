#include "heap.h"

#include <malloc.h>

struct heap heap_look(void)
{
	struct mallinfo2 m = mallinfo2();

	return (struct heap){ .used = m.uordblks + m.hblkhd,
			      .free = m.fordblks };
}

void heap_tidy(int64_t *looked_ms, int64_t now_ms)
{
	if (now_ms - *looked_ms < HEAP_LOOK_MS)
		return;
	*looked_ms = now_ms;
	if (heap_look().free > HEAP_SPARE)
		malloc_trim(0);
}
