"""A name server for tests: dns.py ADDRESS:PORT RULE...

A rule is NAME=ADDRESS,...[;ADDRESS,...]: what the first question for the name
is answered with, and what each further one; without time to live, so that
nobody has a reason to keep it. Names without a rule are never answered. Says
"ready" on standard output.
"""
import socket
import struct
import sys

A, IN = 1, 1


def name_of(q):
    labels, at = [], 12
    while q[at]:
        labels.append(q[at + 1 : at + 1 + q[at]].decode())
        at += 1 + q[at]
    return ".".join(labels).lower(), at + 1


host, port = sys.argv[1].split(":")
rules, asked = {}, {}
for arg in sys.argv[2:]:
    name, answers = arg.split("=")
    rules[name] = [a.split(",") for a in answers.split(";")]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((host, int(port)))
print("ready", flush=True)
while True:
    q, peer = s.recvfrom(512)
    name, end = name_of(q)
    if name not in rules:
        continue
    (kind,) = struct.unpack("!H", q[end : end + 2])
    addresses = []
    if kind == A:
        n = asked.get(name, 0)
        asked[name] = n + 1
        addresses = rules[name][min(n, len(rules[name]) - 1)]
    head = q[:2] + struct.pack("!5H", 0x8180, 1, len(addresses), 0, 0)
    s.sendto(
        head
        + q[12 : end + 4]
        + b"".join(
            struct.pack("!3HIH", 0xC00C, A, IN, 0, 4) + socket.inet_aton(a)
            for a in addresses
        ),
        peer,
    )
