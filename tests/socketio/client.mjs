// npm's socket.io-client against socketio-echo: client.mjs SCENARIO URL.
// Ends with 0 if all was as it should be; 20 s for each.
import assert from "node:assert/strict";
import { once } from "node:events";
import { Socket as Engine } from "engine.io-client";
import { io } from "socket.io-client";

const [scenario, url] = process.argv.slice(2);

function connect(options = {}, namespace = "") {
	return io(url + namespace, {
		forceNew: true,
		reconnectionDelay: 10,
		reconnectionDelayMax: 50,
		...options,
	});
}

const told = (socket, event) =>
	new Promise((resolve) => socket.once(event, (...args) => resolve(args)));

// What is asked comes back, text and bytes, in order; events are acknowledged.
async function talk(socket) {
	socket.emit("message", 1, "zwei", { drei: [true, null] }, "\u20ac\ud83d\ude00");
	assert.deepEqual(await told(socket, "message-back"), [
		1,
		"zwei",
		{ drei: [true, null] },
		"\u20ac\ud83d\ude00",
	]);
	assert.deepEqual(await socket.emitWithAck("message-with-ack", "x"), "x");
	const bytes = Buffer.from([0, 1, 30, 254, 255]);
	const big = Buffer.alloc(300000, 7);
	socket.emit("message", bytes, { deep: [big] });
	const [back, { deep }] = await told(socket, "message-back");
	assert.ok(bytes.equals(back) && big.equals(deep[0]));
	assert.ok(bytes.equals(await socket.emitWithAck("message-with-ack", bytes)));
	const seen = [];
	socket.on("message-back", (n) => seen.push(n));
	for (let n = 0; n < 500; n++) socket.emit("message", n);
	while (seen.length < 500) await told(socket, "message-back");
	assert.deepEqual(seen, [...Array(500).keys()]);
	socket.off("message-back");
}

async function over(transport) {
	const socket = connect({ transports: [transport], auth: { a: 1 } });
	assert.deepEqual(await told(socket, "auth"), [{ a: 1 }]);
	assert.equal(socket.io.engine.transport.name, transport);
	assert.equal(socket.id.length, 20);
	await talk(socket);
	socket.close();
}

const scenarios = {
	polling: () => over("polling"),
	websocket: () => over("websocket"),

	// With --engine: numbers go there and back, from before the upgrade on.
	async upgrade() {
		const socket = new Engine(url, { path: "/engine.io/" });
		const seen = [];
		let sent = 0;
		let upgraded = false;
		socket.on("message", (data) => seen.push(Number(data)));
		socket.on("upgrade", () => (upgraded = true));
		await told(socket, "open");
		assert.equal(socket.transport.name, "polling");
		for (let after = 0; after < 100; after += upgraded) {
			const text = String(sent++);
			socket.send(sent % 3 ? text : Buffer.from(text));
			await new Promise(setImmediate);
		}
		while (seen.length < sent) await told(socket, "message");
		assert.deepEqual(seen, [...Array(sent).keys()]);
		assert.equal(socket.transport.name, "websocket");
		socket.close();
	},

	async defaults() {
		const socket = connect();
		await told(socket.io, "open");
		await told(socket.io.engine, "upgrade");
		if (!socket.connected) await told(socket, "connect");
		await talk(socket);
		socket.close();
	},

	async namespaces() {
		const socket = connect();
		const custom = socket.io.socket("/custom", { auth: { b: 2 } });
		custom.connect();
		assert.deepEqual(await told(custom, "auth"), [{ b: 2 }]);
		assert.notEqual(custom.id, socket.id);
		custom.disconnect();
		await talk(socket);
		const none = socket.io.socket("/none");
		none.connect();
		const [error] = await told(none, "connect_error");
		assert.equal(error.message, "Invalid namespace");
		await talk(socket);
		socket.close();
	},

	async refused() {
		const socket = connect({ auth: { token: "wrong" } });
		const [error] = await told(socket, "connect_error");
		assert.equal(error.message, "Not authorized");
		assert.equal(socket.active, false);
		socket.auth = { token: "right" };
		socket.connect();
		await told(socket, "connect");
		await talk(socket);
		socket.close();
	},

	async disconnected() {
		const socket = connect();
		await told(socket, "connect");
		socket.emit("disconnect-me");
		assert.equal((await told(socket, "disconnect"))[0], "io server disconnect");
		socket.connect();
		await told(socket, "connect");
		await talk(socket);
		socket.close();
	},

	async reconnect() {
		for (const transport of ["polling", "websocket"]) {
			const socket = connect({ transports: [transport], auth: { pid: "p" } });
			await told(socket, "connect");
			socket.emit("message", "x", "9b1c04e7:12");
			await told(socket, "message-back");
			socket.io.engine.close();
			const [auth] = await told(socket, "auth");
			assert.equal(socket.recovered, true);
			assert.deepEqual(auth, { pid: "p", offset: "9b1c04e7:12" });
			await talk(socket);
			socket.close();
		}
	},

	async heartbeat() {
		for (const transport of ["polling", "websocket"]) {
			const socket = connect({ transports: [transport] });
			await told(socket, "connect");
			const { id } = socket;
			for (let n = 0; n < 5; n++) await once(socket.io.engine, "ping");
			assert.equal(socket.id, id);
			await talk(socket);
			socket.close();
		}
	},

	// More than may wait for one client: closed, and back.
	async flood() {
		const socket = connect({ transports: ["polling"] });
		let drops = 0;
		await told(socket, "connect");
		socket.on("drop", () => drops++);
		socket.emit("flood", 400000);
		await told(socket, "disconnect");
		assert.ok(drops < 400000);
		await told(socket, "connect");
		await talk(socket);
		socket.close();
	},

	async "too-large"() {
		for (const transport of ["polling", "websocket"]) {
			const socket = connect({ transports: [transport] });
			await told(socket, "connect");
			socket.emit("message", Buffer.alloc(1000001));
			await told(socket, "disconnect");
			await told(socket, "connect");
			await talk(socket);
			socket.close();
		}
	},
};

setTimeout(() => {
	console.error(`${scenario}: not done after 20 s`);
	process.exit(1);
}, 20000).unref();
await scenarios[scenario]();
process.exit(0);
