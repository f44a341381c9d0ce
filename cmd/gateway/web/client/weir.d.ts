/** An event as the gateway sends it: CloudEvents 1.0, and where it stands. */
export interface WeirEvent<Data = unknown> {
	id: string;
	source: string;
	type: string;
	subject?: string;
	/** RFC 3339 */
	time: string;
	data: Data;
	recordedtime: string;
	/** Its number in the journal. */
	offset: string;
	epoch?: string;
	cause?: string;
	originsource?: string;
	originid?: string;
	[attribute: string]: unknown;
}

export type Transport = 'websocket' | 'sse' | 'poll';

export type State = 'connecting' | 'live' | 'polling' | 'waiting' | 'paused' |
	'offline' | 'closed';

export interface Status {
	state: State;
	transport: Transport | null;
	/** waiting: until the next try. */
	retryMs?: number;
	/** closed: why the gateway does not want this client. */
	error?: Error;
}

export interface Stats {
	events: number;
	/** What came again and was dropped. */
	duplicates: number;
	connects: number;
	/** To a lesser transport, and back to a better one. */
	falls: number;
	climbs: number;
	resets: number;
	published: number;
	/** Of the last ping(). */
	rttMs: number | null;
	transport: Transport | null;
	/** Patterns that are subscribed to. */
	subscriptions: number;
}

export interface Storage {
	getItem(key: string): string | null | Promise<string | null>;
	setItem(key: string, value: string): unknown;
}

interface Target {
	addEventListener(type: string, listener: (event: any) => void): void;
	removeEventListener(type: string, listener: (event: any) => void): void;
}

export interface Options {
	/** isStale: the last one was refused, or ends soon. */
	token?: string | ((why: { isStale: boolean }) =>
		string | null | undefined | Promise<string | null | undefined>);
	/** Only events for which this expression holds, see weir-expr(7). */
	filter?: string;
	/** Keep the position across page loads, under this name. */
	keep?: boolean | string;
	/** Where; localStorage if it is not given. */
	storage?: Storage;
	/** Those to use, best first. */
	transports?: Transport[];
	/** Between two polls: 30000. */
	pollMs?: number;
	/** A poll waits so many seconds for an event: 0, or 25 where a stream cannot be read. */
	waitS?: number;
	/** Hidden for so long before it pauses: 60000. */
	backgroundMs?: number;
	/** For a connection to stand: 10000. */
	openMs?: number;
	/** Between two pings: 25000. */
	pingMs?: number;
	/** For the answer to a ping: 10000. */
	pongMs?: number;
	/** For a sign of life on a stream: 45000. */
	quietMs?: number;
	/** For an answer over HTTP, all of it: 12000. */
	answerMs?: number;
	/** publish() tries for so long: 30000. */
	publishMs?: number;
	/** Between two tries: from 500 up to 30000. */
	backoff?: { first?: number; most?: number };
	/** Between two looks for a better transport: from 5000 up to 300000. */
	climb?: { first?: number; most?: number };
	/** In place of the global ones; null: there is none. */
	WebSocket?: (new (url: string, protocols?: string) => any) | null;
	fetch?: ((url: string, init?: any) => Promise<any>) | null;
	document?: (Target & { readonly hidden: boolean }) | null;
	window?: Target | null;
}

export interface SubscribeOptions<Data = any> {
	/** Begin with what came after a position, a time (RFC 3339) or an age (7d). */
	since?: string;
	/** Begin with the newest event of each topic (with since: where that cannot be recovered). */
	last?: boolean;
	/** Its events go here alone, and not to on(). */
	handler?: (event: WeirEvent<Data>) => void;
	/** What was asked of the past is complete. */
	onReady?: () => void;
	/** What comes next does not join on to what came before. */
	onReset?: (reset: Reset) => void;
	/** Who has subscribed to each of these by that very name: now, and what changes. */
	onPresence?: (presence: Presence) => void;
}

export interface Presence {
	topic: Pattern;
	/** Connections, those without a name among them. */
	count: number;
	/** All who are there, by name; and who has come and gone since the last time. */
	users: string[];
	joined: string[];
	left: string[];
}

export interface Reset {
	position: string;
}

export interface NewEvent {
	type: string;
	subject?: string;
	data?: unknown;
	time?: string;
	id?: string;
	source?: string;
	[attribute: string]: unknown;
}

/** A type, a topic, or the beginning of topics ("", or ends in "/" or "."). */
export type Pattern = string;

export class Client {
	private constructor();
	readonly state: State;
	readonly status: Status;
	readonly transport: Transport | null;
	/** The last event that was seen, "EPOCH:OFFSET", or null: none yet. */
	readonly position: string | null;
	readonly stats: Stats;
	onstate: ((status: Status) => void) | null;
	onreset: ((reset: Reset) => void) | null;
	onerror: ((error: Error & { status?: number; pattern?: Pattern }) => void) | null;
	backgroundMs: number;

	/** Each returns a function that ends it. */
	on(name: 'state', fn: (status: Status) => void): () => void;
	on(name: 'reset', fn: (reset: Reset) => void): () => void;
	on(name: 'error', fn: (error: Error) => void): () => void;
	on<Data = any>(name: Pattern, fn: (event: WeirEvent<Data>) => void): () => void;
	subscribe<Data = any>(patterns: Pattern | Pattern[],
		options?: SubscribeOptions<Data>): () => void;
	/** Of subscriptions without a handler: one of each pattern. */
	unsubscribe(patterns: Pattern | Pattern[]): void;

	/** Resolves to its position, when it is durable. */
	publish(event: NewEvent): Promise<string>;
	/** Resolves to ms, there and back. */
	ping(): Promise<number>;
	pause(): void;
	resume(): void;
	close(): void;
}

/** url: the gateway's, or none: the page's own. */
export function connect(url?: string | URL, options?: Options): Client;

export interface NotifyOptions {
	/** Also while the page is seen. */
	always?: boolean;
	/** Title and options of a Notification. */
	show?: (event: WeirEvent<any>) => [title: string, options?: object];
	Notification?: any;
	document?: { readonly hidden: boolean };
}

/** Show what comes as notifications of the browser, while the page is hidden. */
export function notify(client: Client, patterns: Pattern | Pattern[],
	options?: NotifyOptions): Promise<(() => void) | null>;
