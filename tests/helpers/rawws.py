#!/usr/bin/env python3
"""WebSocket clients that do what no library does.

usage: rawws.py PORT SCENARIO [ARGUMENT...]

Ends with 0 where the gateway did what it should, else says what it did.
Everything has a deadline of GIVE_UP_S.
"""
import json
import os
import resource
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

GIVE_UP_S = 60
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def need(truth, *what):
    if not truth:
        sys.exit("rawws: " + " ".join(map(str, what)))


class Ended(Exception):
    """The connection is no more."""


def connect(port):
    """A connection; with TLS where RAWWS_CA names whom to trust."""
    sock = socket.create_connection(("127.0.0.1", port), GIVE_UP_S)
    if "RAWWS_CA" not in os.environ:
        return sock
    tls = ssl.create_default_context(cafile=os.environ["RAWWS_CA"])
    return tls.wrap_socket(sock, server_hostname="localhost")


class Client:
    def __init__(self, port, path="/ws", headers=(), protocol="weir.v1",
                 sock=None):
        self.deadline = time.monotonic() + GIVE_UP_S
        self.sock = sock or connect(port)
        self.buf = b""
        lines = [f"GET {path} HTTP/1.1", "Host: localhost",
                 "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                 "Sec-WebSocket-Version: 13",
                 f"Sec-WebSocket-Protocol: {protocol}", *headers]
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.buf:
            self.more()
        head, self.buf = self.buf.split(b"\r\n\r\n", 1)
        self.head = head.decode()

    def more(self):
        left = self.deadline - time.monotonic()
        need(left > 0, "nothing came in time")
        self.sock.settimeout(left)
        try:
            part = self.sock.recv(65536)
        except ConnectionError:
            part = b""
        if not part:
            raise Ended
        self.buf += part

    def take(self, n):
        while len(self.buf) < n:
            self.more()
        part, self.buf = self.buf[:n], self.buf[n:]
        return part

    def frame(self):
        """The next frame: its first byte, and what it carries."""
        first, n = self.take(2)
        if n == 126:
            n, = struct.unpack(">H", self.take(2))
        elif n == 127:
            n, = struct.unpack(">Q", self.take(8))
        return first, self.take(n)

    def message(self):
        """The next text message; pings are answered, a close is its code."""
        while True:
            first, data = self.frame()
            if first & 15 == PING:
                self.send(data, PONG)
            elif first & 15 == CLOSE:
                return struct.unpack(">H", data[:2])[0], data[2:].decode()
            elif first & 15 == TEXT:
                return json.loads(data)

    def send(self, data, opcode=TEXT, first=0x80):
        n = len(data)
        size = (bytes([0x80 | n]) if n < 126 else
                struct.pack(">BH", 0xfe, n) if n < 65536 else
                struct.pack(">BQ", 0xff, n))
        mask = os.urandom(4)
        key = (mask * (n // 4 + 1))[:n]
        body = (int.from_bytes(data, "big") ^
                int.from_bytes(key, "big")).to_bytes(n, "big")
        self.sock.sendall(bytes([first | opcode]) + size + mask + body)

    def say(self, **command):
        self.send(json.dumps(command).encode())
        return self.message()


def heartbeat(port):
    """Pings carry the position; who does not answer is given up."""
    alive, dead = Client(port), Client(port)
    alive.say(subscribe=["t.n"])
    pings, ended = [], False
    while not ended or len(pings) < 4:
        first, data = alive.frame()
        need(first == 0x80 | PING, "not a ping", hex(first), data)
        alive.send(data, PONG)
        pings.append(data.decode())
        dead.sock.setblocking(False)
        try:
            ended = ended or dead.sock.recv(65536) == b""
        except BlockingIOError:
            pass
        except ConnectionError:
            ended = True
    position = alive.say(ping=1)["position"]
    need(set(pings) == {position}, "positions", pings, position)


def ended(sock):
    """Read to the end; what came."""
    sock.settimeout(GIVE_UP_S)
    got = b""
    try:
        while part := sock.recv(65536):
            got += part
    except ConnectionError:
        pass
    return got


def rss_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return sum(int(line.split()[1]) for line in status
                   if line.startswith("RssAnon"))


def half_open(port, count, pid):
    """Connections without a whole head: cheap, and in nobody's way."""
    count = int(count)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count + 100:
        count = hard - 100
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (max(soft, count + 100), hard))
    Client(port).sock.close()
    before = rss_kb(pid)
    held = []
    for i in range(count):
        s = socket.create_connection(("127.0.0.1", port), GIVE_UP_S)
        s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: y\r\n"[:i % 40])
        held.append(s)
    good = Client(port)
    need("subscribed" in good.say(subscribe=["t.n"]), "not subscribed")
    each = (rss_kb(pid) - before) * 1024 / count
    # A sanitizer has memory of its own for each.
    need(each < 500 or "ASAN_OPTIONS" in os.environ,
         f"{each:.0f} bytes for each of {count}")
    # One that made room, and one that has waited long enough, are told so.
    for s in held[0], held[-1]:
        answer = ended(s)
        need(answer.startswith(b"HTTP/1.1 408 "), "no 408:", answer)
    need("pong" in good.say(ping=1), "no pong")


def slow_head(port):
    """A head may come byte by byte, as long as it comes in time."""
    s = socket.create_connection(("127.0.0.1", port), GIVE_UP_S)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for c in b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" \
             b"Connection: close\r\n\r\n":
        s.sendall(bytes([c]))
    answer = ended(s)
    need(answer.startswith(b"HTTP/1.1 200 "), "no answer:", answer)


def crowd(port, limit):
    """More from one address than may; another's are taken."""
    held = [Client(port) for _ in range(int(limit))]
    s = socket.create_connection(("127.0.0.1", port), GIVE_UP_S)
    answer = ended(s)
    need(answer.startswith(b"HTTP/1.1 503 ") and b"Retry-After: " in answer,
         "taken:", answer)
    other = socket.socket()
    other.bind(("127.0.0.9", 0))
    other.connect(("127.0.0.1", port))
    other.sendall(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
    answer = ended(other)
    need(b"connections_crowded_total{" in answer, "not served:", answer)
    held[0].sock.close()
    while True:
        try:
            Client(port)
            break
        except Ended:
            need(time.monotonic() < held[1].deadline, "no room again")


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def whole_answer(sock):
    """One answer with a body that has a length."""
    sock.settimeout(GIVE_UP_S)
    got = b""
    while b"\r\n\r\n" not in got:
        part = sock.recv(65536)
        need(part, "no answer:", got)
        got += part
    head, body = got.split(b"\r\n\r\n", 1)
    length = int(head.lower().split(b"content-length:")[1].split()[0])
    while len(body) < length:
        body += sock.recv(65536)
    return head


def allow_files(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        need(hard >= count, "only", hard, "files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


def kept(port, pid, most):
    """Connections that have begun another request, and do not go on."""
    most = int(most)
    allow_files(most + 200)
    Client(port).sock.close()
    before = rss_kb(pid)
    held = []
    for _ in range(most):
        s = socket.create_connection(("127.0.0.1", port), GIVE_UP_S)
        s.sendall(HEALTH)
        need(b"\r\nConnection: close" not in whole_answer(s), len(held))
        s.sendall(HEALTH[:20])
        held.append(s)
    for _ in range(10):
        s = socket.create_connection(("127.0.0.1", port), GIVE_UP_S)
        s.sendall(HEALTH)
        answer = ended(s)
        need(answer.startswith(b"HTTP/1.1 200 "), "not served:", answer)
        need(b"\r\nConnection: close" in answer, "kept:", answer)
    good = Client(port)
    need("subscribed" in good.say(subscribe=["t.n"]), "not subscribed")
    need(metric(port, "connections_unkept_total") >= 10, "not counted")
    each = (rss_kb(pid) - before) * 1024 / most
    # A sanitizer has memory of its own for each.
    need(each < 24 << 10 or "ASAN_OPTIONS" in os.environ, f"{each:.0f} bytes for each")
    # One goes on, and all others are ended.
    held[0].sendall(HEALTH[20:])
    need(whole_answer(held[0]).startswith(b"HTTP/1.1 200 "), "not answered")
    held[0].close()
    for s in held[1:]:
        need(ended(s) == b"", "answered")
    while metric(port, "late_heads_total") < most - 1:
        need(time.monotonic() < good.deadline, "not counted as late:",
             metric(port, "late_heads_total"))


def slow_tls(port):
    """A handshake, and a head after it, that come too slowly are ended."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(400)
    held = [(socket.create_connection(("127.0.0.1", port), GIVE_UP_S), hello),
            (connect(port), HEALTH)]
    deadline = time.monotonic() + GIVE_UP_S
    for i in range(300):
        if not held:
            break
        need(time.monotonic() < deadline, "not ended")
        for sock, text in list(held):
            try:
                sock.settimeout(0.2)
                sock.sendall(text[i:i + 1] if i < len(text) - 4 else b"")
                gone = sock.recv(100) == b""
            except (TimeoutError, ssl.SSLWantReadError):
                gone = False
            except OSError:
                gone = True
            if gone:
                held.remove((sock, text))
    need(not held, "not ended")
    need(metric(port, "late_heads_total") == 2, "not counted:",
         metric(port, "late_heads_total"))


def strangers(_, program, directory, token, listen, local, stranger):
    """Limits that hold without a word, but not for this machine.

    In a network of its own, in which `stranger` is its address, too.
    """
    allow_files(3000)
    with subprocess.Popen(
            [program, "--dir", directory, "--listen", listen, "--port", "0",
             "--token-file", token], stderr=subprocess.PIPE) as gateway:
        try:
            line = b""
            while b": ready " not in line:
                line = gateway.stderr.readline()
                need(line, "the gateway did not start")
            port = line.split(b"url=")[1].split(b"/ ")[0].rsplit(b":")[-1]
            visit(int(port), open(token, "rb").read().strip(), local, stranger)
        finally:
            gateway.terminate()


def visit(port, token, local, stranger):
    def figure(name, label=""):
        s = socket.create_connection((local, port), GIVE_UP_S)
        s.sendall(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n"
                  b"Authorization: Bearer " + token + b"\r\n\r\n")
        return figure_of(ended(s).decode(), name, label)

    def many(address, count):
        socks = [socket.create_connection((address, port), GIVE_UP_S)
                 for _ in range(count)]
        for s in socks:
            s.close()

    many(local, 2500)
    need(figure("refused_total", "connection-rate") == 0, "local ones")
    end = time.monotonic() + GIVE_UP_S
    while figure("refused_total", "connection-rate") == 0:
        need(time.monotonic() < end, "connections have no rate")
        many(stranger, 700)
    held = [socket.create_connection((local, port), GIVE_UP_S)
            for _ in range(1200)]
    need(figure("connections_crowded_total") == 0, "local ones")
    while figure("connections_crowded_total") == 0:
        need(time.monotonic() < end, "connections have no number")
        held += [socket.create_connection((stranger, port), GIVE_UP_S)
                 for _ in range(100)]


def reason(answer, want):
    """What a close frame says about coming back."""
    code, text = answer
    need(code == want, "closed with", code, text)
    said = json.loads(text)
    need(500 <= said["retry"] <= 4000, "retry", text)
    return said


def ask(port, method, path, body=b""):
    """One request on a connection of its own: status and body."""
    s = connect(port)
    s.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
              "Connection: close\r\nContent-Type: application/json\r\n"
              f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    head, _, text = ended(s).partition(b"\r\n\r\n")
    return head.split(b" ")[1:2], text


def publish(port, first, last):
    """Numbered events over HTTP; what has no answer is sent again."""
    for n in range(first, last + 1):
        event = json.dumps({"type": "t.n", "data": {"n": n}, "source": "raw",
                            "id": str(n)}).encode()
        while ask(port, "POST", "/api/v1/events", event)[0] != [b"201"]:
            time.sleep(0.05)


class Reader(threading.Thread):
    """A client that comes back as it is told, until it has had `last`."""

    def __init__(self, port, last, here):
        super().__init__(daemon=True)
        self.port, self.last, self.here = port, last, here
        self.got, self.closes, self.fault = [], 0, None

    def run(self):
        try:
            while not self.got or self.got[-1] != self.last:
                self.visit()
        except (SystemExit, Exception) as e:  # pylint: disable=W0718
            self.fault = e

    def visit(self):
        c = Client(self.port)
        m = c.say(subscribe=["t.n"], since=self.here)
        if isinstance(m, dict):
            need(m["recovered"] is True, m)
            while not self.got or self.got[-1] != self.last:
                m = c.message()
                if isinstance(m, tuple):
                    break
                self.got.append(m["data"]["n"])
        if isinstance(m, tuple):  # also instead of an answer
            said = reason(m, 1012)
            # Who has not been answered is nowhere yet.
            self.here = said.get("position", self.here)
            self.closes += 1
            time.sleep(said["retry"] / 1000)


def upgrade(port, pid):
    """The process makes way twice while events come; all have all of them."""
    last = 400
    here = Client(port).say(ping=1)["position"]
    readers = [Reader(port, last, here) for _ in range(20)]
    for r in readers:
        r.start()
    polled = []
    poll = threading.Thread(target=lambda: polled.append(ask(
        port, "GET", "/api/v1/events?topic=t.none&since=1d&wait=50")))
    poll.start()
    for first in range(1, last, last // 4):
        publish(port, first, first + last // 4 - 1)
        if first < last // 2:
            os.kill(int(pid), signal.SIGUSR2)
    for r in readers:
        r.join(GIVE_UP_S)
        need(not r.fault and not r.is_alive(), "reader:", r.fault, r.got[-1:])
        need(r.got == list(range(1, last + 1)), "events:", r.got)
    need(min(r.closes for r in readers) >= 1, "nobody was told")
    poll.join(GIVE_UP_S)
    need(polled and polled[0][0] == [b"200"], "long poll:", polled)


def told_to_leave(port, pid):
    """SIGTERM: who was there is told after how long to come back, and where."""
    some = [Client(port) for _ in range(10)]
    here = [c.say(subscribe=["t.n"])["position"] for c in some]
    os.kill(int(pid), signal.SIGTERM)
    said = [reason(c.message(), 1001) for c in some]
    need([s["position"] for s in said] == here, said, here)
    need(len({s["retry"] for s in said}) > 1, "all come at once", said)


def many(port):
    """Messages of every size reach a crowd, each once and in order."""
    crowd_ = [Client(port) for _ in range(50)]
    for c in crowd_:
        c.say(subscribe=["t.big"])
    sizes = [10, 120, 130, 60000, 200000, 1, 70000]
    sender = Client(port)
    sender.say(subscribe=["t.none"])
    for n in sizes:
        need("pong" in sender.say(ping="x" * min(n, 900)), "no pong")
    body = json.dumps([{"type": "t.big", "data": {"x": "y" * n}}
                       for n in sizes]).encode()
    plain = b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\n" \
            b"Content-Type: application/json\r\nConnection: close\r\n" \
            b"Content-Length: %d\r\n\r\n" % len(body) + body
    poster = connect(port)
    poster.sendall(plain)
    need(b" 201 " in poster.recv(100), "not published")
    for c in crowd_:
        got = [len(c.message()["data"]["x"]) for _ in sizes]
        need(got == sizes, "got", got)


def abuse(port, pid):
    """Messages that are too large, in whatever pieces, or no text."""
    c, other = Client(port), Client(port)
    other.say(subscribe=["t.n"])

    def error():
        return c.message()["error"]["code"]

    c.send(b"x" * 70000)
    need(error() == "too-large", "one frame")
    before = rss_kb(pid)
    for i in range(3000):  # 30 MB in one message
        c.send(b"x" * 10000, 0 if i else TEXT, 0)
    need(error() == "too-large", "many frames")
    need(rss_kb(pid) - before < 4096, "it was all kept")
    c.send(b"", 0)
    for i in range(20000):  # nothing, in many frames
        c.send(b"", 0 if i else TEXT, 0)
    c.send(json.dumps({"ping": 1}).encode(), 0)
    need("pong" in c.message(), "empty frames")
    for text in b"\xff\xfe", b'{"ping":"\xc0\x80"}', b'{"ping":"\xed\xa0\x80"}':
        c.send(text)
        need(error() in ("bad-json", "bad-message"), "not UTF-8", text)
    c.send(b"{}", 2)
    need(error() == "not-text", "binary")
    need("pong" in c.say(ping=2) and "pong" in other.say(ping=2), "no pong")
    # Half a frame, and then nothing: nobody waits for the rest.
    c.sock.sendall(b"\x81\xfe\xff\xff")
    need("pong" in other.say(ping=3), "no pong")


def narrow(port):
    """A client with a small window."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1000)
    sock.connect(("127.0.0.1", port))
    return Client(port, sock=sock)


def pour(port, first, last, size):
    """Numbered events of some size, in one request."""
    body = json.dumps([{"type": "t.n", "data": {"n": n, "pad": "x" * size}}
                       for n in range(first, last + 1)]).encode()
    status, text = ask(port, "POST", "/api/v1/events", body)
    need(status == [b"201"], "not published:", status, text[:200])


def metric(port, name, label=""):
    """A figure of the gateway's, 0 while it is not there."""
    return figure_of(ask(port, "GET", "/metrics")[1].decode(), name, label)


def figure_of(text, name, label):
    for line in text.splitlines():
        if line.startswith(f"weir_gateway_{name}{{") and label in line:
            return int(line.rsplit(" ", 1)[1])
    return 0


def end_choked(port):
    """One whose socket takes no more, and is to be ended; events there were."""
    c, n = narrow(port), 0
    c.say(subscribe=["t.n"])
    while metric(port, "choked") == 0:
        need(time.monotonic() < c.deadline, "not choked")
        pour(port, n + 1, n + 100, 10000)
        n += 100
    listed = json.loads(ask(port, "GET", "/api/v1/connections")[1])
    ids = [one["id"] for one in next(
        v for v in listed.values() if isinstance(v, list))]
    need(len(ids) == 1, "connections:", listed)
    status, text = ask(port, "DELETE", f"/api/v1/connections/{ids[0]}")
    need(status[0].startswith(b"20"), "not ended:", status, text)
    return c, n


def told_late(port):
    """Who is slow, and reads on, gets whole frames, and why it is ended."""
    c, last = end_choked(port)
    other = Client(port)
    need("pong" in other.say(ping=1), "others notice")
    got = []
    while not isinstance(m := c.message(), tuple):
        got.append(m["data"]["n"])
    need(m[1] == "closed", "closed with", m)
    need(got == list(range(1, len(got) + 1)), "events:", got)
    need(0 < len(got) < last, len(got), "of", last)
    need(metric(port, "untold_total") == 0, "counted as untold")


def hung_up(port):
    """Who does not read why it is ended is hung up all the same."""
    c, _ = end_choked(port)
    other = Client(port)
    while metric(port, "untold_total") == 0:
        need(time.monotonic() < c.deadline, "not hung up")
        need("pong" in other.say(ping=1), "others notice")
    need(metric(port, "websockets") == 1, "still there")


def pings(port):
    """Answers to pings and events do not get into each other."""
    c, total = narrow(port), 4000
    c.say(subscribe=["t.n"])
    poster = threading.Thread(target=lambda: [
        pour(port, n, n + 199, 1000) for n in range(1, total, 200)])
    poster.start()
    n = pongs = 0
    while n < total:
        first, data = c.frame()
        need(first in (0x80 | TEXT, 0x80 | PONG), "a frame of", hex(first))
        if first == 0x80 | PONG:
            need(data == b"p" * 125, "pong", data)
            pongs += 1
            continue
        n += 1
        need(json.loads(data)["data"]["n"] == n, "not event", n)
        c.send(b"p" * 125, PING)
    poster.join(GIVE_UP_S)
    need(pongs > 0, "no pongs")


def many_topics(port):
    """More topics than presence counts: one that has no place, then has."""
    def count():
        return json.loads(ask(port, "GET", "/api/v1/presence?topic=z.z")[1])[
            "count"]

    some = [Client(port) for _ in range(128)]
    for i, c in enumerate(some):  # 16,384 of them
        c.say(subscribe=[f"t.n/{i}-{j}" for j in range(128)])
    early, late = Client(port), Client(port)
    early.say(subscribe=["z.z"])
    need(count() == 0, "counted beyond the limit")
    some[0].say(unsubscribe=["t.n/0-0"])
    # It makes room when the others have been told that nobody is there.
    while count() == 0:
        need(time.monotonic() < late.deadline, "no room again")
        late.say(unsubscribe=["z.z"])
        late.say(subscribe=["z.z"])
    early.say(unsubscribe=["z.z"])
    need(count() == 1, "who was not counted took another away")


SCENARIOS = {f.__name__: f for f in (
    heartbeat, half_open, slow_head, crowd, kept, slow_tls, strangers,
    upgrade, told_to_leave, many, abuse, told_late, hung_up, pings,
    many_topics)}


def main():
    SCENARIOS[sys.argv[2]](int(sys.argv[1]), *sys.argv[3:])


if __name__ == "__main__":
    main()
