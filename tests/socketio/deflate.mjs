// npm's ws, a strict client of RFC 7692, at a gateway with --deflate.
//
// usage: deflate.mjs URL
import assert from 'node:assert';
import { once } from 'node:events';

import WebSocket from 'ws';

const url = process.argv[2];
const more = 'weir '.repeat(2000);

async function open(options) {
	const ws = new WebSocket(url.replace('http', 'ws') + '/ws', 'weir.v1',
		{ perMessageDeflate: options });

	ws.answer = async (command) => {
		if (command) ws.send(JSON.stringify(command));
		return JSON.parse((await once(ws, 'message'))[0]);
	};
	await once(ws, 'open');
	return ws;
}

for (const [options, deflates] of [
	[false, false],
	[true, true],
	[{ threshold: 0 }, true],
	[{ threshold: 0, clientNoContextTakeover: true }, true],
	[{ threshold: 0, serverNoContextTakeover: true }, true],
	[{ threshold: 0, clientMaxWindowBits: 9 }, true],
	[{ threshold: 0, serverMaxWindowBits: 15 }, true],
	[{ threshold: 0, serverMaxWindowBits: 9 }, false],
]) {
	const ws = await open(options), what = JSON.stringify(options);

	assert.equal(ws.extensions.includes('permessage-deflate'), deflates, what);
	assert.ok((await ws.answer({ subscribe: ['t.x'] })).subscribed, what);
	for (let i = 0; i < 3; i++) {
		const answer = ws.answer();

		assert.equal((await fetch(`${url}/api/v1/events`, {
			method: 'POST',
			headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({ type: 't.x', data: { i, more } }),
		})).status, 201);
		assert.deepEqual((await answer).data, { i, more }, what);
		const ping = more.slice(0, 900) + i;

		assert.equal((await ws.answer({ ping })).pong, ping, what);
	}
	ws.close();
	assert.equal((await once(ws, 'close'))[0], 1005, what);
}
