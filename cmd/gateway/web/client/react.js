// react - hooks for a weir gateway. What a component asked for ends with it.
import { createContext, createElement, useCallback, useContext, useEffect, useRef,
	useState, useSyncExternalStore } from 'react';
import { connect } from './weir.js';

const FRAME_MS = 16; // what comes within it is one rendering
const CONNECTING = { state: 'connecting', transport: null };
const Context = createContext(null);

/** One connection for all below: yours (client), or its own to url. */
export function WeirProvider({ client, url, options, children }) {
	const [own, setOwn] = useState(null);

	useEffect(() => {
		if (client)
			return undefined;
		const made = connect(url, options);

		setOwn(made);
		return () => made.close();
	}, [client, url]); // other options need another key

	return createElement(Context.Provider, { value: client ?? own }, children);
}

/** The client, or null before the provider has one. */
export const useClient = () => useContext(Context);

/** {state, transport, retryMs?, error?}, as onstate has it. */
export function useConnection() {
	const client = useClient();
	const listen = useCallback((fn) => client?.on('state', fn) ?? (() => {}), [client]);

	return useSyncExternalStore(listen, () => client?.status ?? CONNECTING,
		() => CONNECTING);
}

// What a subscription has come to: add(state, events) gives the next one.
function useReduced(patterns, begin, add, { since, last, enabled = true, onEvent }) {
	const client = useClient();
	const [state, setState] = useState(begin);
	const now = useRef({});
	const key = JSON.stringify([patterns].flat());

	useEffect(() => {
		now.current = { add, onEvent };
	});
	useEffect(() => {
		let timer = 0, isReady = since === undefined && !last;
		const came = [];
		const flush = () => {
			const events = came.splice(0);

			timer = 0;
			setState((s) => now.current.add(s, events));
		};

		setState(begin);
		if (!client || !enabled)
			return undefined;
		const end = client.subscribe(JSON.parse(key), {
			since, last,
			handler: (event) => {
				came.push({ event, isNew: isReady });
				timer ||= setTimeout(flush, FRAME_MS);
				now.current.onEvent?.(event);
			},
			onReady: () => {
				isReady = true;
			},
			onReset: () => { // the newest come again
				isReady = !last;
				came.length = 0;
				if (last)
					setState(begin);
			},
		});

		return () => {
			end();
			clearTimeout(timer);
		};
	}, [client, key, since, last, enabled]);

	return [state, setState];
}

const none = () => [];

/** The newest `limit` events of patterns, oldest first. */
export function useEvents(patterns, options = {}) {
	const { limit = 100 } = options;

	return useReduced(patterns, none, (list, came) =>
		[...list, ...came.map((c) => c.event)].slice(-limit), options)[0];
}

/** The newest event of each topic, as a Map; data null takes it away. */
export function useLast(patterns, options = {}) {
	return useReduced(patterns, () => new Map(), (map, came) => {
		const next = new Map(map);

		for (const { event } of came) {
			const topic = event.subject ? `${event.type}/${event.subject}` : event.type;

			if (event.data === null)
				next.delete(topic);
			else
				next.set(topic, event);
		}
		return next;
	}, { ...options, last: true })[0];
}

/** One user's notifications, newest first, and how many are new. */
export function useNotifications(user, { limit = 50, since = '7d', ...options } = {}) {
	const [state, setState] = useReduced(`user.notification/${user}`,
		() => ({ notifications: [], unread: 0 }), (s, came) => ({
			notifications: [...came.map((c) => c.event).reverse(),
				...s.notifications].slice(0, limit),
			unread: s.unread + came.filter((c) => c.isNew).length,
		}), { ...options, since, enabled: Boolean(user) && options.enabled !== false });
	const markRead = useCallback(() => setState((s) => ({ ...s, unread: 0 })), []);

	return { ...state, markRead };
}

/** Who has subscribed to a topic or pattern by that very name; null: not known yet. */
export function usePresence(topic, { enabled = true } = {}) {
	const client = useClient();
	const [presence, setPresence] = useState(null);

	useEffect(() => {
		setPresence(null);
		if (!client || !topic || !enabled)
			return undefined;
		return client.subscribe(topic, { handler: () => {}, onPresence: setPresence });
	}, [client, topic, enabled]);

	return presence;
}

// ---- one job ----

const STAGES = { crawling: 25, 'processing-ocr': 50, matching: 75, rendering: 90, done: 100 };
const JOB_TYPES = ['job.created', 'job.updated', 'job.progress', 'job.completed',
	'job.failed', 'screenshot.captured', 'screenshot.uploaded', 'ocr.started',
	'ocr.completed', 'ocr.failed', 'label.generated'];
const LISTS = { 'screenshot.captured': 'screenshots', 'screenshot.uploaded': 'screenshots',
	'ocr.completed': 'ocr', 'label.generated': 'labels', 'ocr.failed': 'errors',
	'job.failed': 'errors' };
const ENDS = { 'job.completed': 'completed', 'job.failed': 'failed' };

// A picture that is uploaded was captured before: it is one.
function addToList(list, data) {
	const i = data?.id === undefined ? -1 : list.findIndex((d) => d?.id === data.id);

	return i < 0 ? [...list, data] :
		list.map((d, k) => (k === i ? { ...d, ...data } : d));
}

function addToJob(job, event) {
	const { type, data } = event;
	const next = { ...job, events: [...job.events, event] };
	const list = LISTS[type];

	if (list)
		next[list] = addToList(job[list], data);
	if (!type.startsWith('job.'))
		return next;
	next.status = ENDS[type] ?? (type === 'job.created' ? 'created' : 'running');
	next.stage = type === 'job.completed' ? 'done' : data?.stage ?? job.stage;
	next.progress = type === 'job.completed' ? 100 :
		data?.progress ?? STAGES[data?.stage] ?? job.progress;
	return next;
}

/** One job from its beginning: status, stage, progress, and what it has made. */
export function useJob(id, { since = '30d', ...options } = {}) {
	return useReduced(JOB_TYPES.map((type) => `${type}/${id}`), () => ({
		id, status: 'unknown', stage: null, progress: 0, screenshots: [], ocr: [],
		labels: [], errors: [], events: [],
	}), (job, came) => came.reduce((j, c) => addToJob(j, c.event), job),
	{ ...options, since, enabled: Boolean(id) && options.enabled !== false })[0];
}
