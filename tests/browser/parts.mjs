// What the client decides without a clock, a socket or a page. Prints TAP.
import assert from 'node:assert/strict';
import { run, test } from './harness.mjs';
import { baseOf } from './client/environment.js';
import { backoffMs, EventStreamParser, matches, parsePosition, readReason,
	retryAfterMs, topicOf } from './client/parts.js';

function parse(...chunks) {
	const blocks = [];
	const parser = new EventStreamParser((b) => blocks.push(b));

	for (const chunk of chunks)
		parser.feed(chunk);
	return blocks;
}

const block = (data, id = '', event = 'message') => ({ event, id, data });

// The examples and rules of HTML, section 9.2.6.
const STREAMS = [
	['one line', ['data: a\n\n'], [block('a')]],
	['several lines', ['data: YHOO\ndata: +2\ndata: 10\n\n'], [block('YHOO\n+2\n10')]],
	['CR and CRLF', ['data: a\r\rdata: b\r\n\r\n'], [block('a'), block('b')]],
	['CRLF in two pieces', ['data: a\r', '\n\r', '\ndata: b\n\n'], [block('a'), block('b')]],
	['no space, two spaces', ['data:a\n\ndata:  b\n\n'], [block('a'), block(' b')]],
	['no value', ['data\n\ndata\ndata\n\n'], [block(''), block('\n')]],
	['comments', [': c\n:\ndata: a\n\n'], [block('a')]],
	['a colon in the value', ['data: a:b: c\n\n'], [block('a:b: c')]],
	['a name', ['event: x\ndata: a\n\ndata: b\n\n'], [block('a', '', 'x'), block('b')]],
	['an id stays', ['id: 1\ndata: a\n\ndata: b\n\n'], [block('a', '1'), block('b', '1')]],
	['an empty id', ['id: 1\ndata: a\n\nid\ndata: b\n\n'], [block('a', '1'), block('b')]],
	['an id with NUL', ['id: 1\0\ndata: a\n\n'], [block('a')]],
	['an id alone', ['id: e:7\n\n'], [block(null, 'e:7')]],
	['no data', ['event: x\n\ndata: a\n\n'], [block('a')]],
	['retry', ['retry: 12\nretry: 1x\n\n'], [{ retry: 12 }]],
	['what is not whole', ['data: a\n\ndata: b\n'], [block('a')]],
	['unknown fields', ['what: x\n data: y\ndata: a\n\n'], [block('a')]],
	['a byte order mark', ['\ufeffdata: a\n\n'], [block('a')]],
	['byte by byte', [...'id: 1\r\ndata: ab\r\n\r\n'], [block('ab', '1')]],
];

for (const [name, chunks, want] of STREAMS)
	test(`an event stream: ${name}`, () => assert.deepEqual(parse(...chunks), want));

test('waits longer with each try, within bounds, and never the same', () => {
	for (const [tries, least, most] of [[0, 250, 500], [1, 500, 1000],
		[6, 15000, 30000], [1000, 15000, 30000]]) {
		assert.equal(backoffMs(tries, undefined, undefined, () => 0), least);
		assert.equal(backoffMs(tries, undefined, undefined, () => 1), most);
	}
	assert.equal(backoffMs(9, 10, 100, () => 1), 100);
});

test('reads what a close frame says, and nothing else', () => {
	assert.deepEqual(readReason('{"retry":1834,"position":"9b1c04e7:88213"}'),
		{ retry: 1834, position: '9b1c04e7:88213' });
	for (const bad of ['', 'bye', 'null', '7', '[]', '{"retry":"x","position":"x:1"}',
		'{"retry":-1}', '{"retry":null}', '{"retry":{}}', '{"position":7}'])
		assert.deepEqual(readReason(bad), {}, bad);
	assert.deepEqual(readReason('{"retry":1e99}'), { retry: 3600000 });
});

test('reads Retry-After as seconds and as a date', () => {
	const now = Date.parse('2026-11-27T00:00:00Z');

	assert.equal(retryAfterMs('2', now, () => 0), 2000);
	assert.equal(retryAfterMs('2', now, () => 1), 3000);
	assert.equal(retryAfterMs('Fri, 27 Nov 2026 00:00:05 GMT', now, () => 0), 5000);
	assert.equal(retryAfterMs('Thu, 26 Nov 2026 00:00:00 GMT', now, () => 0), 0);
	assert.equal(retryAfterMs('99999999999', now, () => 0), 3600000);
	for (const none of [null, '', 'soon', '-5x'])
		assert.equal(retryAfterMs(none, now), undefined, none);
});

test('patterns are beginnings, or topics', () => {
	for (const [pattern, topic, want] of [
		['', 'a.b', true], ['a.b/', 'a.b/c', true], ['a.b/', 'a.b', false],
		['a.', 'a.b/c', true], ['a.b', 'a.b', true], ['a.b', 'a.b/c', false],
		['a.b/c', 'a.b/c', true], ['a.b/c', 'a.b/cd', false]])
		assert.equal(matches(pattern, topic), want, `${pattern} ${topic}`);
	assert.equal(topicOf({ type: 'a.b', subject: 'c/d' }), 'a.b/c/d');
	assert.equal(topicOf({ type: 'a.b' }), 'a.b');
});

test('positions', () => {
	assert.deepEqual(parsePosition('9b1c04e7:88213'), { epoch: '9b1c04e7', offset: 88213 });
	for (const bad of [null, undefined, '', '9b1c04e7', '9b1c04e7:', ':1', '9B1C04E7:1',
		'9b1c04e7:-1', '9b1c04e7:1 '])
		assert.equal(parsePosition(bad), null, bad);
});

test('the address of a gateway', () => {
	for (const [url, want] of [['https://g.example', 'https://g.example'],
		['https://g.example/', 'https://g.example'], ['ws://g:1/ws', 'http://g:1'],
		['wss://g/sub/ws', 'https://g/sub'], ['http://[::1]:8080/sub/?q#f', 'http://[::1]:8080/sub'],
		[new URL('https://g.example/x'), 'https://g.example/x']])
		assert.equal(baseOf(url), want);
	for (const bad of [undefined, '', 'g.example', 'ftp://g', 'http://', '//g'])
		assert.throws(() => baseOf(bad), TypeError, bad);
});

await run();
