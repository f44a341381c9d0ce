// What a client asks while connections break in the midst of it, or are
// half-open: it is asked again, and what is published so is one event. Prints TAP.
//
// The gateway is one of the test's own, that spoils as many answers as it is
// told to: a real one does so only by chance (soak.mjs).
import { createServer } from 'node:http';
import assert from 'node:assert/strict';
import { WebSocketServer, WebSocket } from 'ws';
import { run, test, until } from './harness.mjs';
import { connect } from './client/weir.js';

const EPOCH = '0000000a';
const BREAKS = 3; // answers, of those to each request

// How an answer is spoiled.
const WAYS = {
	'cut before the answer': (a) => a.socket.destroy(),
	'cut in its head': (a) => a.socket.write('HTTP/1.1 20', () => a.socket.destroy()),
	'cut in its body': (a, text) => a.writeHead(200, { 'Content-Length': text.length })
		.write(text.slice(0, 9), () => a.socket.destroy()),
	'no answer': () => {},
	'no end of its body': (a, text) => a.writeHead(200, { 'Content-Length': text.length })
		.write(text.slice(0, 9)),
};

class Gateway {
	asked = {}; // by method and path: how often
	events = new Map(); // by source and id, as the store knows what comes again
	#server = createServer((q, a) => this.#onRequest(q, a));
	#wss = new WebSocketServer({ server: this.#server });
	#path; #spoil; #sockets = 0;

	/** Answers to this are spoiled; a socket's, where it is null. */
	constructor(path, spoil) {
		this.#path = path;
		this.#spoil = spoil;
		this.#wss.on('connection', (ws) => this.#onSocket(ws, ++this.#sockets > BREAKS));
	}

	listen() {
		return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', () =>
			resolve(`http://127.0.0.1:${this.#server.address().port}`)));
	}

	close() {
		this.#wss.clients.forEach((ws) => ws.terminate());
		this.#server.close();
		this.#server.closeAllConnections();
	}

	async #onRequest(q, a) {
		const { pathname, searchParams } = new URL(q.url, 'http://g');
		let body = '';

		for await (const piece of q)
			body += piece;
		const path = `${q.method} ${pathname}${searchParams.has('since') ? ' since' : ''}`;
		const text = JSON.stringify(this.#answer(path, body));

		this.asked[path] = (this.asked[path] ?? 0) + 1;
		if (path === this.#path && this.asked[path] <= BREAKS)
			this.#spoil(a, text);
		else
			a.end(text);
	}

	#answer(path, body) {
		switch (path) {
		case 'POST /api/v1/events':
			return { positions: [this.#take(JSON.parse(body))] };
		case 'GET /api/v1/presence':
			return { count: 1, users: ['ann'] };
		case 'GET /api/v1/events since':
			return { events: [{ type: 't.v', subject: 'x', data: { n: 1 }, offset: '1',
				epoch: EPOCH }], next: `${EPOCH}:5`, recovered: true };
		default:
			return { events: [], next: `${EPOCH}:5` };
		}
	}

	#take(event) {
		const key = `${event.source} ${event.id}`;

		if (!this.events.has(key))
			this.events.set(key, `${EPOCH}:${6 + this.events.size}`);
		return this.events.get(key);
	}

	// One that is half-open takes what is said, from where it stood on.
	#onSocket(ws, isWhole) {
		ws.on('message', (text) => {
			const m = JSON.parse(text);
			const position = m.publish && this.#take(m.publish);

			ws.isHalfOpen ||= m.publish && !isWhole;
			if (ws.isHalfOpen)
				return;
			if (m.subscribe)
				ws.send(JSON.stringify({ subscribed: m.subscribe, recovered: true,
					position: `${EPOCH}:5` }));
			else if (m.publish)
				ws.send(JSON.stringify({ published: m.id, position }));
			else
				ws.send(JSON.stringify({ pong: m.ping }));
		});
	}
}

async function withClient(gateway, options, fn) {
	const client = connect(await gateway.listen(), { WebSocket, pollMs: 1, openMs: 3600000,
		answerMs: 100, pingMs: 3600000, pongMs: 100, backoff: { first: 1, most: 1 },
		...options });

	try {
		await fn(client);
	} finally {
		client.close();
		gateway.close();
	}
}

// What is asked, and how it is seen that the answer is there.
const EVENT = { type: 't.v', subject: 'x', data: {} };
const ASKED = {
	'POST /api/v1/events': async (client, gateway) => {
		let position;

		client.publish(EVENT).then((p) => {
			position = p;
		}, () => {});
		await until(() => position, 'a position');
		assert.deepEqual([...gateway.events.values()], [position]);
		assert.equal(client.stats.published, 1);
	},
	'GET /api/v1/events since': async (client) => {
		const got = [];
		let isReady = false;

		client.subscribe('t.v/', { since: '1d', handler: (e) => got.push(e.data.n),
			onReady: () => {
				isReady = true;
			} });
		await until(() => isReady, 'the past');
		assert.deepEqual(got, [1]);
	},
	'GET /api/v1/presence': async (client) => {
		const heard = [];

		client.subscribe('t.v/x', { onPresence: ({ users }) => heard.push(users) });
		await until(() => heard.length, 'who is there');
		assert.deepEqual(heard, [['ann']]);
	},
};

for (const [path, ask] of Object.entries(ASKED))
	for (const [way, spoil] of Object.entries(WAYS))
		test(`${path}: ${way}`, () => {
			const gateway = new Gateway(path, spoil);

			return withClient(gateway, { transports: ['poll'] }, async (client) => {
				await ask(client, gateway);
				assert.ok(gateway.asked[path] > BREAKS);
			});
		});

test('a ping that is not answered over HTTP fails', () => {
	let isUp = false;
	const gateway = new Gateway('GET /healthz', (a) => isUp || a.end('{}'));

	return withClient(gateway, { transports: ['poll'] }, async (client) => {
		let error;

		await until(() => client.transport === 'poll');
		isUp = true;
		client.ping().catch((e) => {
			error = e;
		});
		await until(() => error, 'an error');
		assert.match(error.message, /no answer in time/);
	});
});

test('a WebSocket that is half-open when something is published', () => {
	const gateway = new Gateway(null);

	return withClient(gateway, { transports: ['websocket'] }, async (client) => {
		client.subscribe('t.v/');
		await until(() => client.transport === 'websocket');
		await ASKED['POST /api/v1/events'](client, gateway);
	});
});

await run();
