// api - the gateway's HTTP API, with a token.
import { isFunction } from './environment.js';
import { query, retryAfterMs } from './parts.js';

const AHEAD_MS = 30000; // of the token's end, it is renewed
const TIMER_MOST_MS = 2 ** 31 - 1;

export class Api {
	isStale = false; // the last token was refused
	#fetch; #base; #token; #answerMs; #renewTimer = 0;

	constructor(fetch, base, token, answerMs) {
		this.#fetch = fetch;
		this.#base = base;
		this.#token = token;
		this.#answerMs = answerMs;
	}

	get canRenew() {
		return isFunction(this.#token);
	}

	async token(isStale = this.isStale) {
		return this.canRenew ? this.#token({ isStale }) : this.#token;
	}

	/** Call fn with a promise of a fresh token shortly before this one ends. */
	renewAt(expires, fn) {
		const ms = (typeof expires === 'number' ? expires * 1000 :
			Date.parse(expires)) - Date.now();

		this.renewNot();
		if (ms > 0 && this.canRenew)
			this.#renewTimer = setTimeout(() => fn(this.token(true)),
				Math.min(ms - Math.min(AHEAD_MS, ms / 4), TIMER_MOST_MS));
	}

	renewNot() {
		clearTimeout(this.#renewTimer);
	}

	// A token that has expired is asked for anew, once. What is no success is
	// thrown, with its status and after how many ms to retry.
	async fetch(path, init = {}, isStale = this.isStale) {
		const token = await this.token(isStale);
		const response = await this.#fetch(`${this.#base}/api/v1/${path}`, {
			cache: 'no-store', ...init, headers: { ...init.headers,
				...(token && { Authorization: `Bearer ${token}` }) } });

		if (response.ok)
			return response;
		if (response.status === 401 && !isStale && this.canRenew)
			return this.fetch(path, init, true);
		const { title, detail } = await response.json().catch(() => ({}));
		const retry = retryAfterMs(response.headers.get('Retry-After'));

		throw Object.assign(new Error(detail ?? title ?? `status ${response.status}`),
			{ status: response.status, ...(retry !== undefined && { retry }) });
	}

	// Half-open: no answer comes, and nobody says that it is over. Whoever has a
	// signal gives up by himself.
	async #inTime(signal, ask) {
		if (signal)
			return ask(signal);
		const abort = new AbortController();
		const timer = setTimeout(() =>
			abort.abort(new Error('no answer in time')), this.#answerMs);

		try {
			return await ask(abort.signal);
		} finally {
			clearTimeout(timer);
		}
	}

	json(path, init = {}) {
		return this.#inTime(init.signal, async (signal) =>
			(await this.fetch(path, { ...init, signal })).json());
	}

	/** The gateway is there; needs no token. */
	reach(inSignal) {
		return this.#inTime(inSignal, async (signal) => {
			const response = await this.#fetch(`${this.#base}/healthz`,
				{ cache: 'no-store', signal });

			if (!response.ok)
				throw new Error(`status ${response.status}`);
		});
	}

	events(patterns, params, signal) {
		return this.json(`events?${query(patterns, params)}`, { signal });
	}
}
