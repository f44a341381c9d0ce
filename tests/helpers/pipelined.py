#!/usr/bin/env python3
"""Valid requests, several in one go, cut where they are cut on the way.

usage: pipelined.py PORT PID [SEED...]

Each must get its own answer, in turn; or, after a right one, the connection
ends (RFC 9112, 9.3.2), so that the client sends the rest again. Whatever was
sent, the gateway PID must then be idle, and answer.
"""
import random
import select
import socket
import sys
import time

EVENT = b'{"type":"t.piped","data":{"n":1}}'
IDLE_S = 0.5
TICKS_MAX = 15  # hundredths of a second within IDLE_S


def request(method, path, body=None):
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
    if body is not None:
        head += f"Content-Length: {len(body)}\r\n"
        head += "Content-Type: application/json\r\n"
    return head.encode() + b"\r\n" + (body or b"")


KINDS = [  # what is sent, the status that is right, is there a body
    (request("GET", "/healthz"), 200, True),
    (request("HEAD", "/healthz"), 200, False),
    (request("GET", "/nothing/here"), 404, True),
    (request("GET", "/api/v1/events?topic=t.none&wait=1"), 200, True),
    (request("GET", "/healthz", b"{}"), 200, True),
    (request("POST", "/api/v1/events", EVENT), 201, True),
    (request("POST", "/api/v1/events", b"{" * 5000), 400, True),
    (request("POST", "/api/v1/events", b""), 400, True),
    (request("PUT", "/healthz", b"[1]"), 405, True),
    (request("DELETE", "/healthz", b"[1]"), 405, True),
]


def connect(port):
    s = socket.create_connection(("127.0.0.1", port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


class Answers:
    """The statuses that a connection gives; ended: it was closed."""

    def __init__(self, sock, bodies):
        self.sock, self.bodies = sock, bodies
        self.rest, self.statuses, self.ended = b"", [], False

    def read(self, wait_s):
        if not select.select([self.sock], [], [], wait_s)[0]:
            return False
        try:
            got = self.sock.recv(65536)
        except ConnectionResetError:
            got = b""
        self.ended |= not got
        self.rest += got
        while b"\r\n\r\n" in self.rest:
            head, rest = self.rest.split(b"\r\n\r\n", 1)
            length = 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not self.bodies[len(self.statuses)]:
                length = 0
            if len(rest) < length:
                break
            self.statuses.append(int(head.split()[1]))
            self.rest = rest[length:]
        return True


def converse(port, rnd):
    """One connection; returns what is wrong, or None, and the connection."""
    said = [rnd.choice(KINDS) for _ in range(rnd.randint(2, 5))]
    wire = b"".join(k[0] for k in said)
    cuts = sorted(rnd.randrange(1, len(wire)) for _ in range(rnd.randint(0, 4)))
    cuts = [0] + cuts + [len(wire)]
    if rnd.random() < 0.2:
        cuts[-1] = max(cuts[-2], len(wire) - rnd.randint(1, 40))
    sock = connect(port)
    got = Answers(sock, [k[2] for k in said] + [True])
    for start, end in zip(cuts, cuts[1:]):
        try:
            sock.sendall(wire[start:end])
        except OSError:
            break
        got.read(rnd.choice((0, 0.001, 0.01)))
    whole = cuts[-1] == len(wire)
    wanted = [k[1] for k in said][: None if whole else -1]
    while not got.ended and len(got.statuses) < len(wanted):
        if not got.read(20):
            return f"no answer: {got.statuses} of {wanted}", sock
    right = got.statuses == wanted[: len(got.statuses)]
    if not right or not got.statuses and wanted or got.rest:
        return f"{got.statuses} {got.rest!r}, not {wanted}", sock
    return None, sock


def ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        return sum(int(v) for v in f.read().rsplit(")", 1)[1].split()[11:13])


def main():
    port, pid = int(sys.argv[1]), int(sys.argv[2])
    held = []
    for seed in [int(s) for s in sys.argv[3:]] or range(40):
        wrong, sock = converse(port, random.Random(seed))
        held.append(sock)
        if wrong:
            sys.exit(f"seed {seed}: {wrong}")
    before = ticks(pid)
    time.sleep(IDLE_S)  # what is measured is that nothing happens
    spent = ticks(pid) - before
    if spent > TICKS_MAX:
        sys.exit(f"{spent} ticks spent on nothing")
    check = Answers(connect(port), [True])
    check.sock.sendall(KINDS[0][0])
    while not check.statuses and not check.ended:
        if not check.read(20):
            break
    if check.statuses != [200]:
        sys.exit(f"/healthz: {check.statuses}")


main()
