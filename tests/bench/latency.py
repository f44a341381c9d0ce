#!/usr/bin/env python3
"""latency - from the end of an HTTP response to a WebSocket client.

    latency.py BIN-DIRECTORY [SAMPLES]

Starts store, scraper, analyzer, alerter and gateway in a scratch directory
($TMPDIR, else /var/tmp) and watches a page of a small HTTP server here, whose
price falls with every answer. The server notes when the last byte of an answer
was handed to the kernel, a WebSocket client here when each event arrived:

    update  scraper, store, gateway                          (price.update)
    alert   and store, analyzer, store, alerter, store, gateway
            (alert.new by a rule on price.anomaly)

Every hop through the store is one synced commit. Beside them, in the same run:
a synced write of a page on the same disk. One JSON object, in microseconds.
"""
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "chaos"))
from clients import Http, WebSocket  # noqa: E402

EVERY = "60ms"
WARM = 20  # samples that are not counted; the analyzer wants some history
START = 1000000
PAGE = """<html><head><script type="application/ld+json">
{"@context":"https://schema.org","@type":"Product","name":"Lamp",
"offers":{"@type":"Offer","price":"%d.00","priceCurrency":"EUR"}}
</script></head><body>Lamp</body></html>"""
RULE = {"id": "low", "on": "price.anomaly/", "keywords": "lowest"}


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    price = START
    answered = {}  # price to the time when its answer was sent

    def do_GET(self):
        if self.path != "/lamp":
            self.send_error(404)
            return
        Shop.price -= 1
        body = (PAGE % Shop.price).encode()
        self.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        Shop.answered[Shop.price] = time.monotonic_ns()

    def log_message(self, *args):
        pass


class Plant:
    def __init__(self, bin_dir):
        self.bin = pathlib.Path(bin_dir).resolve()
        self.dir = pathlib.Path(tempfile.mkdtemp(
            prefix="weir-bench-", dir=os.environ.get("TMPDIR", "/var/tmp")))
        self.tools = []

    def start(self, name, ready, *args):
        tool = subprocess.Popen(
            [self.bin / f"weir-{name}", "--dir", self.dir, *args],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.tools.append(tool)
        for line in tool.stderr:
            found = re.search(ready, line)
            if found:
                threading.Thread(target=tool.stderr.read, daemon=True).start()
                return found
        raise RuntimeError(f"weir-{name} did not start")

    def stop(self):
        for tool in self.tools[::-1]:
            tool.terminate()
        for tool in self.tools:
            tool.wait()
        shutil.rmtree(self.dir)


def synced_writes(directory, n=200):
    took = []
    with open(directory / "page", "wb", buffering=0) as f:
        for _ in range(n):
            start = time.monotonic_ns()
            os.pwrite(f.fileno(), os.urandom(4096), 0)
            os.fdatasync(f.fileno())
            took.append(time.monotonic_ns() - start)
    return took


def collect(at, samples):
    """Latencies in ns of both paths."""
    client = WebSocket(at, timeout=30)
    client.send({"subscribe": ["price.update/", "alert.new/"]})
    took = {"price.update": [], "alert.new": []}
    deadline = time.monotonic() + 30 + samples
    while len(took["alert.new"]) < samples + WARM:
        event = client.receive()
        now = time.monotonic_ns()
        if now > deadline * 1e9:
            raise TimeoutError(f"{len(took['alert.new'])} alerts in time")
        if event.get("type") not in took:
            continue
        data = event["data"]
        price = data.get("currentPrice", data.get("price"))
        sent = Shop.answered.get(int(float(price or 0)))
        if sent:
            took[event["type"]].append(now - sent)
    return [v[WARM:] for v in took.values()]


def percentiles(name, took):
    took = sorted(took)
    return {f"{name}_p{p}_us": round(took[len(took) * p // 100] / 1000)
            for p in (50, 99)}


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    samples = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    shop = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    plant = Plant(sys.argv[1])
    try:
        plant.start("store", "ready ")
        plant.start("analyzer", " live ")
        plant.start("alerter", " live ")
        plant.start("scraper", " live ", "--allow", "127.0.0.1",
                    "--host-delay", "0ms", "--spread", "0ms")
        at = plant.start("gateway", r"ready url=http://([^/]+)/",
                         "--port", "0")[1]
        gateway = Http(at)
        gateway.must("PUT", "/api/v1/rules/low", RULE)
        gateway.must("PUT", "/api/v1/watches/lamp", {
            "id": "lamp", "every": EVERY, "item": {"id": "lamp"},
            "url": f"http://127.0.0.1:{shop.server_port}/lamp"})
        update, alert = collect(at, samples)
        disk = synced_writes(plant.dir)
    finally:
        plant.stop()
    print(json.dumps({"bench": "latency", "samples": samples,
                      **percentiles("update", update),
                      **percentiles("alert", alert),
                      **percentiles("synced_write", disk)}))


if __name__ == "__main__":
    main()
