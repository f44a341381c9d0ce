#ifndef COMMON_ERR_H
#define COMMON_ERR_H

/*
 * err - what went wrong, for the one caller who will report it.
 *
 * A struct err lives on the caller's stack and never allocates, so it also
 * works when memory is short. Library code fills it and returns -1 (or NULL);
 * whoever decides what happens next writes the one line about it.
 */
struct err {
	int code;      /* a <sysexits.h> value; main() may return it as is */
	char msg[240]; /* one line, no newline, no full stop at its end */
};

/*
 * Fill *e and return -1, so that "return err_set(...)" reads naturally.
 * What comes from outside is made printable: control characters and bytes
 * that are not UTF-8 become '?'. A NULL e is allowed and ignored.
 */
int err_set(struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "what: " before the message that *e holds already. Returns -1. */
int err_prefix(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
