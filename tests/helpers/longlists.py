#!/usr/bin/env python3
"""longlists.py LISTS FIRST SECOND - lists of three pages, the first two of so many bytes.

Prints a host and port for each list. /LIST is the first page; a third page is answered once that of
every list was asked for, so that all looks are under way at once.
"""
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LISTS, FIRST, SECOND = (int(arg) for arg in sys.argv[1:4])
together = threading.Barrier(LISTS)

FEED = """<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>{}
<entry><id>{}</id><title>{}</title></entry><!--{}--></feed>"""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/robots.txt":
            self.send_error(404)
            return
        name, _, page = self.path[1:].partition("-")
        page = int(page or 1)
        if page == 3:
            together.wait()
        link = f'<link rel="next" href="/{name}-{page + 1}"/>' if page < 3 else ""
        filler = "x" * {1: FIRST, 2: SECOND}.get(page, 0)
        body = FEED.format(link, self.path, self.path, filler).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/atom+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


for i in range(LISTS):
    server = ThreadingHTTPServer((f"127.0.0.{i + 1}", 0), Handler)
    print("%s:%d" % server.server_address, flush=True)
    threading.Thread(target=server.serve_forever).start()
