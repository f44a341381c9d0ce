#!/usr/bin/env python3
"""Clients that are slow, for longer than a request may take (20 s).

usage: slowly.py PORT PATH LENGTH

One reads an answer of LENGTH bytes slowly: it must get all of it. One sends a
body byte by byte: 408. One reads nothing: it is hung up on in the middle.
"""
import select
import socket
import sys
import time

SLOW_S = 24
GIVE_UP_S = 60


def connect(port, sent):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    s.connect(("127.0.0.1", port))
    s.sendall(sent)
    return s


def main():
    port, path, length = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    get = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    post = b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\n"
    post += b"Content-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
    reader, deaf = connect(port, get), connect(port, get)
    dripper = connect(port, post)
    got, answer, began = b"", b"", time.monotonic()
    while not answer or len(got) < length:
        if time.monotonic() > began + GIVE_UP_S:
            sys.exit(f"no end: {len(got)} read, {answer!r}")
        due = length * (time.monotonic() - began) / SLOW_S
        if len(got) < length and len(got) < due:
            part = reader.recv(65536)
            if not part:
                sys.exit(f"cut off after {len(got)} bytes")
            got += part
        if not answer:
            if select.select([dripper], [], [], 0)[0]:
                answer = dripper.recv(65536)
                if not answer:
                    sys.exit("no answer to a body that does not come")
            else:
                dripper.send(b" ")
        time.sleep(0.05)
    if b" 408 " not in answer:
        sys.exit(f"not 408: {answer!r}")
    deaf.settimeout(GIVE_UP_S)
    heard = 0
    try:
        while part := deaf.recv(65536):
            heard += len(part)
    except ConnectionResetError:
        pass
    if heard >= length:
        sys.exit("who reads nothing was waited for")


main()
