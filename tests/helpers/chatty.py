#!/usr/bin/env python3
"""chatty.py [--tls CERT KEY] - a server of chats that behaves and misbehaves.

Prints its port on a line of its own when it listens. What it does is in the
path of the first line (WebSocket, SSE, polling) or, for IRC, in the first
channel that is joined. Writes what it was told to standard error with -v.
"""
import base64
import gzip
import hashlib
import socket
import ssl
import struct
import sys
import threading
import time

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
seen = {}  # how often a path was asked for
lock = threading.Lock()


def frame(payload, opcode=1, final=True, rsv=0, mask=False):
    if isinstance(payload, str):
        payload = payload.encode()
    head = bytes([(0x80 if final else 0) | rsv | opcode])
    bit = 0x80 if mask else 0
    n = len(payload)
    if n < 126:
        head += bytes([bit | n])
    elif n < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", n)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", n)
    if mask:
        head += b"\0\0\0\0"
    return head + payload


class Peer:
    """A connection, with what was read too far."""

    def __init__(self, sock):
        self.sock = sock
        self.rest = b""

    def until(self, end):
        while end not in self.rest:
            more = self.sock.recv(65536)
            if not more:
                raise EOFError
            self.rest += more
        got, self.rest = self.rest.split(end, 1)
        return got

    def exactly(self, n):
        while len(self.rest) < n:
            more = self.sock.recv(65536)
            if not more:
                raise EOFError
            self.rest += more
        got, self.rest = self.rest[:n], self.rest[n:]
        return got

    def send(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def message(self):
        """The next frame of a client: opcode and payload."""
        a, b = self.exactly(2)
        n = b & 0x7F
        if n == 126:
            n = struct.unpack(">H", self.exactly(2))[0]
        elif n == 127:
            n = struct.unpack(">Q", self.exactly(8))[0]
        if not b & 0x80:
            return a & 15, b"(no mask)"
        key = self.exactly(4)
        return a & 15, bytes(c ^ key[i & 3] for i, c in enumerate(self.exactly(n)))

    def wait(self):
        """Until the client has gone."""
        try:
            while self.sock.recv(65536):
                pass
        except OSError:
            pass


def answer(status, body="", *headers, length=True):
    lines = [f"HTTP/1.1 {status}", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines) + "\r\n\r\n" + body


# ---- WebSocket ----

def upgrade(headers, *more, key=None):
    key = key or headers.get("sec-websocket-key", "").encode()
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
    return answer("101 Switching Protocols", "", "Upgrade: websocket",
                  "Connection: keep-alive, Upgrade",
                  f"Sec-WebSocket-Accept: {accept}", *more, length=False)


def close(code, text=""):
    return frame(struct.pack(">H", code) + text.encode(), 8)


REFUSALS = {
    "/ws/401": answer("401 Unauthorized"),
    "/ws/403": answer("403 Forbidden", "no"),
    "/ws/429": answer("429 Too Many", "", "Retry-After: 7"),
    "/ws/503": answer("503 Busy", "", "Retry-After: 3"),
    "/ws/500": answer("500 Oops"),
    "/ws/200": answer("200 OK", "<p>hello</p>"),
    "/ws/302": answer("302 Found", "", "Location: ws://127.0.0.1:9/"),
    "/ws/challenge": answer("503 Busy", "<title>Just a moment...</title>"),
    "/ws/until-end": answer("403 No", "<title>Just a moment...</title>",
                            length=False),
    "/ws/noise": "SSH-2.0-OpenSSH_9.2\r\n",
    "/ws/cut": "HTTP/1.1 101 Swit",
    "/ws/endless": "HTTP/1.1 101 S\r\n" + "X-More: 0123456789\r\n" * 5000,
}

FRAMES = {
    "/ws/fragments": frame("one", final=False) + frame("!", 9)
    + frame(" two", 0, False) + frame("", 0, False) + frame(" three", 0),
    "/ws/many": b"".join(frame(f"m{i}") for i in range(2000)),
    "/ws/binary": frame(b"\0\1\2\xff", 2),
    "/ws/empty": frame(""),
    "/ws/utf8": frame("\u00fc \U0001f600"),
    "/ws/1000": close(1000) ,
    "/ws/1001": close(1001, "restart"),
    "/ws/1008": close(1008, "banned"),
    "/ws/1013": close(1013),
    "/ws/4001": close(4001, "bad\x01 token"),
    "/ws/no-code": frame(b"", 8),
    "/ws/1005": close(1005),
    "/ws/half-code": frame(b"\3", 8),
    "/ws/masked": frame("x", mask=True),
    "/ws/rsv": frame("x", rsv=0x40),
    "/ws/opcode": frame("x", 3),
    "/ws/continuation": frame("x", 0),
    "/ws/within": frame("x", final=False) + frame("y"),
    "/ws/long-ping": frame("x" * 126, 9),
    "/ws/split-ping": frame("x", 9, final=False),
    "/ws/long-form": b"\x81\x7e\0\x05hello",
    "/ws/bad-text": frame(b"\xc3("),
    "/ws/big": frame("x" * 5000),
    "/ws/big-parts": frame("x" * 600, final=False) + frame("y" * 600, 0),
    "/ws/huge": b"\x81\x7f" + struct.pack(">Q", 1 << 40),
    "/ws/gone": frame("last"),
}


def websocket(p, path, headers):
    if path in REFUSALS:
        p.send(REFUSALS[path])
        if path not in ("/ws/until-end", "/ws/noise", "/ws/cut"):
            p.wait()
    elif path == "/ws/bad-accept":
        p.send(upgrade(headers, key=b"another"))
        p.wait()
    elif path == "/ws/extension":
        p.send(upgrade(headers, "Sec-WebSocket-Extensions: permessage-deflate"))
        p.wait()
    elif path == "/ws/protocol":
        asked = headers.get("sec-websocket-protocol", "")
        p.send(upgrade(headers, f"Sec-WebSocket-Protocol: {asked}").encode()
               + frame("spoken"))
        p.wait()
    elif path == "/ws/slow":
        for c in upgrade(headers).encode() + frame("slow"):
            p.send(bytes([c]))
        p.wait()
    elif path == "/ws/never":
        p.wait()
    elif path == "/ws/echo":
        said = ";".join(headers.get(h, "") for h in ("cookie", "user-agent"))
        p.send(upgrade(headers).encode() + frame(said))
        while True:
            opcode, payload = p.message()
            p.send(close(1000) if opcode == 8 else frame(payload))
            if opcode == 8:
                return
    elif path == "/ws/half-open":
        p.send(upgrade(headers).encode() + frame("there"))
        p.wait()
    elif path == "/ws/alive":
        p.send(upgrade(headers).encode())
        pings = 0
        while pings < 3:
            opcode, payload = p.message()
            if opcode == 9:
                pings += 1
                p.send(frame(payload, 10))
        p.send(frame("three pings"))
        p.wait()
    elif path == "/ws/asks":
        p.send(upgrade(headers).encode() + frame("you there", 9))
        p.send(frame(b"heard: " + p.message()[1]))
        p.wait()
    elif path == "/ws/answer-to-close":
        p.send(upgrade(headers).encode() + frame(b"\xc3("))
        opcode, payload = p.message()
        with lock:
            seen["closed"] = f"{opcode} {struct.unpack('>H', payload)[0]}"
        p.wait()
    elif path == "/ws/was-closed":
        p.send(upgrade(headers).encode() + frame(str(seen.get("closed"))))
        p.wait()
    elif path == "/ws/flood":
        p.send(upgrade(headers))
        for i in range(30000):
            p.send(frame(f"{i} " + "x" * 100))
        p.send(close(1000))
    else:
        p.send(upgrade(headers).encode() + FRAMES[path])
        if path != "/ws/gone":
            p.wait()


# ---- server-sent events, and polling ----

EVENTS = "Content-Type: text/event-stream"


def events(p, path, headers):
    count = seen.get(path, 0)
    if path == "/sse/plain":
        p.send(answer("200 OK", "", EVENTS + "; charset=utf-8", length=False))
        p.send("\ufeffid: 1\ndata: one\n\nevent: add\ndata: two\ndata: lines\n\n")
        p.send(": still here\r\rretry: 1500\rdata:three\r\r")
        p.send(f"id:\ndata: after {headers.get('last-event-id')}\n\n")
        p.send("data: never dispatched")
    elif path == "/sse/chunked":
        p.send(answer("200 OK", "", EVENTS, "Transfer-Encoding: chunked",
                      length=False))
        for c in b"data: caf\xc3\xa9\r\n\r\n":
            p.send(b"1\r\n" + bytes([c]) + b"\r\n")
        p.send("0\r\n\r\n")
    elif path == "/sse/gzip":
        body = gzip.compress(b"".join(b"data: %d\n\n" % i for i in range(2000)))
        p.send(answer("200 OK", "", EVENTS, "Content-Encoding: gzip",
                      f"Content-Length: {len(body)}", length=False).encode() + body)
    elif path == "/sse/many":
        p.send(answer("200 OK", "", EVENTS, length=False))
        p.send("".join(f"data: {i}\n\n" for i in range(5000)))
    elif path == "/sse/quiet":
        p.send(answer("200 OK", "", EVENTS, length=False))
        p.wait()
    elif path == "/sse/comments":
        p.send(answer("200 OK", "", EVENTS, length=False))
        for _ in range(12):
            p.send(":\n")
            time.sleep(0.1)
        p.send("data: kept awake\n\n")
    elif path == "/sse/204":
        p.send(answer("204 No Content", length=False))
    elif path == "/sse/html":
        p.send(answer("200 OK", "<p>no</p>", "Content-Type: text/html"))
    elif path == "/sse/302":
        p.send(answer("302 Found", "", "Location: /sse/plain"))
    elif path == "/sse/429":
        p.send(answer("429 Slow", "", "Retry-After: 5"))
    elif path == "/sse/big":
        p.send(answer("200 OK", "", EVENTS, length=False))
        p.send("data: " + "x" * 5000 + "\n\n")
    elif path == "/sse/endless-line":
        p.send(answer("200 OK", "", EVENTS, length=False))
        p.send("x" * 9000)
        p.wait()
    elif path.startswith("/poll/count"):
        p.send(answer("200 OK", f"[{count}]"))
    elif path == "/poll/etag":
        if headers.get("if-none-match") == '"v1"' and count < 4:
            p.send(answer("304 Not Modified", "", 'ETag: "v1"', length=False))
        else:
            p.send(answer("200 OK", f"[{count}]", 'ETag: "v1"'))
    elif path == "/poll/503":
        p.send(answer("503 Busy", "", "Retry-After: 9"))
    elif path == "/poll/big":
        p.send(answer("200 OK", "x" * 5000))
    else:
        p.send(answer("404 Not Found"))


KEEPS = ("/poll",)


def http(p):
    while True:
        head = p.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        headers = {}
        for line in head[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        with lock:
            seen[path] = seen.get(path, 0) + 1
        if path.startswith("/ws/irc/"):
            p.send(upgrade(headers, "Sec-WebSocket-Protocol: irc")
                   if "sec-websocket-protocol" in headers else upgrade(headers))
            irc(p, Frames(p))
            return
        if path.startswith("/ws/"):
            websocket(p, path, headers)
            return
        events(p, path, headers)
        if not path.startswith(KEEPS):
            return


# ---- IRC ----

class Frames:
    """Lines in messages of a WebSocket."""

    def __init__(self, peer):
        self.peer = peer
        self.lines = []

    def line(self):
        while not self.lines:
            opcode, payload = self.peer.message()
            if opcode == 8:
                raise EOFError
            if opcode == 1:
                self.lines = payload.decode().rstrip("\r\n").split("\r\n")
        return self.lines.pop(0)

    def send(self, text):
        self.peer.send(frame(text))


class Lines:
    def __init__(self, peer):
        self.peer = peer

    def line(self):
        return self.peer.until(b"\r\n").decode()

    def send(self, text):
        self.peer.send(text)


IRC = {
    "#talk": "@id=1;display-name=A\\sB :a!a@x PRIVMSG #talk :hello\r\n"
             ":b!b@x PRIVMSG #talk :a colon: here\r\n",
    "#many": "".join(f":a!a@x PRIVMSG #many :{i}\r\n" for i in range(3000)),
    "#reconnect": ":srv RECONNECT\r\n",
    "#error": "ERROR :Closing Link: (too many)\r\n",
    "#long": ":a!a@x PRIVMSG #long :" + "x" * 20000 + "\r\n",
    "#bare": ":a!a@x PRIVMSG #bare :bare newline\n\r\n\r\nx\r\n",
    "#ping": "PING :are you\r\n",
    "#two": ":a!a@x PRIVMSG #two :the same\r\n:a!a@x PRIVMSG #one :the same\r\n" * 3
            + "@msg-id=tos_ban :srv NOTICE #one :gone\r\n"
            + ":a!a@x PRIVMSG #two :still here\r\n",
}


def irc(p, lines=None, first=None):
    lines = lines or Lines(p)
    nick, joined, pings = None, [], 0
    said = []
    while True:
        line = first or lines.line()
        first = None
        word, _, rest = line.partition(" ")
        said.append(line)
        if word == "CAP" and rest.startswith("LS"):
            lines.send(":srv CAP * LS * :sasl multi-prefix\r\n"
                       ":srv CAP * LS :server-time message-tags "
                       "twitch.tv/tags\r\n")
        elif word == "CAP" and rest.startswith("REQ"):
            lines.send(f":srv CAP * ACK {rest[4:]}\r\n")
        elif word == "PASS":
            if rest.strip(":") == "wrong":
                lines.send(":srv NOTICE * :Login authentication failed\r\n")
        elif word == "NICK":
            if rest == "taken":
                lines.send(":srv 433 * taken :Nickname is already in use\r\n")
            elif rest == "nobody":
                lines.send(":srv 464 * :Password incorrect\r\n")
            elif rest == "banned":
                lines.send(":srv 465 banned :You are banned\r\n")
            elif rest != "mute":
                nick = rest
                lines.send("PING :cookie\r\n")
        elif word == "PONG" and "cookie" in rest and nick:
            lines.send(f":srv 001 {nick} :Welcome\r\n:srv 376 {nick} :End\r\n")
        elif word == "PONG":
            lines.send(f":srv NOTICE {nick} :pong {rest}\r\n")
        elif word == "PING":
            pings += 1
            if "#dead" not in joined:
                lines.send(f":srv PONG srv {rest}\r\n")
            if pings == 2 and "#idle" in joined:
                lines.send(":a!a@x PRIVMSG #idle :two pings\r\n")
        elif word == "JOIN":
            for name in rest.split(","):
                joined.append(name)
                if name == "#closed":
                    lines.send(f":srv 473 {nick} #closed :Invite only\r\n")
                    continue
                lines.send(f":{nick}!{nick}@x JOIN {name}\r\n")
                if name == "#said":
                    lines.send(":srv NOTICE #said :" + " | ".join(said) + "\r\n")
                lines.send(IRC.get(name, ""))
                if name == "#gone":
                    return


def serve(sock):
    p = Peer(sock)
    try:
        p.rest = p.exactly(4) + p.rest
        if p.rest.startswith(b"GET "):
            http(p)
        elif p.rest.startswith(b"\x16"):
            p.wait()  # TLS, which is not spoken here
        else:
            irc(p)
    except (EOFError, OSError):
        pass
    finally:
        try:
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        sock.close()


def main():
    args = sys.argv[1:]
    context = None
    if args and args[0] == "--tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args[1], args[2])
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    print(listener.getsockname()[1], flush=True)
    while True:
        sock, _ = listener.accept()

        def run(s=sock):
            if context:
                try:
                    s = context.wrap_socket(s, server_side=True)
                except (ssl.SSLError, OSError):
                    return
            serve(s)
        threading.Thread(target=run, daemon=True).start()


main()
