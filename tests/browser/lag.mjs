// Clients in Node that fall too far behind, and what a gateway with --lag does
// with them: they come back, and nothing is lost, or a gap is told. Prints TAP.
import assert from 'node:assert/strict';
import { WebSocket } from 'ws';
import { numbers, Proxy, publish, run, start, test, until } from './harness.mjs';
import { connect } from './client/weir.js';

const MANY = 6000; // of 4 KB: more than sockets hold, and than a rule lets be
const PAD = 'x'.repeat(4000);
// It must not be the client that ends what is held up.
const PATIENT = { pingMs: 3600000, quietMs: 3600000, backoff: { first: 10, most: 80 } };

let gateway, proxy, url, n = 0, said = 0;

async function metric(pattern) {
	const text = await (await fetch(`${gateway.url}/metrics`)).text();
	let sum = 0;

	for (const [, value] of text.matchAll(new RegExp(`^weir_gateway_${pattern} (\\d+)$`, 'gm')))
		sum += Number(value);
	return sum;
}

const say = (...events) => {
	said += events.length;
	return publish(...events);
};

// Else who is moved on may be so twice.
async function hasSeenAll() {
	const { position } = await (await fetch(`${gateway.url}/api/v1/status`)).json();

	return Number(position.split(':')[1]) >= said;
}

// Events of a type while nothing passes; resolves to their numbers.
async function fallBehind(type, more = []) {
	const first = n + 1, choked = () => metric('choked\\{.*\\}');

	n += MANY;
	await until(async () => await choked() === 0, 'nobody else is');
	proxy.hold();
	await say(...numbers(first, n, type).map((e) => ({ ...e,
		data: { ...e.data, pad: PAD } })), ...more);
	await until(async () => await choked() === 1, 'it is held up');
	await until(hasSeenAll, 'the gateway has seen all');
	proxy.release();
	return Array.from({ length: MANY }, (_, i) => first + i);
}

for (const kind of ['websocket', 'sse'])
	test(`${kind}: who is sent away comes back, and loses nothing`, async () => {
		const got = [], resets = [];
		const client = connect(url, { WebSocket, transports: [kind], ...PATIENT });
		const before = await metric('lagged_total\\{.*disconnect.*\\}');

		client.onreset = (r) => resets.push(r);
		client.subscribe('test.away/', { handler: (e) => got.push(e.data.n) });
		await until(() => client.transport === kind);
		const want = await fallBehind('test.away');

		await until(() => got.at(-1) === want.at(-1), 'the last one');
		assert.deepEqual(got, want);
		assert.deepEqual(resets, []);
		assert.equal(client.stats.connects, 2);
		assert.equal(await metric('lagged_total\\{.*disconnect.*\\}'), before + 1);
		client.close();
	});

for (const kind of ['websocket', 'sse'])
	test(`${kind}: who is moved on is told, and loses nothing else`, async () => {
		const got = [], others = [], newest = [], resets = [];
		const client = connect(url, { WebSocket, transports: [kind], ...PATIENT });
		const isQuiet = ([subject]) => subject === kind;

		await say({ type: 'test.newest', subject: kind, data: { n: 0 } });

		client.onreset = (r) => resets.push(r);
		client.subscribe('test.newest/', { handler: (e) => got.push([e.subject, e.data.n]) });
		client.subscribe('test.newest/', { last: true,
			handler: (e) => newest.push([e.subject, e.data.n]) });
		client.subscribe(`test.other${kind}/`, { handler: (e) => others.push(e.data.n) });
		await until(() => client.transport === kind && newest.some(isQuiet));
		const want = await fallBehind('test.newest', numbers(1, 30, `test.other${kind}`));

		await until(() => others.length >= 30, 'the others');
		await say(...numbers(n + 1, n + 3, 'test.newest'));
		n += 3;
		await until(() => [got, newest].every((l) => l.at(-1)?.[1] === n), 'the last one');
		assert.deepEqual(others, numbers(1, 30).map((e) => e.data.n));
		// twice, if the proxy's socket took a little more while it was held up
		assert.ok(resets.length === 1 || resets.length === 2, `${resets.length}`);
		assert.equal(client.stats.connects, 1);
		assert.equal(newest.filter(isQuiet).length, 1);
		for (const subject of ['s0', 's1', 's2'])
			for (const list of [got, newest]) {
				const own = list.filter((g) => g[0] === subject).map((g) => g[1]);
				const gaps = own.filter((m, i) => i && m !== own[i - 1] + 3);

				// it rises, with a hole each time, and what is behind it is the newest
				assert.deepEqual(own, [...new Set(own)].sort((a, b) => a - b));
				assert.ok(gaps.length <= resets.length && own.length < MANY / 3, `${own.length}`);
				assert.ok(own.at(-2) > want.at(-4), `${own.at(-2)}`);
			}
		client.close();
	});

await run({
	begin: async () => {
		await start('store');
		gateway = await start('gateway', '--port', '0', '--lag',
			'test.away/=disconnect:1000', '--lag', 'test.newest/=latest:1000');
		proxy = new Proxy(new URL(gateway.url).port);
		url = await proxy.listen();
	},
	end: () => proxy.close(),
});
