#ifndef COMMON_LOG_H
#define COMMON_LOG_H

/*
 * log - one line per event on standard error.
 *
 *	weir-store: info: ready journal=/var/lib/weir/journal head=1041
 *
 * One write(2) per line, no timestamp (svlogd and journald add it); where
 * $JOURNAL_STREAM is set each line starts with its syslog level ("<6>").
 * Control characters are made printable, so that text from outside cannot
 * forge lines. error = someone must act, warning = degraded, info = life
 * cycle, debug = only with --verbose.
 */
#include <stdbool.h>

void log_init(const char *prog); /* prog must live as long as the process */
void log_verbose(bool on);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
