#!/usr/bin/env python3
"""WebSocket clients that speak permessage-deflate (RFC 7692), and badly.

usage: deflatews.py PORT SCENARIO

Ends with 0 where the gateway did what it should, else says what it did.
"""
import json
import re
import sys
import zlib

from rawws import (CLOSE, PING, PONG, TEXT, Client, Ended, ask, metric, need)

BINARY, RSV1 = 2, 0x40
OFFER = "permessage-deflate; client_max_window_bits"
TAIL = b"\x00\x00\xff\xff"
PLAIN = "; server_no_context_takeover; client_no_context_takeover"


class Deflating(Client):
    def __init__(self, port, offer=OFFER, path="/ws", protocol="weir.v1"):
        super().__init__(port, path, [f"Sec-WebSocket-Extensions: {o}"
                                      for o in offer.split("|") if o],
                         protocol)
        said = re.findall(r"(?i)^sec-websocket-extensions: (.*?)\r?$",
                          self.head, re.M)
        need(len(said) <= 1, "said twice:", said)
        self.agreed = said[0] if said else None
        self.packed = 0

    def frame(self):
        """As it is meant, each message inflated by itself."""
        first, data = super().frame()
        if first & RSV1:
            need(self.agreed, "compressed, which nobody agreed on")
            need(first & 15 == TEXT, "RSV1 on", hex(first))
            z = zlib.decompressobj(-15)
            data = z.decompress(data + TAIL) + z.flush()
            need(not z.unused_data and not z.eof, "more than a flush")
            self.packed += 1
        return first & ~RSV1, data

    def pack(self, data, opcode=TEXT, first=0x80):
        self.send(squeeze(data), opcode, first | RSV1)

    def ends_with(self, code):
        """The connection is closed, with that."""
        answer = self.message()
        need(isinstance(answer, tuple) and answer[0] == code,
             "no close with", code, "but", answer)
        try:
            while True:
                self.more()
        except Ended:
            pass

    def past_pongs(self):
        while True:
            first, data = self.frame()
            if first & 15 == TEXT:
                return json.loads(data)
            need(first & 15 == PONG and data == b"now", hex(first), data)

    def lives(self):
        self.pack(b'{"ping":"%s"}' % (b"y" * 300))
        answer = self.message()
        need(isinstance(answer, dict) and answer.get("pong"), answer)


def squeeze(data, bits=-15):
    z = zlib.compressobj(9, zlib.DEFLATED, bits)
    out = z.compress(data) + z.flush(zlib.Z_SYNC_FLUSH)
    return out[:-4]


def offers(port):
    """What is agreed to, what is declined, and that both work then."""
    plain = "permessage-deflate" + PLAIN
    window = plain + "; server_max_window_bits=15"
    for offer, want in (
            ("permessage-deflate", plain),
            (OFFER, plain),
            ("permessage-deflate; client_max_window_bits=9", plain),
            ("permessage-deflate; server_no_context_takeover", plain),
            ("permessage-deflate; client_no_context_takeover", plain),
            ("permessage-deflate; server_max_window_bits=15", window),
            ('permessage-deflate; server_max_window_bits="15"', window),
            ("permessage-deflate;server_max_window_bits=10", None),
            ("permessage-deflate;server_max_window_bits=10,"
             "permessage-deflate", plain),
            ("permessage-deflate,permessage-deflate;server_max_window_bits=9",
             plain),
            ("permessage-deflate, permessage-deflate, permessage-deflate",
             plain),
            ("foo; bar=1, permessage-deflate, baz", plain),
            ("foo|permessage-deflate;client_max_window_bits|bar", plain),
            ("permessage-deflate;x|permessage-deflate", plain),
            ("permessage-deflate; unknown", None),
            ("permessage-deflate; client_max_window_bits;"
             " client_max_window_bits", None),
            ("permessage-deflate; server_no_context_takeover=1", None),
            ("permessage-deflate; client_max_window_bits=16", None),
            ("permessage-deflate; =", None),
            ("permessage-deflate =", None),
            ("x-webkit-deflate-frame", None),
            ("foo", None),
            ("", None)):
        for protocol in "weir.v1", "cloudevents.json":
            c = Deflating(port, offer, protocol=protocol)
            need(c.agreed == want, offer, "was answered with", c.agreed)
            if protocol == "weir.v1":
                need("pong" in c.say(ping=1), offer, "no pong")
            c.sock.close()
    c = Deflating(port, "permessage-deflate, " + "x" * 230)
    need(c.head.startswith("HTTP/1.1 101 ") and c.agreed, "254 bytes", c.head)
    c = Deflating(port, "permessage-deflate, " + "x" * 235)
    need(c.head.startswith("HTTP/1.1 431 "), "255 bytes", c.head)


def publish(port, events):
    status, _ = ask(port, "POST", "/api/v1/events",
                    json.dumps(events).encode())
    need(status == [b"201"], "not published:", status)


def broadcast(port):
    """Small events come plain, larger ones compressed, all whole, to all."""
    some = [Deflating(port, o) for o in (OFFER, OFFER, "")]
    for c in some:
        c.say(subscribe=["t.big"])
    here = some[0].say(ping=1)["position"]
    sizes = [1, 150, 300, 5000, 70000, 200000, 2, 900]
    publish(port, [{"type": "t.big", "data": {"x": "weir " * (n // 5), "n": n}}
                   for n in sizes])
    publish(port, [{"type": "t.quiet", "data": {"x": "weir " * 99}}])

    def check(c, packed):
        got = [c.message()["data"] for _ in sizes]
        need([g["n"] for g in got] == sizes, "got", [g["n"] for g in got])
        for g in got:
            need(g["x"] == "weir " * (g["n"] // 5), "not as it was", g["n"])
        need(c.packed == packed, "compressed were", c.packed)

    for c in some:
        check(c, 6 if c.agreed else 0)
    whole = Deflating(port, OFFER, f"/ws?topic=t.big&since={here}",
                      "cloudevents.json")
    need(whole.message()["type"] == "weir.answer", "no answer")
    check(whole, len(sizes))
    for way in {"since": here}, {"since": here, "last": True}:
        for offer in OFFER, "":
            late = Deflating(port, offer)
            need(late.say(subscribe=["t.big"], **way)["recovered"], "not all")
            check(late, 6 if offer else 0)
    # Of what was on the ring plain, for nobody wanted it, nothing is lost.
    late = Deflating(port)
    late.say(subscribe=["t.quiet"], since=here)
    need(late.message()["data"]["x"] == "weir " * 99, "the quiet one")


def inbound(port):
    """Compressed messages in every shape that is allowed."""
    c = Deflating(port)
    text = json.dumps({"ping": "z" * 500}).encode()
    for data in (squeeze(text), squeeze(text, -9),
                 zlib_stored(text), final_block(text) + b"\x00",
                 final_block(text), final_block(text[:50]) +
                 squeeze(text[50:])):
        for cut in len(data), 1, len(data) // 2:
            parts = [data[i:i + cut] for i in range(0, len(data), cut)]
            for i, part in enumerate(parts):
                last = 0x80 if i == len(parts) - 1 else 0
                c.send(part, 0 if i else TEXT, last if i else last | RSV1)
                if i == 1:
                    c.send(b"now", PING)
            got = c.past_pongs()
            need(got.get("pong") == "z" * 500, data[:20], cut, got)
    for empty in b"\x00", b"\x02\x00", b"":
        c.send(empty, TEXT, 0x80 | RSV1)
        need(c.message()["error"]["code"] == "bad-json", "empty", empty)
    c.send(squeeze(text)[:10], TEXT, RSV1)
    c.send(b"", 0, 0)
    c.send(squeeze(text)[10:], 0)
    need("pong" in c.message(), "an empty frame within")
    c.send(text)
    need("pong" in c.message(), "plain")
    c.pack(b'{"ping":"\xc0\x80"}')
    need(c.message()["error"]["code"] in ("bad-json", "bad-message"), "UTF-8")
    c.pack(b"{}", BINARY)
    need(c.message()["error"]["code"] == "not-text", "binary")
    c.lives()


def zlib_stored(data):
    z = zlib.compressobj(0, zlib.DEFLATED, -15)
    return (z.compress(data) + z.flush(zlib.Z_SYNC_FLUSH))[:-4]


def final_block(data):
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    return z.compress(data) + z.flush(zlib.Z_FINISH)


def wrong(port):
    """What RFC 7692 does not allow ends the connection, and no other."""
    def broken():
        return metric(port, "inflate_refused_total", "broken")

    other = Deflating(port)
    text = json.dumps({"ping": "z" * 500}).encode()
    packed = squeeze(text)
    last = 0x80 | RSV1
    # What is sent; the code of the close; whether that is counted: the bits
    # that nobody may set are seen to by lws alone.
    for what, code, counted in (
            ([(packed[:9], TEXT, RSV1), (packed[9:], 0, last)], 1002, 1),
            ([(packed[:9], TEXT, RSV1), (packed[9:20], 0, RSV1)], 1002, 1),
            ([(packed[:9], TEXT, RSV1), (packed[9:20], 0, 0),
              (packed[20:], 0, last)], 1002, 1),
            ([(text[:9], TEXT, 0), (text[9:], 0, last)], 1002, 1),
            ([(text[:9], TEXT, 0), (text[9:20], 0, RSV1)], 1002, 1),
            ([(squeeze(b""), PING, last)], 1002, 1),
            ([(b"x" * 125, PING, last)], 1002, 1),
            ([(b"x", PONG, last)], 1002, 1),
            ([(b"\x03\xe8", CLOSE, last)], 1002, 1),
            ([(text, TEXT, 0x80 | 0x20)], 1002, 0),
            ([(text, TEXT, 0x80 | 0x10)], 1002, 0),
            ([(b"x", PING, 0x80 | 0x20)], 1002, 0),
            ([(b"\xff\xff\xff", TEXT, last)], 1007, 1),
            ([(b"\x07", TEXT, last)], 1007, 1),
            ([(packed[:-5], TEXT, last)], 1007, 1),
            ([(text, TEXT, last)], 1007, 1),
            ([(packed[:40] + b"\xff" * 40, TEXT, last)], 1007, 1)):
        before, c = broken(), Deflating(port)
        for frame in what:
            c.send(*frame)
        c.ends_with(code)
        need(broken() - before == counted, what, "counted", broken() - before)
    before = broken()
    for offer, path, opcode, data in (
            ("", "/ws", TEXT, packed), ("", "/ws", PING, b"x"),
            ("permessage-deflate; x", "/ws", TEXT, packed),
            (OFFER, "/socket.io/?EIO=4&transport=websocket", TEXT, packed)):
        c = Deflating(port, offer, path)
        need(c.agreed is None, "agreed on", c.agreed)
        try:
            c.send(data, opcode, last)
            while True:
                first, said = c.frame()
                need(first & 15 != PONG, "answered", opcode, "to", offer)
                if first & 15 == CLOSE:
                    need(said[:2] == b"\x03\xea", "closed with", said)
        except (Ended, ConnectionError):
            pass
    need(broken() == before, "counted, where nothing was agreed on")
    other.deadline = c.deadline
    other.lives()


def bombs(port):
    """What would be too large is not made, and its client is told."""
    c, other = Deflating(port), Deflating(port)
    for n in 65536 + 1, 10 << 20, 200 << 20:
        z = zlib.compressobj(9, zlib.DEFLATED, -15)
        bomb = b"".join(z.compress(b" " * min(n, 1 << 20))
                        for _ in range(-(-n // (1 << 20))))
        c.send((bomb + z.flush(zlib.Z_SYNC_FLUSH))[:-4], TEXT, 0x80 | RSV1)
        need(c.message()["error"]["code"] == "too-large", n)
    c.lives()
    c.pack(b'{"ping":1}' + b" " * (65536 - 10))
    need("pong" in c.message(), "as large as may be")
    other.lives()


def insists(port):
    """Refused messages count; one who goes on with them is closed."""
    bomb = squeeze(b" " * 70000)
    for code, data, opcode in (("too-large", bomb, TEXT),
                               ("not-text", squeeze(b"{}"), BINARY)):
        c = Deflating(port)
        seen = set()
        while True:
            c.send(data, opcode, 0x80 | RSV1)
            answer = c.message()
            if isinstance(answer, tuple):
                break
            seen.add(answer["error"]["code"])
        need(answer[0] == 1008, "closed with", answer)
        need("rate-limited" in seen and seen <= {"rate-limited", code}, seen)


def hurries(port):
    """Says how many were inflated, were too large, and were sent, before
    a client was closed for its rate."""
    c = Deflating(port)
    some = squeeze(b'{"ping":"%s"}' % (b"y" * 300)), squeeze(b" " * 70000)
    pongs = large = sent = 0
    while True:
        c.send(some[sent % 2], TEXT, 0x80 | RSV1)
        sent += 1
        answer = c.message()
        if isinstance(answer, tuple):
            break
        pongs += "pong" in answer
        large += answer.get("error", {}).get("code") == "too-large"
    need(answer[0] == 1008, "closed with", answer)
    print(pongs, large, sent)


SCENARIOS = {f.__name__: f for f in (offers, broadcast, inbound, wrong, bombs,
                                     insists, hurries)}


def main():
    SCENARIOS[sys.argv[2]](int(sys.argv[1]), *sys.argv[3:])


if __name__ == "__main__":
    main()
