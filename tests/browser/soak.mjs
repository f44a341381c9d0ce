// The client in Node for a while, with everything at random: cuts, frozen and
// forbidden connections, a gateway that is killed, subscriptions that come and
// go. Nothing is lost, nothing doubled. Prints TAP.
//
//	tests/browser/run.sh soak.mjs [SECONDS]
import assert from 'node:assert/strict';
import { WebSocket } from 'ws';
import { numbers, Proxy, publish, run, start, stop, test, until, upTo } from './harness.mjs';
import { connect } from './client/weir.js';

const SECONDS = Number(process.argv[2] ?? 10);
const chance = (p) => Math.random() < p;
const TOPICS = ['test.n/s0', 'test.n/s1', 'test.n/s2'];

let gateway, proxy, client, n = 0;
const later = [], lasts = []; // of those who came later, what they have heard

async function disturb() {
	if (chance(0.15))
		proxy.forbid = new Set(['websocket', 'sse'].filter(() => chance(0.4)));
	if (chance(0.3))
		proxy.cut();
	if (chance(0.05))
		proxy.freeze();
	if (chance(0.02)) {
		await stop(gateway.child, chance(0.5) ? 'SIGKILL' : 'SIGTERM');
		gateway = await start('gateway', '--port', new URL(gateway.url).port);
	}
}

// Somebody who wants the past: all, from here on, or the newest of each topic.
function join() {
	const one = { got: [], isReady: false, isOff: false };
	const end = client.subscribe(chance(0.5) ? 'test.n/' : TOPICS, {
		since: chance(0.5) ? '1d' : client.position,
		handler: (e) => one.got.push(e.data.n),
		onReady: () => {
			one.isReady = true;
		},
	});

	later.push(one);
	if (chance(0.3))
		setTimeout(() => {
			end();
			one.isOff = true;
		}, Math.random() * 500);
}

function joinNewest() {
	const got = [];

	client.subscribe('test.n/', { last: true,
		handler: (e) => got.push([e.subject, e.data.n]) });
	lasts.push(got);
}

function checkNewest(got) {
	for (const topic of TOPICS) {
		const own = got.filter(([subject]) => topic.endsWith(subject)).map((g) => g[1]);

		assert.deepEqual(own, own.map((_, i) => own[0] + 3 * i));
	}
}

test('nothing is lost and nothing doubled, whatever happens', async () => {
	const got = [], resets = [], end = Date.now() + SECONDS * 1000;

	client.on('test.n', (e) => got.push(e.data.n));
	client.onreset = (r) => resets.push(r);
	client.subscribe('test.n/');
	await until(() => client.state === 'live');
	while (Date.now() < end) {
		const k = 1 + Math.floor(Math.random() * 80);

		await publish(...numbers(n + 1, n + k));
		n += k;
		await disturb();
		if (chance(0.1) && later.length < 50)
			join();
		if (chance(0.1) && lasts.length < 50)
			joinNewest();
		await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
	}
	proxy.forbid.clear();
	await publish(...numbers(n + 1, n + 3)); // also for those who came last
	n += 3;
	await until(() => client.transport === 'websocket');
	await until(() => got.length >= n, 'all events');
	assert.deepEqual(got, upTo(n));
	await until(() => later.every((l) => l.isOff || (l.isReady && l.got.at(-1) === n)));
	for (const { got: own } of later)
		assert.deepEqual(own, own.map((_, i) => own[0] + i));
	await until(() => lasts.every((l) => l.at(-1)?.[1] === n));
	lasts.forEach(checkNewest);
	assert.deepEqual(resets, []);
	const { connects, falls, climbs, duplicates } = client.stats;

	console.log(`# ${n} events, ${later.length + lasts.length} came later, ${connects} ` +
		`connections, ${falls} falls, ${climbs} climbs, ${duplicates} repeats dropped`);
});

await run({
	begin: async () => {
		await start('store');
		gateway = await start('gateway', '--port', '0');
		proxy = new Proxy(new URL(gateway.url).port);
		client = connect(await proxy.listen(), { WebSocket, pollMs: 60,
			backoff: { first: 10, most: 80 }, climb: { first: 30, most: 150 },
			openMs: 1500, pingMs: 200, pongMs: 1000, quietMs: 2000 });
	},
	end: () => {
		client.close();
		proxy.close();
	},
});
