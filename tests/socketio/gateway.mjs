// npm's socket.io-client against the gateway: gateway.mjs SCENARIO URL.
// What is published here are weir's events; what comes has the old names and
// payloads. Ends with 0 if all was as it should be; 60 s for each.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { io } from "socket.io-client";

const [scenario, url, ...rest] = process.argv.slice(2);

function connect(options = {}, namespace = "") {
	const socket = io(url + namespace, {
		forceNew: true,
		reconnectionDelay: 100,
		reconnectionDelayMax: 200,
		...options,
	});
	socket.heard = [];
	socket.onAny((name, payload) => socket.heard.push([name, payload]));
	return socket;
}

let back; // told that a client has come back

const told = (socket, event) =>
	new Promise((resolve) => socket.once(event, (...args) => resolve(args)));

async function connected(options, namespace) {
	const socket = connect(options, namespace);
	if (!socket.connected) await told(socket, "connect");
	return socket;
}

async function post(path, body) {
	const answer = await fetch(url + path, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify(body),
	});
	return [answer.status, await answer.json()];
}

// Publish events (type, subject, data); they are durable afterwards.
async function publish(...events) {
	const [status] = await post(
		"/api/v1/events",
		events.map(([type, subject, data]) => ({ type, data, ...(subject && { subject }) })),
	);
	assert.equal(status, 201);
}

async function until(what) {
	while (!what()) await new Promise((resolve) => setTimeout(resolve, 10));
}

// What has been heard when everything published so far has come.
let marks = 0;
async function settled(socket) {
	const mark = `mark ${++marks}`;
	await publish(["system.message", null, { message: mark }]);
	await until(() => socket.heard.some(([, p]) => p?.message === mark));
	return socket.heard.filter(([, p]) => !p?.message?.startsWith?.("mark "));
}

const names = (heard) => heard.map(([name]) => name);
const numbers = (heard) => heard.filter(([name]) => name === "t.n").map(([, p]) => p.data.n);
const number = (n) => ["t.n", "a", { n }];
// The connection breaks without a word; its client comes back by itself.
function cut(socket) {
	const back = told(socket, "connect");
	socket.io.engine.close();
	return back;
}

async function eventsOver(transport) {
	const socket = await connected({ transports: [transport] });
	assert.equal(socket.io.engine.transport.name, transport);
	const item = { id: "lamp", kind: "lamps", name: "Lamp" };
	await publish(
		["price.update", "lamp", { item, price: "1250.60", currency: "EUR", source: "shop" }],
		["alert.new", "lamp/target", { id: "a", item, itemType: "lamps", currentPrice: "99.90", targetPrice: "100", message: "Lamp" }],
		["listing.new", "ksl", { id: "77", title: "Bike", price: "120", link: "https://x.example/77", source: "ksl", image: "https://x.example/7.jpg", published: "2026-11-20T21:00:00Z" }],
		["scraper.status", "facebook", { source: "facebook", running: true }],
		["scraper.status", "craigslist", { source: "craigslist", running: false }],
		["scraper.status", "ksl", { source: "ksl", running: true }],
		["system.message", null, { message: "Hello", level: "warning" }],
		["job.created", "j1", { stage: "crawling" }],
		["job.progress", "j1", { progress: 25 }],
		["screenshot.captured", "j1", {}],
		["ocr.completed", "j1", {}],
		["label.generated", "j1", {}],
		["venue.update", "7", { id: "7" }], // nobody is in its room
	);
	const heard = await settled(socket);
	assert.deepEqual(names(heard), ["connected", "scraper_status", "price:update", "alert:new", "new_listing",
		"scraper_status", "scraper_status", "scraper_status", "system_message",
		"job:created", "job:progress", "screenshot:captured", "ocr:completed", "label:generated"]);
	const of = (name) => heard.findLast(([n]) => n === name)[1];
	const { timestamp, ...price } = of("price:update");
	assert.ok(Date.parse(timestamp) > 0);
	assert.deepEqual(price, { itemType: "lamps", itemId: "lamp", item: "Lamp", price: 1250.6, source: "shop" });
	assert.deepEqual(of("alert:new"), { itemType: "lamps", item: "Lamp", currentPrice: 99.9, targetPrice: 100, message: "Lamp" });
	assert.deepEqual(of("new_listing"), { id: "77", title: "Bike", price: 120, link: "https://x.example/77", source: "ksl", image_url: "https://x.example/7.jpg", created_at: "2026-11-20T21:00:00Z" });
	const { timestamp: when, ...status } = of("scraper_status");
	assert.ok(Date.parse(when) > 0);
	assert.deepEqual(status, { facebook: true, craigslist: false, ksl: true });
	assert.equal(of("system_message").level, "warning");
	assert.deepEqual([of("job:progress").jobId, of("job:progress").progress], ["j1", 25]);
	assert.ok(Date.parse(of("connected").timestamp) > 0 && of("connected").message);
	socket.close();
}

async function recoveryOver(transport) {
	const options = { transports: [transport] };
	const socket = await connected(options);
	assert.deepEqual((await socket.emitWithAck("join", "t.n/")).ok, true);
	const { id } = socket;
	// It has had no event yet, and comes back to where it was.
	back = cut(socket);
	await publish(number(1), number(2));
	await back;
	assert.deepEqual([socket.recovered, socket.id], [true, id]);
	await publish(number(3));
	assert.deepEqual(numbers(await settled(socket)), [1, 2, 3]);
	// And again, with an offset; twice in a row.
	for (let n = 4; n < 6; n++) {
		back = cut(socket);
		await publish(number(n));
		await back;
		assert.equal(socket.recovered, true);
	}
	assert.deepEqual(numbers(await settled(socket)), [1, 2, 3, 4, 5]);
	// A pid that nobody knows: begins anew, and says so; its rooms are gone.
	socket._pid = "a".repeat(21) + ".00000001:1";
	back = cut(socket);
	await publish(number(6));
	await back;
	assert.equal(socket.recovered, false);
	assert.notEqual(socket.id, id);
	assert.deepEqual(numbers(await settled(socket)), [1, 2, 3, 4, 5]);
	// From then on it can come back again, though it still says an old offset.
	await socket.emitWithAck("join", "t.n/");
	socket._lastOffset = socket._lastOffset.replace(/:.*/, ":1");
	back = cut(socket);
	await publish(number(8));
	await back;
	assert.equal(socket.recovered, true);
	assert.deepEqual(numbers(await settled(socket)), [1, 2, 3, 4, 5, 8]);
	socket.close();
}

// What `last` gives is older than what it has: not where it goes on from.
async function recoveryAfterLast() {
	await publish(["t.old", "a", { n: 0 }]);
	const socket = await connected({ transports: ["websocket"] });
	await socket.emitWithAck("join", "t.n/");
	await publish(number(1), number(2));
	await until(() => numbers(socket.heard).length === 2);
	await socket.emitWithAck("join", { room: "t.old/", last: true });
	await until(() => names(socket.heard).includes("t.old"));
	back = cut(socket);
	await publish(number(3));
	await back;
	assert.equal(socket.recovered, true);
	assert.deepEqual(numbers(await settled(socket)), [1, 2, 3]);
	socket.close();
}

const scenarios = {
	"recovery-last": recoveryAfterLast,
	events: () => eventsOver("websocket"),
	"events-polling": () => eventsOver("polling"),
	recovery: () => recoveryOver("websocket"),
	"recovery-polling": () => recoveryOver("polling"),

	async rooms() {
		const socket = await connected();
		const ask = (...args) => socket.emitWithAck(...args);
		const first = (await ask("leave", "jobs")).rooms;
		assert.ok(first.includes("price:update") && !first.includes("jobs"));
		assert.deepEqual((await ask("subscribe", "venue_updates")).rooms.slice(-1), ["venue_updates"]);
		assert.deepEqual((await ask("join", { channel: "venue:7" })).rooms.slice(-1), ["venue:7"]);
		assert.deepEqual((await ask("join", ["vibe_checks:7", "promotions:7"])).ok, true);
		assert.deepEqual((await ask("join", { jobId: 1 })).rooms.slice(-1), ["job:1"]);
		for (const bad of ["lobby", "", 7, null, [1], {}, { room: 1 }, "venue:a b", "$stats.x"]) {
			const answer = await ask("subscribe", bad);
			assert.ok(answer.ok === false && answer.error, JSON.stringify([bad, answer]));
		}
		assert.equal((await ask("subscribe")).ok, false);
		socket.heard.length = 0;
		const all = [["venue.update", "7", { id: "7", status: "open" }], ["venue.update", "8", { id: "8" }],
			["vibe.check", "7", { mood: 1 }], ["vibe.check", "8", {}], ["promotion.update", "7", {}],
			["job.created", "1", {}], ["job.created", "2", {}], ["ocr.failed", "1", {}], ["ocr.failed", "2", {}]];
		await publish(...all);
		assert.deepEqual(names(await settled(socket)), ["venue_updates", "venue:7", "venue_updates", "venue:8",
			"vibe_checks:7", "promotions:7", "job:created", "ocr:failed"]);
		// Who leaves one room still is in the other.
		await ask("unsubscribe", "venue_updates");
		await ask("leave", { jobId: "1" });
		socket.heard.length = 0;
		await publish(...all);
		assert.deepEqual(names(await settled(socket)), ["venue_updates", "venue:7", "vibe_checks:7", "promotions:7"]);
		// An event without acknowledgement that cannot be done is told, too.
		socket.emit("join", "lobby");
		assert.match((await told(socket, "error"))[0].message, /no such room/);
		socket.close();
	},

	// --max-subscriptions 10, of which the first rooms are 9.
	async limits() {
		const socket = await connected();
		assert.equal((await socket.emitWithAck("join", "venue:1")).ok, true);
		assert.match((await socket.emitWithAck("join", "venue:2")).error, /more than 10 patterns/);
		await socket.emitWithAck("leave", "venue:1");
		assert.equal((await socket.emitWithAck("join", "venue:2")).ok, true);
		socket.close();
	},

	async last() {
		await publish(["venue.update", "9", { status: "closed" }], ["venue.update", "9", { status: "open" }]);
		const socket = await connected();
		await socket.emitWithAck("subscribe", { room: "venue:9", last: true });
		await until(() => names(socket.heard).includes("venue:9"));
		assert.deepEqual((await settled(socket)).filter(([n]) => n === "venue:9").map(([, p]) => p.status), ["open"]);
		// Again, of a room that it is in already.
		const rooms = (await socket.emitWithAck("subscribe", { room: "venue:9", last: true })).rooms;
		assert.ok(rooms.includes("venue:9"));
		await until(() => names(socket.heard).filter((n) => n === "venue:9").length === 2);
		socket.close();
	},

	// A position of any transport, a time or an age.
	async since() {
		await publish(number(1), number(2), number(3));
		const { events } = await (await fetch(url + "/api/v1/events?topic=t.n/")).json();
		const at = (event) => `${event.epoch}:${event.offset}`;
		const socket = await connected();
		const join = (since) => socket.emitWithAck("join", { room: "t.n/", since });
		assert.deepEqual(await join(at(events[0])),
			{ ok: true, rooms: (await socket.emitWithAck("join", "t.n/")).rooms, recovered: true });
		assert.deepEqual(numbers(await settled(socket)), [2, 3]);
		for (const bad of ["90", "soon", "", 7, null])
			assert.match((await join(bad)).error, /^since/);
		for (const since of ["1h", events[0].recordedtime, at(events[0]).replace(/:.*/, ":0")]) {
			await socket.emitWithAck("leave", "t.n/");
			socket.heard.length = 0;
			assert.equal((await join(since)).recovered, true);
			assert.deepEqual(numbers(await settled(socket)), [1, 2, 3]);
		}
		// A room that it is in has missed nothing.
		assert.equal((await join("1h")).recovered, true);
		assert.deepEqual(numbers(await settled(socket)), [1, 2, 3]);
		assert.equal((await join("00000001:1")).recovered, false);
		socket.close();
	},

	// What it asked of the past does not take a client back to there.
	async past() {
		await publish(["venue.update", "9", { status: "open" }]);
		const socket = await connected();
		await socket.emitWithAck("join", "t.n/");
		await publish(number(1), number(2));
		await settled(socket);
		await socket.emitWithAck("join", { room: "venue:9", last: true });
		await until(() => names(socket.heard).includes("venue:9"));
		back = cut(socket);
		await publish(number(3));
		await back;
		assert.equal(socket.recovered, true);
		assert.deepEqual(numbers(await settled(socket)), [1, 2, 3]);
		// Who goes before it has had all of that begins anew.
		const text = "x".repeat(1000);
		for (let i = 0; i < 20; i++)
			await publish(...Array(1000).fill(["t.big", "a", { text }]));
		back = new Promise((resolve) => socket.once("t.big", () => resolve(cut(socket))));
		await socket.emitWithAck("join", { room: "t.big/", since: "1h" });
		await back;
		assert.equal(socket.recovered, false);
		socket.close();
	},

	// Who says good-bye does not come back to its seat.
	async goodbye() {
		const socket = await connected();
		await socket.emitWithAck("ping");
		socket.disconnect();
		while ((await (await fetch(url + "/api/v1/connections")).json()).connections.length)
			await new Promise((resolve) => setTimeout(resolve, 10));
		socket.connect();
		await told(socket, "connect");
		assert.equal(socket.recovered, false);
		back = cut(socket);
		await back;
		assert.equal(socket.recovered, true);
		socket.close();
	},

	// A body of many packets is taken in turns, all of it and in order.
	async burst() {
		const socket = await connected({ transports: ["polling"] });
		const answers = [...Array(5000)].map((_, i) => socket.emitWithAck(i % 2 ? "leave" : "join", "venue:9"));
		const rooms = (await Promise.all(answers)).map((a) => a.rooms.includes("venue:9"));
		assert.deepEqual(rooms, rooms.map((_, i) => i % 2 === 0));
		socket.close();
	},

	// One that may read nothing else hears what is for itself.
	async own() {
		const [key, owner] = rest;
		const ann = await connected({ auth: { token: key } });
		const note = (user) => ({ type: "user.notification", subject: user, data: { type: "custom", title: user, message: "m" } });
		const answer = await fetch(`${url}/api/v1/events`, {
			method: "POST",
			headers: { "Content-Type": "application/json", Authorization: `Bearer ${owner}` },
			body: JSON.stringify([note("bob"), note("ann")]),
		});
		assert.equal(answer.status, 201);
		await until(() => names(ann.heard).includes("notification"));
		assert.deepEqual(ann.heard.filter(([n]) => n === "notification").map(([, p]) => p.title), ["ann"]);
		assert.equal((await ann.emitWithAck("join", "price:update")).ok, false);
		ann.close();
	},

	async answers() {
		const socket = await connected();
		socket.emit("ping");
		const [pong] = await told(socket, "pong");
		assert.ok(Date.parse(pong.timestamp) > 0);
		assert.ok(Date.parse((await socket.emitWithAck("ping")).timestamp) > 0);
		assert.match((await socket.emitWithAck("bogus", 1)).error, /nothing that can be published/);
		assert.match((await socket.emitWithAck("venue:7", Buffer.from([1]))).error, /binary/);
		socket.emit("venue:7", { a: [Buffer.alloc(100000)] });
		assert.match((await told(socket, "error"))[0].message, /binary/);
		socket.close();
	},

	// What an old client publishes is an event, and comes to the others.
	async publish() {
		const socket = await connected();
		const other = await connected({ transports: ["polling"] });
		await socket.emitWithAck("join", "venue:7");
		await other.emitWithAck("join", "venue:7");
		const answer = await other.emitWithAck("venue:7", { id: "7", status: "open" });
		assert.ok(answer.ok && /^[0-9a-f]{8}:\d+$/.test(answer.position), JSON.stringify(answer));
		assert.ok((await other.emitWithAck("price:update", { itemId: "x", price: 12.5, source: "s" })).ok);
		assert.equal((await other.emitWithAck("price:update", { itemId: "x" , price: "much"})).ok, false);
		assert.equal((await other.emitWithAck("price:update", { price: 1 })).ok, false);
		for (const s of [socket, other]) {
			const heard = await settled(s);
			assert.equal(heard.find(([n]) => n === "venue:7")[1].status, "open");
			assert.equal(heard.find(([n]) => n === "price:update")[1].price, 12.5);
		}
		socket.close();
		other.close();
	},

	// Numbers flow before, while and after the transport is changed.
	async upgrade() {
		const all = [...Array(10)].map(() => connect());
		const isThere = (s) => s.io.engine.transport.name === "websocket";
		await Promise.all(all.map(async (s) => {
			await told(s, "connect");
			await s.emitWithAck("join", "t.n/");
		}));
		let n = 0;
		for (let after = 0; after < 20; after += all.every(isThere)) await publish(number(++n));
		for (const s of all) {
			const heard = numbers(await settled(s));
			assert.deepEqual(heard, [...Array(n).keys()].map((i) => i + 1));
			s.close();
		}
	},

	// Each hears its own; the owner of the machine says whose that is.
	async notifications() {
		const ann = await connected({ auth: { userId: "ann" } });
		const bob = await connected({ auth: { userId: "bob" }, transports: ["polling"] });
		const nobody = await connected();
		const note = (user, title) => ["user.notification", user, { type: "custom", title, message: "m" }];
		await publish(note("ann", "1"), note("bob", "2"), note("eve", "3"));
		const titles = async (s) => (await settled(s)).filter(([n]) => n === "notification").map(([, p]) => p.title);
		assert.deepEqual(await titles(ann), ["1"]);
		assert.deepEqual(await titles(bob), ["2"]);
		assert.deepEqual(await titles(nobody), []);
		// What comes back is still its own.
		back = cut(ann);
		await publish(note("bob", "4"), note("ann", "5"));
		await back;
		assert.equal(ann.recovered, true);
		assert.deepEqual(await titles(ann), ["1", "5"]);
		// Somebody else with its pid is not given its seat.
		bob.auth = { userId: "bob", pid: ann._pid };
		bob._pid = undefined;
		back = cut(bob);
		await back;
		assert.equal(bob.recovered, false);
		[ann, bob, nobody].forEach((s) => s.close());
	},

	async crowd() {
		const crowd = await Promise.all([...Array(400)].map((_, i) =>
			connected({ transports: [i % 4 ? "websocket" : "polling"] })));
		await Promise.all(crowd.map((s) => s.emitWithAck("join", "t.n/")));
		for (let n = 1; n <= 50; n++) await publish(number(n));
		for (const s of crowd) {
			await until(() => numbers(s.heard).length >= 50);
			assert.deepEqual(numbers(s.heard), [...Array(50).keys()].map((i) => i + 1));
		}
		crowd.forEach((s) => s.close());
	},

	async token() {
		const [token] = rest;
		for (const auth of [{}, { token: "wrong" }, { token: 7 }, { token: "" }]) {
			for (const transports of [["websocket"], ["polling"]]) {
				const socket = connect({ auth, transports });
				assert.equal((await told(socket, "connect_error"))[0].message, "Not authorized");
				assert.equal(socket.active, false);
				socket.close();
			}
		}
		for (const t of [token, `Bearer ${token}`]) (await connected({ auth: { token: t } })).close();
		const extraHeaders = { authorization: `Bearer ${token}` };
		(await connected({ extraHeaders, transports: ["polling"] })).close();
		const wrong = connect({ extraHeaders: { authorization: "Bearer wrong" }, transports: ["polling"], reconnection: false });
		await told(wrong, "connect_error");
	},

	// A token that is not known any more ends what it began.
	async expelled() {
		const all = await Promise.all(["websocket", "polling"].map((t) =>
			connected({ auth: { token: rest[0] }, transports: [t] })));
		const ended = all.map((s) => told(s, "disconnect"));
		console.log("connected");
		for (const e of ended) assert.equal((await e)[0], "io server disconnect");
		all[0].connect();
		assert.equal((await told(all[0], "connect_error"))[0].message, "Not authorized");
	},

	async namespaces() {
		const socket = await connected({}, "/prices");
		await publish(["price.update", "lamp", { item: { id: "lamp" }, price: "1" }], number(1));
		await until(() => socket.heard.length);
		assert.deepEqual(socket.heard, [["price", "1"]]);
		const none = connect({}, "/none");
		assert.equal((await told(none, "connect_error"))[0].message, "Invalid namespace");
		// No pid: it begins anew.
		back = cut(socket);
		await back;
		assert.ok(!socket.recovered);
		[socket, none].forEach((s) => s.close());
	},

	// The gateway makes way for its program, twice, while numbers are
	// published to the store: all come back to their seats, and hear each
	// number once. Arguments: the gateway's process, weir-pub, its directory.
	async renewed() {
		const [pid, pub, dir] = rest;
		const renew = () => process.kill(Number(pid), "SIGUSR2");
		const transports = [["polling"], ["websocket"], ["polling", "websocket"]];
		const all = await Promise.all([...Array(30)].map((_, i) =>
			connected({ transports: transports[i % 3], auth: { userId: `user${i}` } })));
		const away = await connected({ auth: { userId: "away" }, reconnection: false });
		const bob = await connected({ auth: { userId: "bob" } });
		await Promise.all([...all, away].map((s) => s.emitWithAck("join", "t.n/")));
		const ids = all.map((s) => s.id);
		// Its connection breaks before, and it comes back behind it all.
		const [awayId, left] = [away.id, told(away, "disconnect")];
		away.io.engine.close();
		await left;

		const publisher = spawn(pub, ["--dir", dir], { stdio: ["pipe", "inherit", "inherit"] });
		const done = new Promise((resolve) => publisher.on("exit", resolve));
		let n = 0;
		const ticking = setInterval(() => publisher.stdin.write(
			JSON.stringify({ type: "t.n", subject: "a", data: { n: ++n } }) + "\n"), 2);
		for (let round = 0; round < 2; round++) {
			await until(() => all.every((s) => numbers(s.heard).length > 50 * (round + 1)));
			const returns = Promise.all(all.map(async (s) => {
				const [why] = await told(s, "disconnect");
				assert.match(why, /^transport (close|error)$/);
				await told(s, "connect");
				assert.equal(s.recovered, true);
			}));
			renew();
			await returns;
		}
		clearInterval(ticking);
		publisher.stdin.end();
		assert.equal(await done, 0);
		away.connect();
		await told(away, "connect");
		assert.deepEqual([away.recovered, away.id], [true, awayId]);
		for (const s of [...all, away]) {
			await until(() => numbers(s.heard).length >= n);
			assert.deepEqual(numbers(s.heard), [...Array(n).keys()].map((i) => i + 1));
		}
		assert.deepEqual(all.map((s) => s.id), ids);
		assert.ok((await all[0].emitWithAck("leave", "t.n/")).ok);
		// A seat is not given to somebody else, as before.
		bob.auth = { userId: "bob", pid: all[0]._pid };
		bob._pid = undefined;
		back = cut(bob);
		await back;
		assert.equal(bob.recovered, false);
		[...all, away, bob].forEach((s) => s.close());
	},

	// Whoever is connected is on the list, and can be ended for good.
	async connections() {
		const list = async () => (await (await fetch(url + "/api/v1/connections")).json()).connections;
		const all = [await connected({ transports: ["websocket"], auth: { userId: "ann" } }), await connected({ transports: ["polling"] })];
		const shown = await list();
		assert.deepEqual(shown.map((c) => c.transport), ["socketio", "socketio"]);
		assert.match(shown[0].address, /^127\.0\.0\.1/);
		assert.ok(shown[0].patterns.includes("user.notification/ann"));
		for (const [i, { id }] of shown.entries()) {
			const ended = told(all[i], "disconnect");
			assert.equal((await fetch(`${url}/api/v1/connections/${id}`, { method: "DELETE" })).status, 204);
			assert.deepEqual((await ended)[0], "io server disconnect");
		}
		assert.deepEqual(await list(), []);
		all.forEach((s) => s.close());
	},

	// The gateway is there before the journal is.
	async early() {
		const socket = await connected();
		console.log("connected");
		await told(socket, "price:update");
		socket.close();
	},
};

setTimeout(() => {
	console.error(`${scenario}: not done after 60 s`);
	process.exit(1);
}, 60000).unref();
// Nothing more to wait for where the gateway is gone.
process.on("unhandledRejection", (e) => {
	console.error(e);
	process.exit(1);
});
await scenarios[scenario]();
process.exit(0);
