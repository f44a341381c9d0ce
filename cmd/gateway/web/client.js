// client - weir.v1 over WebSocket, for browsers and for Node.
//
// Keeps one connection up, and one position: after a break it goes on where it
// was, so that every event comes once and in order. Dispatches
//   "state"  detail {state: "connecting" | "live" | "waiting", retryMs}
//   "event"  detail: the event
//   "reset"  what comes next does not join on to what came before
// A page that was away (asleep, offline) asks at once when it is back.

const FIRST_MS = 500, MOST_MS = 30000; // between two tries
const PING_MS = 20000, PONG_MS = 10000;

export class WeirClient extends EventTarget {
	#url; #patterns; #socket = null; #tries = 0;
	#retry = 0; #ping = 0; #pong = 0;
	#position = null; // what to come back with; null: start anew
	#base = 0n; // events up to here belong to the first picture
	#epoch = '';

	constructor(url, patterns) {
		super();
		this.#url = url;
		this.#patterns = patterns;
		if (typeof addEventListener === 'function') {
			addEventListener('online', () => this.#hurry());
			addEventListener('offline', () => this.#socket?.close());
			document.addEventListener('visibilitychange', () => {
				if (!document.hidden)
					this.#hurry();
			});
		}
	}

	get position() {
		return this.#position;
	}

	start() {
		this.#open();
	}

	stop() {
		clearTimeout(this.#retry);
		this.#forget();
	}

	#say(name, detail) {
		this.dispatchEvent(new CustomEvent(name, { detail }));
	}

	#open() {
		const socket = new WebSocket(this.#url, 'weir.v1');

		clearTimeout(this.#retry);
		this.#retry = 0;
		this.#socket = socket;
		this.#say('state', { state: 'connecting' });
		socket.onopen = () => {
			const wish = { subscribe: this.#patterns, last: true };

			if (this.#position)
				wish.since = this.#position;
			socket.send(JSON.stringify(wish));
			this.#ping = setInterval(() => this.#askAlive(), PING_MS);
		};
		socket.onmessage = (m) => this.#read(JSON.parse(m.data));
		socket.onclose = () => {
			if (socket === this.#socket)
				this.#wait();
		};
	}

	#forget() {
		const socket = this.#socket;

		this.#socket = null;
		clearInterval(this.#ping);
		clearTimeout(this.#pong);
		this.#pong = 0;
		socket?.close();
	}

	// Later each time, and never all clients at once.
	#wait() {
		const most = Math.min(MOST_MS, FIRST_MS * 2 ** this.#tries++);
		const ms = Math.round(most / 2 + Math.random() * most / 2);

		this.#forget();
		this.#say('state', { state: 'waiting', retryMs: ms });
		this.#retry = setTimeout(() => this.#open(), ms);
	}

	#hurry() {
		if (this.#retry)
			this.#open();
		else if (this.#socket)
			this.#askAlive();
	}

	// A connection can be dead without knowing it.
	#askAlive() {
		if (this.#socket?.readyState !== 1 || this.#pong)
			return;
		this.#socket.send('{"ping":1}');
		this.#pong = setTimeout(() => this.#wait(), PONG_MS);
	}

	#read(m) {
		if (m.type !== undefined)
			this.#readEvent(m);
		else if (m.subscribed)
			this.#readSubscribed(m);
		else if ('pong' in m)
			this.#readPong(m);
		else if (m.error)
			this.#readError(m.error);
	}

	#readSubscribed(m) {
		const [epoch, offset] = m.position.split(':');

		this.#tries = 0;
		this.#epoch = epoch;
		this.#base = BigInt(offset);
		if (!m.recovered) {
			this.#position = null;
			this.#say('reset');
		}
		this.#say('state', { state: 'live' });
		this.#askAlive(); // its answer says that the first picture is whole
	}

	#readEvent(m) {
		if (BigInt(m.offset) > this.#base)
			this.#position = `${this.#epoch}:${m.offset}`;
		this.#say('event', m);
	}

	#readPong(m) {
		clearTimeout(this.#pong);
		this.#pong = 0;
		if (m.position)
			this.#position = m.position;
		else
			setTimeout(() => this.#askAlive(), 1000);
	}

	#readError(e) {
		console.warn(`weir: ${e.code}: ${e.message}`);
		if (e.code === 'unavailable')
			this.#wait();
	}
}
