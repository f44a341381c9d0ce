// subscription - what somebody wants to hear, now and of the past.
//
// The past is read over HTTP, while what comes meanwhile is held back; it joins
// where the two meet. `need` is the offset from which the wire brings what is
// wanted, so that the past must be read up to there and no further.
import { matches, mayPass, PAGE, parsePosition, sleep, topicOf } from './parts.js';

const HELD_MAX = 10000; // events held back

export class Subscription {
	at = -1; // what it had, up to here, it does not get again
	held = null; // null: it gets what comes as it comes
	need = null;
	begun = Infinity; // it has heard everything after this
	#seen = null; // by topic: the offset of the newest one, which came first
	#seenTo = -1; // the highest of them
	#looked = null; // topics of which the newest one was looked at, this time
	#wake = null;
	#isEnded = false;

	constructor(host, patterns, { since, last, handler, onReady, onReset,
		onPresence }) {
		Object.assign(this, { host, patterns, since, last, handler,
			onReady, onReset, onPresence });
		if (last || since !== undefined)
			this.#readPast();
	}

	covers(topic) {
		return this.patterns.some((p) => matches(p, topic));
	}

	/** False: it is held back, or was had before. */
	takes(event, offset, topic) {
		if (this.#had(offset, topic))
			return false;
		if (!this.held) {
			if (offset > this.#seenTo)
				this.#seen = null;
			return true;
		}
		if (this.held.length === HELD_MAX) { // it can be read, as the past is
			this.held.length = 0;
			this.need = offset;
		} else {
			this.held.push(event);
		}
		return false;
	}

	/** It was read before the wire brings it. */
	hasRead(offset, topic) {
		return (this.begun < offset && offset <= this.at) ||
			this.#seen?.get(topic) === offset;
	}

	#had(offset, topic) {
		return offset <= this.at || offset <= (this.#seen?.get(topic) ?? -1);
	}

	/** The wire brings what comes after this offset. */
	begin(offset) {
		if (this.need !== null)
			return;
		this.need = offset;
		if (this.since === undefined)
			this.begun = offset;
		this.#wake?.();
	}

	/**
	 * What comes next, after this offset, does not join on. Up to `had`, what
	 * the wire brought is still had; -1: nothing is, these are other events.
	 */
	reset(position, offset, had) {
		this.onReset?.({ position });
		if (had < 0) {
			this.at = this.#seenTo = -1;
			this.#seen = null;
		} else if (!this.held) {
			this.at = Math.max(this.at, had);
		}
		this.begun = -1;
		this.need = offset;
		this.#looked = null;
		if (this.last)
			this.since = undefined;
		if (this.last || this.held)
			this.#readPast();
	}

	end() {
		this.#isEnded = true;
		this.held = null;
		this.#wake?.();
	}

	#give(event) {
		const topic = topicOf(event), offset = Number(event.offset);

		if (this.#had(offset, topic))
			return;
		this.at = offset;
		if (!this.host.isHeard(this, topic, offset))
			this.host.hand(this, event, topic);
	}

	async #readPast() {
		const held = this.held = [];
		const isOurs = () => this.held === held && !this.#isEnded;

		for (let tries = 0; isOurs(); tries++)
			try {
				if (this.since === undefined || !await this.#readSince(isOurs))
					await this.#readLast(isOurs);
				break;
			} catch (e) {
				if (!mayPass(e)) {
					this.host.error(e);
					break;
				}
				await sleep(e.retry ?? this.host.backoff(tries));
			}
		if (!isOurs())
			return;
		this.held = null;
		for (const event of held)
			this.#give(event);
		this.onReady?.();
	}

	#page(params) {
		return this.host.api.events(this.patterns, { filter: this.host.filter,
			limit: PAGE, ...params });
	}

	// False: what is lacking is made up for by the newest of each topic.
	async #readSince(isOurs) {
		for (;;) {
			const { events, next, recovered } = await this.#page({ since: this.since });
			const end = parsePosition(next);

			if (!isOurs())
				return true;
			if (!recovered) {
				this.onReset?.({ position: next });
				if (this.last)
					return false;
			}
			if (this.begun === Infinity)
				this.begun = Number(events[0]?.offset ?? end.offset + 1) - 1;
			for (const event of events)
				this.#give(event);
			this.since = next; // where it goes on, if it has to
			await this.#hasBegun(isOurs);
			if (end.epoch === this.host.epoch() && end.offset >= this.need) {
				this.at = Math.max(this.at, end.offset);
				return true;
			}
		}
	}

	// What comes after the wire has begun is held back: so no topic has a hole.
	async #readLast(isOurs) {
		let since, events, end;

		await this.#hasBegun(isOurs);
		const start = this.need, epoch = this.host.epoch();

		this.#seen ??= new Map();
		this.#looked ??= new Set(); // a second try goes on with the first one's
		do {
			({ events, next: since } = await this.#page({ last: true, since }));
			if (!isOurs())
				return;
			for (const event of events)
				this.#giveNewest(event, start);
			end = parsePosition(since);
		} while (events.length && Number(events.at(-1).offset) === end.offset);
		this.#looked = null;
		this.at = Math.max(this.at, start);
		if (this.need > start) { // too much was held back
			this.since = `${epoch}:${start}`;
			await this.#readSince(isOurs);
			this.since = undefined;
		}
	}

	// Others may have heard what came after the start as it came.
	#giveNewest(event, start) {
		const topic = topicOf(event), offset = Number(event.offset);

		if (this.#looked.has(topic))
			return;
		this.#looked.add(topic);
		if (this.#had(offset, topic))
			return;
		this.#seenTo = Math.max(this.#seenTo, offset);
		this.#seen.set(topic, offset);
		if (offset <= start || !this.host.isHeard(this, topic, offset))
			this.host.hand(this, event, topic);
	}

	async #hasBegun(isOurs) {
		while (this.need === null && isOurs())
			await new Promise((resolve) => {
				this.#wake = resolve;
			});
	}
}
