// parts - what the client decides without a clock, a socket or a page.

const FIRST_MS = 500;
export const MOST_MS = 30000; // between two tries: from FIRST_MS up to this
const HINT_MOST_MS = 3600000; // that is waited because the gateway says so
export const PAGE = 1000; // events of one answer

export const topicOf = (event) =>
	event.subject ? `${event.type}/${event.subject}` : event.type;

/** As the gateway has it: "", and what ends in "/" or ".", are beginnings. */
export const matches = (pattern, topic) =>
	pattern === '' || pattern.endsWith('/') || pattern.endsWith('.') ?
		topic.startsWith(pattern) : topic === pattern;

// Offsets stay below 2^53: a million events a second for 285 years.
export function parsePosition(text) {
	const m = /^([0-9a-f]{8}):(\d{1,20})$/.exec(text ?? '');

	return m && { epoch: m[1], offset: Number(m[2]) };
}

/** Twice as long with each try, and never all clients at once. */
export function backoffMs(tries, first = FIRST_MS, most = MOST_MS,
	random = Math.random) {
	const ms = Math.min(most, first * 2 ** Math.min(tries, 30));

	return Math.round(ms / 2 + random() * ms / 2);
}

/** The reason of a close frame that asks the client to come back, or {}. */
export function readReason(text) {
	try {
		const { retry, position } = JSON.parse(text);

		return {
			...(Number.isFinite(retry) && retry >= 0 &&
				{ retry: Math.min(retry, HINT_MOST_MS) }),
			...(parsePosition(position) && { position }),
		};
	} catch {
		return {};
	}
}

/** A Retry-After header in ms, with jitter on top; undefined for none. */
export function retryAfterMs(text, now = Date.now(), random = Math.random) {
	const ms = /^\d+$/.test(text ?? '') ? text * 1000 : Date.parse(text) - now;

	return Number.isNaN(ms) ? undefined : Math.round(
		Math.min(Math.max(ms, 0), HINT_MOST_MS) + random() * FIRST_MS * 2);
}

/** text/event-stream as HTML has it, also where only an id is given. */
export class EventStreamParser {
	#on; #rest = ''; #afterCr = false; #atStart = true;
	#data = []; #event = ''; #id = ''; #isNews = false;

	constructor(on) {
		this.#on = on;
	}

	feed(text) {
		if (!text)
			return;
		if (this.#atStart && text[0] === '\ufeff')
			text = text.slice(1);
		this.#atStart = false;
		if (this.#afterCr && text[0] === '\n')
			text = text.slice(1);
		this.#afterCr = text.endsWith('\r');
		const lines = (this.#rest + text).split(/\r\n|\n|\r/);

		this.#rest = lines.pop();
		for (const line of lines)
			this.#take(line);
	}

	#take(line) {
		const [, name, value = ''] = /^([^:]*)(?:: ?([^]*))?$/.exec(line);

		if (line === '')
			this.#end();
		else if (name === 'data')
			this.#data.push(value);
		else if (name === 'event')
			this.#event = value;
		else if (name === 'id' && !value.includes('\0')) {
			this.#id = value;
			this.#isNews = true;
		} else if (name === 'retry' && /^\d+$/.test(value))
			this.#on({ retry: Number(value) });
	}

	#end() {
		if (this.#data.length || this.#isNews)
			this.#on({
				event: this.#event || 'message', id: this.#id,
				data: this.#data.length ? this.#data.join('\n') : null,
			});
		this.#data = [];
		this.#event = '';
		this.#isNews = false;
	}
}

export function query(patterns, more) {
	const q = patterns.map((p) => ['topic', p]);

	for (const [name, value] of Object.entries(more))
		if (value !== undefined && value !== null)
			q.push([name, value]);
	return q.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Too late, too many, not now: the same request may be taken later. */
export const mayPass = (e) => !e.status || e.status === 408 || e.status === 429 ||
	e.status >= 500;

export const randomId = () => globalThis.crypto?.randomUUID?.() ??
	Array.from({ length: 4 }, () => Math.random().toString(36).slice(2)).join('-');

export const sameSet = (a, b) => a.size === b.size && [...a].every((x) => b.has(x));

// The client's own (state, reset, error) have no dot, and types have.
export const isPattern = (name) => name === '' || name.includes('.');
