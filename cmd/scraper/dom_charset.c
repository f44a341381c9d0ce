/*
 * The bytes of a page as UTF-8. WHATWG Encoding and HTML's "determining the
 * character encoding", without the guess from frequencies: what declares
 * nothing is UTF-8 if it can be read as such, else windows-1252.
 */
#include <iconv.h>
#include <string.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "dom.h"

enum {
	META_MAX = 4096, /* bytes searched for <meta charset> */
	LABEL_MAX = 40,	 /* bytes of an encoding's name */
};

static const char utf8[] = "UTF-8";

/* The signatures of XML's appendix F; the first that fits counts. */
static const struct signature {
	struct str bytes;
	const char *charset;
	size_t skip; /* bytes of a byte order mark */
} signatures[] = {
	{ { "\xef\xbb\xbf", 3 }, utf8, 3 },
	{ { "\0\0\xfe\xff", 4 }, "UTF-32BE", 4 },
	{ { "\xff\xfe\0\0", 4 }, "UTF-32LE", 4 },
	{ { "\xfe\xff", 2 }, "UTF-16BE", 2 },
	{ { "\xff\xfe", 2 }, "UTF-16LE", 2 },
	{ { "\0\0\0<", 4 }, "UTF-32BE", 0 },
	{ { "<\0\0\0", 4 }, "UTF-32LE", 0 },
	{ { "\0<", 2 }, "UTF-16BE", 0 },
	{ { "<\0", 2 }, "UTF-16LE", 0 },
};

/*
 * Labels that mean more on the web than they say (Encoding, "Names and
 * labels"); others are left to iconv.
 */
static const struct label {
	const char *label, *charset;
} labels[] = {
	{ "utf8", utf8 },
	{ "unicode-1-1-utf-8", utf8 },
	{ "ascii", "CP1252" },
	{ "us-ascii", "CP1252" },
	{ "iso-8859-1", "CP1252" },
	{ "iso8859-1", "CP1252" },
	{ "latin1", "CP1252" },
	{ "l1", "CP1252" },
	{ "windows-1252", "CP1252" },
	{ "x-cp1252", "CP1252" },
	{ "iso-8859-9", "CP1254" },
	{ "latin5", "CP1254" },
	{ "iso-8859-11", "CP874" },
	{ "tis-620", "CP874" },
	{ "shift_jis", "CP932" },
	{ "shift-jis", "CP932" },
	{ "sjis", "CP932" },
	{ "x-sjis", "CP932" },
	{ "gb2312", "GB18030" },
	{ "gbk", "GB18030" },
	{ "x-gbk", "GB18030" },
	{ "big5", "BIG5-HKSCS" },
	{ "euc-kr", "CP949" },
	{ "ks_c_5601-1987", "CP949" },
	{ "x-mac-cyrillic", "MAC-UKRAINE" },
	{ "macintosh", "MACINTOSH" },
};

/* Encodings of the web, for which iconv opens a file each. */
static const char *const tables[] = {
	"UTF-16",      "UTF-16BE",    "UTF-16LE",    "UTF-32",
	"UTF-32BE",    "UTF-32LE",    "IBM866",	     "CP866",
	"ISO-8859-2",  "ISO-8859-3",  "ISO-8859-4",  "ISO-8859-5",
	"ISO-8859-6",  "ISO-8859-7",  "ISO-8859-8",  "ISO-8859-10",
	"ISO-8859-13", "ISO-8859-14", "ISO-8859-15", "ISO-8859-16",
	"KOI8-R",      "KOI8-U",      "CP1250",	     "CP1251",
	"CP1252",      "CP1253",      "CP1254",	     "CP1255",
	"CP1256",      "CP1257",      "CP1258",	     "CP874",
	"CP932",       "CP949",	      "GB18030",     "GB2312",
	"BIG5",	       "BIG5-HKSCS",  "EUC-JP",	     "EUC-KR",
	"ISO-2022-JP", "MACINTOSH",   "MAC-UKRAINE", "TIS-620",
	"CP437",       "CP850",
};

/* windows-1252 from 0x80; 0 where the byte stands for itself. */
static const uint16_t cp1252[32] = {
	0x20ac, 0,	0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,	0x017d, 0,
	0,	0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,	0x017e, 0x0178,
};

static struct str take(struct buf *b, struct arena *a)
{
	struct str s = arena_str(a, buf_str(b));

	buf_free(b);
	return s;
}

static void add_char(struct buf *b, uint32_t c)
{
	char enc[4];

	buf_add(b, enc, utf8_encode(c, enc));
}

/* Broken sequences become U+FFFD. */
static struct str repair_utf8(struct str s, struct arena *a)
{
	struct buf out = { 0 };

	while (s.len) {
		uint32_t c;
		size_t n = utf8_decode(s, &c);

		add_char(&out, c);
		s = str_sub(s, n, s.len);
	}
	return take(&out, a);
}

static struct str from_cp1252(struct str s, struct arena *a)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80 && c < 0xa0 && cp1252[c - 0x80])
			add_char(&out, cp1252[c - 0x80]);
		else
			add_char(&out, c);
	}
	return take(&out, a);
}

/* Absent where iconv does not know the charset. */
static struct str from_iconv(struct str s, const char *charset, struct arena *a)
{
	struct buf out = { 0 };
	iconv_t cd = iconv_open(utf8, charset);
	size_t unit = 1, in_left = s.len;
	char *in;

	if (cd == (iconv_t)-1)
		return (struct str){ 0 };
	if (!strncmp(charset, "UTF-16", 6))
		unit = 2;
	if (!strncmp(charset, "UTF-32", 6))
		unit = 4;
	memcpy(&in, &s.p, sizeof(in)); /* iconv(3) lacks a const */
	while (in_left) {
		size_t room = in_left + 16, left = room;
		char *start = buf_reserve(&out, room), *to = start;
		size_t rc = iconv(cd, &in, &in_left, &to, &left);

		out.len += room - left;
		if (rc == (size_t)-1 && left >= 16) { /* not for lack of room */
			add_char(&out, 0xfffd);
			unit = unit < in_left ? unit : in_left;
			in += unit;
			in_left -= unit;
		}
	}
	iconv_close(cd);
	return take(&out, a);
}

void dom_load(void)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		(void)iconv_open(utf8, tables[i]);
}

/* What a label stands for; NULL if it is no plausible name of one. */
static const char *charset_of(struct str label, char name[LABEL_MAX])
{
	label = str_trim(label);
	if (!label.len || label.len >= LABEL_MAX)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		if (str_eq_nocase(label, str_from(labels[i].label)))
			return labels[i].charset;
	/* iconv takes "//TRANSLIT" and file names: letters only. */
	for (size_t i = 0; i < label.len; i++) {
		char c = label.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return NULL;
	}
	str_copy(name, LABEL_MAX, label);
	return str_eq_nocase(label, STR("utf-8")) ? utf8 : name;
}

static size_t find_nocase(struct str s, struct str word)
{
	for (size_t i = 0; i + word.len <= s.len; i++)
		if ((s.p[i] | 32) == (word.p[0] | 32) &&
		    str_eq_nocase(str_sub(s, i, i + word.len), word))
			return i;
	return (size_t)-1;
}

/* The value after name= (quoted or not); absent if there is none. */
static struct str value_after(struct str s, struct str name)
{
	size_t at, end;
	char quote;

	while ((at = find_nocase(s, name)) != (size_t)-1) {
		s = str_trim(str_sub(s, at + name.len, s.len));
		if (!s.len || s.p[0] != '=')
			continue;
		s = str_trim(str_sub(s, 1, s.len));
		if (!s.len)
			break;
		quote = s.p[0];
		if (quote == '"' || quote == '\'') {
			s = str_sub(s, 1, s.len);
			end = str_chr(s, quote);
			return str_sub(s, 0, end > s.len ? s.len : end);
		}
		for (end = 0; end < s.len; end++)
			if (strchr(" \t\r\n;,>?\"'/", s.p[end]))
				break;
		return str_sub(s, 0, end);
	}
	return (struct str){ 0 };
}

/* What the document's own first bytes declare; in ASCII, so never UTF-16. */
static const char *declared_inside(struct str body, char name[LABEL_MAX])
{
	struct str s =
		str_sub(body, 0, body.len < META_MAX ? body.len : META_MAX);
	const char *charset = NULL;
	size_t at, end;

	if (str_starts(str_trim(s), STR("<?xml"))) {
		end = str_chr(s, '>');
		charset = charset_of(
			value_after(str_sub(s, 0, end > s.len ? s.len : end),
				    STR("encoding")),
			name);
	}
	while (!charset && (at = find_nocase(s, STR("<meta"))) != (size_t)-1) {
		s = str_sub(s, at + 5, s.len);
		end = str_chr(s, '>');
		charset = charset_of(
			value_after(str_sub(s, 0, end > s.len ? s.len : end),
				    STR("charset")),
			name);
	}
	if (charset && (!strncasecmp(charset, "UTF-16", 6) ||
			!strncasecmp(charset, "UTF-32", 6)))
		return utf8;
	return charset;
}

static struct str decode(struct str body, const char *charset, struct arena *a)
{
	struct str s;

	if (charset == utf8)
		return str_is_utf8(body) ? body : repair_utf8(body, a);
	if (!strcmp(charset, "CP1252"))
		return from_cp1252(body, a);
	s = from_iconv(body, charset, a);
	return s.p ? s : decode(body, str_is_utf8(body) ? utf8 : "CP1252", a);
}

struct str dom_to_utf8(struct str body, struct str content_type,
		       struct arena *a)
{
	char name[LABEL_MAX];
	const char *charset;

	for (size_t i = 0; i < ARRAY_LEN(signatures); i++)
		if (str_starts(body, signatures[i].bytes))
			return decode(str_sub(body, signatures[i].skip,
					      body.len),
				      signatures[i].charset, a);
	charset = charset_of(value_after(content_type, STR("charset")), name);
	if (!charset)
		charset = declared_inside(body, name);
	if (!charset)
		charset = str_is_utf8(body) ? utf8 : "CP1252";
	return decode(body, charset, a);
}
