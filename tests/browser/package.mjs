// The client as a package: packed, installed, imported in Node and compiled
// against; and what only Node shows: no page, tokens, hints. Prints TAP.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHmac } from 'node:crypto';
import { getEventListeners } from 'node:events';
import assert from 'node:assert/strict';
import { WebSocketServer, WebSocket } from 'ws';
import { dir, numbers, publish, run, start, stop, test, until, upTo } from './harness.mjs';

const here = `${process.cwd()}/packed`; // node_modules of above are seen from it

function sh(command, ...args) {
	const r = spawnSync(command, args, { cwd: here, encoding: 'utf8', timeout: 60000,
		env: { ...process.env, npm_config_offline: 'true' } });

	assert.equal(r.status, 0, r.stdout + r.stderr);
	return r.stdout;
}

let gateway, weir;

test('npm packs it whole, and installs what it packed', async () => {
	rmSync(here, { recursive: true, force: true });
	mkdirSync(here);
	writeFileSync(`${here}/package.json`, '{"private":true,"type":"module"}');
	const [{ files, filename }] = JSON.parse(sh('npm', 'pack', '--json', '../client'));

	assert.deepEqual(files.map((f) => f.path).sort(), ['README.md', 'api.js',
		'climb.js', 'environment.js', 'keep.js', 'links.js', 'notify.js', 'package.json', 'parts.js',
		'presence.js', 'react.d.ts', 'react.js', 'subscription.js', 'weir.d.ts', 'weir.js']);
	sh('npm', 'install', '--no-audit', '--no-fund', '--legacy-peer-deps', `./${filename}`);
	assert.match(readFileSync(`${here}/node_modules/weir-client/weir.js`, 'utf8'), /connect/);
});

test('its declarations fit, and refuse what is wrong', () => {
	cpSync('types', here, { recursive: true });
	for (const [module, resolution] of [['nodenext', 'nodenext'], ['esnext', 'bundler']])
		sh('node', '../node_modules/typescript/bin/tsc', '--noEmit', '--strict',
			'--target', 'es2022', '--lib', 'es2022,dom', '--module', module,
			'--moduleResolution', resolution,
			'--jsx', 'react-jsx', '--types', 'react', 'usage.ts', 'hooks.tsx');
});

// All modules that a page comes to load, by what they import.
async function modulesOf(page, html) {
	const found = new Set(), ahead = [new URL(html.match(/type="module" src="([^"]+)"/)[1], page)];

	for (const url of ahead) {
		if (found.has(url.pathname))
			continue;
		found.add(url.pathname);
		const source = await (await fetch(url)).text();

		for (const [, path] of source.matchAll(/\sfrom '([^']+)';/g))
			ahead.push(new URL(path, url));
	}
	return [...found].sort();
}

test('a page loads all its modules at once, and no other', async () => {
	for (const path of ['/', '/demo/venues.html']) {
		const page = gateway.url + path;
		const html = await (await fetch(page)).text();
		const named = [...html.matchAll(/<link rel="modulepreload" href="([^"]+)">/g)]
			.map((m) => m[1]);
		const [own] = html.match(/(?<=type="module" src=")[^"]+/);

		assert.deepEqual([...named, new URL(own, page).pathname].sort(),
			await modulesOf(page, html));
	}
});

test('works in Node, from the package', async () => {
	writeFileSync(`${here}/node.mjs`, `
		import { connect } from 'weir-client';
		import * as hooks from 'weir-client/react';
		import { WebSocket } from 'ws';

		const client = connect(process.argv[2], { WebSocket });
		const got = [];

		client.subscribe('test.n/', { since: '1h', handler: (e) => {
			got.push(e.data.n);
			if (got.length < 12)
				return;
			console.log(JSON.stringify([got, client.transport, Object.keys(hooks).length]));
			client.close();
		}, onReady: async () => {
			for (const n of [11, 12])
				await client.publish({ type: 'test.n', subject: 's', data: { n } });
		} });`);
	await publish(...numbers(1, 10));
	const [got, transport, hooks] = JSON.parse(sh('node', 'node.mjs', gateway.url));

	assert.deepEqual(got, upTo(12));
	assert.equal(transport, 'websocket');
	assert.equal(hooks, 8);
});

// What a gateway may say in the end is said here by a server of the test's own.
async function server(onSocket) {
	const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' });

	await new Promise((resolve) => wss.on('listening', resolve));
	wss.on('connection', onSocket);
	return { url: `http://127.0.0.1:${wss.address().port}`, end: () => {
		wss.clients.forEach((c) => c.terminate());
		wss.close();
	} };
}

const ONLY = { WebSocket, transports: ['websocket'], backoff: { first: 1, most: 1 } };

test('comes back when it is told to, from the position that it is told', async () => {
	const said = [];
	const s = await server((socket) => socket.on('message', (text) => {
		const m = JSON.parse(text);

		said.push({ ...m, at: Date.now() });
		if (!m.subscribe)
			return;
		socket.send('{"subscribed":["a.b"],"position":"0000000a:5","recovered":true}');
		if (said.length === 1)
			socket.close(1012, '{"retry":300,"position":"0000000a:9"}');
	}));
	const client = weir.connect(s.url, ONLY);

	client.subscribe('a.b');
	await until(() => said.length === 2);
	assert.equal(said[0].since, undefined);
	assert.equal(said[1].since, '0000000a:9');
	assert.ok(said[1].at - said[0].at >= 290);
	client.close();
	s.end();
});

test('asks for a fresh token when the old one is refused', async () => {
	const tokens = [], asked = [];
	const s = await server((socket) => socket.on('message', (text) => {
		const m = JSON.parse(text);

		if (m.auth)
			tokens.push(m.auth);
		else if (tokens.at(-1) === 'good')
			socket.send('{"subscribed":["a.b"],"position":"0000000a:5","recovered":true}');
		else
			socket.close(4001, '');
	}));
	const client = weir.connect(s.url, { ...ONLY, token: async ({ isStale }) => {
		asked.push(isStale);
		return isStale ? 'good' : 'old';
	} });

	client.subscribe('a.b');
	await until(() => client.state === 'live');
	assert.deepEqual(tokens, ['old', 'good']);
	assert.deepEqual(asked, [false, true]);
	client.close();
	s.end();
});

test('is closed for good where it is not allowed', async () => {
	for (const [code, token] of [[4003, () => 'x'], [4001, 'old']]) {
		const s = await server((socket) => socket.close(code, ''));
		const client = weir.connect(s.url, { ...ONLY, token });

		client.subscribe('a.b');
		await until(() => client.state === 'closed');
		assert.ok(client.status.error instanceof Error);
		s.end();
	}
});

test('a handler that throws keeps nothing from the others', async () => {
	const client = weir.connect(gateway.url, { WebSocket });
	const got = [], thrown = [];
	const onThrown = (e) => thrown.push(e.message);

	process.on('uncaughtException', onThrown);
	client.on('test.t', () => {
		throw new Error('mine');
	});
	client.on('test.t', (e) => got.push(e.data.n));
	client.subscribe('test.t/');
	await until(() => client.state === 'live');
	await publish(...numbers(1, 3, 'test.t'));
	await until(() => got.length === 3 && thrown.length === 3);
	process.off('uncaughtException', onThrown);
	client.close();
});

test('needs a WebSocket or fetch, and says so', () => {
	assert.throws(() => weir.connect('http://127.0.0.1:1',
		{ WebSocket: null, fetch: null }), /neither WebSocket nor fetch/);
});

test('without a WebSocket it takes a stream', async () => {
	const client = weir.connect(gateway.url, { WebSocket: null });
	const got = [];

	client.subscribe('test.w/', { handler: (e) => got.push(e.data.n) });
	await until(() => client.transport === 'sse');
	await publish(...numbers(1, 3, 'test.w'));
	await until(() => got.length === 3);
	assert.deepEqual(got, upTo(3));
	client.close();
});

// What React Native has not is taken away, and what it has is as little as there.
test('works with no more than React Native has', async () => {
	writeFileSync(`${here}/native.mjs`, `
		import { request } from 'node:http';
		import { WebSocket } from 'ws';

		for (const name of ['ReadableStream', 'TextDecoder', 'EventSource', 'Event',
			'EventTarget', 'localStorage', 'crypto', 'navigator', 'document', 'location',
			'Notification', 'BroadcastChannel', 'MessageChannel', 'structuredClone'])
			Object.defineProperty(globalThis, name, { configurable: true, value: undefined });
		const put = (name, value) =>
			Object.defineProperty(globalThis, name, { configurable: true, value });

		put('window', globalThis);
		put('Response', class {});
		put('URL', class { constructor() { throw new Error('not implemented'); } });
		put('fetch', (url, { method, headers, body }) => new Promise((resolve, reject) =>
			request(url, { method, headers }, async (answer) => {
				let text = '';

				for await (const piece of answer)
					text += piece;
				resolve({ ok: answer.statusCode < 300, status: answer.statusCode,
					headers: { get: (name) => answer.headers[name.toLowerCase()] },
					json: async () => JSON.parse(text) });
			}).on('error', reject).end(body)));
		const { connect, notify } = await import('weir-client');

		for (const kind of ['websocket', 'poll']) {
			put('WebSocket', kind === 'websocket' ? WebSocket : undefined);
			const client = connect(process.argv[2]);
			const type = 'test.r' + kind, got = [];

			await new Promise((resolve) => client.subscribe(type + '/', { since: '1h',
				handler: (e) => got.push(e.data.n) === 2 && resolve(),
				onReady: async () => {
					await client.publish({ type, subject: 's', data: { n: 1 } });
					client.pause();
					client.resume();
					await client.publish({ type, subject: 's', data: { n: 2 } });
				} }));
			console.log(JSON.stringify([client.state, client.transport, got,
				await notify(client, type)]));
			client.close();
		}`);
	const [first, second] = sh('node', 'native.mjs', gateway.url).trim().split('\n')
		.map(JSON.parse);

	assert.deepEqual(first, ['live', 'websocket', [1, 2], null]);
	assert.deepEqual(second, ['polling', 'poll', [1, 2], null]);
});

test('without streams it waits in its polls', async () => {
	const asked = [];
	const client = weir.connect(gateway.url, { transports: ['poll'], waitS: 20,
		fetch: (url, init) => {
			asked.push(url);
			return fetch(url, init);
		} });
	const got = [];

	client.subscribe('test.p/', { handler: (e) => got.push(e.data.n) });
	await until(() => client.state === 'polling');
	for (const n of [1, 2, 3]) {
		await publish(...numbers(n, n, 'test.p'));
		await until(() => got.length === n, 'an event');
	}
	assert.ok(asked.some((url) => /[?&]wait=20/.test(url)), asked.join());
	client.close();
});

test('many polls leave nothing behind', async () => {
	const signals = [];
	const client = weir.connect(gateway.url, { transports: ['poll'], pollMs: 1,
		fetch: (url, { signal, ...init }) => {
			signals.push(signal);
			return fetch(url, init);
		} });

	client.subscribe('test.p/');
	await until(() => signals.length > 50, 'polls');
	assert.equal(getEventListeners(signals.at(-1), 'abort').length, 0);
	client.close();
});

test('what is kept may be kept by promises', async () => {
	const kept = new Map();
	const storage = { getItem: async (k) => kept.get(k) ?? null,
		setItem: async (k, v) => void kept.set(k, v) };
	const options = { WebSocket, keep: 'x', storage };
	const hear = (client, got) => {
		client.on('test.k', (e) => got.push(e.data.n));
		client.subscribe('test.k/');
	};
	const first = [], second = [];
	let client = weir.connect(gateway.url, options);

	hear(client, first);
	await until(() => client.state === 'live');
	await publish(...numbers(1, 3, 'test.k'));
	await until(() => first.length === 3);
	client.close();
	await publish(...numbers(4, 6, 'test.k'));
	client = weir.connect(gateway.url, options);
	hear(client, second);
	await until(() => second.length === 3);
	assert.deepEqual(second, [4, 5, 6]);
	client.close();
});

test('only events for which the filter holds, on every transport', async () => {
	for (const kind of ['websocket', 'sse', 'poll']) {
		const client = weir.connect(gateway.url, { WebSocket, transports: [kind],
			pollMs: 100, filter: 'n >= 4' });
		const got = [], past = [];

		client.subscribe(`test.f${kind}/`, { handler: (e) => got.push(e.data.n) });
		await until(() => client.transport === kind);
		await publish(...numbers(1, 6, `test.f${kind}`));
		client.subscribe(`test.f${kind}/`, { since: '1h',
			handler: (e) => past.push(e.data.n) });
		await until(() => got.length === 3 && past.length === 3);
		assert.deepEqual([got, past], [[4, 5, 6], [4, 5, 6]]);
		client.close();
	}
});

// A JSON Web Token that ends in so many seconds.
function sign(secret, seconds, claims) {
	const part = (o) => Buffer.from(JSON.stringify(o)).toString('base64url');
	const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ ...claims,
		exp: Math.floor(Date.now() / 1000) + seconds })}`;

	return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

test('comes with a token, a fresh one before it ends, and may do what it says', async () => {
	const secret = 'a secret of this test, 32 bytes or more';
	const file = `${dir}/secret`;

	writeFileSync(file, secret, { mode: 0o600 });
	const other = await start('gateway', '--port', '0', '--jwt-keys', file);
	const may = (role) => ({ sub: 'ann', weir: { role, read: ['test.j/'], write: ['test.j/'] } });

	for (const kind of ['websocket', 'sse', 'poll']) {
		const asked = [], got = [], errors = [];
		const client = weir.connect(other.url, { WebSocket, transports: [kind], pollMs: 100,
			token: ({ isStale }) => {
				asked.push(isStale);
				return sign(secret, asked.length > 1 ? 600 : 3, may('publisher'));
			} });

		client.onerror = (e) => errors.push(e);
		client.subscribe(['test.j/', 'user.notification/ann'],
			{ handler: (e) => got.push(e.data.n) });
		await until(() => client.transport === kind);
		assert.match(await client.publish({ type: 'test.j', subject: kind, data: { n: 1 } }),
			/^[0-9a-f]{8}:\d+$/);
		await until(() => got.length === 1);
		assert.deepEqual(errors, []);
		await assert.rejects(client.publish({ type: 'test.x', data: {} }), (e) => e.status === 400 || e.status === 403);
		if (kind === 'websocket')
			await until(() => asked.includes(true), 'a fresh token');
		client.subscribe('test.other');
		await until(() => errors.some((e) => e.pattern === 'test.other'));
		await client.publish({ type: 'test.j', subject: kind, data: { n: 2 } });
		await until(() => got.length === 2);
		client.close();
	}
	// who is there, by name, on every transport
	const connectAs = (sub, kind) => weir.connect(other.url, { WebSocket,
		transports: [kind], pollMs: 100, token: sign(secret, 600, { ...may('viewer'), sub }) });

	for (const kind of ['websocket', 'sse', 'poll']) {
		const heard = [], topic = `test.j/${kind}`;
		const ann = connectAs('ann', kind), bob = connectAs('bob', 'websocket');

		ann.subscribe(topic, { onPresence: (who) => heard.push(who) });
		await until(() => heard.length > 0, `${kind}: who is there`);
		bob.subscribe(topic);
		await until(() => heard.at(-1).users.includes('bob'), `${kind}: bob`);
		assert.deepEqual(heard.at(-1).joined, ['bob']);
		await until(() => heard.at(-1).count === (kind === 'poll' ? 1 : 2));
		const later = [];

		ann.subscribe(topic, { onPresence: (who) => later.push(who) });
		await until(() => later.length > 0);
		assert.deepEqual(later[0].users, heard.at(-1).users);
		bob.close();
		await until(() => !heard.at(-1).users.includes('bob'), `${kind}: bob is gone`);
		assert.deepEqual(heard.at(-1).left, ['bob']);
		ann.close();
	}
	const forged = weir.connect(other.url, { WebSocket, token: sign('x', 600, may('admin')),
		backoff: { first: 1, most: 1 } });

	forged.subscribe('test.j/');
	await until(() => forged.state === 'closed');
	assert.ok(forged.status.error);
	await stop(other.child);
});

await run({ begin: async () => {
	await start('store');
	gateway = await start('gateway', '--port', '0');
	weir = await import('./client/weir.js');
} });
