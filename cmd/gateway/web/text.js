// text - what was scraped, for people to read: hostile, so that it is only ever
// text (textContent), and an address only ever http or https.

export const moment = new Intl.DateTimeFormat(undefined, {
	month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit',
});

export const text = (v) => (typeof v === 'string' ? v : '');

export function webAddress(v) {
	try {
		const url = new URL(v);

		return /^https?:$/.test(url.protocol) ? url.href : null;
	} catch {
		return null;
	}
}

export function money(amount, currency) {
	if (amount === null || amount === undefined || amount === '')
		return '–';
	const digits = (text(amount).split('.')[1] ?? '').length;

	try {
		return new Intl.NumberFormat(undefined, {
			style: 'currency', currency, currencyDisplay: 'narrowSymbol',
			minimumFractionDigits: digits, maximumFractionDigits: digits,
		}).format(amount);
	} catch {
		return `${amount} ${text(currency)}`.trim();
	}
}

export function ago(ms) {
	const s = Math.max(0, Math.round((Date.now() - ms) / 1000));

	if (s < 5)
		return 'just now';
	if (s < 60)
		return `${s} s ago`;
	if (s < 3600)
		return `${Math.round(s / 60)} min ago`;
	if (s < 86400)
		return `${Math.round(s / 3600)} h ago`;
	return `${Math.round(s / 86400)} d ago`;
}

export function setTime(el, iso) {
	el.dateTime = iso;
	el.title = new Date(iso).toLocaleString();
	el.textContent = ago(Date.parse(iso));
}

export function setLink(el, address) {
	const link = webAddress(address);

	if (!link)
		return;
	el.href = link;
	el.target = '_blank';
	el.rel = 'noopener noreferrer';
}
