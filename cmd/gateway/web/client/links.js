// links - what carries events: a WebSocket, a stream, polling.
//
// Each kind has start(), change(patterns) and close(), and tells its host:
//   subscribed(position, recovered, patterns)  events come after the position
//   event(event, offset), moved(position)
//   down({code, status, retry, position, unable, error})  once, at the end

import { EventStreamParser, PAGE, parsePosition, query, readReason } from './parts.js';

const GAP_MS = 1000; // between two requests that wait for events

// A message may have 64 KiB; a character is at most three bytes.
const PUBLISH_MAX = 20000;

const REFUSALS = ['bad-pattern', 'bad-filter', 'forbidden', 'too-many-filters',
	'too-many-subscriptions'];
const PASSING = ['busy', 'late', 'unavailable'];

class Link {
	isUp = false;
	upAt = 0;
	#ended = false;
	#deadline = 0;

	constructor(host, patterns) {
		this.host = host;
		this.patterns = patterns;
	}

	get ended() {
		return this.#ended;
	}

	// To be heard of within so many ms; 0: no matter when.
	expect(ms) {
		clearTimeout(this.#deadline);
		this.#deadline = ms && setTimeout(() =>
			this.end({ error: 'no answer in time' }), ms);
	}

	// Nothing to wait for: no topic would stand for all of them.
	async idle(signal) {
		await this.host.api.reach(signal);
		this.expect(0);
		if (!signal.aborted)
			this.host.subscribed(this, null, true, []);
	}

	close() {
		this.#ended = true;
		clearTimeout(this.#deadline);
		this.release();
	}

	end(why) {
		if (this.#ended)
			return;
		this.close();
		this.host.down(this, why);
	}
}

class Socket extends Link {
	#socket = null; #beat = 0; #pongTimer = 0; #pings = new Map(); #count = 0; #heard = 0;
	#sent = new Set(); #posts = new Map();

	async start() {
		this.expect(this.host.openMs);
		try {
			const token = await this.host.api.token();

			if (this.ended)
				return;
			this.#socket = new this.host.env.WebSocket(
				`${this.host.base.replace(/^http/, 'ws')}/ws`, 'weir.v1');
			this.#listen(token);
		} catch (e) {
			this.end({ error: e.message }); // such as mixed content
		}
	}

	#listen(token) {
		const socket = this.#socket;

		socket.onopen = () => {
			if (token)
				this.#send({ auth: token });
			this.#subscribe([...this.patterns]);
			if (!this.patterns.size)
				this.ping().catch(() => {});
		};
		socket.onmessage = (m) => {
			try {
				if (!this.ended)
					this.#read(JSON.parse(m.data));
			} catch (e) {
				this.end({ error: e.message });
			}
		};
		socket.onerror = () => {}; // a close follows
		socket.onclose = (e) =>
			this.end({ code: e.code, ...readReason(e.reason) });
	}

	#send(message) {
		if (this.#socket?.readyState === 1)
			this.#socket.send(JSON.stringify(message));
	}

	change(patterns) {
		this.patterns = patterns;
		if (!this.isUp)
			return; // then, when it is up
		this.#subscribe([...patterns].filter((p) => !this.#sent.has(p)));
		const gone = [...this.#sent].filter((p) => !patterns.has(p));

		if (gone.length)
			this.#send({ unsubscribe: gone });
		this.#sent = new Set(patterns);
	}

	// The first ones of a connection go on from the position.
	#subscribe(patterns) {
		const since = this.#sent.size ? null : this.host.position();

		if (patterns.length)
			this.#send({ subscribe: patterns, filter: this.host.filter,
				...(since && { since }) });
		this.#sent = new Set([...this.#sent, ...patterns]);
	}

	#read(m) {
		this.#heard = Date.now();
		if (m.type !== undefined)
			this.host.event(this, m, Number(m.offset));
		else if (m.subscribed)
			this.#up(m.position, m.recovered, m.subscribed);
		else if ('pong' in m)
			this.#pong(m);
		else if (m.authenticated)
			this.host.authenticated(m.authenticated);
		else if (m.presence)
			this.host.presence(this, m.presence);
		else if ('published' in m)
			this.#posted(m.published, m.position);
		else if (m.error)
			this.#refused(m.error);
	}

	#up(position, recovered, patterns) {
		const isFirst = !this.isUp;

		this.host.subscribed(this, position, recovered, patterns);
		if (!isFirst || this.ended)
			return;
		this.expect(0);
		this.change(this.patterns); // it may have changed meanwhile
		this.#beat = setInterval(() => {
			this.ping().catch(() => {});
			this.host.beat(this);
		}, this.host.pingMs);
	}

	#refused(error) {
		const { code, message, id } = error;

		if (this.#posts.has(id))
			return this.#posted(id, null, error);
		this.host.error(new Error(`${code}: ${message}`));
		if (code === 'unauthorized')
			this.end({ status: 401, error: message });
		else if (REFUSALS.includes(code))
			this.end({ isRefused: true, error: message });
		else if (code === 'unavailable' && !this.isUp)
			this.end({ error: message });
	}

	// Half-open: nothing comes, and nobody says that it is over.
	ping() {
		const id = ++this.#count, sentAt = Date.now();

		this.#send({ ping: id });
		this.#watch();
		return new Promise((resolve, reject) =>
			this.#pings.set(id, { sentAt, resolve, reject }));
	}

	// What is large or much may stand before the pong: that is a sign of life.
	// What was published, and has no answer by then, is a reason for a ping.
	#watch() {
		const { pongMs } = this.host;

		this.#pongTimer ||= setTimeout(() => {
			const [first] = this.#pings.values();

			this.#pongTimer = 0;
			if (!first && this.#posts.size)
				this.ping().catch(() => {});
			else if (first && Date.now() - Math.max(first.sentAt, this.#heard) > pongMs / 2)
				this.end({ error: 'no answer to a ping' });
			else if (first)
				this.#watch();
		}, pongMs);
	}

	#pong(m) {
		const ping = this.#pings.get(m.pong);

		this.#pings.delete(m.pong);
		ping?.resolve(Date.now() - ping.sentAt);
		if (!this.isUp) // there was nothing to subscribe to
			this.#up(null, true, []);
		else if (m.position)
			this.host.moved(this, m.position);
	}

	authenticate(token) {
		this.#send({ auth: token });
	}

	/** Who else has these: what is subscribed to already. */
	watch(patterns) {
		this.#send({ subscribe: patterns, filter: this.host.filter,
			presence: true });
	}

	/** A promise of its position, or null: it is too large for this. */
	publish(event) {
		const id = ++this.#count;

		if (JSON.stringify(event).length > PUBLISH_MAX)
			return null;
		this.#send({ publish: event, id });
		this.#watch();
		return new Promise((resolve, reject) =>
			this.#posts.set(id, { resolve, reject }));
	}

	#posted(id, position, error) {
		const post = this.#posts.get(id);

		this.#posts.delete(id);
		if (error)
			post?.reject(Object.assign(new Error(error.message), {
				code: error.code,
				status: PASSING.includes(error.code) ? 503 : 400,
			}));
		else
			post?.resolve(position);
	}

	release() {
		const gone = new Error('the connection ended');

		clearInterval(this.#beat);
		clearTimeout(this.#pongTimer);
		for (const p of [...this.#pings.values(), ...this.#posts.values()])
			p.reject(gone);
		this.#pings.clear();
		this.#posts.clear();
		this.#socket?.close();
	}
}

class Stream extends Link {
	#abort = null; #retry;

	async start() {
		const abort = this.#abort = new AbortController();
		const patterns = [...this.patterns];

		this.expect(this.host.openMs);
		try {
			if (!patterns.length)
				return await this.idle(abort.signal);
			const response = await this.host.api.fetch(
				`events/stream?${query(patterns, { filter: this.host.filter,
					since: this.host.position() })}`,
				{ signal: abort.signal, headers: { Accept: 'text/event-stream' } });

			if (!response.body?.getReader)
				return this.end({ unable: true });
			await this.#follow(response.body.getReader(), patterns, abort);
			if (!abort.signal.aborted)
				this.end({ retry: this.#retry });
		} catch (e) {
			if (!abort.signal.aborted)
				this.end({ retry: e.retry ?? this.#retry, status: e.status,
					error: e.message });
		}
	}

	async #follow(reader, patterns, abort) {
		const decoder = new TextDecoder();
		const parser = new EventStreamParser((block) => {
			if (!abort.signal.aborted)
				this.#take(block, patterns);
		});

		for (;;) {
			const { done, value } = await reader.read();

			if (done || abort.signal.aborted)
				return;
			this.expect(this.host.quietMs);
			parser.feed(decoder.decode(value, { stream: true }));
		}
	}

	#take({ event, data, id, retry }, patterns) {
		if (retry !== undefined)
			this.#retry = retry;
		else if (event === 'subscribed') {
			const { position, recovered } = JSON.parse(data);

			this.host.subscribed(this, position, recovered, patterns);
		} else if (event === 'over')
			this.end({ status: 401, error: 'the token does not hold any more' });
		else if (event === 'lagged') // as 4008 of a WebSocket
			this.end(readReason(data));
		else if (data === null)
			this.host.moved(this, id);
		else
			this.host.event(this, JSON.parse(data), parsePosition(id).offset);
	}

	// What is wanted stands in the address: another stream, from here on.
	change(patterns) {
		this.patterns = patterns;
		this.release();
		this.start();
	}

	release() {
		this.#abort?.abort();
	}
}

const before = (event) => event && `${event.epoch}:${event.offset - 1}`;

class Poll extends Link {
	#abort = null; #timer = 0; #wake = null;

	async start() {
		const abort = this.#abort = new AbortController();

		this.expect(this.host.openMs);
		while (!abort.signal.aborted && !this.ended)
			try {
				if (!this.patterns.size)
					return await this.idle(abort.signal);
				await this.#pause(await this.#ask([...this.patterns],
					abort.signal));
			} catch (e) {
				if (!abort.signal.aborted)
					this.end({ status: e.status, retry: e.retry,
						error: e.message });
			}
	}

	// Resolves to whether there may be more.
	async #ask(patterns, signal) {
		const since = this.host.position();
		const wait = this.isUp && since ? this.host.waitS : 0;

		this.expect(this.host.openMs + wait * 1000);
		const page = await this.host.api.events(patterns, since ?
			{ since, limit: PAGE, filter: this.host.filter, ...(wait && { wait }) } :
			{ reverse: true, limit: 1 }, signal);

		this.expect(0);
		if (signal.aborted)
			return false;
		const { events, next, recovered } = since ? page :
			{ ...page, events: [], recovered: true };

		this.host.subscribed(this, recovered ? since ?? next :
			before(events[0]) ?? next, recovered, patterns);
		for (const event of events)
			this.host.event(this, event, Number(event.offset));
		this.host.moved(this, next);
		return events.length > 0;
	}

	#pause(hasMore) {
		const ms = hasMore ? 0 : this.host.waitS ? GAP_MS : this.host.pollMs;

		return new Promise((resolve) => {
			this.#timer = setTimeout(resolve, ms);
			this.#wake = resolve;
		});
	}

	change(patterns) {
		this.patterns = patterns;
		this.release();
		this.start();
	}

	release() {
		clearTimeout(this.#timer);
		this.#wake?.();
		this.#abort?.abort();
	}
}

export const LINKS = { websocket: Socket, sse: Stream, poll: Poll };
