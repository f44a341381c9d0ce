#include "common/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/swar.h"
#include "common/xmem.h"

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->full = false;
	if (b->p)
		b->p[0] = '\0';
}

void buf_free(struct buf *b)
{
	free(b->p);
	b->p = NULL;
	b->len = b->cap = 0;
	b->full = false;
}

struct str buf_str(const struct buf *b)
{
	return (struct str){ b->p ? b->p : "", b->len };
}

char *buf_reserve(struct buf *b, size_t n)
{
	size_t need = b->len + n;

	if (b->full || need < n || (b->max && need > b->max)) {
		b->full = true;
		return NULL;
	}
	if (need >= b->cap) {
		size_t cap = b->cap ? b->cap : 64;

		while (cap <= need)
			cap *= 2;
		b->p = xrealloc(b->p, cap);
		b->cap = cap;
	}
	return b->p + b->len;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	char *at = buf_reserve(b, n);

	if (!at)
		return;
	if (n)
		memcpy(at, p, n);
	b->len += n;
	b->p[b->len] = '\0';
}

void buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.len);
}

void buf_add_utf8(struct buf *b, struct str s)
{
	char bytes[4];
	uint32_t cp;

	if (str_is_utf8(s)) {
		buf_add_str(b, s);
		return;
	}
	while (s.len) {
		size_t n = utf8_decode(s, &cp);

		buf_add(b, bytes, utf8_encode(cp, bytes));
		s = str_sub(s, n, s.len);
	}
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_u64(struct buf *b, uint64_t v)
{
	char digits[STR_U64_MAX];

	buf_add(b, digits, str_put_u64(digits, v));
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *at;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	at = n < 0 ? NULL : buf_reserve(b, (size_t)n); /* and its NUL */
	if (!at)
		return;
	va_start(ap, fmt);
	vsnprintf(at, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void buf_consume(struct buf *b, size_t n)
{
	if (n >= b->len) {
		buf_reset(b);
		return;
	}
	memmove(b->p, b->p + n, b->len - n + 1);
	b->len -= n;
}

int buf_print(struct buf *b, struct err *e)
{
	size_t done = 0;

	while (done < b->len) {
		ssize_t n = write(STDOUT_FILENO, b->p + done, b->len - done);

		if (n < 0 && errno != EINTR)
			return err_set(e, EX_IOERR, "standard output: %s",
				       strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	buf_reset(b);
	return 0;
}

/* The first byte from i on that JSON wants escaped. */
static size_t find_special(struct str s, size_t i)
{
	for (; s.len - i >= 8; i += 8) {
		uint64_t word = swar_load(s.p + i);

		if (swar_below(word, 0x20) | swar_is(word, '"') |
		    swar_is(word, '\\') | swar_is(word, 0x7f))
			break;
	}
	while (i < s.len && (unsigned char)s.p[i] >= 0x20 && s.p[i] != '"' &&
	       s.p[i] != '\\' && s.p[i] != 0x7f)
		i++;
	return i;
}

void buf_json_str(struct buf *b, struct str s)
{
	static const char hex[] = "0123456789abcdef";
	size_t done = 0;

	buf_putc(b, '"');
	for (size_t i = find_special(s, 0); i < s.len;
	     i = find_special(s, i + 1)) {
		unsigned char c = (unsigned char)s.p[i];
		char esc[6] = { '\\', 'u', '0', '0', 0, 0 };
		size_t n = 2;

		switch (c) {
		case '"':
		case '\\': esc[1] = (char)c; break;
		case '\n': esc[1] = 'n'; break;
		case '\r': esc[1] = 'r'; break;
		case '\t': esc[1] = 't'; break;
		default:
			esc[4] = hex[c >> 4];
			esc[5] = hex[c & 15];
			n = 6;
		}
		buf_add(b, s.p + done, i - done);
		buf_add(b, esc, n);
		done = i + 1;
	}
	buf_add(b, s.p ? s.p + done : NULL, s.len - done);
	buf_putc(b, '"');
}
