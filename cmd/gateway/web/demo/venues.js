// venues - a page on the browser client, for those who write their own: state
// (the newest of each topic, and who sees it), a feed (what came in the last day), and a form.
import { connect } from '/client/weir.js';
import { setTime, text } from '/text.js';

const FEED_MAX = 30;
const $ = (id) => document.getElementById(id);
const client = connect();

function makeRow(name, what, event) {
	const el = $('row').content.firstElementChild.cloneNode(true);

	el.querySelector('.name').textContent = name;
	el.querySelector('.text').textContent = what;
	setTime(el.querySelector('time'), event.time);
	return el;
}

const rows = new Map(); // by venue

function showVenue(event) {
	const { name, status } = event.data ?? {};
	const el = makeRow(text(name) || event.subject, text(status), event);

	rows.get(event.subject)?.remove();
	rows.set(event.subject, el);
	$('venues').prepend(el);
}

function showNews(event) {
	const { message, title } = event.data ?? {};

	$('feed').prepend(makeRow(event.subject, text(message) || text(title), event));
	while ($('feed').children.length > FEED_MAX)
		$('feed').lastElementChild.remove();
}

async function say(e) {
	e.preventDefault();
	const form = new FormData($('say'));
	const [id, status, vibe] = ['id', 'status', 'vibe'].map((n) => form.get(n).trim());

	$('error').textContent = '';
	try {
		await client.publish({ type: 'venue.update', subject: id,
			data: { id, name: id, status, updatedAt: new Date().toISOString() } });
		if (vibe)
			await client.publish({ type: 'vibe.check', subject: id,
				data: { venueId: id, message: vibe } });
		$('say').reset();
	} catch (error) {
		$('error').textContent = error.message;
	}
}

client.onstate = ({ state, transport }) => {
	$('state').dataset.state = state;
	$('state-text').textContent = transport ? `${state} (${transport})` : state;
};
client.subscribe('venue.update/', { last: true, handler: showVenue,
	onPresence: ({ count }) => {
		$('here').textContent = count === 1 ? '1 page is open' : `${count} pages are open`;
	} });
client.subscribe(['vibe.check/', 'promotion.update/'], { since: '1d', handler: showNews });
$('say').onsubmit = say;
