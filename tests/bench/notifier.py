#!/usr/bin/env python3
"""notifier - what delivering costs, beside what the receivers' limits allow.

    notifier.py BUILD-DIRECTORY [quick]

    limit      10,000 notifications over one channel with a rate, to a receiver
               that answers in 200 ms: from the first request to the last
               answer, beside the time that the rate allows (what is over the
               burst, at the rate).
    hanging    1,000 notifications over each of nine channels: alone, and with a
               tenth whose receiver never answers.

Of each: the notifier's CPU time, its synced commits and the bytes that it wrote
to the disk, per delivery, and the bytes of one notification as it stands in the
journal, which is the least that a queue on disk could write of it.

One JSON object.
"""
import asyncio
import json
import multiprocessing
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from catchup import Tool  # noqa: E402

ANSWER_S = 0.2
RATE = 18000  # a minute
PARALLEL = 128
COMMITS_BYTES = 16 + 8 * (1 << 16)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Connection(asyncio.Protocol):
    """HTTP as far as a keep-alive POST goes; "/hang" gets no answer."""

    def __init__(self, counts):
        self.counts, self.rest = counts, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.rest += data
        while True:
            end = self.rest.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.rest[:end].lower()
            at = head.index(b"content-length:") + 15
            length = int(head[at:].split(b"\r\n", 1)[0])
            if len(self.rest) < end + 4 + length:
                return
            path = self.rest.split(b" ", 2)[1]
            self.rest = self.rest[end + 4 + length:]
            self.take(path)

    def take(self, path):
        if path == b"/hang":
            self.counts["hanging"] += 1
            return
        if not self.counts["first"]:
            self.counts["first"] = time.monotonic()
        asyncio.get_running_loop().call_later(ANSWER_S, self.answer)

    def answer(self):
        self.transport.write(ANSWER)
        self.counts["answered"] += 1
        self.counts["last"] = time.monotonic()


def receive(pipe):
    async def serve():
        counts = {"first": 0, "last": 0, "answered": 0, "hanging": 0}
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(counts),
                                          "127.0.0.1", 0, backlog=1024)
        loop.add_reader(pipe.fileno(), lambda: pipe.send(counts)
                        if pipe.recv() else loop.stop())
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    try:
        asyncio.run(serve())
    except (RuntimeError, EOFError):
        pass


class Receiver:
    def __init__(self):
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=receive, args=(theirs,),
                                               daemon=True)
        self.process.start()
        theirs.close()
        self.url = f"http://127.0.0.1:{self.pipe.recv()}"

    def counts(self):
        self.pipe.send(True)
        return self.pipe.recv()

    def stop(self):
        self.process.kill()
        self.process.join()


def noted(path):
    """Commits and bytes written so far: struct commits."""
    b = path.read_bytes()
    return struct.unpack("Q", b[:8])[0], struct.unpack("Q", b[-8:])[0]


def deliver(build, conf, notifications, answers):
    """Deliver, and say what it took."""
    receiver = Receiver()
    with tempfile.TemporaryDirectory(
            dir=os.environ.get("TMPDIR", "/var/tmp")) as d:
        d = pathlib.Path(d)
        (d / "weir.conf").write_text(conf.replace("URL", receiver.url))
        file = d / "commits"
        file.write_bytes(bytes(COMMITS_BYTES))
        env = {"WEIR_DIR": str(d), "WEIR_CONFIG": str(d / "weir.conf")}
        store = Tool(f"{build}/bin", "store", **env)
        notifier = Tool(f"{build}/bin", "notifier", **env,
                        LD_PRELOAD=f"{build}/bench/commits.so",
                        WEIR_BENCH_COMMITS=str(file))
        before = *noted(file), notifier.cpu_s()
        subprocess.run([f"{build}/bin/weir-pub", "-t", "user.notification",
                        "-s", "ana"], input=notifications, text=True,
                       check=True, env=dict(os.environ, **env),
                       stderr=subprocess.DEVNULL)
        while receiver.counts()["answered"] < answers:
            time.sleep(0.05)
        c = receiver.counts()
        # Until each outcome is in the ledger and the journal.
        while True:
            told = subprocess.run(
                [f"{build}/bin/weir-log", "delivery.sent/"], text=True,
                capture_output=True, env=dict(os.environ, **env)).stdout
            if told.count("\n") >= answers:
                break
            time.sleep(0.1)
        after = *noted(file), notifier.cpu_s()
        notifier.process.kill()
        notifier.process.wait()
        store.stop()
    receiver.stop()
    n, size, cpu = (b - a for a, b in zip(before, after))
    return {
        "deliveries": answers,
        "seconds": round(c["last"] - c["first"], 2),
        "hanging": c["hanging"],
        "cpu_us": round(cpu * 1e6 / answers, 1),
        "commits": n,
        "deliveries_per_commit": round(answers / n, 1),
        "bytes_written": round(size / answers),
    }


def notifications(n):
    return "".join(
        json.dumps({"type": "price_alert", "title": f"Rolex Submariner {i}",
                    "message": "The price fell from 8900.00 to 8450.00 EUR, "
                    "below your target of 8500.00 EUR.", "alert": f"a{i}",
                    "data": {"item": {"id": "rolex-submariner"},
                             "price": "8450.00", "currency": "EUR",
                             "url": f"https://shop.example/item/{i}"}}) + "\n"
        for i in range(n))


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    quick = "quick" in sys.argv[2:]
    n = 2000 if quick else 10000
    rate = RATE // 3 if quick else RATE
    limit = deliver(build, f"[channel one]\nurl = URL/one\nrate = {rate}\n"
                    f"parallel = {PARALLEL}\n", notifications(n), n)
    limit["allowed_s"] = round((n - rate // 10) / (rate / 60) + ANSWER_S, 2)
    limit["ratio"] = round(limit["seconds"] / limit["allowed_s"], 3)
    per = n // 10
    nine = "".join(f"[channel c{i}]\nurl = URL/{i}\nparallel = 16\n"
                   for i in range(9))
    alone = deliver(build, nine, notifications(per), 9 * per)
    tenth = deliver(build, nine + "[channel hang]\nurl = URL/hang\n"
                    "parallel = 16\n", notifications(per), 9 * per)
    print(json.dumps({
        "name": "notifier",
        "notification_bytes": len(notifications(n)) // n,
        "limit": limit,
        "nine_alone": alone,
        "nine_beside_a_hanging_one": tenth,
        "ratio_beside": round(tenth["seconds"] / alone["seconds"], 3),
    }))


if __name__ == "__main__":
    main()
