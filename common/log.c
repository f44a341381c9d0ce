#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/str.h"

static const char *prog_name = "weir";
static bool verbose, journald;

void log_init(const char *prog)
{
	prog_name = prog;
	journald = getenv("JOURNAL_STREAM") != NULL;
}

void log_verbose(bool on)
{
	verbose = on;
}

static void emit(int level, const char *name, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void emit(int level, const char *name, const char *fmt, va_list ap)
{
	char line[1024];
	int saved = errno;
	int n = 0;
	size_t len;
	ssize_t done;

	if (journald)
		n = snprintf(line, sizeof(line), "<%d>", level);
	n += snprintf(line + n, sizeof(line) - (size_t)n, "%s: %s: ", prog_name,
		      name);
	/* One byte is kept for the newline. */
	vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	str_make_printable(line);
	len = strlen(line);
	line[len++] = '\n';
	done = write(2, line, len);
	(void)done; /* there is nobody left to tell */
	errno = saved;
}

#define LOG_FUNCTION(fn, level, name)       \
	void fn(const char *fmt, ...)       \
	{                                   \
		va_list ap;                 \
                                            \
		va_start(ap, fmt);          \
		emit(level, name, fmt, ap); \
		va_end(ap);                 \
	}

LOG_FUNCTION(log_error, 3, "error")
LOG_FUNCTION(log_warn, 4, "warning")
LOG_FUNCTION(log_info, 6, "info")

void log_debug(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, fmt);
	emit(7, "debug", fmt, ap);
	va_end(ap);
}
