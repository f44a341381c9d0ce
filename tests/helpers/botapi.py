#!/usr/bin/env python3
"""A Bot API of Telegram's for tests (https://core.telegram.org/bots/api).

    botapi.py --log LOG           prints its address, then serves

Bots call /botTOKEN/METHOD. getUpdates waits, hands out what is not confirmed,
and forgets what is below the offset, as the documentation says. sendMessage,
sendPhoto and answerCallbackQuery are checked as the documentation defines them
and refused in its words; what is taken is a line of LOG. Tests call:

    POST /say     one update without its update_id; answers with the id
    POST /script  {"method","status","body","times"}: answer so next time, with
                  "chat" only what is for it
    GET  /state   {"next","waiting","confirmed","polls"}
"""
import html.parser
import http.server
import json
import signal
import sys
import threading
import time

lock = threading.Condition()
updates, script = [], []
log = open(sys.argv[sys.argv.index('--log') + 1], 'a', buffering=1)
state = {'next': 1000, 'confirmed': 0, 'polls': 0, 'messages': 0}
TAGS = {'b', 'i', 'u', 's', 'a', 'code', 'pre', 'strong', 'em', 'blockquote'}


class Refused(Exception):
    pass


class Entities(html.parser.HTMLParser):
    """Telegram's HTML: known tags, well nested; counts what is to be read."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.text = [], ''

    def handle_starttag(self, tag, attrs):
        if tag not in TAGS:
            raise Refused(f"Bad Request: can't parse entities: Unsupported start tag \"{tag}\"")
        self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise Refused("Bad Request: can't parse entities: unmatched end tag")

    def handle_data(self, data):
        self.text += data


def units(text):
    return len(text.encode('utf-16-le')) // 2


def check_text(text, limit, what):
    p = Entities()
    p.feed(text)
    p.close()
    if p.open:
        raise Refused("Bad Request: can't parse entities: Can't find end tag")
    if not p.text.strip():
        raise Refused(f'Bad Request: {what} is empty')
    if units(p.text) > limit:
        raise Refused(f'Bad Request: {what} is too long')
    return p.text


def check_keyboard(markup):
    for row in (markup or {}).get('inline_keyboard', []):
        for button in row:
            if not button.get('text'):
                raise Refused('Bad Request: text buttons are unallowed in the inline keyboard')
            kinds = {'callback_data', 'url'} & set(button)
            if len(kinds) != 1:
                raise Refused('Bad Request: BUTTON_TYPE_INVALID')
            if 'callback_data' in button and not 1 <= len(button['callback_data'].encode()) <= 64:
                raise Refused('Bad Request: BUTTON_DATA_INVALID')


def parse_form(kind, body):
    mark = b'--' + kind.split('boundary=')[1].encode()
    fields = {}
    parts = body.split(mark)
    if parts[-1] != b'--\r\n':
        raise Refused('Bad Request: no end of the form')
    for part in parts[1:-1]:
        head, value = part.split(b'\r\n\r\n', 1)
        name = head.split(b'name="')[1].split(b'"')[0].decode()
        fields[name] = value[:-2]
    return fields


def take(method, kind, body):
    """What a method says of a request; the result."""
    if method == 'sendPhoto':
        f = parse_form(kind, body)
        if not f.get('photo', b'').startswith(b'\x89PNG\r\n\x1a\n'):
            raise Refused('Bad Request: IMAGE_PROCESS_FAILED')
        text = check_text(f.get('caption', b'x').decode(), 1024, 'message caption')
        return record(method, int(f['chat_id']), {'text': text, 'bytes': len(f['photo'])})
    try:
        m = json.loads(body)
    except ValueError:
        raise Refused("Bad Request: can't parse JSON object")
    if method == 'answerCallbackQuery':
        if not m.get('callback_query_id'):
            raise Refused('Bad Request: query is too old and response timeout expired or query ID is invalid')
        if len(m.get('text', '')) > 200:
            raise Refused('Bad Request: MESSAGE_TOO_LONG')
        log.write(json.dumps({'method': method, 'press': m['callback_query_id'], 'text': m.get('text', '')}) + '\n')
        return True
    if method != 'sendMessage':
        raise Refused('Not Found')
    if not isinstance(m.get('chat_id'), int):
        raise Refused('Bad Request: chat_id is empty')
    if m.get('parse_mode') != 'HTML':
        raise Refused('Bad Request: the test wants HTML')
    text = check_text(m.get('text', ''), 4096, 'message text')
    check_keyboard(m.get('reply_markup'))
    return record(method, m['chat_id'], {
        'text': text, 'html': m['text'],
        'buttons': [b for row in (m.get('reply_markup') or {}).get('inline_keyboard', []) for b in row]})


def record(method, chat, more):
    state['messages'] += 1
    log.write(json.dumps({'method': method, 'chat': chat, 'at': time.time(), **more}, ensure_ascii=False) + '\n')
    return {'message_id': state['messages'], 'chat': {'id': chat}}


def get_updates(m):
    end = time.monotonic() + m.get('timeout', 0)
    offset = m.get('offset', 0)
    with lock:
        state['polls'] += 1
        state['confirmed'] = max(state['confirmed'], offset)
        # An offset that is too far ahead is as good as none.
        if offset <= (updates[-1]['update_id'] + 1 if updates else state['next']) + 10:
            updates[:] = [u for u in updates if u['update_id'] >= offset]
        while not updates and time.monotonic() < end:
            lock.wait(min(0.2, max(0, end - time.monotonic())))
        return updates[:m.get('limit', 100)]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def answer(self, status, what):
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with lock:
            self.answer(200, {**state, 'waiting': len(updates)})

    def control(self, path, body):
        with lock:
            if path == '/say':
                update = {'update_id': state['next'], **json.loads(body)}
                state['next'] += 1
                updates.append(update)
                lock.notify_all()
                return self.answer(200, update['update_id'])
            script.append(json.loads(body))
            return self.answer(200, True)

    def scripted(self, method, chat):
        with lock:
            for s in script:
                if s['method'] == method and s.get('chat', chat) == chat:
                    s['times'] = s.get('times', 1) - 1
                    if s['times'] <= 0:
                        script.remove(s)
                    return s
        return None

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        if not self.path.startswith('/bot'):
            return self.control(self.path, body)
        token, method = self.path[4:].split('/', 1)
        if token != '4711:abcdefghijklmnopqrstuvwxyz':
            return self.answer(401, {'ok': False, 'error_code': 401, 'description': 'Unauthorized'})
        chat = json.loads(body).get('chat_id') if body.startswith(b'{') else None
        s = self.scripted(method, chat)
        if s:
            return self.answer(s['status'], s['body'])
        try:
            if method == 'getUpdates':
                result = get_updates(json.loads(body or b'{}'))
            else:
                with lock:
                    result = take(method, self.headers.get('Content-Type', ''), body)
            self.answer(200, {'ok': True, 'result': result})
        except Refused as e:
            log.write(json.dumps({'refused': str(e), 'method': method, 'body': body.decode(errors='replace')[:2000]}) + '\n')
            self.answer(400, {'ok': False, 'error_code': 400, 'description': str(e)})
        except BrokenPipeError:
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = Server(('127.0.0.1', 0), Handler)
print('http://127.0.0.1:%d' % server.server_address[1], flush=True)
server.serve_forever()
