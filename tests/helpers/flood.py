#!/usr/bin/env python3
"""flood.py - rooms that say all that their sockets take, and an honest one.

Prints its port. WebSockets only: /honest says each line of standard input, as
it comes; /count/N says the numbers up to N; any other path says the same few
words for ever. Ends with its input.
"""
import base64
import hashlib
import json
import selectors
import socket
import struct
import sys

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(text):
    body = json.dumps({"user": "eve", "text": text}).encode()
    head = struct.pack(">BH", 126, len(body)) if len(body) > 125 else bytes([len(body)])
    return b"\x81" + head + body


FLOOD = frame("buy " + "now " * 40) * 256


def shake_hands(sock):
    head = b""
    while b"\r\n\r\n" not in head:
        more = sock.recv(4096)
        if not more:
            raise EOFError
        head += more
    lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    key = next(line[19:] for line in lines if line.lower().startswith("sec-websocket-key: "))
    assert "upgrade" in fields
    accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
    sock.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                  f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n").encode())
    return lines[0].split(" ")[1]


class Room:
    def __init__(self, sock, path):
        self.sock, self.at = sock, 0
        self.ends = path.startswith("/count/")
        self.words = FLOOD
        if self.ends:
            self.words = b"".join(frame(f"n {i + 1}") for i in range(int(path[7:])))

    def go_on(self):
        """False: all is said, or nobody listens."""
        try:
            self.at += self.sock.send(memoryview(self.words)[self.at:])
        except BlockingIOError:
            return True
        except OSError:
            return False
        if self.at == len(self.words) and not self.ends:
            self.at = 0
        return self.at < len(self.words)


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(listener.getsockname()[1], flush=True)
    ready = selectors.DefaultSelector()
    ready.register(listener, selectors.EVENT_READ, "new")
    ready.register(0, selectors.EVENT_READ, "input")
    honest, done = None, []
    while True:
        for key, _ in ready.select():
            if key.data == "new":
                sock = listener.accept()[0]
                path = shake_hands(sock)
                if path == "/honest":
                    honest = sock
                    continue
                sock.setblocking(False)
                ready.register(sock, selectors.EVENT_WRITE, Room(sock, path))
            elif key.data == "input":
                line = sys.stdin.readline()
                if not line:
                    return
                honest.sendall(frame(line.rstrip("\n")))
            elif not key.data.go_on():
                ready.unregister(key.data.sock)
                done.append(key.data.sock)  # it stays open


if __name__ == "__main__":
    main()
