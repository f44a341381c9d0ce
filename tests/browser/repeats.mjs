// What comes again, or not in its order, after connections that break, from
// kind to kind, from journal to journal: each subscription hears it once.
// Prints TAP.
//
// The gateway is one of the test's own, that says what its script has, and no
// more: a real one does most of this only by chance (soak.mjs).
import { createServer } from 'node:http';
import assert from 'node:assert/strict';
import { WebSocketServer, WebSocket } from 'ws';
import { run, test, until } from './harness.mjs';
import { connect } from './client/weir.js';

const FAST = { backoff: { first: 1, most: 1 }, climb: { first: 1, most: 1 }, pollMs: 1 };
const END = 900; // the last event of each script, on a topic of its own

// ---- a script: "KIND WORD...", one for each connection or poll ----
//
//	@a5  subscribed, after offset 5 of journal a; !a5: it does not join on
//	7x   the event at offset 7, of topic t.v/x
//	cut  the connection breaks
//	ready  it goes on when what was asked for of the past has been read

const epochOf = (letter) => letter.padStart(8, '0');
const positionOf = (word) => `${epochOf(word[1])}:${word.slice(2)}`;

function eventOf(word, epoch) {
	const [, offset, subject] = /^(\d+)([a-z]+)$/.exec(word);

	return { specversion: '1.0', id: offset, source: 'weir/test', type: 't.v', subject,
		data: { n: Number(offset) }, offset, epoch };
}

class Gateway {
	#server = createServer((q, a) => this.#onRequest(q, a));
	#wss = new WebSocketServer({ noServer: true });
	#scripts; #log; #epoch; #head = 0; #ready;

	/**
	 * Scripts of the connections, what can be read of the past, and what
	 * resolves when that is read.
	 */
	constructor(scripts, log = '', ready = null) {
		this.#ready = ready;
		this.#scripts = scripts.map((s) => s.split(' '));
		this.#scripts.at(-1).push(`${END}end`);
		this.#log = log.split(' ').filter((w) => w);
		this.#epoch = epochOf(scripts[0].split(' ')[1][1]);
		this.#server.on('upgrade', (q, socket, head) => this.#isNext('websocket') ?
			this.#wss.handleUpgrade(q, socket, head, (ws) => this.#onSocket(ws)) :
			socket.destroy());
	}

	listen() {
		return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', () =>
			resolve(`http://127.0.0.1:${this.#server.address().port}`)));
	}

	close() {
		this.#wss.clients.forEach((c) => c.terminate());
		this.#server.close();
		this.#server.closeAllConnections();
	}

	get isDone() {
		return this.#scripts.length === 0;
	}

	#isNext(kind) {
		return this.#scripts[0]?.[0] === kind;
	}

	#take() {
		return this.#scripts.shift().slice(1);
	}

	// A word as what is sent: [position, recovered], or an event.
	#read(word) {
		if (/^[@!]/.test(word)) {
			this.#epoch = epochOf(word[1]);
			this.#head = Number(word.slice(2));
			return { position: positionOf(word), recovered: word[0] === '@' };
		}
		const event = eventOf(word, this.#epoch);

		this.#head = Math.max(this.#head, event.data.n);
		return event;
	}

	#onSocket(ws) {
		ws.on('message', async (text) => {
			const m = JSON.parse(text);

			if ('ping' in m)
				ws.send(JSON.stringify({ pong: m.ping }));
			if (!m.subscribe || ws.words)
				return;
			ws.words = this.#take();
			for (const word of ws.words) {
				if (word === 'cut')
					return ws.terminate();
				if (word === 'ready') {
					await this.#ready();
					continue;
				}
				const said = this.#read(word);

				ws.send(JSON.stringify(said.position ?
					{ subscribed: m.subscribe, ...said } : said));
			}
		});
	}

	#onRequest(q, a) {
		const { pathname, searchParams } = new URL(q.url, 'http://g');
		const kind = pathname.endsWith('/stream') ? 'sse' : 'poll';
		const isPast = searchParams.has('last') || (searchParams.has('since') &&
			searchParams.getAll('topic').includes('t.v/past'));

		if (kind === 'poll' && (isPast || this.#isNext('poll')))
			this.#answer(a, isPast ? this.#past(searchParams) : this.#page());
		else if (kind === 'poll' && searchParams.has('since'))
			this.#answer(a, { events: [], next: searchParams.get('since'),
				recovered: true });
		else if (kind === 'sse' && this.#isNext('sse'))
			this.#stream(a);
		else
			a.writeHead(500).end('{}');
	}

	#answer(a, page) {
		a.setHeader('Content-Type', 'application/json');
		a.end(JSON.stringify(page));
	}

	#page() {
		const page = { events: [], recovered: true };

		for (const word of this.#take()) {
			const said = this.#read(word);

			if (said.position)
				page.recovered &&= said.recovered;
			else
				page.events.push(said);
		}
		return { ...page, next: `${this.#epoch}:${this.#head}` };
	}

	#stream(a) {
		a.writeHead(200, { 'Content-Type': 'text/event-stream' });
		for (const word of this.#take()) {
			if (word === 'cut')
				return a.end();
			const said = this.#read(word);

			a.write(said.position ?
				`event: subscribed\nid: ${said.position}\ndata: ${JSON.stringify(said)}\n\n` :
				`id: ${said.epoch}:${said.offset}\ndata: ${JSON.stringify(said)}\n\n`);
		}
	}

	#past(params) {
		const since = params.get('since'), [, after] = /:(\d+)$/.exec(since) ?? [];
		let events = this.#log.map((word) => eventOf(word, this.#epoch))
			.filter((e) => e.data.n > Number(after ?? -1));

		if (params.has('last'))
			events = events.filter((e) => e === events.findLast((other) =>
				other.subject === e.subject));
		const newest = Math.max(this.#head, Number(after ?? 0),
			...events.map((e) => e.data.n));

		return { events, recovered: true, next: `${this.#epoch}:${newest}` };
	}
}

// ---- the cases ----

// What a subscription asks for; without a handler, on() hears it, as `on`.
const all = ['t.v/'];
const PLAIN = { patterns: all };
const LAST = { patterns: all, last: true };
const SINCE = { patterns: ['t.v/', 't.v/past'], since: '0000000a:0' };
const onOnly = (sub) => ({ ...sub, isOn: true });

const KINDS = ['websocket', 'sse', 'poll'];
const ofEach = (row) => KINDS.map((kind) => row(kind));

// [what, scripts, {subs, log}, what each hears, repeats that are dropped]; in the
// order in which it comes, or, as a set, in any.
const CASES = [
	// the same again, after a connection that broke
	...ofEach((k) => [`${k}: what was had comes again`,
		k === 'poll' ? ['poll @a5', 'poll @a5 6x 7x 8x', 'poll @a8 6x 7x 8x 9x'] :
			[`${k} @a5 6x 7x 8x cut`, `${k} @a5 6x 7x 8x 9x`],
		{}, ['6 7 8 9'], 3]),
	...ofEach((k) => [`${k}: in another order`,
		k === 'poll' ? ['poll @a5', 'poll @a5 6x 7x 8x', 'poll @a8 8x 6x 7x 10x 9x 11x'] :
			[`${k} @a5 6x 7x 8x cut`, `${k} @a5 8x 6x 7x 10x 9x 11x`],
		{}, ['6 7 8 10 11'], 4]),
	...ofEach((k) => [`${k}: one event many times`,
		k === 'poll' ? ['poll @a5', 'poll @a5 6x 6x', 'poll @a6 6x', 'poll @a6 6x 7x'] :
			[`${k} @a5 6x 6x cut`, `${k} @a5 6x cut`, `${k} @a6 6x 7x`],
		{}, ['6 7'], 3]),
	['a position that goes back is none', ['websocket @a5 6x 7x cut',
		'websocket @a2 3x 4x 7x 8x'], {}, ['6 7 8'], 3],
	['broken before anything came', ['websocket @a5 cut', 'websocket @a5 cut',
		'websocket @a5 6x'], {}, ['6'], 0],
	// from kind to kind
	['down to polling, each says it again', ['websocket @a5 6x 7x cut', 'sse @a5 6x 7x 8x cut',
		'poll @a5 7x 8x 9x', 'poll @a9 9x 10x'], {}, ['6 7 8 9 10'], 5],
	['up from polling, each says it again', ['poll @a5', 'poll @a5 6x 7x', 'sse @a5 6x 7x 8x',
		'websocket @a5 6x 8x 7x 9x'], {}, ['6 7 8 9'], 5],
	['down, up, and down again', ['websocket @a5 6x cut', 'sse @a5 6x 7x',
		'websocket @a6 7x 8x cut', 'sse @a6 7x 8x 9x cut', 'poll @a7 8x 9x 10x'],
	{}, ['6 7 8 9 10'], 6],
	// from journal to journal: another's offsets begin again
	...ofEach((k) => [`${k}: another journal has the same offsets`,
		k === 'poll' ? ['poll @a5', 'poll @a5 6x 7x', 'poll !b2 3x 6x 7x', 'poll @b7 7x 8x'] :
			[`${k} @a5 6x 7x cut`, `${k} !b2 3x 6x 7x cut`, `${k} @b2 6x 7x 8x`],
		{}, ['6 7 3 6 7 8'], k === 'poll' ? 1 : 2]),
	['another journal, on the same connection', ['websocket @a5 6x 7x !b0 1x 6x 6x 7x'],
		{}, ['6 7 1 6 7'], 1],
	['there and back', ['websocket @a5 6x cut', 'sse !b5 6x 7x cut', 'websocket !a6 7x 8x'],
		{}, ['6 6 7 7 8'], 0],
	['the same journal, put back to before', ['websocket @a5 ready 6x 7x cut',
		'websocket !a3 ready 4x 6x'], { subs: [PLAIN, LAST], log: '1y 2x' }, ['6 7 4 6', '1 2 6 7 1 2 4 6'], 0],
	// who is moved on
	['moved on, with a hole', ['websocket @a5 6x !a6 20x 20x 21x'], {}, ['6 20 21'], 1],
	['moved on: what a quiet topic had is not handed again',
		['websocket @a5 ready 6x !a6 ready 20x 21x'],
		{ subs: [PLAIN, LAST], log: '3x 4y' }, ['6 20 21', '3 4 6 20 21'], 0],
	['moved on twice, and the newest is ahead of both',
		['websocket @a5 ready 6x !a6 ready 20x !a20 ready 30x 31x'],
		{ subs: [LAST], log: '3y 30x' }, ['3 30 31'], 0],
	['moved on, and the newest is ahead, on a stream', ['sse @a5 6x !a6 30x 31x'],
		{ subs: [LAST], log: '3y 30x' }, ['3 30 31'], 0],
	['moved on twice, in the midst of what is read', ['websocket @a5 !a5 6x !a6 7x 8x'],
		{ subs: [LAST], log: '2x 3y 7x' }, ['3 7 8'], 0],
	['moved on, and then another journal',
		['websocket @a5 ready 6x !a6 ready 20x !b1 ready 2x'],
		{ subs: [LAST], log: '1y' }, ['1 6 20 1 2'], 0],
	// patterns that overlap
	['two handlers hear it once each', ['websocket @a5 6x 7y cut', 'websocket @a5 6x 7y 8x'],
		{ subs: [PLAIN, { patterns: ['t.v/x', 't.v/', 't.v/end'] }] }, ['6 7 8', '6 7 8'], 2],
	['who listens hears it once, however often it is wanted', ['websocket @a5 6x 7y cut',
		'sse @a5 6x 7y 8x'], { subs: [PLAIN, { patterns: ['t.v/x', 't.v/y'] },
		{ patterns: ['t.'] }].map(onOnly) }, ['6 7 8'], 2],
	['the past joins on once, where both overlap', ['websocket @a5 6x 7x cut', 'websocket @a5 6x 7x 8x'],
		{ subs: [PLAIN, SINCE], log: '3x 5x 6x 7x' }, ['6 7 8', '3 5 6 7 8'], 2],
	['what is read before the wire brings it is heard once', ['websocket @a5 6x 7y 8x'],
		{ subs: [PLAIN, SINCE].map(onOnly), log: '3x 6x 7y 8x' }, ['3 6 7 8'], 0],
	['the newest is read before the wire brings it', ['websocket @a5 6x 7y 8x'],
		{ subs: [PLAIN, LAST].map(onOnly), log: '7y 8x' }, new Set([6, 7, 8]), 0],
];

for (const [what, scripts, { subs = [PLAIN], log }, want, dropped] of CASES)
	test(what, async () => {
		let readies = 0, awaited = 0;
		const gateway = new Gateway(scripts, log, () => until(() => readies > awaited)
			.then(() => awaited++));
		const client = connect(await gateway.listen(), { WebSocket, ...FAST });
		const heard = [], on = [];

		client.on('t.v', (e) => on.push(e.data.n));
		for (const { isOn, patterns, ...options } of subs) {
			const list = isOn ? on : [];

			if (!heard.includes(list))
				heard.push(list);
			client.subscribe(patterns, { ...options, onReady: () => readies++,
				...(!isOn && { handler: (e) => list.push(e.data.n) }) });
		}
		await until(() => heard.every((l) => l.includes(END)), `the end: ${JSON.stringify(heard)}`, 5000);
		assert.ok(gateway.isDone);
		const lists = heard.map((l) => l.filter((n) => n !== END));

		if (want instanceof Set)
			assert.deepEqual(lists.map((l) => l.sort()), [[...want]]);
		else
			assert.deepEqual(lists.map((l) => l.join(' ')), want);
		assert.equal(client.stats.duplicates, dropped);
		client.close();
		gateway.close();
	});

await run();
