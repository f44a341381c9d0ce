#!/usr/bin/env python3
"""Attacks on a gateway, each of which must be answered, counted, and noticed
by nobody else.

usage: attacks.py PORT OWNER ANN FORGED EXPIRED NONE CONFUSED

OWNER is the owner's token, the others are JSON Web Tokens: a user's, and four
that are none. While each attack goes on, events are published and another
client must be sent all of them, in order.
"""
import json
import resource
import socket
import sys
import threading
import time

from rawws import GIVE_UP_S, TEXT, Client, ended, need

PORT = int(sys.argv[1])
OWNER, ANN, FORGED, EXPIRED, NONE, CONFUSED = sys.argv[2:8]


def bearer(token):
    return f"Authorization: Bearer {token}"


def ask(head, body=b"", token=OWNER, host="localhost"):
    """The answer to one request, whole."""
    s = socket.create_connection(("127.0.0.1", PORT), GIVE_UP_S)
    lines = [f"{head} HTTP/1.1", f"Host: {host}", "Connection: close",
             bearer(token), "Content-Type: application/json",
             f"Content-Length: {len(body)}"]
    s.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
    return ended(s).decode()


def handshake(*headers, host="localhost", token=OWNER):
    """The answer to an upgrade that is to be refused."""
    s = socket.create_connection(("127.0.0.1", PORT), GIVE_UP_S)
    lines = ["GET /ws HTTP/1.1", f"Host: {host}", "Upgrade: websocket",
             "Connection: Upgrade", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Protocol: weir.v1", bearer(token), *headers]
    if not any(h.startswith("Sec-WebSocket-Key") for h in headers):
        lines.append("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
    s.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return ended(s).decode()


def counter(name, kind):
    total = 0
    for line in ask("GET /metrics").splitlines():
        if line.startswith(f"weir_gateway_{name}{{") and \
                (not kind or f'kind="{kind}"' in line):
            total += int(line.rsplit(" ", 1)[1])
    return total


class Others:
    """Somebody who publishes, and somebody who must get all of it in order."""

    def __init__(self):
        self.client = Client(PORT, headers=[bearer(OWNER)])
        self.client.say(subscribe=["t.n"])
        self.stop = threading.Event()
        self.sent, self.fault = 0, None
        self.poster = threading.Thread(target=self.post, daemon=True)
        self.poster.start()

    def post(self):
        while not self.stop.is_set() or self.sent == 0:
            event = {"type": "t.n", "data": {"n": self.sent + 1}}
            answer = ask("POST /api/v1/events", json.dumps(event).encode())
            if not answer.startswith("HTTP/1.1 201 "):
                self.fault = answer
                return
            self.sent += 1
            self.stop.wait(0.01)

    def end(self):
        self.stop.set()
        self.poster.join(GIVE_UP_S)
        need(not self.fault and not self.poster.is_alive(),
             "not published:", self.fault)
        self.client.deadline = time.monotonic() + GIVE_UP_S
        got = [self.client.message() for _ in range(self.sent)]
        need([m["data"]["n"] for m in got] == list(range(1, self.sent + 1)),
             "others notice:", got)
        self.client.sock.close()


def command(text, token=OWNER):
    """What a WebSocket is answered to one message."""
    c = Client(PORT, headers=[bearer(token)])
    c.send(text)
    return json.dumps(c.message())


def bomb():
    c = Client(PORT, headers=[bearer(OWNER)])
    for i in range(3000):
        c.send(b"x" * 10000, 0 if i else TEXT, 0)
    return json.dumps(c.message())


def subscribe(pattern):
    return command(json.dumps({"subscribe": [pattern]}).encode(), ANN)


def slow_handshake():
    s = socket.create_connection(("127.0.0.1", PORT), GIVE_UP_S)
    s.sendall(b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: webso")
    return ended(s).decode()


def half_open():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = 10000 if hard == resource.RLIM_INFINITY else min(10000, hard - 100)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = []
    for i in range(count):
        s = socket.create_connection(("127.0.0.1", PORT), GIVE_UP_S)
        s.sendall(b"GET /ws HTTP/1.1\r\nHost: localhost\r\nX: y\r\n"[:i % 40])
        held.append(s)
    return ended(held[0]).decode() + ended(held[-1]).decode()


def both_lengths():
    s = socket.create_connection(("127.0.0.1", PORT), GIVE_UP_S)
    s.sendall(b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\n" +
              bearer(OWNER).encode() + b"\r\nContent-Length: 4\r\n"
              b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics "
              b"HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = ended(s).decode()
    need(answer.count("HTTP/1.1 ") == 1, "smuggled:", answer)
    return answer


NOBODYS = "another user's notifications"
EVERYBODYS = "would contain the notifications of other users"
LARGE = json.dumps([{"type": "t.x", "data": "x" * 300000}]).encode()

# What is done; words of the answer; the counter that rises, and its kind.
ATTACKS = {
    "cross-site hijacking": (
        lambda: handshake("Origin: https://evil.example"),
        ("403", "Origin"), "refused_total", "origin"),
    "DNS rebinding": (
        lambda: handshake("Origin: http://evil.example",
                          host="evil.example"),
        ("403", "Host is none of the names"), "refused_total", "host"),
    "DNS rebinding over HTTP": (
        lambda: ask("GET /api/v1/events", host="evil.example"),
        ("403", "Host is none of the names"), "refused_total", "host"),
    "a handshake that is none": (
        lambda: handshake("Sec-WebSocket-Key: short"),
        ("400", "Sec-WebSocket-Key is not"), "malformed_total", ""),
    "an oversized frame": (
        lambda: command(b"x" * 70000),
        ("too-large",), "bad_messages_total", "too-large"),
    "a fragmented frame bomb": (
        bomb, ("too-large",), "bad_messages_total", "too-large"),
    "invalid UTF-8": (
        lambda: command(b'{"ping":"\xc0\x80"}'),
        ("bad-json",), "bad_messages_total", "bad-json"),
    "deep JSON": (
        lambda: command(b'{"ping":' + b"[" * 30000),
        ("bad-json",), "bad_messages_total", "bad-json"),
    "a surrogate alone": (
        lambda: command(b'{"ping":"\\ud800"}'),
        ("bad-json",), "bad_messages_total", "bad-json"),
    "a forged token": (
        lambda: ask("GET /api/v1/events", token=FORGED),
        ("401", "not signed with a key that is known"),
        "refused_total", "token"),
    "a forged token on a WebSocket": (
        lambda: handshake(token=FORGED),
        ("401", "not signed with a key that is known"),
        "refused_total", "token"),
    "an expired token": (
        lambda: ask("GET /api/v1/events", token=EXPIRED),
        ("401", "has expired"), "refused_total", "token"),
    "alg: none": (
        lambda: ask("GET /api/v1/events", token=NONE),
        ("401", "is not signed with"), "refused_total", "token"),
    "an RS256 key as HS256 secret": (
        lambda: ask("GET /api/v1/events", token=CONFUSED),
        ("401", "not signed with a key that is known"),
        "refused_total", "token"),
    "somebody else's notifications": (
        lambda: subscribe("user.notification/bob"),
        ("forbidden", NOBODYS), "bad_messages_total", "forbidden"),
    "a prefix that contains them": (
        lambda: subscribe("user."),
        ("forbidden", EVERYBODYS), "bad_messages_total", "forbidden"),
    "all that there is": (
        lambda: subscribe(""),
        ("forbidden", EVERYBODYS), "bad_messages_total", "forbidden"),
    "somebody else's over HTTP": (
        lambda: ask("GET /api/v1/events?topic=user.notification/bob",
                    token=ANN),
        ("403", NOBODYS), "refused_total", "access"),
    "two lengths": (
        both_lengths, ("411", "Content-Length"), "malformed_total", ""),
    "a slow handshake": (
        slow_handshake, ("408",), "late_heads_total", ""),
    "10,000 half-open connections": (
        half_open, ("408",), "late_heads_total", ""),
}


def main():
    for name, (attack, words, which, kind) in ATTACKS.items():
        before, others = counter(which, kind), Others()
        answer = attack()
        others.end()
        for word in words:
            need(word in answer, f"{name}: not answered {word!r}:", answer)
        need(counter(which, kind) > before, f"{name}: not counted as", which,
             kind)


if __name__ == "__main__":
    main()
