// app - the dashboard.
import { connect } from './client/weir.js';
import { Chart } from './chart.js';
import { ago, moment, money, setLink, setTime, text, webAddress } from './text.js';

const LISTINGS_MAX = 60, ALERTS_MAX = 30, PAGES_MAX = 30, TROUBLES_MAX = 20;
const LINES_MAX = 5; // of a page, of those that came and those that went
const TOASTS_MAX = 4, TOAST_MS = 12000;
const RANGES = {
	'1h': { ms: 3600e3, query: 'limit=1000' },
	'24h': { ms: 86400e3, query: 'limit=1000' },
	'7d': { ms: 7 * 86400e3, query: 'bucket=1h' },
	'30d': { ms: 30 * 86400e3, query: 'bucket=6h' },
};
const $ = (id) => document.getElementById(id);
const clone = (id) => $(id).content.firstElementChild.cloneNode(true);

const items = new Map(); // by item id: a card and what it shows
const watches = new Map(); // by watch id: its data
const ends = new Map(); // by watch id: how its fetches end
let range = '24h';
let lastUpdate = 0;
let begun = Date.now(); // toasts are for what happens from now on

// ---- lists ----

// Into a list whose newest come first, and which keeps so many.
function insertNewest(list, el, max) {
	const before = [...list.children].find((other) =>
		BigInt(other.dataset.offset) < BigInt(el.dataset.offset));

	list.insertBefore(el, before ?? null);
	while (list.children.length > max)
		list.lastElementChild.remove();
	showCounts();
}

const isThere = (list, event) => [...list.children].some((el) =>
	el.dataset.offset === event.offset);

// ---- the API ----

async function api(method, path, body) {
	const answer = await fetch(`/api/v1/${path}`, {
		method,
		headers: body ? { 'Content-Type': 'application/json' } : {},
		body: body && JSON.stringify(body),
	});
	const data = answer.status === 204 ? null : await answer.json();

	if (!answer.ok)
		throw new Error(data.detail ?? data.title);
	return data;
}

// ---- prices ----

function makeItem(id) {
	const el = clone('item-template');
	const item = { id, el, event: null, watch: null, loaded: 0 };

	item.chart = new Chart(el.querySelector('.chart'), (time, value) => {
		el.querySelector('.reading').textContent = time ?
			`${moment.format(time)} · ` +
			money(String(value), item.event?.data.currency) : '';
	});

	el.querySelector('.target').onsubmit = (e) => {
		e.preventDefault();
		setTarget(item);
	};
	el.querySelector('.poll').onclick = () => act(item, () =>
		api('POST', `watches/${item.watch}/poll`));
	el.querySelector('.remove').onclick = () => {
		if (confirm(`Stop watching ${el.querySelector('h3').textContent}?`))
			act(item, () => api('DELETE', `watches/${item.watch}`));
	};
	items.set(id, item);
	$('items').append(el);
	showCounts();
	return item;
}

// Do something for a card; what goes wrong is said on it.
async function act(item, what) {
	const error = item.el.querySelector('.error');

	error.textContent = '';
	item.el.classList.add('busy');
	try {
		await what();
	} catch (e) {
		error.textContent = e.message;
	}
	item.el.classList.remove('busy');
}

function setTarget(item) {
	const watch = structuredClone(watches.get(item.watch));
	const input = item.el.querySelector('.target input');

	watch.item ??= { id: item.id };
	watch.item.target = input.value.trim().replace(',', '.') || undefined;
	watch.item.currency ??= item.event?.data.currency;
	act(item, async () => {
		await api('PUT', `watches/${item.watch}`, watch);
		input.blur();
	});
}

function targetOf(item) {
	const own = watches.get(item.watch)?.item ?? item.event?.data.item;

	return own?.target ?? null;
}

function showChange(item) {
	const el = item.el.querySelector('.change');
	const now = Number(item.event?.data.price);
	const before = Number(item.event?.data.previous ?? NaN);
	const percent = (now - before) / before * 100;

	el.hidden = !Number.isFinite(percent) || !item.event.data.price;
	el.textContent = `${percent > 0 ? '▲' : percent < 0 ? '▼' : '='} ` +
		`${Math.abs(percent).toFixed(1)} %`;
	el.dataset.tone = percent < 0 ? 'good' : percent > 0 ? 'bad' : '';
}

function showItem(item) {
	const { el, event } = item;
	const data = event?.data ?? {};
	const watch = watches.get(item.watch);
	const target = targetOf(item);
	const input = el.querySelector('.target input');
	const name = text(watch?.item?.name) || text(data.item?.name) ||
		text(data.title) || item.id;
	const stock = text(data.availability);

	el.querySelector('h3').textContent = name;
	el.querySelector('.source').textContent = [
		text(data.source) || text(watch?.source),
		event ? ago(Date.parse(event.time)) : 'waiting for its first price',
	].filter(Boolean).join(' · ');
	el.querySelector('.price').textContent = money(data.price, data.currency);
	showChange(item);
	el.querySelector('.stock').hidden = !stock || stock === 'InStock';
	el.querySelector('.stock').textContent =
		stock.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
	if (document.activeElement !== input)
		input.value = target ?? '';
	el.querySelector('.target').hidden = !watch;
	el.querySelector('.actions').hidden = !watch;
	el.querySelector('.chart').setAttribute('aria-label',
		`Price of ${name} over time, now ` +
		money(data.price, data.currency) +
		(target ? `, target ${money(target, data.currency)}` : ''));
	el.classList.toggle('reached', target !== null && data.price != null &&
		Number(data.price) <= Number(target));
	item.chart.setTarget(target === null ? null : Number(target));
}

const readers = {
	points: (p) => [new Date(p.time), Number(p.value)],
	buckets: (p) => [new Date(p.time), Number(p.last)],
};

async function loadHistory(item) {
	const { ms, query } = RANGES[range];
	const turn = ++item.loaded;
	const topic = encodeURIComponent(`price.update/${item.id}`);
	// a little more, so that the line begins at the left edge
	const since = new Date(Date.now() - 2 * ms).toISOString();
	const h = await api('GET',
		`history?topic=${topic}&since=${since}&${query}`);
	const kind = h.points ? 'points' : 'buckets';

	if (turn !== item.loaded)
		return; // another range was chosen meanwhile
	const rows = h[kind].map(readers[kind]);
	const event = item.event;

	if (event?.data.price != null)
		rows.push([new Date(event.time), Number(event.data.price)]);
	rows.sort((a, b) => a[0] - b[0]);
	item.chart.setRows(rows, ms);
}

function onPrice(event) {
	const id = event.subject;
	const item = items.get(id) ?? makeItem(id);
	const first = !item.event;

	if (!first && BigInt(item.event.offset) >= BigInt(event.offset))
		return;
	item.event = event;
	item.watch ??= watches.has(event.data.watch) ? event.data.watch : null;
	showItem(item);
	if (first)
		loadHistory(item).catch(console.warn);
	else if (event.data.price != null)
		item.chart.add(new Date(event.time), Number(event.data.price));
	if (!first) {
		item.el.classList.remove('fresh');
		void item.el.offsetWidth; // starts the animation again
		item.el.classList.add('fresh');
	}
}

function onWatch(event) {
	const id = event.subject;
	const itemId = event.data?.item?.id ?? watches.get(id)?.item?.id;

	if (event.data)
		watches.set(id, event.data);
	else
		watches.delete(id);
	showTroubles();
	if (!itemId)
		return;
	let item = items.get(itemId);

	if (!event.data) {
		if (item?.watch === id) {
			item.el.remove();
			items.delete(itemId);
			showCounts();
		}
		return;
	}
	item ??= makeItem(itemId);
	item.watch = id;
	showItem(item);
}

// ---- watches that cannot be seen ----

const isWell = (outcome) => outcome === 'changed' || outcome === 'unchanged';

function showTrouble([id, event]) {
	const el = clone('trouble-template');
	const reason = text(event.data.reason);

	el.querySelector('.chip').textContent = text(event.data.outcome);
	el.querySelector('.name').textContent =
		text(watches.get(id).item?.name) || id;
	setTime(el.querySelector('time'), event.time);
	el.querySelector('.reason').textContent = reason && ` · ${reason}`;
	return el;
}

// Each watch whose fetches do not end well; the newest trouble first.
function showTroubles() {
	const list = [...ends].filter(([id, event]) =>
		!isWell(event.data.outcome) && watches.has(id) &&
		watches.get(id).enabled !== false);

	list.sort((a, b) => Date.parse(b[1].time) - Date.parse(a[1].time));
	$('trouble-list').replaceChildren(
		...list.slice(0, TROUBLES_MAX).map(showTrouble));
	$('troubles').hidden = list.length === 0;
}

function onEnd(event) {
	ends.set(event.subject, event);
	showTroubles();
}

// ---- listings ----

function showThumb(el, address) {
	const src = webAddress(address);

	if (!src)
		return;
	const img = document.createElement('img');

	img.alt = '';
	img.loading = 'lazy';
	img.decoding = 'async';
	img.referrerPolicy = 'no-referrer';
	img.onerror = () => img.remove();
	img.src = src;
	el.append(img);
}

function onListing(event, isOld) {
	const data = event.data;
	const el = clone('listing-template');
	const name = el.querySelector('.name');
	const kind = event.type.slice('listing.'.length);
	const list = $('listing-list');

	el.dataset.offset = event.offset;
	el.dataset.key = `${event.subject}/${text(data.id)}`;
	for (const old of list.children) {
		if (old.dataset.key !== el.dataset.key)
			continue;
		if (BigInt(old.dataset.offset) >= BigInt(event.offset))
			return;
		old.remove();
		break;
	}
	name.textContent = text(data.title) || text(data.id) || 'Untitled';
	setLink(name, data.link);
	showThumb(el.querySelector('.thumb'), data.image);
	el.querySelector('.source').textContent =
		text(data.source) || event.subject;
	setTime(el.querySelector('time'), event.time);
	el.querySelector('.value strong').textContent =
		data.free ? 'Free' : data.price ? money(data.price, data.currency) : '';
	const chip = el.querySelector('.chip');
	chip.textContent = { new: '', update: 'changed', gone: 'gone' }[kind] ?? '';
	chip.hidden = !chip.textContent;
	el.classList.toggle('gone', kind === 'gone');
	el.classList.toggle('fresh', !isOld);
	applyFilter(el);
	insertNewest(list, el, LISTINGS_MAX);
}

function applyFilter(el) {
	const words = $('filter').value.toLowerCase().split(/\s+/);
	const all = el.textContent.toLowerCase();

	el.hidden = !words.every((w) => all.includes(w));
}

// ---- pages ----

function addLine(list, tag, line) {
	const li = document.createElement('li');
	const el = document.createElement(tag);

	el.textContent = line;
	li.append(el);
	list.append(li);
}

function addLines(list, tag, lines = []) {
	for (const line of lines.slice(0, LINES_MAX))
		addLine(list, tag, text(line));
	if (lines.length > LINES_MAX)
		addLine(list, 'span', `and ${lines.length - LINES_MAX} more`);
}

function onPage(event, isOld) {
	const { watch, url, added, removed, blob, baseline } = event.data;
	const list = $('page-list');
	const el = clone('page-template');

	if (baseline || isThere(list, event))
		return;
	el.dataset.offset = event.offset;
	el.querySelector('.name').textContent = text(watch) || event.subject;
	setLink(el.querySelector('.name'), url);
	setTime(el.querySelector('time'), event.time);
	addLines(el.querySelector('.lines'), 'ins', added);
	addLines(el.querySelector('.lines'), 'del', removed);
	el.querySelector('.blob').hidden = !blob;
	if (blob)
		setLink(el.querySelector('.blob a'),
			`${location.origin}/api/v1/blobs/${encodeURIComponent(blob)}`);
	el.classList.toggle('fresh', !isOld);
	insertNewest(list, el, PAGES_MAX);
}

// ---- alerts ----

function toast(title, message) {
	const el = clone('toast-template');
	let timer = 0;
	const go = () => el.remove();
	const wait = () => {
		timer = setTimeout(go, TOAST_MS);
	};

	el.querySelector('strong').textContent = title;
	el.querySelector('p').textContent = message;
	el.querySelector('button').onclick = go;
	el.onmouseenter = el.onfocus = () => clearTimeout(timer);
	el.onmouseleave = wait;
	wait();
	$('toasts').append(el);
	while ($('toasts').children.length > TOASTS_MAX)
		$('toasts').firstElementChild.remove();
}

function onAlert(event, isOld) {
	const data = event.data;
	const list = $('alert-list');
	const el = clone('alert-template');
	const message = text(data.message) ||
		`${text(data.item?.name) || text(data.item?.id) || event.subject}`;

	if (isThere(list, event))
		return;
	el.dataset.offset = event.offset;
	el.querySelector('.name').textContent = message;
	setTime(el.querySelector('time'), event.time);
	insertNewest(list, el, ALERTS_MAX);
	if (!isOld && Date.parse(event.time) >= begun - 5000)
		toast(text(data.item?.name) || 'Alert', message);
}

// ---- the frame around it ----

function showCounts() {
	$('count-prices').textContent = items.size;
	$('count-listings').textContent = $('listing-list').children.length;
	$('count-alerts').textContent = $('alert-list').children.length;
	$('count-pages').textContent = $('page-list').children.length;
	$('no-items').hidden = items.size > 0;
	$('no-listings').hidden = $('listing-list').children.length > 0;
	$('no-alerts').hidden = $('alert-list').children.length > 0;
	$('no-pages').hidden = $('page-list').children.length > 0;
}

const STATES = { connecting: 'Connecting', live: 'Live', polling: 'Polling',
	waiting: 'Reconnecting', paused: 'Paused', offline: 'Offline',
	closed: 'Not allowed' };

function onState({ state }) {
	$('state').dataset.state = state;
	$('state-text').textContent = STATES[state];
	showUpdate();
}

function showUpdate() {
	$('state-time').textContent = lastUpdate ?
		`updated ${new Date(lastUpdate).toLocaleTimeString()}` : '';
}

function onEvent(event) {
	lastUpdate = Date.now();
	showUpdate();
	if (event.type === 'price.update')
		onPrice(event);
	else if (event.type === 'watch.set')
		onWatch(event);
	else if (event.type === 'observation.change')
		onEnd(event);
	else if (event.type === 'alert.new')
		onAlert(event, false);
	else if (event.type === 'page.change' && event.data)
		onPage(event, false);
	else if (event.type.startsWith('listing.') && event.data)
		onListing(event, event.data.baseline);
	else if (event.type === 'system.message')
		toast('System', text(event.data?.message));
}

async function loadOld(topic, limit, show) {
	const { events } = await api('GET',
		`events?topic=${topic}&reverse=true&limit=${limit}&since=7d`);

	for (const event of events)
		show(event, true);
}

async function showReady() {
	const el = $('ready');

	try {
		const answer = await fetch('/readyz');
		const { ready, not_ready: lacking } = await answer.json();

		el.dataset.tone = ready ? 'good' : 'bad';
		el.textContent = ready ? 'All parts are running' :
			lacking.map((l) => `${l.name}: ${l.why}`).join(' · ');
	} catch {
		el.dataset.tone = 'bad';
		el.textContent = 'The gateway does not answer';
	}
}

function setView(view) {
	document.body.dataset.view = view;
	for (const b of document.querySelectorAll('.tabs button'))
		b.setAttribute('aria-pressed', b.dataset.view === view);
	for (const item of items.values())
		item.chart.repaint();
}

// ---- adding a watch ----

function idOf(name, url) {
	const id = (name || url.replace(/^[a-z]+:(\/\/)?/, ''))
		.normalize('NFKD').toLowerCase()
		.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '');

	return id.slice(0, 64) || `watch-${Date.now()}`;
}

async function addWatch(e) {
	e.preventDefault();
	const form = new FormData($('watch-form'));
	const get = (name) => form.get(name).trim();
	const id = idOf(get('name'), get('url'));
	const item = { id };

	if (get('name'))
		item.name = get('name');
	if (get('target'))
		item.target = get('target').replace(',', '.');
	if (get('currency'))
		item.currency = get('currency').toUpperCase();
	const kind = get('url').startsWith('mock:') ? 'mock' : get('kind');
	const priced = kind === 'product' || kind === 'mock';
	try {
		if (!get('url'))
			throw new Error('An address is needed');
		await api('PUT', `watches/${id}`, {
			id, url: get('url'), every: get('every'), kind,
			...(priced && { item }),
		});
		if (!priced) // there is no card for it
			toast('Watched', `${id}: what is new shows up here.`);
		$('watch-dialog').close();
		$('watch-form').reset();
		showKind();
		$('watch-error').textContent = '';
	} catch (error) {
		$('watch-error').textContent = error.message;
	}
}

// Only what has a price can reach a target.
function showKind() {
	const form = $('watch-form');

	form.querySelector('.pair').hidden =
		form.elements.kind.value !== 'product';
}

function openDialog() {
	$('watch-error').textContent = '';
	$('watch-dialog').showModal();
}

// ---- start ----

function start() {
	const client = connect(location.origin);

	client.onstate = onState;
	client.onerror = console.warn;
	client.onreset = () => {
		begun = Date.now();
	};
	client.subscribe([
		'watch.set/', 'price.update/', 'listing.new/', 'listing.update/',
		'listing.gone/', 'page.change/', 'observation.change/',
		'alert.new/', 'system.message',
	], { last: true, handler: onEvent });
	$('add').onclick = openDialog;
	document.querySelector('[data-add]').onclick = openDialog;
	$('watch-cancel').onclick = () => $('watch-dialog').close();
	$('watch-form').onsubmit = addWatch;
	$('watch-form').elements.kind.onchange = showKind;
	$('filter').oninput = () => {
		for (const el of $('listing-list').children)
			applyFilter(el);
	};
	$('range').onchange = (e) => {
		range = e.target.value;
		for (const item of items.values())
			loadHistory(item).catch(console.warn);
	};
	for (const b of document.querySelectorAll('.tabs button'))
		b.onclick = () => setView(b.dataset.view);
	matchMedia('(prefers-color-scheme: dark)').onchange = () => {
		for (const item of items.values())
			item.chart.repaint();
	};
	setInterval(() => {
		for (const el of document.querySelectorAll('time'))
			el.textContent = ago(Date.parse(el.dateTime));
		for (const item of items.values())
			showItem(item);
	}, 10000);
	setInterval(showReady, 10000);
	showReady();
	showCounts();
	loadOld('alert.new/', ALERTS_MAX, onAlert).catch(console.warn);
	loadOld('listing.new/', LISTINGS_MAX, onListing).catch(console.warn);
	loadOld('page.change/', PAGES_MAX, onPage).catch(console.warn);
}

start();
