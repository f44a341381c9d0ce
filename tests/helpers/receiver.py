#!/usr/bin/env python3
"""A local receiver of what the notifier sends, for tests.

    receiver.py SERVICE

Prints "ready http://127.0.0.1:PORT" and serves until it is killed. SERVICE is
a module of tests/helpers/receivers with

    def receive(request): ...

that checks a request as the service's documentation defines it and returns an
Answer: what the service says to a good one, or its documented error to a bad
one; .shown is what people then see of it. request has .method, .path (without query), .query (dict of lists),
.headers (names in lower case) and .body (bytes), .json() (None: no JSON).

The test's own side:

    POST /control   {"status":429, "headers":{"Retry-After":"2"}, "body":"…",
                     "delay_ms":0, "after":0, "times":1, "close":false}
        the next answers, before the service sees the request, once so many
        more were as always (after); without times until the next POST; {}
        ends it. close: end the connection instead.
    GET  /control   {"requests":[{"at_ms","method","path","query","headers",
                     "body","json","status","shown"}]} of all so far, oldest
                     first
"""
import http.server
import importlib
import json
import sys
import threading
import time
import urllib.parse


class Answer:
    def __init__(self, status=200, body="", headers=None, kind=None,
                 shown=None):
        if not isinstance(body, (str, bytes)):
            body, kind = json.dumps(body), kind or "application/json"
        self.status = status
        self.shown = shown
        self.body = body.encode() if isinstance(body, str) else body
        self.headers = dict(headers or {})
        self.headers.setdefault("Content-Type", kind or "text/plain")


class Request:
    def __init__(self, handler, body):
        url = urllib.parse.urlsplit(handler.path)
        self.method = handler.command
        self.path = url.path
        self.query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        self.headers = {k.lower(): v for k, v in handler.headers.items()}
        self.body = body

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    script = {}
    seen = []
    service = None

    def log_message(self, *args):
        pass

    def answer(self, a):
        self.send_response(a.status)
        for name, value in a.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(a.body)))
        self.end_headers()
        self.wfile.write(a.body)

    def scripted(self):
        with self.lock:
            script = dict(Receiver.script)
            if script.get("after", 0) > 0:
                Receiver.script["after"] -= 1
                return {}
            if "times" in script:
                Receiver.script["times"] -= 1
                if Receiver.script["times"] <= 0:
                    Receiver.script = {}
            return script

    def control(self, body):
        with self.lock:
            if self.command == "POST":
                Receiver.script = json.loads(body or b"{}")
                self.answer(Answer(200, "ok"))
            else:
                self.answer(Answer(200, {"requests": Receiver.seen}))

    def record(self, request):
        seen = {
            "at_ms": int(time.monotonic() * 1000),
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "headers": request.headers,
            "body": request.body.decode("utf-8", "replace"),
            "json": request.json(),
            "status": None,
        }
        with self.lock:
            Receiver.seen.append(seen)
        return seen

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/control":
            return self.control(body)
        request = Request(self, body)
        seen = self.record(request)
        script = self.scripted()
        if script.get("delay_ms"):
            time.sleep(script["delay_ms"] / 1000)
        if script.get("close"):
            self.close_connection = True
            return None
        if "status" in script:
            a = Answer(script["status"], script.get("body", ""),
                       script.get("headers"))
        else:
            with self.lock:
                a = self.service.receive(request)
        seen["status"], seen["shown"] = a.status, a.shown
        return self.answer(a)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    sys.modules.setdefault("receiver", sys.modules[__name__])
    Receiver.service = importlib.import_module("receivers." + sys.argv[1])
    server = Server(("127.0.0.1", 0), Receiver)
    print(f"ready http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
