#!/usr/bin/env python3
"""WebSocket clients that do what no library does.

usage: rawws.py PORT SCENARIO [ARGUMENT...]

Ends with 0 where the gateway did what it should, else says what it did.
Everything has a deadline of GIVE_UP_S.
"""
import json
import os
import socket
import struct
import sys
import time

GIVE_UP_S = 60
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def need(truth, *what):
    if not truth:
        sys.exit("rawws: " + " ".join(map(str, what)))


class Ended(Exception):
    """The connection is no more."""


class Client:
    def __init__(self, port, path="/ws", headers=()):
        self.deadline = time.monotonic() + GIVE_UP_S
        self.sock = socket.create_connection(("127.0.0.1", port), GIVE_UP_S)
        self.buf = b""
        lines = [f"GET {path} HTTP/1.1", "Host: localhost",
                 "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                 "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Protocol: weir.v1", *headers]
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


SCENARIOS = {f.__name__: f for f in (heartbeat,)}


def main():
    SCENARIOS[sys.argv[2]](int(sys.argv[1]), *sys.argv[3:])


if __name__ == "__main__":
    main()
