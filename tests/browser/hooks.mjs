// The React hooks, with React from npm in a real browser. Prints TAP.
import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import { launch, numbers, publish, run, start, test, until, upTo } from './harness.mjs';

let browser, gateway;

const HTML = `<!doctype html><meta charset="utf-8"><div id="root"></div>
<script src="/test/react.js"></script><script src="/test/react-dom.js"></script>
<script type="importmap">{"imports":{"react":"/test/react.mjs"}}</script>`;
const NAMES = ['createContext', 'createElement', 'useCallback', 'useContext',
	'useEffect', 'useRef', 'useState', 'useSyncExternalStore'];
const FILES = {
	'react.js': ['text/javascript', readFileSync('node_modules/react/umd/react.development.js')],
	'react-dom.js': ['text/javascript',
		readFileSync('node_modules/react-dom/umd/react-dom.development.js')],
	'react.mjs': ['text/javascript', NAMES.map((n) =>
		`export const ${n} = React.${n};`).join('\n')],
};

// A page with React, and the hooks as `weir`.
async function open() {
	const context = await browser.newContext();
	const page = await context.newPage();

	page.problems = [];
	page.on('pageerror', (e) => page.problems.push(String(e)));
	page.on('console', (m) => m.type() === 'error' && page.problems.push(m.text()));
	await context.route('**/test/*', (route) => {
		const [contentType, body] = FILES[new URL(route.request().url()).pathname.slice(6)];

		return route.fulfill({ contentType, body });
	});
	// a page that the gateway has sent: another could not connect to it
	await page.goto(`${gateway.url}/healthz`);
	await page.setContent(HTML);
	await page.evaluate(async () => {
		window.weir = await import('/client/react.js');
		window.core = await import('/client/weir.js');
		window.root = ReactDOM.createRoot(document.getElementById('root'));
		window.h = React.createElement;
		window.shown = {};
		// what a hook gives, kept for the test
		window.Show = ({ name, hook, args }) => {
			shown[name] = weir[hook](...args);
			return null;
		};
		window.render = (options, ...shows) => root.render(h(React.StrictMode, null,
			h(weir.WeirProvider, options, ...shows.map((s) =>
				h(Show, { key: s[0], name: s[0], hook: s[1], args: s.slice(2) })))));
	});
	return page;
}

const shows = (page, expression) => until(() => page.evaluate(expression), expression);

async function end(page) {
	assert.deepEqual(page.problems, []);
	await page.context().close();
}

async function clients() {
	const text = await (await fetch(`${gateway.url}/metrics`)).text();
	let n = 0;

	for (const [, count] of text.matchAll(/^weir_gateway_clients\{.*transport="websocket".*\} (\d+)/gm))
		n += Number(count);
	return n;
}

test('events, the newest of each topic, and the connection', async () => {
	const page = await open();

	await publish(...numbers(1, 6, 'test.a'));
	await page.evaluate(() => render({},
		['state', 'useConnection'],
		['live', 'useEvents', 'test.a/'],
		['some', 'useEvents', ['test.a/s1', 'test.a/s2'], { since: '1h', limit: 3 }],
		['last', 'useLast', 'test.a/']));
	await shows(page, 'shown.state.state === "live" && shown.last.size === 3');
	await publish(...numbers(7, 9, 'test.a'));
	await shows(page, 'shown.live.length === 3 && shown.some.at(-1).data.n === 8');
	assert.deepEqual(await page.evaluate('shown.live.map((e) => e.data.n)'), [7, 8, 9]);
	assert.deepEqual(await page.evaluate('shown.some.map((e) => e.data.n)'), [5, 7, 8]);
	await shows(page, `[...shown.last.values()].map((e) => e.data.n).sort().join() === '7,8,9'`);
	await publish({ type: 'test.a', subject: 's0', data: null });
	await shows(page, 'shown.last.size === 2 && !shown.last.has("test.a/s0")');
	await end(page);
});

test('many events at once are few renderings, and none is missing', async () => {
	const page = await open();

	await page.evaluate(() => {
		window.count = 0;
		window.Show = ({ name, hook, args }) => {
			count++;
			shown[name] = weir[hook](...args);
			return null;
		};
		render({}, ['all', 'useEvents', 'test.b/', { limit: 5000, since: '1h' }]);
	});
	await publish(...numbers(1, 3000, 'test.b'));
	await shows(page, 'shown.all.length === 3000');
	assert.deepEqual(await page.evaluate('shown.all.map((e) => e.data.n)'), upTo(3000));
	const count = await page.evaluate('count');

	assert.ok(count < 1500, `${count} renderings`);
	await end(page);
});

test('what a component asked for ends with it, also in strict mode', async () => {
	const page = await open();

	await page.evaluate(() => {
		window.client = core.connect();
		render({ client }, ['a', 'useEvents', 'test.c/']);
	});
	await shows(page, 'client.stats.subscriptions === 1 && client.state === "live"');
	for (let i = 0; i < 20; i++)
		await page.evaluate((n) => render({ client },
			['a', 'useEvents', 'test.c/', { since: '1h' }],
			...n % 2 ? [['b', 'useLast', `test.c/${n}`], ['c', 'useJob', `j${n}`],
				['d', 'useNotifications', `u${n}`], ['e', 'useConnection']] : []), i);
	await shows(page, 'client.stats.subscriptions === 14');
	await page.evaluate(() => render({ client }, ['a', 'useEvents', 'test.c/']));
	await shows(page, 'client.stats.subscriptions === 1');
	// each event once, after all this
	await publish(...numbers(1, 3, 'test.c'));
	await shows(page, 'shown.a.length === 3');
	await page.evaluate(() => root.unmount());
	await shows(page, 'client.stats.subscriptions === 0');
	assert.equal(await page.evaluate('client.state'), 'live'); // it is ours
	await page.evaluate('client.close()');
	await end(page);
});

test('a provider has one connection, and closes it when it goes', async () => {
	const page = await open();

	await until(async () => await clients() === 0);
	await page.evaluate(() => render({ url: location.origin },
		['a', 'useEvents', 'test.d/'], ['state', 'useConnection']));
	await shows(page, 'shown.state.state === "live"');
	await until(async () => await clients() === 1, 'one client');
	await page.evaluate(() => root.unmount());
	await until(async () => await clients() === 0, 'no client');
	await end(page);
});

test('a job is followed from its beginning to its end', async () => {
	const page = await open();
	const say = (type, data) => publish({ type, subject: 'j1', data });

	await say('job.created', { id: 'j1' });
	await say('job.updated', { stage: 'crawling' });
	await page.evaluate(() => render({}, ['job', 'useJob', 'j1']));
	await shows(page, 'shown.job.status === "running" && shown.job.progress === 25');
	await say('screenshot.captured', { id: 'p1', width: 1280 });
	await say('screenshot.uploaded', { id: 'p1', blob: 'ab' });
	await say('job.progress', { progress: 60 });
	await say('ocr.completed', { text: 'Soup' });
	await say('label.generated', { id: 'l1' });
	await shows(page, 'shown.job.progress === 60 && shown.job.labels.length === 1');
	await say('job.completed', {});
	await shows(page, 'shown.job.status === "completed"');
	const job = await page.evaluate('shown.job');

	assert.equal(job.progress, 100);
	assert.equal(job.stage, 'done');
	assert.deepEqual(job.screenshots, [{ id: 'p1', width: 1280, blob: 'ab' }]);
	assert.deepEqual(job.ocr, [{ text: 'Soup' }]);
	assert.equal(job.events.length, 8);
	// another one begins anew
	await page.evaluate(() => render({}, ['job', 'useJob', 'j2']));
	await shows(page, 'shown.job.status === "unknown" && shown.job.events.length === 0');
	await end(page);
});

test('one user\'s notifications, and how many are new', async () => {
	const page = await open();
	const say = (user, n) => publish({ type: 'user.notification', subject: user,
		data: { id: `${user}${n}`, user, type: 'custom', title: `t${n}`, message: 'm' } });

	await say('ann', 1);
	await page.evaluate(() => render({}, ['n', 'useNotifications', 'ann']));
	await shows(page, 'shown.n.notifications.length === 1');
	await say('bob', 1);
	await say('ann', 2);
	await shows(page, 'shown.n.notifications.length === 2');
	assert.deepEqual(await page.evaluate('shown.n.notifications.map((e) => e.data.title)'),
		['t2', 't1']);
	assert.equal(await page.evaluate('shown.n.unread'), 1);
	await page.evaluate('shown.n.markRead()');
	await shows(page, 'shown.n.unread === 0');
	await end(page);
});

test('who else is there, while somebody asks for it', async () => {
	const [page, other] = await Promise.all([open(), open()]);
	const show = (p, topic, options) => p.evaluate(([t, o]) =>
		render({}, ['who', 'usePresence', t, o]), [topic, options]);

	await show(page, 'test.p/x');
	await shows(page, 'shown.who?.topic === "test.p/x" && shown.who.count === 1');
	await show(other, 'test.p/x');
	await shows(page, 'shown.who.count === 2');
	await shows(other, 'shown.who?.count === 2');
	await other.evaluate(() => root.unmount());
	await shows(page, 'shown.who.count === 1');
	// of another topic nothing is known at first, and then what is true of it
	await show(page, 'test.p/y');
	await shows(page, 'shown.who?.topic === "test.p/y" && shown.who.count === 1');
	await show(page, 'test.p/y', { enabled: false });
	await shows(page, 'shown.who === null');
	await show(page, null);
	await shows(page, 'shown.who === null');
	await end(page);
	await end(other);
});

await run({
	begin: async () => {
		await start('store');
		gateway = await start('gateway', '--port', '0');
		browser = await launch();
	},
	end: () => browser.close(),
});
