#ifndef COMMON_LINES_H
#define COMMON_LINES_H

/*
 * lines - read a file descriptor line by line, whatever comes.
 *
 * A line longer than max bytes is not stored: it is read to its end and
 * reported once. The last line needs no newline; a CR before it is dropped.
 */
#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"

struct lines {
	int fd;
	size_t max;
	struct buf buf;
	size_t done; /* bytes of buf already handed out */
	bool eof, skipping;
	uint64_t number; /* of the line that was last returned, from 1 */
};

/*
 * The descriptor of a file, "-" being standard input. -1 with *e: EX_NOINPUT.
 * lines_close() closes what lines_open() opened.
 */
int lines_open(const char *path, int *fd_r, struct err *e);
void lines_close(int fd);

/*
 * Can a loop wait for it? epoll takes neither files nor /dev/null: these never
 * have to be waited for.
 */
bool lines_can_wait(int fd);

void lines_init(struct lines *l, int fd, size_t max);
void lines_fini(struct lines *l);

/*
 * The next line, valid until the next call. 1: *line_r is set; 0: end of file;
 * -1 with *e: EX_DATAERR (too long; the next call goes on behind it) or
 * EX_IOERR. Blocks in read(2); 0 with a signal pending is told by sig_stop().
 */
int lines_next(struct lines *l, struct str *line_r, struct err *e);

/* True if a whole line is there already, so that the next call won't block. */
bool lines_ready(const struct lines *l);

/*
 * Read once what is there (at most 64 KiB), for those who wait for the
 * descriptor in a loop: after it, lines_next() while lines_ready(). -1 with
 * *e: EX_IOERR.
 */
int lines_fill(struct lines *l, struct err *e);

#endif
