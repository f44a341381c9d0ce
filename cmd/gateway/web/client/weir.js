// weir - the events of a weir gateway, for browsers, React Native and Node.
//
// A client has one position, and whatever carries the events (a WebSocket,
// Server-Sent Events, polling) starts after it and moves it on. What comes and
// does not is a repeat, and is dropped. So a connection may break, and another
// kind take over, at any moment: nothing is lost and nothing comes twice.
//
// What a subscription asks of the past is read over HTTP, while what comes
// meanwhile is held back for it; it joins where the two meet.

import { Api } from './api.js';
import { Climb } from './climb.js';
import { baseOf, environment, kindsOf } from './environment.js';
import { Keeper } from './keep.js';
import { LINKS } from './links.js';
import { backoffMs, isPattern, matches, mayPass, MOST_MS, parsePosition, randomId,
	sameSet, sleep, topicOf } from './parts.js';
import { Presence } from './presence.js';
import { Subscription } from './subscription.js';

export { notify } from './notify.js';

const OPEN_MS = 10000; // for a connection to say that it is subscribed
const PING_MS = 25000, PONG_MS = 10000;
const QUIET_MS = 45000; // of a stream, which has a sign of life every 15 s
const POLL_MS = 30000, WAIT_S = 25;
const BACKGROUND_MS = 60000; // hidden so long before it pauses
const PUBLISH_MS = 30000;
const ANSWER_MS = 12000; // longer than a gateway waits for the store

// What goes wrong in a handler is the handler's: the next one has its turn.
function call(fn, ...args) {
	try {
		fn?.(...args);
	} catch (e) {
		setTimeout(() => {
			throw e;
		});
	}
}

export function connect(url, options = {}) {
	return new Client(url, options);
}

export class Client {
	onstate = null; onreset = null; onerror = null;
	backgroundMs = BACKGROUND_MS; // Infinity: it does not pause
	#base; #env; #options; #host;
	#subs = new Set();
	#refused = new Set(); // patterns that may not be read
	#listeners = new Set(); // {name, fn}
	#epoch = ''; #pos = -1; // -1: from now on
	#state = 'connecting'; #status = { state: 'connecting', transport: null };
	#past; #presence; #api; #keeper; #climb; #kinds;
	#link = null; #rung = 0; #good = -1; #lapses = 0; #tries = 0; #timer = 0;
	#hideTimer = 0; #isTouched = false; #undo = []; #source = `weir-client/${randomId()}`;
	#counts = { events: 0, duplicates: 0, connects: 0, falls: 0, climbs: 0,
		resets: 0, published: 0, rttMs: null };

	constructor(url, options) {
		this.#options = options;
		this.backgroundMs = options.backgroundMs ?? BACKGROUND_MS;
		this.#base = baseOf(url);
		this.#env = environment(options);
		this.#api = new Api(this.#env.fetch, this.#base, options.token,
			options.answerMs ?? ANSWER_MS);
		this.#kinds = kindsOf(this.#env, options.transports);
		this.#keeper = new Keeper(this.#env.storage,
			options.keep === true ? this.#base : options.keep,
			{ position: () => this.position, error: (e) => this.#error(e) });
		this.#climb = new Climb(options.climb, (rung) => this.#make(rung));
		this.#host = this.#makeHost();
		this.#past = {
			filter: options.filter,
			epoch: () => this.#epoch,
			api: this.#api,
			hand: (...args) => this.#hand(...args),
			isHeard: (...args) => this.#isHeard(...args),
			error: (e) => this.#error(e),
			backoff: (tries) => this.#backoff(tries),
		};
		this.#presence = new Presence({ api: this.#api, askMs: this.#host.pollMs,
			told: (who) => this.#told(who), error: (e) => this.#error(e) });
		this.#listen();
		queueMicrotask(() => this.#begin()); // so that handlers are there
	}

	get state() {
		return this.#state;
	}

	/** What onstate was told last: another object when it changes. */
	get status() {
		return this.#status;
	}

	/** What carries the events now: websocket, sse, poll, or null. */
	get transport() {
		return this.#link?.isUp ? this.#link.kind : null;
	}

	get position() {
		return this.#pos < 0 ? null : `${this.#epoch}:${this.#pos}`;
	}

	get stats() {
		return { ...this.#counts, transport: this.transport,
			subscriptions: this.#wanted().size };
	}

	// ---- what the application says ----

	/** Call fn for events of a type, topic or pattern, or of the client. */
	on(name, fn) {
		const listener = { name, fn };

		this.#listeners.add(listener);
		return () => void this.#listeners.delete(listener);
	}

	/** What it returns ends the subscription. */
	subscribe(patterns, options = {}) {
		const sub = new Subscription(this.#past, [patterns].flat(), options);

		this.#subs.add(sub);
		if (options.onPresence)
			for (const p of sub.patterns)
				call(() => this.#tellNow(sub, p));
		this.#touch();
		return () => this.#remove(sub);
	}

	unsubscribe(patterns) {
		for (const p of [patterns].flat())
			for (const sub of this.#subs) {
				if (sub.handler || !sub.patterns.includes(p))
					continue;
				sub.patterns = sub.patterns.filter((q) => q !== p);
				if (!sub.patterns.length)
					this.#remove(sub);
				this.#touch();
				break;
			}
	}

	#remove(sub) {
		sub.end();
		if (this.#subs.delete(sub))
			this.#touch();
	}

	/** Resolves to the event's position, when it is durable. */
	async publish(event) {
		// With these, sending it again does no harm.
		const whole = { source: this.#source, id: randomId(), ...event };
		const until = Date.now() + (this.#options.publishMs ?? PUBLISH_MS);

		for (let tries = 0; ; tries++)
			try {
				const position = await this.#send(whole);

				this.#counts.published++;
				return position;
			} catch (e) {
				const ms = e.retry ?? this.#backoff(tries);

				if (!mayPass(e) || this.#state === 'closed' || Date.now() + ms > until)
					throw e;
				await sleep(ms);
			}
	}

	async #send(event) {
		const link = this.#link;
		const position = link?.isUp && link.publish?.(event);

		if (position)
			return position;
		const { positions } = await this.#api.json('events', {
			method: 'POST', body: JSON.stringify(event),
			headers: { 'Content-Type': 'application/json' },
		});

		return positions[0];
	}

	/** Resolves to the time there and back, in ms. */
	async ping() {
		const link = this.#link;

		if (!link?.isUp)
			throw new Error('not connected');
		if (link.ping)
			return this.#counts.rttMs = await link.ping();
		const at = Date.now();

		await this.#api.reach();
		return this.#counts.rttMs = Date.now() - at;
	}

	close() {
		if (this.#state === 'closed')
			return;
		this.#keeper.save();
		this.#finish({});
	}

	/** For environments without a document: React Native's AppState. */
	pause() {
		this.#halt('paused');
	}

	resume() {
		if (this.#state === 'closed' || this.#state === 'connecting')
			return;
		if (this.#link?.isUp) {
			this.#link.ping?.().catch(() => {});
			return;
		}
		this.#tries = this.#lapses = 0;
		this.#climb.forget();
		this.#open();
	}

	// ---- the environment ----

	#listen() {
		const { document, window } = this.#env;
		const add = (target, name, fn) => {
			target?.addEventListener?.(name, fn);
			this.#undo.push(() => target?.removeEventListener?.(name, fn));
		};

		add(document, 'visibilitychange', () => this.#onVisibility());
		add(window, 'pagehide', () => this.#keeper.save());
		add(window, 'pageshow', (e) => e.persisted && this.resume());
		add(window, 'online', () => this.#state === 'paused' || this.resume());
		add(window, 'offline', () => this.#onOffline());
	}

	#onOffline() {
		if (this.#state === 'paused' || this.#state === 'closed')
			return;
		this.#halt('offline');
		// it may not be true: a gateway on this machine answers
		this.#timer = setTimeout(() => this.#open(), this.#mostMs());
	}

	#onVisibility() {
		clearTimeout(this.#hideTimer);
		if (!this.#env.document.hidden)
			return this.resume();
		this.#keeper.save();
		if (this.backgroundMs < Infinity)
			this.#hideTimer = setTimeout(() => this.pause(), this.backgroundMs);
	}

	#mostMs() {
		return this.#options.backoff?.most ?? MOST_MS;
	}

	async #begin() {
		const position = await this.#keeper.load();

		this.#adopt(position);
		if (this.#state === 'connecting')
			this.#open();
	}

	#set(state, detail = {}) {
		this.#state = state;
		this.#status = { state, transport: this.transport, ...detail };
		call(this.onstate, this.#status);
		this.#emit('state', this.#status);
	}

	#emit(name, detail) {
		for (const { name: wanted, fn } of [...this.#listeners])
			if (wanted === name)
				call(fn, detail);
	}

	#error(error) {
		call(this.onerror, error);
		this.#emit('error', error);
	}

	// ---- events ----

	#wanted() {
		return new Set([...this.#subs].flatMap((s) => s.patterns)
			.filter((p) => !this.#refused.has(p)));
	}

	// At the end of the turn, so that changes at a time are one.
	#touch() {
		if (this.#isTouched)
			return;
		this.#isTouched = true;
		queueMicrotask(() => {
			const wanted = this.#wanted();

			this.#isTouched = false;
			if (!wanted.size && this.#good >= 0) {
				this.#keeper.save();
				this.#pos = -1; // what is wanted next begins then
			}
			for (const link of [this.#link, this.#climb.probe])
				if (link && !sameSet(link.patterns, wanted))
					link.change(wanted);
			this.#beginSubs(); // what others want already
		});
	}

	#adopt(text) {
		const p = parsePosition(text);

		if (p && p.epoch !== this.#epoch) {
			this.#epoch = p.epoch;
			this.#pos = -1;
		}
		if (p && p.offset > this.#pos) {
			this.#pos = p.offset;
			this.#keeper.saveLater();
		}
	}

	#onEvent(event, offset) {
		if (offset <= this.#pos) {
			this.#counts.duplicates++;
			return;
		}
		this.#deliver(event, offset);
		this.#pos = offset;
		this.#keeper.saveLater();
	}

	#deliver(event, offset) {
		const topic = topicOf(event);
		const wanting = [...this.#subs].filter((sub) => sub.covers(topic));
		// by those who listen with on()
		let isHeard = wanting.some((sub) => !sub.handler &&
			sub.hasRead(offset, topic));

		for (const sub of wanting)
			if (sub.takes(event, offset, topic) &&
				(sub.handler || !isHeard)) {
				isHeard ||= !sub.handler;
				this.#hand(sub, event, topic);
			}
	}

	#hand(sub, event, topic) {
		this.#counts.events++;
		if (sub.handler)
			return call(sub.handler, event);
		for (const { name, fn } of [...this.#listeners])
			if (name === event.type || (isPattern(name) && matches(name, topic)))
				call(fn, event);
	}

	// Of the past: by another subscription, for those who listen with on().
	#isHeard(sub, topic, offset) {
		return !sub.handler && [...this.#subs].some((other) => other !== sub &&
			!other.handler && other.covers(topic) && other.begun < offset &&
			offset <= (other.held ? other.at : this.#pos));
	}

	// ---- links ----

	#makeHost() {
		const options = this.#options;
		const current = (fn) => (link, ...args) => {
			if (link === this.#link)
				fn(...args);
		};

		return {
			env: this.#env, base: this.#base, filter: options.filter,
			openMs: options.openMs ?? OPEN_MS,
			pingMs: options.pingMs ?? PING_MS,
			pongMs: options.pongMs ?? PONG_MS,
			quietMs: options.quietMs ?? QUIET_MS,
			pollMs: options.pollMs ?? POLL_MS,
			waitS: options.waitS ?? (kindsOf(this.#env).includes('sse') ? 0 : WAIT_S),
			position: () => this.position,
			api: this.#api,
			event: current((event, offset) => this.#onEvent(event, offset)),
			moved: current((position) => this.#wanted().size && this.#adopt(position)),
			subscribed: (...args) => this.#onSubscribed(...args),
			down: (link, why) => this.#onDown(link, why),
			error: (e) => this.#error(e),
			authenticated: ({ expires }) =>
				this.#api.renewAt(expires, (token) => this.#renew(token)),
			presence: current((who) => this.#presence.hear(who)),
			beat: current(() => this.#presence.again()),
		};
	}

	#onSubscribed(link, position, recovered, patterns) {
		if (link === this.#climb.probe)
			this.#promote();
		if (link !== this.#link)
			return;
		if (recovered)
			this.#adopt(position);
		else
			this.#reset(position);
		link.confirmed = new Set(patterns);
		this.#beginSubs();
		if (!link.isUp)
			this.#onUp(link);
	}

	#beginSubs() {
		const has = (p) => this.#link?.confirmed?.has(p) || this.#refused.has(p);

		for (const sub of this.#subs)
			if (sub.patterns.every(has))
				sub.begin(this.#pos);
		if (this.#link?.confirmed)
			this.#presence.watch(this.#link, [...this.#wanted()].filter((p) =>
				has(p) && [...this.#subs].some((s) =>
					s.onPresence && s.patterns.includes(p))));
	}

	#told(who) {
		for (const sub of [...this.#subs])
			if (sub.patterns.includes(who.topic))
				call(sub.onPresence, who);
	}

	// Others have asked before.
	#tellNow(sub, pattern) {
		const who = this.#presence.now(pattern);

		if (who)
			queueMicrotask(() => this.#subs.has(sub) && call(sub.onPresence, who));
	}

	#onUp(link) {
		link.isUp = true;
		link.upAt = Date.now();
		this.#good = link.rung;
		this.#lapses = 0;
		this.#api.isStale = false;
		this.#counts.connects++;
		this.#climb.from(link.rung);
		this.#set(link.kind === 'poll' ? 'polling' : 'live');
	}

	// What comes next does not join on to what there was.
	#reset(position) {
		const p = parsePosition(position);
		// A journal that ends before is an older copy of it.
		const had = p.epoch === this.#epoch && p.offset >= this.#pos ? this.#pos : -1;

		this.#counts.resets++;
		this.#epoch = p.epoch;
		this.#pos = p.offset;
		call(this.onreset, { position });
		this.#emit('reset', { position });
		for (const sub of [...this.#subs])
			sub.reset(position, p.offset, had);
		this.#keeper.saveLater();
	}

	#make(rung) {
		const kind = this.#kinds[rung];
		const link = new LINKS[kind](this.#host, this.#wanted());

		link.kind = kind;
		link.rung = rung;
		return link;
	}

	#open() {
		clearTimeout(this.#timer);
		this.#drop();
		this.#link = this.#make(this.#rung);
		this.#set('connecting');
		this.#link.start();
	}

	#drop() {
		this.#presence.stop();
		this.#climb.stop();
		this.#link?.close();
		this.#link = null;
	}

	#halt(state) {
		if (this.#state === 'closed')
			return;
		clearTimeout(this.#timer);
		this.#keeper.save();
		this.#drop();
		this.#set(state);
	}

	#finish(detail) {
		clearTimeout(this.#timer);
		clearTimeout(this.#hideTimer);
		this.#api.renewNot();
		this.#drop();
		for (const undo of this.#undo)
			undo();
		this.#set('closed', detail);
		for (const sub of this.#subs)
			sub.end();
	}

	#backoff(tries) {
		const { first, most } = this.#options.backoff ?? {};

		return backoffMs(tries, first, most);
	}

	#onDown(link, why) {
		if (link === this.#climb.probe) {
			this.#climb.failed();
		} else if (link === this.#link) {
			this.#drop();
			this.#adopt(link.isUp ? why.position : null);
			this.#goOn(link, why);
		}
	}

	#goOn(link, why) {
		const isStale = why.code === 4001 || why.status === 401;
		const hasNext = link.rung + 1 < this.#kinds.length;

		if (why.code === 4003 || (isStale && !this.#api.canRenew))
			return this.#finish({ error: new Error(why.error ?? 'not allowed') });
		if (why.isRefused || why.status === 400 || why.status === 403)
			return this.#sift(link, why);
		this.#api.isStale = isStale;
		if (link.isUp && Date.now() - link.upAt > this.#backoff(this.#tries))
			this.#tries = 0;
		// A gateway that answers so is there; and one that was is soon again.
		const isBusy = isStale || why.retry !== undefined || why.status === 429 ||
			why.code >= 1012;
		const isLapse = link.rung === this.#good && this.#lapses++ === 0;

		if (!link.isUp && !isBusy && !isLapse && hasNext) {
			this.#rung = link.rung + 1;
			this.#counts.falls++;
			return this.#open();
		}
		this.#rung = link.isUp || isBusy || isLapse ? link.rung : 0;
		this.#wait(why.retry ?? this.#backoff(why.code === 4009 ? 30 : this.#tries++));
	}

	// One pattern that may not be read must not keep the others away.
	async #sift(link, why) {
		const patterns = [...link.patterns];
		let n = 0;

		this.#set('connecting');
		await Promise.all(patterns.map((pattern) =>
			this.#api.events([pattern], { reverse: true, limit: 1 }).catch((e) => {
				if (e.status !== 400 && e.status !== 403)
					return;
				n++;
				this.#refused.add(pattern);
				this.#error(Object.assign(e, { pattern }));
			})));
		if (this.#link || this.#state !== 'connecting')
			return; // it was closed, or paused, meanwhile
		if (n && n === patterns.length)
			this.#finish({ error: new Error(why.error ?? 'not allowed') });
		else
			this.#wait(n ? 0 : this.#backoff(this.#tries++));
	}

	#wait(ms) {
		this.#timer = setTimeout(() => this.#open(), ms);
		this.#set('waiting', { retryMs: ms });
	}

	#promote() {
		const old = this.#link;

		this.#link = this.#climb.take();
		this.#rung = this.#link.rung;
		this.#counts.climbs++;
		old.close();
	}

	async #renew(token) {
		try {
			this.#link?.authenticate?.(await token);
		} catch (e) {
			this.#error(e); // the gateway will say when it has expired
		}
	}
}
