// environment - what there is to work with: a browser, React Native, Node.

const KINDS = ['websocket', 'sse', 'poll'];

export const isFunction = (f) => typeof f === 'function';

// Any of these may be missing: in Node, in React Native, in a worker.
export function environment(options) {
	const g = globalThis;
	const pick = (name, fallback) => name in options ? options[name] : fallback;
	let storage = options.storage;

	try {
		storage ??= g.localStorage;
	} catch {
		// a browser may refuse it
	}
	return {
		WebSocket: pick('WebSocket', g.WebSocket),
		fetch: pick('fetch', g.fetch?.bind(g)),
		document: pick('document', g.document),
		window: pick('window', isFunction(g.addEventListener) ? g : undefined),
		canStream: isFunction(g.ReadableStream) && isFunction(g.TextDecoder) &&
			('fetch' in options || 'body' in (g.Response?.prototype ?? {})),
		storage,
	};
}

export function kindsOf(env, wanted = KINDS) {
	const can = { websocket: isFunction(env.WebSocket),
		sse: isFunction(env.fetch) && env.canStream, poll: isFunction(env.fetch) };
	const kinds = wanted.filter((k) => can[k]);

	if (!kinds.length)
		throw new Error('weir: neither WebSocket nor fetch; pass them in');
	return kinds;
}

// Without URL, which React Native has only the name of.
export function baseOf(url = globalThis.location?.origin) {
	const [, scheme, rest] = /^(?:http|ws)(s?):\/\/([^?#]+)/.exec(url) ?? [];

	if (!rest)
		throw new TypeError(`weir: no address of a gateway: ${url}`);
	return `http${scheme}://${rest.replace(/\/(ws)?$/, '')}`;
}
