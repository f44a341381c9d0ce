// The browser client in a real browser, against a real gateway and store, with
// a proxy between them that forbids, cuts and freezes. Prints TAP.
import { createServer } from 'node:http';
import assert from 'node:assert/strict';
import { launch, numbers, Proxy, publish, run, start, stop, test, until, upTo } from './harness.mjs';

let browser, gateway, proxy, base, port;
let topics = 0;

const FAST = { backoff: { first: 20, most: 100 }, climb: { first: 50, most: 200 },
	pollMs: 100 };

// A page with a client `c` and what it has heard of its own type in `got`.
async function open(options = {}, { subscribe = {}, context } = {}) {
	const type = `test.n${++topics}`;
	const own = context ?? await browser.newContext();
	const page = await own.newPage();

	page.problems = [];
	page.on('pageerror', (e) => page.problems.push(String(e)));
	page.type = type;
	page.begin = () => begin(page, { ...FAST, ...options }, subscribe);
	await page.begin();
	return page;
}

async function begin(page, options, subscribe) {
	await page.goto(`${base}/healthz`);
	await page.evaluate(async ([type, o, s]) => {
		const { connect } = await import('/client/weir.js');

		Object.assign(window, { connect, got: [], states: [], resets: [] });
		window.c = connect(undefined, o);
		c.onstate = ({ state, transport }) =>
			states.push(transport ? `${state} ${transport}` : state);
		c.onreset = (r) => resets.push(r);
		c.on(type, (e) => got.push(e.data.n));
		c.subscribe(`${type}/`, s);
	}, [page.type, options, subscribe]);
}

const got = (page) => page.evaluate('got');
const state = (page) => page.evaluate('`${c.state} ${c.transport}`');
const is = (page, wanted) => until(async () => await state(page) === wanted, wanted);
const has = (page, n) => until(async () => (await got(page)).length >= n, `${n} events`);

async function end(page) {
	assert.deepEqual(page.problems, []);
	await page.context().close();
}

test('falls from kind to kind as they are forbidden, and climbs back', async () => {
	proxy.forbid = new Set(['websocket']);
	const page = await open();

	await is(page, 'live sse');
	await publish(...numbers(1, 10, page.type));
	await has(page, 10);
	proxy.forbid.add('sse');
	proxy.cut();
	await is(page, 'polling poll');
	await publish(...numbers(11, 20, page.type));
	await has(page, 20);
	proxy.forbid.delete('sse');
	await is(page, 'live sse');
	await publish(...numbers(21, 30, page.type));
	await has(page, 30);
	proxy.forbid.clear();
	await is(page, 'live websocket');
	await publish(...numbers(31, 40, page.type));
	await has(page, 40);
	assert.deepEqual(await got(page), upTo(40));
	const stats = await page.evaluate('c.stats');

	assert.ok(stats.falls >= 2 && stats.climbs >= 2, JSON.stringify(stats));
	await end(page);
});

test('loses and doubles nothing, whatever is cut, forbidden and restarted', async () => {
	const page = await open();
	const ROUNDS = 120, STEP = 50;
	const ways = [[], ['websocket'], ['websocket', 'sse'], [], ['sse'], ['websocket']];
	let n = 0;

	await is(page, 'live websocket');
	for (let i = 0; i < ROUNDS; i++, n += STEP) {
		await publish(...numbers(n + 1, n + STEP, page.type));
		if (i % 8 === 0)
			proxy.forbid = new Set(ways[i / 8 % ways.length]);
		if (i % 3 === 0)
			proxy.cut();
		if (i === 30 || i === 70) {
			await stop(gateway.child, i === 30 ? 'SIGKILL' : 'SIGTERM');
			await publish(...numbers(n + STEP + 1, n + 2 * STEP, page.type));
			n += STEP;
			gateway = await start('gateway', '--port', port);
		}
		if (i % 20 === 5) // somebody else comes, and wants all of it
			await page.evaluate(([type, key]) => {
				const mine = (window.later ??= {})[key] = [];

				c.subscribe(`${type}/`, { since: '1d',
					handler: (e) => mine.push(e.data.n) });
			}, [page.type, `k${i}`]);
		await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
	}
	proxy.forbid.clear();
	await is(page, 'live websocket');
	await has(page, n);
	assert.deepEqual(await got(page), upTo(n));
	const later = () => page.evaluate('later');

	await until(async () => Object.values(await later()).every((l) => l.length >= n),
		'the past of those who came later');
	for (const list of Object.values(await later()))
		assert.deepEqual(list, upTo(n));
	const stats = await page.evaluate('c.stats');

	console.log(`# ${n} events, ${stats.connects} connections, ` +
		`${stats.falls} falls, ${stats.climbs} climbs, ${stats.duplicates} repeats dropped`);
	assert.deepEqual(await page.evaluate('resets'), []);
	await end(page);
});

test('notices a half-open connection', async () => {
	for (const kind of ['websocket', 'sse']) {
		const page = await open({ transports: [kind], openMs: 1500, answerMs: 1500,
			pingMs: 200, pongMs: 1000, quietMs: 2000 });

		await is(page, `live ${kind}`);
		await publish(...numbers(1, 3, page.type));
		await has(page, 3);
		const before = await page.evaluate('c.stats.connects');

		proxy.freeze();
		await publish(...numbers(4, 6, page.type));
		await page.evaluate((type) => c.publish({ type, subject: 's', data: { n: 7 } }),
			page.type);
		await until(async () => await page.evaluate('c.stats.connects') > before);
		await has(page, 7);
		assert.deepEqual(await got(page), upTo(7));
		await end(page);
	}
});

test('pauses offline, and goes on where it was', async () => {
	const page = await open({ backoff: undefined }); // as it is by itself

	await is(page, 'live websocket');
	await publish(...numbers(1, 5, page.type));
	await has(page, 5);
	await page.context().setOffline(true);
	await until(async () => (await page.evaluate('states')).includes('offline'));
	await publish(...numbers(6, 10, page.type));
	assert.deepEqual(await got(page), upTo(5));
	await page.context().setOffline(false);
	await has(page, 10);
	assert.deepEqual(await got(page), upTo(10));
	await end(page);
});

test('pauses in the background, and goes on where it was', async () => {
	const page = await open({ backgroundMs: 50 });
	const hide = (isHidden) => page.evaluate((hidden) => {
		Object.defineProperty(document, 'hidden',
			{ configurable: true, get: () => hidden });
		document.dispatchEvent(new Event('visibilitychange'));
	}, isHidden);

	await is(page, 'live websocket');
	await publish(...numbers(1, 5, page.type));
	await has(page, 5);
	await hide(true);
	await is(page, 'paused null');
	await publish(...numbers(6, 10, page.type));
	await hide(false);
	await has(page, 10);
	assert.deepEqual(await got(page), upTo(10));
	await end(page);
});

test('shows notifications of the browser, once they are allowed', async () => {
	for (const isAllowed of [true, false]) {
		const context = await browser.newContext();

		if (isAllowed)
			await context.grantPermissions(['notifications'], { origin: base });
		const page = await open({}, { context });

		await is(page, 'live websocket');
		const isOn = await page.evaluate(async (type) => {
			const { notify } = await import('/client/weir.js');

			window.shown = [];
			window.end = await notify(c, `${type}/`, { always: true,
				Notification: class extends Notification {
					constructor(title, more) {
						super(title, more);
						shown.push([this.title, this.body]);
					}
				} });
			return end !== null;
		}, page.type);

		assert.equal(isOn, isAllowed);
		const say = (n) => publish({ type: page.type, subject: 's',
			data: { n, title: `t${n}`, message: 'm' } });

		await say(1);
		await has(page, 1);
		if (isAllowed) {
			await until(() => page.evaluate('shown.length === 1'));
			await page.evaluate('end()');
		}
		await say(2);
		await has(page, 2);
		assert.deepEqual(await page.evaluate('shown'), isAllowed ? [['t1', 'm']] : []);
		await end(page);
	}
});

test('keeps its position across page loads', async () => {
	const page = await open({ keep: 'test' });

	await is(page, 'live websocket');
	await publish(...numbers(1, 5, page.type));
	await has(page, 5);
	await page.goto('about:blank');
	await publish(...numbers(6, 10, page.type));
	await page.begin();
	await has(page, 5);
	await publish(...numbers(11, 15, page.type));
	await has(page, 10);
	assert.deepEqual(await got(page), upTo(15).slice(5));
	await page.evaluate('c.close()');
	await end(page);
});

test('the newest of each topic comes first, on every kind', async () => {
	for (const kind of ['websocket', 'sse', 'poll']) {
		const page = await open({ transports: [kind] });

		await publish(...numbers(1, 30, page.type, 10));
		await page.evaluate((type) => {
			window.last = [];
			c.subscribe(`${type}/`, { last: true,
				handler: (e) => last.push(e.data.n) });
		}, page.type);
		await until(() => page.evaluate('last.length >= 10'));
		await publish(...numbers(31, 32, page.type, 10));
		await until(() => page.evaluate('last.length >= 12'));
		assert.deepEqual(await page.evaluate('last'), upTo(32).slice(20));
		await end(page);
	}
});

test('says when what comes does not join on', async () => {
	const page = await open({ keep: 'other' });

	await is(page, 'live websocket');
	await page.evaluate(`c.close();
		localStorage.setItem('weir:other', '00000001:7')`);
	await page.begin();
	await is(page, 'live websocket');
	const resets = await page.evaluate('resets');

	assert.equal(resets.length, 1);
	assert.match(resets[0].position, /^[0-9a-f]{8}:\d+$/);
	assert.equal(await page.evaluate('c.stats.resets'), 1);
	await end(page);
});

test('publishes once, though the answer was lost', async () => {
	const page = await open();

	await is(page, 'live websocket');
	await page.evaluate((type) => {
		window.positions = [];
		for (let n = 1; n <= 20; n++)
			setTimeout(async () => positions.push(await c.publish(
				{ type, subject: 's', data: { n } })), n * 10);
	}, page.type);
	for (let i = 0; i < 8; i++) {
		await new Promise((resolve) => setTimeout(resolve, 30));
		proxy.cut();
	}
	await until(() => page.evaluate('positions.length === 20'));
	await has(page, 20);
	assert.deepEqual((await got(page)).sort((a, b) => a - b), upTo(20));
	await assert.rejects(page.evaluate(() => c.publish({ type: 'nodot' })), /type/);
	await end(page);
});

test('one pattern that is refused does not keep the others away', async () => {
	for (const kind of ['websocket', 'sse', 'poll']) {
		const page = await open({ transports: [kind] });

		await page.evaluate(() => {
			window.errors = [];
			c.onerror = (e) => errors.push(e.pattern);
			c.subscribe('no spaces here');
		});
		await until(() => page.evaluate('errors.includes("no spaces here")'));
		await is(page, kind === 'poll' ? 'polling poll' : `live ${kind}`);
		await publish(...numbers(1, 3, page.type));
		await has(page, 3);
		assert.deepEqual(await got(page), upTo(3));
		await end(page);
	}
});

test('what is unsubscribed comes no more, and nothing is left at the end', async () => {
	const page = await open();

	await is(page, 'live websocket');
	await page.evaluate((type) => {
		window.off = c.subscribe(`${type}/s1`, { handler: () => {} });
	}, page.type);
	assert.equal(await page.evaluate('c.stats.subscriptions'), 2);
	await page.evaluate((type) => {
		off();
		c.unsubscribe(`${type}/`);
		c.subscribe('test.other');
	}, page.type);
	await publish(...numbers(1, 3, page.type), { type: 'test.other' });
	await until(() => page.evaluate('c.stats.events === 1'));
	assert.deepEqual(await got(page), []);
	assert.ok(await page.evaluate('c.ping()') >= 0);
	await page.evaluate('c.close()');
	assert.equal(await page.evaluate('c.state'), 'closed');
	await end(page);
});

test('what is compressed arrives whole, in both directions', async () => {
	const other = await start('gateway', '--port', '0', '--deflate');
	const page = await (await browser.newContext()).newPage();
	const type = `test.n${++topics}`;
	// short, longer, of many bytes a character, and noise
	const texts = ['short', 'a longer text, '.repeat(20), 'größer 🚲 '.repeat(3000),
		Array.from({ length: 20000 }, () => Math.random().toString(36)[2] ?? '').join('')];
	const events = texts.map((text, n) => ({ type, subject: 's', data: { n, text } }));

	page.problems = [];
	page.on('pageerror', (e) => page.problems.push(String(e)));
	await page.goto(`${other.url}/healthz`);
	await page.evaluate(async (wanted) => {
		const { connect } = await import('/client/weir.js');

		window.got = [];
		window.c = connect(undefined, { transports: ['websocket'],
			WebSocket: class extends WebSocket {
				constructor(...args) {
					super(...args);
					window.ws = this;
				}
			} });
		c.subscribe(`${wanted}/`, { handler: (e) => got.push(e.data) });
	}, type);
	await is(page, 'live websocket');
	assert.match(await page.evaluate('ws.extensions'), /^permessage-deflate\b/);
	await publish(...events);
	await has(page, texts.length);
	await page.evaluate((list) => { // the client would post the long ones
		for (const [n, e] of list.entries())
			ws.send(JSON.stringify({ publish: e, id: `mine${n}` }));
	}, events);
	await has(page, 2 * texts.length);
	assert.deepEqual((await got(page)).map((e) => e.text), [...texts, ...texts]);

	const metrics = await (await fetch(`${other.url}/metrics`)).text();
	const value = (name, kind = '') => Number(metrics.match(new RegExp(
		`^weir_gateway_${name}\\{.*${kind}.*\\} (.*)$`, 'm'))[1]);

	assert.ok(value('deflated_total') >= 2 * (texts.length - 1));
	assert.ok(value('inflated_total') >= texts.length - 1); // the short one may be plain
	assert.equal(value('deflate_offers_total', 'taken'), 1);
	assert.equal(value('inflate_refused_total', 'broken'), 0);
	assert.equal(value('inflate_refused_total', 'too-large'), 0);
	assert.equal(await page.evaluate('c.stats.connects'), 1);
	await end(page);
	await stop(other.child);
});

test('a page of another origin uses it, where the gateway allows that', async () => {
	const site = createServer((q, a) => a.end('<!doctype html>'));

	await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
	const origin = `http://127.0.0.1:${site.address().port}`;
	const other = await start('gateway', '--port', '0', '--origin', origin);

	for (const kind of ['websocket', 'sse', 'poll']) {
		const page = await (await browser.newContext()).newPage();
		const type = `test.n${++topics}`;

		page.problems = [];
		page.on('pageerror', (e) => page.problems.push(String(e)));
		await page.goto(origin);
		await page.evaluate(async ([url, wanted, transport]) => {
			const { connect } = await import(`${url}/client/weir.js`);

			window.got = [];
			window.c = connect(url, { transports: [transport], pollMs: 100 });
			c.subscribe(`${wanted}/`, { last: true, handler: (e) => got.push(e.data.n) });
		}, [other.url, type, kind]);
		await until(async () => await page.evaluate('c.transport') === kind, kind);
		await page.evaluate((t) => c.publish({ type: t, subject: 'a', data: { n: 1 } }), type);
		await has(page, 1);
		await end(page);
	}
	await stop(other.child);
	site.close();
});

test('the demo page shows what is said in another one', async () => {
	const [one, two] = await Promise.all([1, 2].map(async () => {
		const page = await (await browser.newContext()).newPage();

		page.problems = [];
		page.on('pageerror', (e) => page.problems.push(String(e)));
		page.on('console', (m) => m.type() === 'error' && page.problems.push(m.text()));
		await page.goto(`${base}/demo/venues.html`);
		await page.waitForSelector('#state[data-state=live]');
		return page;
	}));

	await one.getByRole('textbox', { name: 'Venue' }).fill('harbour-bar');
	await one.getByLabel('Status').fill('open');
	await one.getByLabel('How it is there').fill('a <b>good</b> band');
	await one.getByRole('button', { name: 'Say it' }).click();
	await two.locator('#venues .row', { hasText: 'harbour-bar' }).waitFor();
	await two.locator('#feed .row', { hasText: 'a <b>good</b> band' }).waitFor();
	await two.reload();
	await two.locator('#venues .row', { hasText: 'open' }).waitFor();
	await two.locator('#feed .row').waitFor();
	assert.equal(await two.locator('.row').count(), 2);
	await one.locator('#here', { hasText: '2 pages are open' }).waitFor();
	await two.locator('#here', { hasText: '2 pages are open' }).waitFor();
	await two.screenshot({ path: 'venues.png' });
	await end(two);
	await one.locator('#here', { hasText: '1 page is open' }).waitFor();
	await end(one);
});

await run({
	begin: async () => {
		await start('store');
		gateway = await start('gateway', '--port', '0');
		port = new URL(gateway.url).port;
		proxy = new Proxy(port);
		base = await proxy.listen();
		browser = await launch();
	},
	end: async () => {
		await browser.close();
		proxy.close();
	},
});
