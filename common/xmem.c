#include "common/xmem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static _Noreturn void out_of_memory(void)
{
	static const char msg[] = "weir: error: out of memory\n";
	ssize_t n = write(2, msg, sizeof(msg) - 1);

	(void)n;
	_exit(EX_OSERR);
}

void *xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p)
		out_of_memory();
	return p;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t len)
{
	char *p = xmalloc(len + 1);

	if (len)
		memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

void xgrow(void *arrp, size_t *capp, size_t n, size_t size)
{
	void *arr;
	size_t cap = *capp;

	if (n < cap)
		return;
	while (cap <= n) {
		if (cap > SIZE_MAX / 2 / size)
			out_of_memory();
		cap = cap ? cap * 2 : 8;
	}
	memcpy(&arr, arrp, sizeof(arr)); /* arrp is a pointer to any T * */
	arr = xrealloc(arr, cap * size);
	memcpy(arrp, &arr, sizeof(arr));
	*capp = cap;
}
