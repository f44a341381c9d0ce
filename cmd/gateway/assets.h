#ifndef GATEWAY_ASSETS_H
#define GATEWAY_ASSETS_H

/*
 * assets - the dashboard's files, compiled in (web/embed.c makes the table).
 */
#include <stddef.h>

struct asset {
	const char *path; /* "/app.js" */
	const char *type; /* for Content-Type */
	const char *etag; /* with its quotes */
	const unsigned char *plain, *gzip;
	size_t plain_len, gzip_len; /* gzip_len 0: not worth it */
};

extern const struct asset assets[];
extern const size_t n_assets;

#endif
