// What people write with Socket.IO: each line that comes in is emitted to all.
import http from 'node:http';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { Server } from 'socket.io';

const server = http.createServer();
const io = new Server(server);
const lines = net.createServer((publisher) => {
	createInterface({ input: publisher }).on('line', (line) => {
		io.emit('event', JSON.parse(line));
	});
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
	lines.listen(0, '127.0.0.1', () => {
		console.log(JSON.stringify({ port: server.address().port, publish: lines.address().port }));
	});
});
