// Compiles; what must not is said to be an error.
import { connect, notify, type Client, type Presence, type WeirEvent } from 'weir-client';

declare const Socket: new (url: string, protocol?: string) => object; // of ws

interface Price { price: string; currency: string }

const client: Client = connect('https://gateway.example', {
	token: async ({ isStale }) => (isStale ? 'new' : 'old'),
	keep: 'page', storage: sessionStorage, transports: ['websocket', 'poll'],
	backoff: { first: 100 }, WebSocket: Socket, document: null, filter: 'price < 8000',
});
const off: () => void = client.on<Price>('price.update', (e) => e.data.price.trim());

client.on('state', ({ state, retryMs }) => `${state} ${retryMs ?? 0}`);
client.subscribe<Price>(['price.update/'], { last: true, since: '7d',
	handler: (e: WeirEvent<Price>) => e.offset, onReset: ({ position }) => position });
client.subscribe('venue.update/7', { onPresence: (who: Presence) =>
	`${who.topic} ${who.count.toFixed()} ${[...who.users, ...who.joined, ...who.left]}` });
client.unsubscribe('price.update/');
client.publish({ type: 'a.b', data: 1 }).then((position) => position.split(':'));
client.ping().then((ms) => ms.toFixed());
client.onerror = (e) => e.pattern;
notify(client, 'alert.new/', { show: (e) => [e.type, { body: 'x' }] });
off();

// @ts-expect-error
connect('https://gateway.example', { tokens: 'x' });
// @ts-expect-error
connect('https://gateway.example', { transports: ['pigeon'] });
// @ts-expect-error
client.publish({ data: 1 });
// @ts-expect-error
client.state = 'live';
// @ts-expect-error
client.subscribe('a.b', { onPresence: (who: string) => who });
// @ts-expect-error
client.subscribe(7);
