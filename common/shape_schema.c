#include "common/shape.h"

/*
 * The patterns say what shape.c judges in C, in the common part of ECMA 262
 * and other dialects; tests/lint/schemas.sh holds them against each other.
 */
#define DURATION                                              \
	"([0-9]{1,11}ms|[0-9]{1,8}s|[0-9]{1,6}m|[0-9]{1,4}h|" \
	"[0-9]{1,3}d|[0-9]{1,2}w)$"
#define DECIMAL "(0|[1-9][0-9]*)(\\.[0-9]{1,18})?$"

static const char *pattern_of(const struct shape_field *f)
{
	switch (f->kind) {
	case SHAPE_ID: return "^[A-Za-z0-9._-]{1,128}$";
	case SHAPE_BLOB: return "^[0-9a-f]{64}$";
	case SHAPE_DECIMAL:
		if (f->flags & SHAPE_POSITIVE)
			return "^(?=([0-9]\\.?){1,30}$)(?=.*[1-9])" DECIMAL;
		return "^(?=-?([0-9]\\.?){1,30}$)-?" DECIMAL;
	case SHAPE_PERCENT:
		return "^((0|[1-9][0-9]?)(\\.[0-9]{1,6})?|100(\\.0{1,6})?)%$";
	case SHAPE_CURRENCY: return "^[A-Z]{3}$";
	case SHAPE_DURATION: return "^" DURATION;
	case SHAPE_INTERVAL: /* 50 ms and more */
		return "^(?=0*([5-9][0-9]ms|[1-9][0-9]{2,}ms|"
		       "[1-9][0-9]*[smhdw])$)" DURATION;
	case SHAPE_TIME:
		return "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
		       "([Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)"
		       "(\\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))?"
		       "$";
	case SHAPE_URL:
		return "^((https?|wss?|ircs?)://"
		       "|mock:)[^\\u0000-\\u0020\\u007f]+$";
	default: return NULL;
	}
}

static void indent(struct buf *b, unsigned depth)
{
	buf_putc(b, '\n');
	while (depth--)
		buf_puts(b, "  ");
}

static void add_type(const struct shape_field *f, struct buf *b)
{
	const char *type, *also = NULL;

	switch (f->kind) {
	case SHAPE_BOOL:
	case SHAPE_FLAG: type = "boolean"; break;
	case SHAPE_NUMBER:
	case SHAPE_RATE: type = "number"; break;
	case SHAPE_COUNT: type = "integer"; break;
	case SHAPE_OBJECT: type = "object"; break;
	case SHAPE_LIST: type = "array"; break;
	case SHAPE_WORDS: type = "string", also = "array"; break;
	default: type = "string"; break;
	}
	if (f->flags & SHAPE_LOOSE)
		also = "number";
	if (!also && !(f->flags & SHAPE_NULLABLE)) {
		buf_addf(b, "\"type\": \"%s\"", type);
		return;
	}
	buf_addf(b, "\"type\": [\"%s\"", type);
	if (also)
		buf_addf(b, ", \"%s\"", also);
	if (f->flags & SHAPE_NULLABLE)
		buf_puts(b, ", \"null\"");
	buf_putc(b, ']');
}

static void add_names(const struct shape_field *f, struct buf *b)
{
	buf_puts(b, ", \"enum\": [");
	for (size_t i = 0; f->names[i]; i++)
		buf_addf(b, "%s\"%s\"", i ? ", " : "", f->names[i]);
	buf_puts(b, f->flags & SHAPE_NULLABLE ? ", null]" : "]");
}

static void add_limits(const struct shape_field *f, struct buf *b)
{
	const char *pattern = pattern_of(f);

	if (pattern) {
		buf_puts(b, ", \"pattern\": ");
		buf_json_str(b, str_from(pattern));
	}
	if (f->flags & SHAPE_LOOSE)
		buf_addf(b,
			 ", \"exclusiveMinimum\": %s"
			 ", \"exclusiveMaximum\": 1e30",
			 f->flags & SHAPE_POSITIVE ? "0" : "-1e30");
	if (f->kind == SHAPE_RATE)
		buf_puts(b, ", \"exclusiveMinimum\": 0, \"maximum\": 100");
	if (f->kind == SHAPE_COUNT)
		buf_addf(b, ", \"minimum\": 1, \"maximum\": %zu",
			 f->max ? f->max : (size_t)SHAPE_COUNT_MAX);
	if (f->kind == SHAPE_URL)
		buf_addf(b, ", \"maxLength\": %d", SHAPE_URL_MAX);
	if (f->kind == SHAPE_TEXT)
		buf_addf(b, ", \"maxLength\": %zu",
			 f->max ? f->max : SHAPE_TEXT_MAX);
	if (f->kind == SHAPE_WORDS)
		buf_addf(b, ", \"maxLength\": %d", SHAPE_TEXT_MAX);
	if (f->kind == SHAPE_LIST || f->kind == SHAPE_WORDS)
		buf_addf(b,
			 ", \"maxItems\": %zu, \"items\": {\"type\": "
			 "\"string\", \"maxLength\": %d}",
			 f->max ? f->max : SHAPE_LIST_MAX, SHAPE_TEXT_MAX);
	if (f->kind == SHAPE_NAME)
		add_names(f, b);
}

static void add_object(const struct shape *shape, unsigned depth,
		       const char *nullable, struct buf *b);

static void add_field(const struct shape_field *f, unsigned depth,
		      struct buf *b)
{
	indent(b, depth);
	buf_json_str(b, str_from(f->name));
	buf_puts(b, ": {");
	if (f->doc) {
		buf_puts(b, "\"description\": ");
		buf_json_str(b, str_from(f->doc));
	}
	if (f->kind == SHAPE_JSON) {
		buf_putc(b, '}');
		return;
	}
	if (f->doc)
		buf_puts(b, ", ");
	if (f->kind == SHAPE_SUBS) {
		buf_addf(b,
			 "\"type\": \"array\", \"maxItems\": %zu, \"items\": {",
			 f->max ? f->max : SHAPE_LIST_MAX);
		add_object(f->sub, depth, NULL, b);
		buf_putc(b, '}');
	} else if (f->kind == SHAPE_SUB) {
		add_object(f->sub, depth,
			   f->flags & SHAPE_NULLABLE ? ", \"null\"" : NULL, b);
	} else {
		add_type(f, b);
		add_limits(f, b);
	}
	buf_putc(b, '}');
}

static void add_any_of(const struct shape *shape, unsigned depth, struct buf *b)
{
	indent(b, depth);
	buf_puts(b, "\"anyOf\": [");
	for (size_t i = 0; shape->any_of[i]; i++)
		buf_addf(b, "%s{\"required\": [\"%s\"]}", i ? ", " : "",
			 shape->any_of[i]);
	buf_puts(b, "],");
}

/* What stands inside the braces of an object's schema. */
static void add_object(const struct shape *shape, unsigned depth,
		       const char *nullable, struct buf *b)
{
	const char *sep = "";

	if (nullable)
		buf_addf(b, "\"type\": [\"object\"%s],", nullable);
	else
		buf_puts(b, "\"type\": \"object\",");
	indent(b, depth + 1);
	buf_puts(b, "\"properties\": {");
	for (size_t i = 0; i < shape->n; i++) {
		add_field(&shape->fields[i], depth + 2, b);
		if (i + 1 < shape->n)
			buf_putc(b, ',');
	}
	indent(b, depth + 1);
	buf_puts(b, "},");
	indent(b, depth + 1);
	buf_puts(b, "\"required\": [");
	for (size_t i = 0; i < shape->n; i++) {
		if (!(shape->fields[i].flags & SHAPE_REQUIRED))
			continue;
		buf_addf(b, "%s\"%s\"", sep, shape->fields[i].name);
		sep = ", ";
	}
	buf_puts(b, "],");
	if (shape->any_of)
		add_any_of(shape, depth + 1, b);
	indent(b, depth + 1);
	buf_addf(b, "\"additionalProperties\": %s",
		 shape->flags & SHAPE_OPEN ? "true" : "false");
	indent(b, depth);
}

void shape_schema(const struct shape *shape, const char *title, bool nullable,
		  struct buf *b)
{
	buf_puts(b, "{\n  \"$schema\": "
		    "\"https://json-schema.org/draft/2020-12/schema\",");
	indent(b, 1);
	buf_puts(b, "\"title\": ");
	buf_json_str(b, str_from(title));
	buf_putc(b, ',');
	indent(b, 1);
	buf_puts(b, "\"description\": ");
	buf_json_str(b, str_from(shape->doc));
	buf_putc(b, ',');
	indent(b, 1);
	add_object(shape, 0, nullable ? ", \"null\"" : NULL, b);
	buf_puts(b, "}\n");
}
