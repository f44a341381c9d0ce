// What people write with ws: each line that comes in goes to every client.
import net from 'node:net';
import { createInterface } from 'node:readline';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, backlog: 4096 });
const lines = net.createServer((publisher) => {
	createInterface({ input: publisher }).on('line', (line) => {
		for (const client of server.clients) client.send(line);
	});
});
server.on('listening', () => {
	lines.listen(0, '127.0.0.1', () => {
		console.log(JSON.stringify({ port: server.address().port, publish: lines.address().port }));
	});
});
