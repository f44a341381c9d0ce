#include "secrets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/json.h"
#include "common/secret.h"
#include "common/xmem.h"

const char secrets_unread[] = "";

static bool is_one_of(struct str name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(name, str_from(names[i])))
			return true;
	return false;
}

/* RFC 9110, 5.6.2. */
static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
			return false;
	}
	return s.len > 0 && s.len <= 128;
}

/* Ours: what frames the request, and what says which version we have. */
static bool is_ours(struct str name)
{
	static const char *const ours[] = {
		"Host",
		"Connection",
		"Content-Length",
		"Transfer-Encoding",
		"Accept-Encoding",
		"TE",
		"Upgrade",
		"Expect",
		"If-None-Match",
		"If-Modified-Since",
		"If-Match",
		"If-Range",
		"Range",
		"Keep-Alive",
		"Trailer",
	};

	return is_one_of(name, ours, ARRAY_LEN(ours));
}

int secrets_read(struct str file, const char *dir, struct arena *a,
		 struct str *value_r, struct err *e)
{
	char path[4096], text[SECRETS_VALUE_MAX + 1];
	ssize_t n;
	int fd, len;

	if (!str_is_id(file) || file.p[0] == '.')
		return err_set(e, EX_CONFIG, "'%.*s' is no name of a file",
			       STR_ARG(str_utf8_prefix(file, 64)));
	if (!dir)
		return err_set(e, EX_CONFIG, "there is no secrets directory");
	*value_r = STR("");
	if (dir == secrets_unread)
		return 0;
	len = snprintf(path, sizeof(path), "%s/%.*s", dir, STR_ARG(file));
	if (len >= (int)sizeof(path))
		return err_set(e, EX_CONFIG, "%.*s: its path is too long",
			       STR_ARG(file));
	fd = secret_open(path, e);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n < 0)
		return err_set(e, EX_CONFIG, "%s: %s", path, strerror(errno));
	if (n > SECRETS_VALUE_MAX)
		return err_set(e, EX_CONFIG, "%s: more than %d bytes", path,
			       SECRETS_VALUE_MAX);
	*value_r = arena_str(a, str_trim((struct str){ text, (size_t)n }));
	return 0;
}

int secrets_value(struct str json, const char *dir, struct arena *a,
		  struct str *value_r, struct err *e)
{
	struct str file;

	if (json_type_of(json) == JSON_OBJECT) {
		if (!json_get(json, "file", &json) ||
		    !json_text(json, a, &file))
			return err_set(e, EX_CONFIG, "not {\"file\":NAME}");
		return secrets_read(file, dir, a, value_r, e);
	}
	if (!json_text(json, a, value_r))
		return err_set(e, EX_CONFIG, "not a string");
	return 0;
}

static int add_line(struct str name, struct str json, const char *dir,
		    struct arena *a, struct header_lines *l, struct err *e)
{
	struct str value;
	char *line;

	if (!is_token(name) || is_ours(name))
		return err_set(e, EX_CONFIG, "cannot be set");
	if (l->n == SECRETS_HEADERS_MAX)
		return err_set(e, EX_CONFIG, "one of more than %d",
			       SECRETS_HEADERS_MAX);
	if (secrets_value(json, dir, a, &value, e))
		return -1;
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.p[i] < ' ' && value.p[i] != '\t')
			return err_set(e, EX_CONFIG,
				       "holds a control character");
	line = arena_alloc(a, name.len + value.len + 3);
	sprintf(line, "%.*s%s", STR_ARG(name), value.len ? ": " : ";");
	memcpy(line + strlen(line), value.p ? value.p : "", value.len);
	if (!l->v)
		l->v = arena_alloc(a, SECRETS_HEADERS_MAX * sizeof(*l->v));
	l->v[l->n++] = line;
	return 0;
}

int secrets_headers(struct str headers, const char *dir, struct arena *a,
		    struct header_lines *lines_r, struct err *e)
{
	struct json_iter it = json_iter(headers);

	*lines_r = (struct header_lines){ 0 };
	while (headers.p && json_next(&it)) {
		struct str name = json_name(it.key, a);

		if (add_line(name, it.value, dir, a, lines_r, e))
			return err_prefix(e, "headers: %.*s", STR_ARG(name));
	}
	return 0;
}
