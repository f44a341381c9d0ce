#include "date_parts.h"

#include <string.h>

#include "common/xmem.h"

/* As they stand in dates (genitive where a language has it), lower case. */
static const char *const months[12] = {
	"january januar jänner januari janvier enero gennaio janeiro stycznia "
	"styczeń января январь січня ledna leden tammikuuta január ocak "
	"ιανουαρίου ιανουάριος ianuarie siječnja jaanuar janvāris sausio",
	"february februar feber februari février fevrier febrero febbraio "
	"fevereiro lutego luty февраля февраль лютого února únor helmikuuta "
	"február şubat φεβρουαρίου φεβρουάριος februarie veljače veebruar "
	"vasario",
	"march märz mrz maart mars marts marzo março marco marca marzec марта "
	"март березня března březen maaliskuuta március mart μαρτίου μάρτιος "
	"martie "
	"ožujka märts kovo",
	"april avril abril aprile kwietnia kwiecień апреля апрель квітня dubna "
	"duben huhtikuuta április nisan απριλίου απρίλιος aprilie travnja "
	"aprill",
	"may mai mei mayo maggio maio maj maja май мая травня května květen "
	"toukokuuta május mayıs μαΐου μάιος μάϊος svibnja gegužės",
	"june juni juin junio giugno junho czerwca czerwiec июня июнь червня "
	"června červen kesäkuuta június haziran ιουνίου ιούνιος iunie lipnja "
	"juuni",
	"july juli juillet julio luglio julho lipca lipiec июля июль липня "
	"července červenec heinäkuuta július temmuz ιουλίου ιούλιος iulie "
	"srpnja juuli",
	"august août aout agosto augustus augusti sierpnia sierpień августа "
	"август серпня srpna srpen elokuuta augusztus ağustos αυγούστου "
	"αύγουστος "
	"kolovoza",
	"september septembre septiembre settembre setembro septembrie września "
	"wrzesień сентября сентябрь вересня září syyskuuta szeptember eylül "
	"σεπτεμβρίου σεπτέμβριος rujna rugsėjo",
	"october oktober octobre octubre ottobre outubro październik "
	"października октября октябрь жовтня října říjen lokakuuta október "
	"ekim οκτωβρίου οκτώβριος octombrie oktoober",
	"november novembre noviembre novembro noiembrie listopada listopad "
	"ноября ноябрь листопада marraskuuta kasım νοεμβρίου νοέμβριος "
	"studenoga",
	"december dezember décembre decembre diciembre dicembre dezembro "
	"desember grudnia grudzień декабря декабрь грудня prosince prosinec "
	"joulukuuta aralık δεκεμβρίου δεκέμβριος decembrie prosinca detsember "
	"gruodžio",
};

static const struct {
	const char *name;
	short minutes;
} zones[] = {
	{ "Z", 0 },	 { "UT", 0 },	   { "UTC", 0 },     { "GMT", 0 },
	{ "WET", 0 },	 { "EST", -300 },  { "EDT", -240 },  { "ET", -300 },
	{ "CST", -360 }, { "CDT", -300 },  { "CT", -360 },   { "MST", -420 },
	{ "MDT", -360 }, { "MT", -420 },   { "PST", -480 },  { "PDT", -420 },
	{ "PT", -480 },	 { "AKST", -540 }, { "AKDT", -480 }, { "HST", -600 },
	{ "AST", -240 }, { "ADT", -180 },  { "NST", -210 },  { "NDT", -150 },
	{ "BRT", -180 }, { "ART", -180 },  { "CLT", -240 },  { "BST", 60 },
	{ "IST", 330 },	 { "WEST", 60 },   { "CET", 60 },    { "CEST", 120 },
	{ "MET", 60 },	 { "MEZ", 60 },	   { "MEST", 120 },  { "MESZ", 120 },
	{ "EET", 120 },	 { "EEST", 180 },  { "SAST", 120 },  { "MSK", 180 },
	{ "MSD", 240 },	 { "TRT", 180 },   { "GST", 240 },   { "PKT", 300 },
	{ "WIB", 420 },	 { "ICT", 420 },   { "HKT", 480 },   { "SGT", 480 },
	{ "AWST", 480 }, { "PHT", 480 },   { "JST", 540 },   { "KST", 540 },
	{ "ACST", 570 }, { "ACDT", 630 },  { "AEST", 600 },  { "AEDT", 660 },
	{ "NZST", 720 }, { "NZDT", 780 },
};

static uint32_t lower(uint32_t cp)
{
	if ((cp >= 'A' && cp <= 'Z') || (cp >= 0xc0 && cp <= 0xde) ||
	    (cp >= 0x391 && cp <= 0x3a9) || (cp >= 0x410 && cp <= 0x42f))
		return cp + 32;
	/* Latin Extended-A: pairs, upper case even up to 0x137, then odd. */
	if (cp >= 0x100 && cp <= 0x137)
		return cp | 1;
	if ((cp >= 0x139 && cp <= 0x148) || (cp >= 0x179 && cp <= 0x17e))
		return cp + (cp & 1);
	if (cp >= 0x14a && cp <= 0x177)
		return cp | 1;
	return cp;
}

/* How many characters of word name begins with; 0 if not with all of them. */
static size_t is_beginning(struct str word, struct str name)
{
	size_t n = 0;

	while (word.len > 0) {
		uint32_t a, b;
		size_t len = utf8_decode(word, &a);

		if (name.len == 0)
			return 0;
		name = str_sub(name, utf8_decode(name, &b), name.len);
		word = str_sub(word, len, word.len);
		if (lower(a) != b)
			return 0;
		n++;
	}
	return n;
}

/* As RFC 5322 and HTTP have them; no other month is called so anywhere. */
static int month_abbreviated(struct str word)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int m = 0; word.len == 3 && m < 12; m++)
		if (str_eq_nocase(word, (struct str){ names + 3 * m, 3 }))
			return m + 1;
	return 0;
}

/* The first byte of the word in lower case. */
static char first_byte(struct str word)
{
	char text[4] = "";
	uint32_t cp = 0;

	if (word.len > 0)
		utf8_decode(word, &cp);
	utf8_encode(lower(cp), text);
	return text[0];
}

static bool is_day_abbreviated(struct str word)
{
	static const char names[] = "montuewedthufrisatsun";

	for (int d = 0; word.len == 3 && d < 7; d++)
		if (str_eq_nocase(word, (struct str){ names + 3 * d, 3 }))
			return true;
	return false;
}

int date_month(struct str word)
{
	int found = month_abbreviated(word);
	char first = first_byte(word);

	if (found || is_day_abbreviated(word))
		return found;
	for (int m = 0; m < 12; m++) {
		const char *next, *at = months[m];

		for (; *at; at = next) {
			struct str name = { at, 0 };

			next = strchrnul(at, ' ');
			name.len = (size_t)(next - at);
			next += *next == ' ';
			if (*at != first || is_beginning(word, name) < 3)
				continue;
			if (name.len == word.len) /* the whole name */
				return m + 1;
			if (!found)
				found = m + 1;
		}
	}
	return found;
}

bool date_zone(struct str word, int *minutes_r)
{
	for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
		if (str_eq_nocase(word, str_from(zones[i].name))) {
			*minutes_r = zones[i].minutes;
			return true;
		}
	}
	/* Other single letters: RFC 2822, 4.3, has them mean no known zone. */
	if (word.len != 1 || (word.p[0] | 32) < 'a' || (word.p[0] | 32) > 'z')
		return false;
	*minutes_r = 0;
	return true;
}
