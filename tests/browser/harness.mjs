// What the tests of this folder share: a store and a gateway in a directory of
// their own, a proxy that spoils connections, a browser, and TAP.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import assert from 'node:assert/strict';

const BIN = process.env.BIN;
export const dir = mkdtempSync(join(tmpdir(), 'weir-browser-'));
const LOG_LINES = 20; // of a process that has ended by itself
const children = []; // {child, tool, log, isStopped, isTold, end: how it ended}

// Start a tool and wait for its ready line; resolves to that line.
export function start(tool, ...args) {
	const child = spawn(join(BIN, `weir-${tool}`), ['--dir', dir, ...args],
		{ stdio: ['ignore', 'inherit', 'pipe'] });
	const own = { child, tool, log: '', isStopped: false, isTold: false,
		end: null };

	children.push(own);
	return new Promise((resolve, reject) => {
		child.stderr.on('data', (d) => {
			own.log += d;
			const ready = own.log.match(/.*: ready .*/);

			if (ready)
				resolve({ child, ready: ready[0],
					url: ready[0].match(/url=(\S+)\//)?.[1] });
		});
		child.on('close', (status, signal) => {
			own.end = signal ?? status;
			reject(new Error(describe(own)));
		});
	});
}

export function stop(child, signal = 'SIGTERM') {
	const own = children.find((c) => c.child === child);

	if (own.end !== null)
		return Promise.resolve();
	const gone = new Promise((resolve) => child.on('close', resolve));

	own.isStopped = true;
	child.kill(signal);
	return gone;
}

// Those that have ended otherwise than by stop(), or not well.
const fallen = () => children.filter(({ isStopped, isTold, end }) => !isTold &&
	end !== null && !(isStopped && [0, 'SIGTERM', 'SIGKILL'].includes(end)));

const describe = ({ child, tool, log, end }) =>
	`${tool} (${child.pid}) has ended, ${typeof end === 'string' ? end : `status ${end}`}:\n` +
	log.trimEnd().split('\n').slice(-LOG_LINES).join('\n');

// Resolves when the store has them, and durably.
export async function publish(...events) {
	const child = spawn(join(BIN, 'weir-pub'), ['--dir', dir],
		{ stdio: ['pipe', 'inherit', 'inherit'] });
	const gone = new Promise((resolve) => child.on('exit', resolve));

	child.stdin.end(events.map((e) => JSON.stringify(e)).join('\n') + '\n');
	assert.equal(await gone, 0);
}

export function numbers(from, to, type = 'test.n', subjects = 3) {
	return Array.from({ length: to - from + 1 }, (_, i) => ({ type,
		subject: `s${(from + i) % subjects}`, data: { n: from + i } }));
}

export const upTo = (n) => Array.from({ length: n }, (_, i) => i + 1);

// Resolves when fn is true; a machine may be slow.
export async function until(fn, what = String(fn), ms = 60000) {
	const end = Date.now() + ms;

	while (!await fn()) {
		if (Date.now() > end)
			throw new Error(`in vain: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

// ---- a proxy between client and gateway ----

const KINDS = { websocket: /^Upgrade: *websocket/im, sse: /^GET \/api\/v1\/events\/stream/ };

// forbid: kinds that are hung up on. cut() ends all connections, freeze() makes
// them half-open: nothing passes any more, and nobody is told. hold() lets
// nothing pass until release(), which lets all of it pass.
export class Proxy {
	forbid = new Set();
	counts = { websocket: 0, sse: 0 };
	#pairs = new Set(); #server; #port;

	constructor(port) {
		this.#port = port;
		this.#server = net.createServer((client) => this.#accept(client));
	}

	listen() {
		return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', () =>
			resolve(`http://127.0.0.1:${this.#server.address().port}`)));
	}

	#accept(client) {
		const gateway = net.connect(this.#port, '127.0.0.1');
		const pair = { client, gateway, isFrozen: false };
		const end = () => {
			client.destroy();
			gateway.destroy();
			this.#pairs.delete(pair);
		};

		this.#pairs.add(pair);
		for (const socket of [client, gateway])
			socket.on('error', end).on('close', () => pair.isFrozen || end());
		client.on('data', (d) => {
			if (this.#mayPass(String(d)) && !pair.isFrozen)
				gateway.write(d);
			else if (!pair.isFrozen)
				end();
		});
		gateway.on('data', (d) => pair.isFrozen || client.write(d));
	}

	#mayPass(text) {
		for (const [kind, pattern] of Object.entries(KINDS)) {
			if (!pattern.test(text))
				continue;
			this.counts[kind]++;
			if (this.forbid.has(kind))
				return false;
		}
		return true;
	}

	cut() {
		for (const { client, gateway } of this.#pairs) {
			client.destroy();
			gateway.destroy();
		}
	}

	freeze() {
		for (const pair of this.#pairs)
			pair.isFrozen = true;
	}

	hold() {
		for (const { client, gateway } of this.#pairs) {
			client.pause();
			gateway.pause();
		}
	}

	release() {
		for (const { client, gateway } of this.#pairs) {
			client.resume();
			gateway.resume();
		}
	}

	close() {
		this.#server.close();
		this.cut();
	}
}

// ---- the browser ----

export async function launch() {
	const { chromium } = await import('playwright-core');

	return chromium.launch({
		executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
		args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
		       '--no-first-run', '--disable-background-networking',
		       '--disable-component-update', '--disable-sync'],
	});
}

// ---- tests ----

const tests = [];

export const test = (name, fn) => tests.push([name, fn]);

const comment = (text) => console.log(text.replace(/^/gm, '# '));

// How many have fallen, each told of once.
function tellFallen() {
	const list = fallen();

	for (const own of list) {
		own.isTold = true;
		comment(describe(own));
	}
	return list.length;
}

async function runAll(begin) {
	let failed = 0;

	await begin?.();
	console.log(`1..${tests.length}`);
	for (const [i, [name, fn]] of tests.entries()) {
		const at = Date.now();
		const tell = (verdict) => console.log(
			`${verdict} ${i + 1} - ${name} # ${Date.now() - at} ms`);

		try {
			await fn();
			assert.equal(fallen().length, 0, 'a process has ended by itself');
			tell('ok');
		} catch (e) {
			failed++;
			tell('not ok');
			comment(inspect(e)); // with what is the cause of it
			tellFallen();
		}
	}
	return failed;
}

// Run the tests between begin and end, and exit with what they say.
export async function run({ begin, end } = {}) {
	let failed = 1;

	try {
		failed = await runAll(begin);
		await end?.();
	} catch (e) {
		console.log(`Bail out! ${inspect(e)}`);
	}
	await Promise.all(children.map(({ child }) => stop(child)));
	failed += tellFallen(); // badly, now that they were told to
	rmSync(dir, { recursive: true });
	process.exit(failed ? 1 : 0);
}
