// Clients in Node for a while, with everything at random: cuts, stalls, frozen
// and forbidden connections, a gateway that makes way or is killed, a store
// that is killed, subscriptions that come and go. Every event comes once, and
// in order; nothing is pruned, so that no gap may be told. Prints TAP.
//
//	[SEED=N] tests/browser/run.sh soak.mjs [SECONDS]
import assert from 'node:assert/strict';
import { WebSocket } from 'ws';
import { numbers, Proxy, publish, run, start, stop, test, until, upTo } from './harness.mjs';
import { connect } from './client/weir.js';

const SECONDS = Number(process.argv[2] ?? 10);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const TOPICS = ['test.n/s0', 'test.n/s1', 'test.n/s2'];
// Whatever falls, and those who never have a better one than theirs.
const KINDS = [undefined, ['sse', 'poll'], ['poll']];

// Numbers from 0 to 1, the same for a seed (xorshift).
function generator(seed) {
	let x = seed | 1;

	return () => {
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		return (x >>> 0) / 2 ** 32;
	};
}

// What happens has its own, so that it does not depend on what clients do.
const random = generator(SEED);
const chance = (p) => random() < p;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

Math.random = generator(SEED ^ 0x5bd1e995);

let store, gateway, proxy, ears, n = 0;
const later = [], lasts = []; // of those who came later, what they have heard
const said = []; // by clients: a promise each
const counts = {};

async function kill(child, signal) {
	await stop(child, signal);
	await pause(random() * 300);
}

// What may happen: how likely it is, and what it is.
const DISTURBANCES = {
	forbid: [0.15, () => {
		proxy.forbid = new Set(['websocket', 'sse'].filter(() => chance(0.4)));
	}],
	cut: [0.3, () => proxy.cut()],
	freeze: [0.05, () => proxy.freeze()],
	stall: [0.08, async () => { // and then it goes on, or not
		proxy.hold();
		await pause(random() * 1500);
		if (chance(0.5))
			proxy.release();
		else
			proxy.cut();
	}],
	'make way': [0.04, () => gateway.child.kill('SIGUSR2')],
	'kill gateway': [0.03, async () => {
		await kill(gateway.child, chance(0.5) ? 'SIGKILL' : 'SIGTERM');
		gateway = await start('gateway', '--port', new URL(gateway.url).port);
	}],
	'kill store': [0.03, async () => {
		await kill(store.child, chance(0.7) ? 'SIGKILL' : 'SIGTERM');
		store = await start('store');
	}],
};

async function disturb() {
	for (const [name, [likely, happen]] of Object.entries(DISTURBANCES))
		if (chance(likely)) {
			counts[name] = (counts[name] ?? 0) + 1;
			await happen();
		}
}

// Somebody who wants the past: all, from here on, or the newest of each topic.
function join({ client }) {
	const one = { got: [], isReady: false, isOff: false };
	const end = client.subscribe(chance(0.5) ? 'test.n/' : TOPICS, {
		since: chance(0.5) ? '1d' : client.position ?? '1d',
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
		}, random() * 500);
}

function joinNewest({ client }) {
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

function listen(client) {
	const ear = { client, got: [], said: [], resets: [] };

	client.on('test.n', (e) => ear.got.push(e.data.n));
	client.on('test.said', (e) => ear.said.push(e.data.n));
	client.onreset = (r) => ear.resets.push(r);
	client.subscribe(['test.n/', 'test.said/']);
	return ear;
}

// One turn: events come while something happens.
async function turn() {
	const k = 1 + Math.floor(random() * 80);
	const ear = ears[Math.floor(random() * ears.length)];
	const published = publish(...numbers(n + 1, n + k));

	n += k;
	if (chance(0.3)) {
		said.push(ear.client.publish({ type: 'test.said', subject: 's',
			data: { n: said.length + 1 } }));
		said.at(-1).catch(() => {}); // it is told at the end
	}
	await disturb();
	await published;
	if (chance(0.1) && later.length < 50)
		join(ear);
	if (chance(0.1) && lasts.length < 50)
		joinNewest(ear);
	await pause(random() * 100);
}

function tell({ client }) {
	const { connects, falls, climbs, duplicates } = client.stats;

	console.log(`# ${client.transport}: ${connects} connections, ${falls} falls, ` +
		`${climbs} climbs, ${duplicates} repeats dropped`);
}

test('nothing is lost and nothing doubled, whatever happens', async () => {
	const end = Date.now() + SECONDS * 1000;

	await until(() => ears.every(({ client }) => client.transport));
	while (Date.now() < end)
		await turn();
	proxy.forbid.clear();
	proxy.release();
	await publish(...numbers(n + 1, n + 3)); // also for those who came last
	n += 3;
	await Promise.all(said);
	await until(() => ears[0].client.transport === 'websocket');
	for (const { got, said: heard, resets } of ears) {
		await until(() => got.length >= n, 'all events');
		assert.deepEqual(got, upTo(n));
		await until(() => heard.length >= said.length, 'what clients have published');
		assert.deepEqual(heard.sort((a, b) => a - b), upTo(said.length));
		assert.deepEqual(resets, []);
	}
	await until(() => later.every((l) => l.isOff || (l.isReady && l.got.at(-1) === n)));
	for (const { got: own } of later)
		assert.deepEqual(own, own.map((_, i) => own[0] + i));
	await until(() => lasts.every((l) => l.at(-1)?.[1] === n));
	lasts.forEach(checkNewest);
	console.log(`# ${n} events, ${said.length} of clients, ` +
		`${later.length + lasts.length} came later; ${Object.entries(counts)
			.map(([name, times]) => `${name}: ${times}`).join(', ')}`);
	ears.forEach(tell);
});

await run({
	begin: async () => {
		console.log(`# SEED=${SEED}`);
		store = await start('store');
		gateway = await start('gateway', '--port', '0');
		proxy = new Proxy(new URL(gateway.url).port);
		const url = await proxy.listen();

		ears = KINDS.map((transports) => listen(connect(url, { WebSocket, transports,
			pollMs: 60, publishMs: 60000,
			backoff: { first: 10, most: 80 }, climb: { first: 30, most: 150 },
			openMs: 1500, answerMs: 1500, pingMs: 200, pongMs: 1000, quietMs: 2000 })));
	},
	end: () => {
		ears.forEach(({ client }) => client.close());
		proxy.close();
	},
});
