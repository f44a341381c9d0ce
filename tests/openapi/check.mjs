// The document of the API against the gateway that serves it, as TAP: it is
// OpenAPI 3.1; what it has is there, and answers as it says; what it does not
// have is not there.
//
//	node check.mjs URL ROUTE...	ROUTE: a path of the gateway's own table
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const [base, ...routes] = process.argv.slice(2);
const METHODS = ['get', 'post', 'put', 'delete'];
let n = 0;
let failed = 0;

function result(ok, name, detail) {
	n++;
	console.log(`${ok ? 'ok' : 'not ok'} ${n} - ${name}`);
	if (ok) return;
	failed++;
	console.log(`# ${detail}`);
}

// Status, headers and text; of a stream only its head.
async function ask(method, path, headers = {}, body = undefined) {
	const stop = new AbortController();
	const late = setTimeout(() => stop.abort(), 20000);
	try {
		const r = await fetch(base + path, {
			method, body, signal: stop.signal,
			headers: body === undefined ? headers
				: { 'Content-Type': 'application/json', ...headers },
		});
		const type = (r.headers.get('content-type') ?? '').split(';')[0];
		const text = type === 'text/event-stream' ? '' : await r.text();
		return { status: r.status, type, text, allow: r.headers.get('allow') };
	} finally {
		clearTimeout(late);
		stop.abort();
	}
}

const doc = JSON.parse((await ask('GET', '/api/openapi.json')).text);
const validator = new Validator();
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats(ajv);
for (const uri of new Set(JSON.stringify(doc).match(/schema\/[a-z.]+\.json(?=")/g))) {
	const schema = JSON.parse((await ask('GET', `/api/${uri}`)).text);
	await validator.addSpecRef(structuredClone(schema), uri);
	ajv.addSchema(schema, uri);
}
const verdict = await validator.validate(structuredClone(doc));
result(verdict.valid && validator.version === '3.1', 'the document is OpenAPI 3.1',
	JSON.stringify(verdict.errors));
// References within the document, from where the document is the root.
ajv.addSchema({ $id: 'openapi.json', components: doc.components });

const resolve = (o) => (o?.$ref?.startsWith('#/')
	? o.$ref.slice(2).split('/').reduce((at, key) => at[key], doc) : o);
const inDocument = (schema) => JSON.parse(JSON.stringify(schema)
	.replaceAll('"#/components', '"openapi.json#/components'));
const parametersOf = (op) => (op.parameters ?? []).map(resolve);
const filled = (path, op) => path.replace(/\{(\w+)\}/g, (_, name) =>
	parametersOf(op).find((p) => p.in === 'path' && p.name === name).example);
const query = (p) => `${p.name}=${encodeURIComponent([p.example].flat()[0])}`;

// What is wrong with an answer, or ''.
function fault(op, answer) {
	const said = resolve(op.responses[answer.status]);
	if (!said) return `${answer.status} is not in the document: ${answer.text}`;
	if (answer.status === 204 || answer.status === 304) return '';
	const content = said.content?.[answer.type] ?? said.content?.['*/*'];
	if (!content) return `${answer.status} as ${answer.type}`;
	if (!content.schema || !answer.type.endsWith('json')) return '';
	const check = ajv.compile(inDocument(content.schema));
	return check(JSON.parse(answer.text)) ? ''
		: `${answer.text} ${ajv.errorsText(check.errors)}`;
}

// What is not asked in plain HTTP has tests of its own.
const plainly = ([, item]) => !Object.values(item).some((op) => op['x-protocol']);

for (const [path, item] of Object.entries(doc.paths).filter(plainly)) {
	// Old paths are as lenient as they were, and have tests of their own.
	if (Object.values(item).some((op) => op['x-old'])) {
		const at = filled(path, item.get);
		const answer = await ask('GET', at);
		result(!fault(item.get, answer), `GET ${path}`, fault(item.get, answer));
		if (item.post) continue; // what it can be told comes with any method
		const other = await ask('DELETE', at);
		result(other.status === 405, `DELETE ${path} is not there`, other.status);
		continue;
	}
	const documented = METHODS.filter((m) => item[m]);
	for (const method of documented) {
		const op = item[method];
		const at = filled(path, op);
		const M = method.toUpperCase();
		const params = parametersOf(op).filter((p) => p.in === 'query');
		const needed = params.filter((p) => p.required).map(query);
		const content = op.requestBody?.content['application/json'];
		const body = content && JSON.stringify(content.example);
		const url = (more) => [at, [...needed, ...more].join('&')].filter(Boolean).join('?');

		const plain = await ask(M, url([]), {}, body);
		result(!fault(op, plain) && (!body || plain.status < 300),
			`${M} ${path}`, fault(op, plain) || `${plain.status} ${plain.text}`);
		const types = Object.keys(op.requestBody?.content ?? {});
		if (body) {
			const broken = await ask(M, url([]), {}, '{');
			result(broken.status === 400 && !fault(op, broken),
				`${M} ${path} with half a body`, fault(op, broken) || broken.status);
			const text = await ask(M, url([]), { 'Content-Type': 'text/plain' }, body);
			if (!types.includes('*/*')) result(text.status === 415 && !fault(op, text),
				`${M} ${path} with a body that is no JSON`, fault(op, text) || text.status);
		}
		for (const type of types.filter((t) => t !== '*/*')) {
			const { schema, example } = op.requestBody.content[type];
			const taken = await ask(M, url([]), { 'Content-Type': type }, JSON.stringify(example));
			const isTrue = ajv.compile(inDocument(schema))(example);
			result(isTrue && taken.status < 300 && !fault(op, taken), `${M} ${path} as ${type}`,
				fault(op, taken) || `${isTrue} ${taken.status} ${taken.text}`);
		}
		for (const p of params.filter((p) => p.example !== undefined)) {
			const asked = await ask(M, p.required ? url([]) : url([query(p)]), {}, body);
			result(!asked.text.includes('no such parameter') && !fault(op, asked),
				`${M} ${path} ${p.name}`, fault(op, asked) || asked.text);
		}
		if (op.responses['400']) {
			const odd = await ask(M, url(['no-such=1']), {}, body);
			result(odd.status === 400 && !fault(op, odd),
				`${M} ${path} with a parameter that is not in the document`,
				fault(op, odd) || `${odd.status} ${odd.text}`);
		}
	}
	const any = filled(path, item[documented[0]]);
	for (const method of METHODS.filter((m) => !item[m])) {
		const answer = await ask(method.toUpperCase(), any);
		result(answer.status === 405 && answer.type === 'application/problem+json' &&
			documented.every((m) => answer.allow.includes(m.toUpperCase())) &&
			!answer.allow.includes(method.toUpperCase()),
			`${method.toUpperCase()} ${path} is not there`, `${answer.status} ${answer.allow}`);
	}
}
for (const route of routes)
	result(Object.keys(doc.paths).some((p) => p === route || (route.endsWith('/') && p.startsWith(route))),
		`${route} is in the document`, 'it is not');
console.log(`1..${n}`);
process.exit(failed ? 1 : 0);
