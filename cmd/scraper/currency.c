#include "currency.h"

#include <string.h>

#include "common/xmem.h"

/* Sorted: codes in use (and the kuna, which old pages still have). */
static const char iso_codes[] =
	"AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD"
	" BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE"
	" CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF"
	" GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES"
	" KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA"
	" MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD"
	" OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG"
	" SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY"
	" TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF"
	" YER ZAR ZMW ZWG";

/* Codes that are also words or names of other things. */
static const char word_codes[] =
	"ALL AMD BAM BOB CAD COP CUP GEL LAK MAD MOP PEN RON SAR SOS TOP TRY"
	" COP LSL";

/* Countries (and .eu) with their currencies. */
static const char countries[] =
	" AEAED AFAFN ALALL AMAMD AOAOA ARARS ATEUR AUAUD AZAZN BABAM BDBDT"
	" BEEUR BGEUR BHBHD BOBOB BRBRL BYBYN CACAD CHCHF CLCLP CNCNY COCOP"
	" CRCRC CUCUP CYEUR CZCZK DEEUR DKDKK DODOP DZDZD EEEUR EGEGP ESEUR"
	" ETETB EUEUR FIEUR FREUR GBGBP GEGEL GHGHS GREUR GTGTQ HKHKD HNHNL"
	" HREUR HUHUF IDIDR IEEUR ILILS ININR IQIQD IRIRR ISISK ITEUR JMJMD"
	" JOJOD JPJPY KEKES KGKGS KHKHR KRKRW KWKWD KZKZT LALAK LBLBP LICHF"
	" LKLKR LTEUR LUEUR LVEUR LYLYD MAMAD MCEUR MDMDL MEEUR MKMKD MMMMK"
	" MNMNT MTEUR MXMXN MYMYR NGNGN NINIO NLEUR NONOK NPNPR NZNZD OMOMR"
	" PAPAB PEPEN PHPHP PKPKR PLPLN PTEUR PYPYG QAQAR RORON RSRSD RURUB"
	" SASAR SESEK SGSGD SIEUR SKEUR SNXOF THTHB TNTND TRTRY TTTTD TWTWD"
	" TZTZS UAUAH UGUGX UKGBP USUSD UYUYU UZUZS VEVES VNVND XKEUR YEYER"
	" ZAZAR ZMZMW ";

/* Languages of one country, or of countries with one currency. */
static const char languages[] =
	" bgEUR csCZK daDKK elEUR etEUR fiEUR heILS hiINR huHUF hyAMD idIDR"
	" isISK itEUR jaJPY kaGEL kkKZT koKRW ltEUR lvEUR mkMKD nbNOK nnNOK"
	" noNOK plPLN roRON ruRUB skEUR slEUR sqALL srRSD svSEK thTHB trTRY"
	" ukUAH urPKR uzUZS viVND zhCNY ";

enum {
	EXACT = 1, /* case matters */
	WEAK = 2,  /* only right beside a number */
};

#define DOLLARS "USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP UYU JMD TTD"
#define RUPEES	"INR PKR LKR NPR MUR SCR"

/* The longest that fits wins. Lower case but for the exact ones. */
static const struct sign {
	const char *text, *codes;
	unsigned flags;
} signs[] = {
	{ "$", DOLLARS, 0 },
	{ "us$", "USD", 0 },
	{ "us $", "USD", 0 },
	{ "u$s", "USD", 0 },
	{ "au $", "AUD", 0 },
	{ "ca $", "CAD", 0 },
	{ "nz $", "NZD", 0 },
	{ "hk $", "HKD", 0 },
	{ "nt $", "TWD", 0 },
	{ "u$", "USD", 0 },
	{ "dollar", DOLLARS, 0 },
	{ "dollars", DOLLARS, 0 },
	{ "c$", "CAD NIO", 0 },
	{ "ca$", "CAD", 0 },
	{ "cdn$", "CAD", 0 },
	{ "can$", "CAD", 0 },
	{ "a$", "AUD", 0 },
	{ "au$", "AUD", 0 },
	{ "aus$", "AUD", 0 },
	{ "nz$", "NZD", 0 },
	{ "s$", "SGD", 0 },
	{ "sg$", "SGD", 0 },
	{ "hk$", "HKD", 0 },
	{ "nt$", "TWD", 0 },
	{ "NT", "TWD", EXACT | WEAK },
	{ "mx$", "MXN", 0 },
	{ "mex$", "MXN", 0 },
	{ "r$", "BRL", 0 },
	{ "bz$", "BZD", 0 },
	{ "rd$", "DOP", 0 },
	{ "j$", "JMD", 0 },
	{ "t$", "TOP", 0 },
	{ "tt$", "TTD", 0 },
	{ "gy$", "GYD", 0 },
	{ "fj$", "FJD", 0 },
	{ "bd$", "BMD", 0 },
	{ "bds$", "BBD", 0 },
	{ "b$", "BND", 0 },
	{ "$b", "BOB", 0 },
	{ "$u", "UYU", 0 },
	{ "ar$", "ARS", 0 },
	{ "clp$", "CLP", 0 },
	{ "col$", "COP", 0 },
	{ "l$", "LRD", 0 },
	{ "ld", "LRD", WEAK },
	{ "ec$", "XCD", 0 },
	{ "n$", "NAD", 0 },
	{ "si$", "SBD", 0 },
	{ "ws$", "WST", 0 },
	{ "z$", "ZWG", 0 },
	{ "mop$", "MOP", 0 },
	{ "€", "EUR", 0 },
	{ "euro", "EUR", 0 },
	{ "euros", "EUR", 0 },
	{ "ευρώ", "EUR", 0 },
	{ "евро", "EUR", 0 },
	{ "£", "GBP EGP LBP GIP FKP SYP", 0 },
	{ "￡", "GBP", 0 },
	{ "₤", "GBP", 0 },
	{ "stg", "GBP", WEAK },
	{ "pounds", "GBP", WEAK },
	{ "e£", "EGP", 0 },
	{ "l.e.", "EGP", 0 },
	{ "le", "EGP SLE", WEAK },
	{ "ج.م", "EGP", 0 },
	{ "جنيه", "EGP SDG", 0 },
	{ "ل.ل", "LBP", 0 },
	{ "ل.س", "SYP", 0 },
	{ "¥", "JPY CNY", 0 },
	{ "￥", "JPY CNY", 0 },
	{ "円", "JPY", 0 },
	{ "yen", "JPY", WEAK },
	{ "元", "CNY TWD HKD", 0 },
	{ "圆", "CNY", 0 },
	{ "圓", "TWD HKD CNY", 0 },
	{ "人民币", "CNY", 0 },
	{ "rmb", "CNY", 0 },
	{ "yuan", "CNY", WEAK },
	{ "cn¥", "CNY", 0 },
	{ "₩", "KRW KPW", 0 },
	{ "￦", "KRW", 0 },
	{ "원", "KRW", 0 },
	{ "₽", "RUB", 0 },
	{ "руб", "RUB BYN", 0 },
	{ "руб.", "RUB BYN", 0 },
	{ "рублей", "RUB BYN", 0 },
	{ "рубля", "RUB BYN", 0 },
	{ "рубль", "RUB BYN", 0 },
	{ "р.", "RUB BYN", WEAK },
	{ "р", "RUB BYN", WEAK },
	{ "rub.", "RUB", 0 },
	{ "br", "BYN ETB", WEAK },
	{ "ብር", "ETB", 0 },
	{ "₴", "UAH", 0 },
	{ "грн", "UAH", 0 },
	{ "грн.", "UAH", 0 },
	{ "гривень", "UAH", 0 },
	{ "гривна", "UAH", 0 },
	{ "₸", "KZT", 0 },
	{ "тг", "KZT", WEAK },
	{ "тенге", "KZT", 0 },
	{ "сом", "KGS", WEAK },
	{ "сум", "UZS", WEAK },
	{ "so'm", "UZS", 0 },
	{ "soʻm", "UZS", 0 },
	{ "₾", "GEL", 0 },
	{ "ლ", "GEL", WEAK },
	{ "ლარი", "GEL", 0 },
	{ "₼", "AZN", 0 },
	{ "֏", "AMD", 0 },
	{ "драм", "AMD", 0 },
	{ "₺", "TRY", 0 },
	{ "tl", "TRY", WEAK },
	{ "lira", "TRY", WEAK },
	{ "zł", "PLN", 0 },
	{ "zl", "PLN", WEAK },
	{ "złotych", "PLN", 0 },
	{ "kč", "CZK", 0 },
	{ "kčs", "CZK", 0 },
	{ "kc", "CZK", WEAK },
	{ "korun", "CZK", WEAK },
	{ "Ft", "HUF", EXACT },
	{ "Ft.", "HUF", EXACT },
	{ "FT", "HUF", EXACT | WEAK },
	{ "forint", "HUF", 0 },
	{ "kr", "SEK NOK DKK ISK", 0 },
	{ "kr.", "DKK NOK SEK ISK", 0 },
	{ "kronor", "SEK", 0 },
	{ "kroner", "NOK DKK", 0 },
	{ "krónur", "ISK", 0 },
	{ "lei", "RON MDL", 0 },
	{ "leu", "RON MDL", WEAK },
	{ "лв", "BGN", 0 },
	{ "лв.", "BGN", 0 },
	{ "lv.", "BGN", WEAK },
	{ "kn", "HRK", WEAK },
	{ "дин", "RSD", WEAK },
	{ "дин.", "RSD", WEAK },
	{ "din", "RSD", WEAK },
	{ "din.", "RSD", WEAK },
	{ "dinara", "RSD", WEAK },
	{ "динара", "RSD", WEAK },
	{ "ден", "MKD", WEAK },
	{ "ден.", "MKD", WEAK },
	{ "lek", "ALL", WEAK },
	{ "lekë", "ALL", WEAK },
	{ "km", "BAM", WEAK },
	{ "fr", "CHF", WEAK },
	{ "fr.", "CHF", WEAK },
	{ "sfr", "CHF", 0 },
	{ "sfr.", "CHF", 0 },
	{ "franc", "CHF", WEAK },
	{ "francs", "CHF", WEAK },
	{ "franken", "CHF", 0 },
	{ "₪", "ILS", 0 },
	{ "ש\"ח", "ILS", 0 },
	{ "ש״ח", "ILS", 0 },
	{ "₹", "INR", 0 },
	{ "र", "INR", WEAK },
	{ "रु", "INR NPR", 0 },
	{ "रु.", "INR NPR", 0 },
	{ "₨", RUPEES, 0 },
	{ "rs", RUPEES, WEAK },
	{ "rs.", RUPEES, WEAK },
	{ "rupees", RUPEES, WEAK },
	{ "රු", "LKR", 0 },
	{ "රු.", "LKR", 0 },
	{ "௹", "INR", 0 },
	{ "৳", "BDT", 0 },
	{ "tk", "BDT", WEAK },
	{ "tk.", "BDT", WEAK },
	{ "taka", "BDT", WEAK },
	{ "nu.", "BTN", WEAK },
	{ "nu", "BTN", WEAK },
	{ "؋", "AFN", 0 },
	{ "฿", "THB", 0 },
	{ "บาท", "THB", 0 },
	{ "baht", "THB", 0 },
	{ "₫", "VND", 0 },
	{ "đ", "VND", WEAK },
	{ "vnđ", "VND", 0 },
	{ "₱", "PHP", 0 },
	{ "rp", "IDR", WEAK },
	{ "rp.", "IDR", WEAK },
	{ "rm", "MYR", WEAK },
	{ "៛", "KHR", 0 },
	{ "₭", "LAK", 0 },
	{ "₮", "MNT", 0 },
	{ "₦", "NGN", 0 },
	{ "₵", "GHS", 0 },
	{ "gh₵", "GHS", 0 },
	{ "gh¢", "GHS", 0 },
	{ "ksh", "KES", 0 },
	{ "kshs", "KES", 0 },
	{ "ksh.", "KES", 0 },
	{ "tsh", "TZS", 0 },
	{ "tshs", "TZS", 0 },
	{ "ush", "UGX", 0 },
	{ "ushs", "UGX", 0 },
	{ "R", "ZAR", EXACT | WEAK },
	{ "zk", "ZMW", WEAK },
	{ "mk", "MWK", WEAK },
	{ "mt", "MZN", WEAK },
	{ "ar", "MGA", WEAK },
	{ "um", "MRU", WEAK },
	{ "db", "STN", WEAK },
	{ "fbu", "BIF", 0 },
	{ "fg", "GNF", WEAK },
	{ "gfr", "GNF", WEAK },
	{ "fdj", "DJF", 0 },
	{ "cf", "KMF", WEAK },
	{ "r₣", "RWF", 0 },
	{ "frw", "RWF", 0 },
	{ "fcfa", "XOF XAF", 0 },
	{ "cfa", "XOF XAF", 0 },
	{ "nfk", "ERN", 0 },
	{ "esc", "CVE", WEAK },
	{ "pula", "BWP", WEAK },
	{ "P", "BWP", EXACT | WEAK },
	{ "S/", "PEN", EXACT | WEAK },
	{ "S/.", "PEN", EXACT },
	{ "b/.", "PAB", 0 },
	{ "bs", "BOB VES", WEAK },
	{ "bs.", "BOB VES", WEAK },
	{ "bs.f", "VES", 0 },
	{ "₡", "CRC", 0 },
	{ "¢", "CRC", WEAK },
	{ "q", "GTQ", WEAK },
	{ "₲", "PYG", 0 },
	{ "gs.", "PYG", WEAK },
	{ "ƒ", "AWG ANG", 0 },
	{ "afl.", "AWG", 0 },
	{ "vt", "VUV", WEAK },
	{ "د.إ", "AED", 0 },
	{ "درهم", "AED MAD", 0 },
	{ "dhs", "AED MAD", WEAK },
	{ "dhs.", "AED MAD", WEAK },
	{ "dh", "MAD AED", WEAK },
	{ "د.م", "MAD", 0 },
	{ "د.م.", "MAD", 0 },
	{ "﷼", "IRR SAR YER OMR QAR", 0 },
	{ "ریال", "IRR", 0 },
	{ "ريال", "SAR QAR OMR YER", 0 },
	{ "ر.س", "SAR", 0 },
	{ "ر.س.", "SAR", 0 },
	{ "sr", "SAR", WEAK },
	{ "ر.ق", "QAR", 0 },
	{ "qr", "QAR", WEAK },
	{ "ر.ع", "OMR", 0 },
	{ "ر.ع.", "OMR", 0 },
	{ "ر.ي", "YER", 0 },
	{ "د.ك", "KWD", 0 },
	{ "دينار كويتي", "KWD", 0 },
	{ "kd", "KWD", WEAK },
	{ "د.ب", "BHD", 0 },
	{ ".د.ب", "BHD", 0 },
	{ "bd", "BHD", WEAK },
	{ "د.ا", "JOD", 0 },
	{ "دينار أردني", "JOD", 0 },
	{ "jd", "JOD", WEAK },
	{ "ع.د", "IQD", 0 },
	{ "د.ع", "IQD", 0 },
	{ "د.ل", "LYD", 0 },
	{ "د.ت", "TND", 0 },
	{ "dt", "TND", WEAK },
	{ "د.ج", "DZD", 0 },
	{ "da", "DZD", WEAK },
	{ "ش.ص", "SOS", 0 },
};

/* The code that follows a key of two letters in a list of " keyUSD". */
static struct str find_code(const char *list, const char key[2])
{
	enum { KEY = 1, CODE = 3, ENTRY = CODE + CURRENCY_LEN };

	for (; list[0] && list[KEY]; list += ENTRY)
		if (list[KEY] == key[0] && list[KEY + 1] == key[1])
			return (struct str){ list + CODE, CURRENCY_LEN };
	return (struct str){ 0 };
}

/* Is code one of those in a list, "EUR USD"? */
static bool in_list(const char *list, struct str code)
{
	if (code.len != CURRENCY_LEN)
		return false;
	while (memcmp(list, code.p, CURRENCY_LEN) != 0) {
		list += CURRENCY_LEN;
		if (!*list++)
			return false;
	}
	return true;
}

bool currency_is_code(struct str s)
{
	size_t from = 0, to = sizeof(iso_codes) / CURRENCY_SIZE;

	if (s.len != CURRENCY_LEN)
		return false;
	while (from < to) {
		size_t mid = (from + to) / 2;
		int cmp = memcmp(s.p, iso_codes + mid * CURRENCY_SIZE,
				 CURRENCY_LEN);

		if (cmp == 0)
			return true;
		if (cmp < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return false;
}

unsigned currency_digits(struct str code)
{
	if (in_list("BHD IQD JOD KWD LYD OMR TND", code))
		return 3;
	return in_list("CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF "
		       "XOF XPF",
		       code)
		       ? 0
		       : 2;
}

struct str currency_country(struct str host)
{
	static const char *const generic[] = { "co", "me", "la", "am" };
	struct str label, last = { 0 }, second = { 0 };

	while (str_token(&host, ".", &label)) {
		second = last;
		last = label;
	}
	if (last.len != 2)
		return (struct str){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(generic); i++)
		if (str_eq_nocase(last, str_from(generic[i])) &&
		    !str_eq_nocase(second, STR("com")))
			return (struct str){ 0 };
	return last;
}

struct str currency_of_country(struct str country)
{
	char upper[2];

	if (country.len != 2)
		return (struct str){ 0 };
	for (size_t i = 0; i < 2; i++)
		upper[i] = (char)(country.p[i] & ~0x20);
	return find_code(countries, upper);
}

struct str currency_of_lang(struct str lang)
{
	struct str rest = lang, tag, region = { 0 }, code;
	char lower[2];

	if (!str_token(&rest, "-_", &tag))
		return (struct str){ 0 };
	/* "zh-Hant-TW": the region is the one of two letters. */
	while (region.len != 2 && str_token(&rest, "-_", &region))
		;
	code = currency_of_country(region);
	if (code.len || tag.len != 2)
		return code;
	for (size_t i = 0; i < 2; i++)
		lower[i] = (char)(tag.p[i] | 0x20);
	return find_code(languages, lower);
}

bool currency_mark_means(const struct currency_mark *m, struct str code)
{
	return in_list(m->codes, code);
}

/* The length of the sign where it stands at byte `at`, else 0. */
static size_t sign_at(const struct plain *t, size_t at, const struct sign *s)
{
	const char *text = (s->flags & EXACT ? t->raw : t->low) + at;
	struct str sign = { s->text, 0 };

	/* The text ends with a NUL, which is in no sign. */
	for (; sign.p[sign.len]; sign.len++)
		if (text[sign.len] != sign.p[sign.len])
			return 0;
	if (plain_starts_with_letter(sign) && plain_letter_before(t, at))
		return 0;
	if (plain_ends_with_letter(sign) && plain_letter_at(t, at + sign.len))
		return 0;
	return sign.len;
}

/* An ISO code as a word of its own; in lower case it is a weak one. */
static bool code_at(const struct plain *t, size_t at, struct currency_mark *m)
{
	char upper[CURRENCY_SIZE] = "";
	struct str code = { upper, CURRENCY_LEN };
	bool is_upper = true;

	for (size_t i = 0; i < CURRENCY_LEN; i++) {
		char c = t->low[at + i];

		if (c < 'a' || c > 'z')
			return false;
		upper[i] = (char)(c - 32);
		is_upper = is_upper && t->raw[at + i] == upper[i];
	}
	if (plain_letter_before(t, at) || plain_letter_at(t, at + CURRENCY_LEN))
		return false;
	if (!currency_is_code(code) || (!is_upper && in_list(word_codes, code)))
		return false;
	*m = (struct currency_mark){
		.at = at,
		.len = CURRENCY_LEN,
		.weak = !is_upper || in_list(word_codes, code),
	};
	memcpy(m->codes, upper, CURRENCY_SIZE);
	return true;
}

/* Signs by their first byte in lower case, chained in the table's order. */
static struct {
	bool built;
	unsigned short first[256], next[ARRAY_LEN(signs)]; /* 1: signs[0] */
} by_byte;

static void build_index(void)
{
	for (size_t k = ARRAY_LEN(signs); k > 0; k--) {
		unsigned char c = (unsigned char)signs[k - 1].text[0];

		c = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
		by_byte.next[k - 1] = by_byte.first[c];
		by_byte.first[c] = (unsigned short)k;
	}
	by_byte.built = true;
}

static bool is_latin(char c)
{
	return c >= 'a' && c <= 'z';
}

bool currency_mark_at(const struct plain *t, size_t i,
		      struct currency_mark *m_r)
{
	const char *at = t->low + i;
	size_t longest = 0;
	bool found;

	/* What begins with a letter begins a word. */
	if (is_latin(*at) && i > 0 && is_latin(at[-1]))
		return false;
	if (!by_byte.built)
		build_index();
	found = code_at(t, i, m_r);
	if (found)
		longest = m_r->len;
	for (size_t k = by_byte.first[(unsigned char)t->low[i]]; k > 0;
	     k = by_byte.next[k - 1]) {
		const struct sign *s = &signs[k - 1];
		size_t len = sign_at(t, i, s);

		if (len <= longest)
			continue;
		longest = len;
		*m_r = (struct currency_mark){
			.at = i,
			.len = longest,
			.weak = s->flags & WEAK,
		};
		str_copy(m_r->codes, sizeof(m_r->codes), str_from(s->codes));
		found = true;
	}
	return found;
}
