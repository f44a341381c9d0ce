// The dashboard against a real store and gateway, with events from weir-pub:
// what it shows, on a wide and a phone-sized screen, how it comes back after
// the gateway was away, and that scraped text stays text. Prints TAP.
import assert from 'node:assert/strict';
import { launch, publish, run, start, stop, test } from './harness.mjs';

// ---- what there is to see ----

const now = Date.now();
const iso = (ms) => new Date(ms).toISOString();
// 0 is now, however long the tests before took: toasts are for what is new.
const at = (minutes) => iso(minutes ? now - minutes * 60000 : Date.now());

// The same walk each time, so that pictures can be compared.
let seed = 7;
const random = () => (seed = seed * 16807 % 2147483647) / 2147483647;

const goods = [
	['submariner', 'Submariner Date 41 mm', 12350, 11500, 'USD', 'watches.example', 'InStock'],
	['jordan-1', 'Air Jordan 1 High OG “Chicago”', 289, 240, 'EUR', 'kicks.example', 'InStock'],
	['leica-q3', 'Leica Q3 43', 6890, 6900, 'EUR', 'foto.example', 'InStock'],
	['x230', 'ThinkPad X230, refurbished', 189.9, null, 'USD', 'classifieds.example', 'OutOfStock'],
	['gpu', 'Graphics card, 24 GB', 1649, 1500, 'USD', 'parts.example', 'PreOrder'],
];
const cents = (v) => v.toFixed(2);

function price(id, v, previous, minutes, more = {}) {
	const [, name, , , currency, source, availability] =
		goods.find((g) => g[0] === id);

	return { type: 'price.update', subject: id, time: at(minutes),
		 data: { watch: id, item: { id, name }, price: cents(v), currency,
			 previous: previous === null ? null : cents(previous),
			 availability, source, ...more } };
}

function* story() {
	for (const [id, name, , target, currency, source] of goods)
		yield { type: 'watch.set', subject: id, time: at(1500), data: {
			id, url: `https://${source}/${id}`, source, kind: 'product',
			every: '1h', item: { id, name, currency,
				...(target && { target: String(target) }) } } };
	for (const [id, , begin] of goods) {
		let v = begin * 1.06, previous = null;

		for (let m = 1430; m > 3; m -= 23 + Math.floor(random() * 60)) {
			yield price(id, v, previous, m);
			previous = v;
			v += (begin - v) * 0.12 + (random() - 0.5) * begin * 0.02;
		}
		yield price(id, begin, previous, 2);
	}
	const ads = ['Oak desk, 160 × 80', 'Road bike, size 56, new tyres',
		     'Moving boxes', 'Two armchairs, teak, 1962',
		     'Record player with amplifier', 'Sofa, grey, three seats',
		     'Espresso machine, serviced', 'Kayak with paddle'];

	for (const [i, title] of ads.entries())
		yield { type: 'listing.new', subject: 'classifieds.example', time: at(90 - i * 9),
			data: { watch: 'ads', source: 'classifieds.example', id: `a${i}`,
				title, link: `https://classifieds.example/${i}`,
				image: `https://classifieds.example/${i}.png`,
				...(i === 2 ? { price: '0', free: true } :
					{ price: cents(40 + i * 57), currency: 'USD' }) } };
	yield page('ferries', 30, { added: ['Terms of carriage'], baseline: true });
	yield page('ferries', 20, { added: ['1', '2', '3', '4', '5', '6', '7'],
		removed: ['Timetable of spring'], blob: 'ab'.repeat(32) });
	yield alert('leica-q3', 'Leica Q3 43 is at €6,890, your target was €6,900', 2);
}

function page(id, minutes, what) {
	return { type: 'page.change', subject: id, time: at(minutes), data: {
		watch: id, url: `https://${id}.example/`, ...what } };
}

function alert(id, message, minutes) {
	return { type: 'alert.new', subject: `${id}/target`, time: at(minutes),
		 data: { id: `${id}-${minutes}`, rule: 'target', user: 'default',
			 kind: 'target', message, itemType: 'product',
			 item: { id, name: goods.find((g) => g[0] === id)?.[1] ?? id } } };
}

// ---- the tests ----

let base, gateway, browser, port;

const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">' +
	'<rect width="8" height="8" fill="#b8a48c"/><circle cx="4" cy="4" r="2" fill="#6b5844"/></svg>';

// A page whose console, errors and requests are watched.
async function open(options) {
	const context = await browser.newContext(options);
	const page = await context.newPage();

	page.problems = [];
	page.on('pageerror', (e) => page.problems.push(String(e)));
	page.on('console', (m) => {
		if (m.type() === 'error' && !/ERR_CONNECTION|503/.test(m.text()))
			page.problems.push(m.text());
	});
	page.on('dialog', (d) => {
		page.problems.push(`dialog: ${d.message()}`);
		d.dismiss();
	});
	// Nothing leaves this machine: listings' pictures are ours.
	await context.route((url) => url.hostname !== '127.0.0.1', (route) =>
		route.fulfill({ contentType: 'image/svg+xml', body: PICTURE }));
	await page.goto(base);
	await page.waitForSelector('#state[data-state=live]');
	return page;
}

const priceOf = (page, name) => page.locator('.card',
	{ hasText: name }).locator('.price');

async function fits(page) {
	const [wide, view] = await page.evaluate(() =>
		[document.documentElement.scrollWidth, innerWidth]);

	assert.ok(wide <= view, `${wide} px wide on a screen of ${view}`);
}

async function drawn(page) {
	await page.waitForFunction(() =>
		document.querySelectorAll('.chart canvas').length >= 10);
	await page.waitForTimeout(300); // the last frame of the charts
}

test('shows prices, charts, targets, listings and alerts', async () => {
	const page = await open({ viewport: { width: 1440, height: 900 } });

	await priceOf(page, 'Submariner').filter({ hasText: '12,350.00' }).waitFor();
	assert.equal(await page.locator('.card').count(), 5);
	assert.equal(await page.locator('#listing-list .row').count(), 8);
	assert.equal(await page.locator('#alert-list .row').count(), 1);
	assert.equal(await page.locator('.card.reached h3').textContent(), 'Leica Q3 43');
	assert.equal(await page.locator('.card', { hasText: 'Submariner' })
		.locator('.target input').inputValue(), '11500');
	assert.match(await page.locator('#state-time').textContent(), /updated \d/);
	await drawn(page);
	await page.locator('.card', { hasText: 'Air Jordan' }).locator('.chart')
		.hover({ position: { x: 200, y: 60 } });
	assert.match(await page.locator('.card', { hasText: 'Air Jordan' })
		.locator('.reading').textContent(), /· €\d/);
	await fits(page);
	await page.screenshot({ path: 'wide.png' });
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test('a watch that cannot be seen is there at a glance, until it can', async () => {
	const page = await open();
	const end = (outcome, reason) => publish({
		type: 'observation.change', subject: 'gpu', time: at(2),
		data: { watch: 'gpu', outcome, reason },
	});

	assert.ok(!await page.locator('#troubles').isVisible());
	await end('blocked', 'status 403 <b>');
	await page.locator('.trouble').waitFor();
	const said = await page.locator('.trouble').textContent();
	assert.match(said, /blocked.*Graphics card, 24 GB.*2 min ago.*status 403 <b>/s);
	await page.screenshot({ path: 'trouble.png' });
	assert.deepEqual(page.problems, []);
	await end('changed');
	await page.locator('#troubles').waitFor({ state: 'hidden' });
	await page.context().close();
});

test('a price moves and an alert comes as they happen', async () => {
	const page = await open({ viewport: { width: 1440, height: 900 } });

	await priceOf(page, 'Graphics card').filter({ hasText: '1,649.00' }).waitFor();
	await publish(price('gpu', 1489.5, 1649, 0),
		alert('gpu', 'Graphics card, 24 GB is at $1,489.50', 0));
	await priceOf(page, 'Graphics card').filter({ hasText: '1,489.50' }).waitFor();
	await page.locator('.card.reached', { hasText: 'Graphics card' }).waitFor();
	await page.locator('.toast', { hasText: '1,489.50' }).waitFor();
	assert.match(await page.locator('.card', { hasText: 'Graphics card' })
		.locator('.change').textContent(), /▼ 9\.7/);
	await drawn(page);
	await page.screenshot({ path: 'toast.png' });
	await page.locator('.toast button').click();
	await page.locator('.toast').waitFor({ state: 'detached' });
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test('a page that changes shows its lines, and where its text is', async () => {
	const dash = await open({ viewport: { width: 1440, height: 1400 } });
	const rows = dash.locator('#page-list .row');

	await rows.first().waitFor();
	assert.equal(await rows.count(), 1); // what is there at first is no change
	assert.deepEqual(await rows.locator('.lines li').allTextContents(),
		['1', '2', '3', '4', '5', 'and 2 more', 'Timetable of spring']);
	assert.equal(await rows.locator('del').textContent(), 'Timetable of spring');
	assert.equal(await rows.locator('.name').getAttribute('href'),
		'https://ferries.example/');
	assert.equal(await rows.locator('.blob a').getAttribute('href'),
		`${base}api/v1/blobs/${'ab'.repeat(32)}`);
	await publish(page('ferries', 0, { removed: ['7'] }));
	await rows.nth(1).waitFor();
	assert.deepEqual(await rows.first().locator('.lines li').allTextContents(), ['7']);
	assert.ok(!await rows.first().locator('.blob').isVisible());
	assert.match(await dash.locator('#count-pages').textContent(), /2/);
	await dash.screenshot({ path: 'pages.png' });
	assert.deepEqual(dash.problems, []);
	await dash.context().close();
});

test('a page is watched without a price', async () => {
	const dash = await open();

	await dash.locator('#add').click();
	await dash.getByLabel('Watch for').selectOption('page');
	assert.ok(!await dash.getByLabel('Target price').isVisible());
	await dash.getByLabel('Address').fill('https://ferries.example/notices');
	await dash.getByRole('button', { name: 'Watch it' }).click();
	await dash.locator('.toast', { hasText: 'ferries-example-notices' }).waitFor();
	const watch = await (await fetch(`${base}api/v1/watches/ferries-example-notices`)).json();
	assert.equal(watch.kind, 'page');
	assert.equal(watch.item, undefined);
	await dash.locator('#add').click();
	assert.ok(await dash.getByLabel('Target price').isVisible());
	assert.deepEqual(dash.problems, []);
	await dash.context().close();
});

test('works on a phone, light and dark', async () => {
	for (const colorScheme of ['light', 'dark']) {
		const page = await open({ viewport: { width: 390, height: 844 },
			deviceScaleFactor: 2, isMobile: true, hasTouch: true, colorScheme });

		await priceOf(page, 'Submariner').filter({ hasText: '12,350.00' }).waitFor();
		await drawn(page);
		await fits(page);
		await page.screenshot({ path: `phone-${colorScheme}.png` });
		await page.locator('.tabs button', { hasText: 'Listings' }).tap();
		await page.locator('#listing-list .row').first().waitFor();
		assert.ok(!await page.locator('#items').isVisible());
		await fits(page);
		await page.screenshot({ path: `phone-${colorScheme}-listings.png` });
		await page.locator('.tabs button', { hasText: 'Pages' }).tap();
		await page.locator('#page-list .row').first().waitFor();
		await fits(page);
		await page.screenshot({ path: `phone-${colorScheme}-pages.png` });
		await page.locator('#add').tap();
		await page.locator('#watch-dialog').waitFor();
		await fits(page);
		await page.screenshot({ path: `phone-${colorScheme}-dialog.png` });
		assert.deepEqual(page.problems, []);
		await page.context().close();
	}
});

test('adds a watch, sets its target, removes it', async () => {
	const page = await open({ viewport: { width: 1280, height: 800 }, colorScheme: 'dark' });

	await page.locator('#add').click();
	await page.getByRole('button', { name: 'Watch it' }).click();
	assert.match(await page.locator('#watch-error').textContent(), /address/);
	await page.getByLabel('Address').fill('ftp://nowhere.example/');
	await page.getByRole('button', { name: 'Watch it' }).click();
	await page.locator('#watch-error', { hasText: 'url' }).waitFor();
	await page.getByLabel('Address').fill('https://books.example/atlas');
	await page.getByLabel('Name').fill('Times Atlas');
	await page.getByLabel('Target price').fill('120');
	await page.getByLabel('Currency').fill('gbp');
	await page.screenshot({ path: 'dialog.png' });
	await page.getByRole('button', { name: 'Watch it' }).click();
	const card = page.locator('.card', { hasText: 'Times Atlas' });

	await card.waitFor();
	await page.locator('#watch-dialog').waitFor({ state: 'hidden' });
	let watch = await (await fetch(`${base}api/v1/watches/times-atlas`)).json();
	assert.equal(watch.item.target, '120');
	assert.equal(watch.item.currency, 'GBP');

	await card.locator('.target input').fill('99.50');
	await card.locator('.target input').press('Enter');
	await page.waitForFunction(() =>
		document.activeElement === document.body);
	watch = await (await fetch(`${base}api/v1/watches/times-atlas`)).json();
	assert.equal(watch.item.target, '99.50');

	await card.locator('.target input').fill('cheap');
	await card.locator('.target input').press('Enter');
	await card.locator('.error', { hasText: 'target' }).waitFor();

	page.removeAllListeners('dialog');
	page.on('dialog', (d) => d.accept());
	await card.locator('.remove').click();
	await card.waitFor({ state: 'detached' });
	// the two refusals above are all that the console may show
	page.problems = page.problems.filter((p) => !/400/.test(p));
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test('comes back by itself with the position it had', async () => {
	const page = await open({ viewport: { width: 1280, height: 800 } });
	const sent = [];

	await priceOf(page, 'Submariner').filter({ hasText: '12,350.00' }).waitFor();
	await page.waitForTimeout(300); // the first picture is confirmed
	page.on('websocket', (ws) => ws.on('framesent', (f) => sent.push(f.payload)));
	await stop(gateway.child);
	await page.waitForSelector('#state[data-state=waiting]');
	await page.screenshot({ path: 'reconnecting.png' });
	await publish(price('submariner', 11999, 12350, 0));
	gateway = await start('gateway', '--port', port);
	await page.waitForSelector('#state[data-state=live]', { timeout: 20000 });
	await priceOf(page, 'Submariner').filter({ hasText: '11,999.00' }).waitFor();
	const wish = JSON.parse(sent.find((s) => s.includes('subscribe')));

	assert.match(wish.since, /^[0-9a-f]{8}:\d+$/);
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test('scraped text is only ever text', async () => {
	const evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=2</script>';
	// all but http, https and mock is refused where it enters
	const bad = ['mock:window.hacked=3', 'mock:"onload="window.hacked=3'];

	await publish({ type: 'listing.new', subject: 'evil.example', data: { watch: 'w',
			source: 'evil.example', id: evil, title: evil, link: bad[0], image: bad[1],
			price: '1.00', currency: 'USD' } },
		{ type: 'price.update', subject: 'evil', data: {
			watch: 'w', item: { id: 'evil', name: evil }, price: '1.00',
			currency: 'USD', previous: null, availability: 'InStock',
			source: 'evil.example', title: evil } },
		{ type: 'alert.new', subject: 'evil/target', data: { id: 'evil',
			rule: 'target', user: 'default', kind: 'target',
			message: evil, item: { id: 'x', name: evil } } },
		{ type: 'page.change', subject: 'evil', data: { watch: 'evil',
			url: bad[0], added: [evil], removed: [evil] } });
	const page = await open({ viewport: { width: 1280, height: 900 } });

	await page.locator('#listing-list .row', { hasText: 'onerror' }).first().waitFor();
	await page.locator('#alert-list .row', { hasText: 'onerror' }).waitFor();
	await page.locator('#page-list del', { hasText: 'onerror' }).waitFor();
	await page.locator('.card', { hasText: 'onerror' }).waitFor();
	const found = await page.evaluate(() => ({
		hacked: window.hacked,
		scripts: document.scripts.length,
		links: [...document.querySelectorAll('a[href]')].map((a) => a.protocol),
		images: [...document.images].map((i) => new URL(i.src).protocol),
		handlers: document.querySelectorAll('[onerror]').length,
	}));

	assert.equal(found.hacked, undefined);
	assert.equal(found.scripts, 2);
	assert.equal(found.handlers, 0);
	for (const protocol of [...found.links, ...found.images])
		assert.match(protocol, /^https?:$/);
	await drawn(page);
	await page.screenshot({ path: 'hostile.png' });
	assert.deepEqual(page.problems, []);
	await page.context().close();
});

test('an inline script would be refused', async () => {
	const page = await open({});

	await page.evaluate(() => {
		const s = document.createElement('script');

		s.textContent = 'window.hacked = 4';
		document.body.append(s);
	});
	assert.equal(await page.evaluate(() => window.hacked), undefined);
	assert.ok(page.problems.some((p) => /Content Security Policy/.test(p)));
	await page.context().close();
});

test('an EventSource goes on where it was when the gateway comes back', async () => {
	const page = await open({});
	const numbers = (from, to) => {
		const all = [];

		for (let n = from; n <= to; n++)
			all.push({ type: 'test.n', subject: 'a', data: { n } });
		return all;
	};
	const seen = (n) => page.waitForFunction((want) =>
		window.seen.length >= want, n);

	await page.evaluate(() => new Promise((resolve, reject) => {
		const source = new EventSource('/api/v1/events/stream?topic=test.n/');

		window.seen = [];
		window.said = [];
		source.onmessage = (m) => window.seen.push(
			[JSON.parse(m.data).data.n, m.lastEventId]);
		source.addEventListener('subscribed', (m) => {
			window.said.push(JSON.parse(m.data));
			resolve();
		});
		source.onerror = () => reject(new Error('no stream'));
	}));
	await publish(...numbers(1, 10));
	await seen(10);
	await stop(gateway.child);
	await publish(...numbers(11, 20));
	gateway = await start('gateway', '--port', port);
	await seen(20);
	await publish(...numbers(21, 30));
	await seen(30);

	const got = await page.evaluate(() => window.seen);
	const said = await page.evaluate(() => window.said);

	assert.deepEqual(got.map(([n]) => n), numbers(1, 30).map((e) => e.data.n));
	assert.deepEqual(said.map((s) => s.recovered), [true, true]);
	assert.equal(said[1].position, got[9][1]);
	await page.context().close();
});

await run({
	begin: async () => {
		await start('store');
		gateway = await start('gateway', '--port', '0');
		base = `${gateway.url}/`;
		port = new URL(base).port;
		await publish(...story());
		browser = await launch();
	},
	end: () => browser.close(),
});
