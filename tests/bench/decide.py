#!/usr/bin/env python3
"""decide - from an event that is committed to its alert that is committed.

    decide.py BUILD [quick]

Store and alerter with a scratch directory ($TMPDIR, else /var/tmp); a price of
another item each time reaches its target, one after the other. When a commit
was durable is what preload/commits.c has noted: for an event it is the first
commit of the store after its recordedtime. Between the two lie a commit of the
alerter's ledger and one of the store; both are measured here as the store's,
from the recordedtime to the end of the commit. In microseconds.
"""
import bisect
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
from datetime import datetime

COMMITS_MAX = 1 << 16
COMMITS_BYTES = 16 + 8 * COMMITS_MAX  # struct commits
WARM = 5


class Tool:
    def __init__(self, build, d, name, commits):
        commits.write_bytes(bytes(COMMITS_BYTES))
        env = dict(os.environ, LD_PRELOAD=f"{build}/bench/commits.so",
                   WEIR_BENCH_COMMITS=str(commits))
        self.process = subprocess.Popen(
            [f"{build}/bin/weir-{name}", "--dir", d], env=env,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if " ready " in line:
                return
        raise RuntimeError(f"weir-{name} did not start")

    def stop(self):
        self.process.terminate()
        self.process.stderr.read()
        self.process.wait()


def noted(path):
    """The times of all commits, in microseconds."""
    b = path.read_bytes()
    n = struct.unpack_from("Q", b)[0]
    assert n <= COMMITS_MAX
    return struct.unpack_from(f"{n}q", b, 8)


def micros(text):
    t = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int(t.timestamp()) * 1000000 + t.microsecond


def percentiles(name, took):
    took = sorted(took)
    return {f"{name}_p{p}_us": took[len(took) * p // 100] for p in (50, 99)}


def price(i):
    return json.dumps({
        "item": {"id": f"item{i}", "kind": "lamp", "name": "Lamp",
                 "target": "100"},
        "price": "99.50", "currency": "EUR", "source": "shop"})


def publish(build, d, i):
    subprocess.run(
        [f"{build}/bin/weir-pub", "--dir", d, "-t", "price.update", "-s",
         f"item{i}"], input=price(i), text=True, check=True,
        stderr=subprocess.DEVNULL)


def decide(build, d, n):
    """One price after the other, each told of; all events that there are."""
    heard = subprocess.Popen(
        [f"{build}/bin/weir-sub", "--dir", d, "-l", "alert.new/"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        for i in range(n + WARM):
            publish(build, d, i)
            heard.stdout.readline()
    finally:
        heard.terminate()
        heard.wait()
    log = subprocess.run([f"{build}/bin/weir-log", "--dir", d],
                         stdout=subprocess.PIPE, text=True, check=True).stdout
    return [json.loads(line) for line in log.splitlines()]


def main(build, n):
    d = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench-",
                                      dir=os.environ.get("TMPDIR",
                                                         "/var/tmp")))
    files = {name: d / f"{name}.commits" for name in ("store", "alerter")}
    tools = []
    try:
        for name in files:
            tools.append(Tool(build, d, name, files[name]))
        events = decide(build, d, n)
    finally:
        for tool in tools[::-1]:
            tool.stop()
        noted_of = {name: noted(f) for name, f in files.items()
                    if f.exists()}
        shutil.rmtree(d)
    at = noted_of["store"]

    def durable(event):
        return at[bisect.bisect_left(at, micros(event["recordedtime"]))]

    prices = {e["source"] + " " + e["id"]: e for e in events
              if e["type"] == "price.update"}
    decided, committed = [], []
    for e in events:
        if e["type"] != "alert.new":
            continue
        decided.append(durable(e) - durable(prices[e["cause"]]))
        committed.append(durable(e) - micros(e["recordedtime"]))
    decided, committed = decided[WARM:], committed[WARM:]
    assert len(decided) == n
    figures = {**percentiles("decide", decided),
               **percentiles("store_commit", committed)}
    print(json.dumps({
        "bench": "alerter-decide", "alerts": n, **figures,
        "wanted_p99_us": 2 * figures["store_commit_p99_us"] + 1000,
        "ledger_commits_per_alert": 
            round(len(noted_of["alerter"]) / (n + WARM), 2)}))


if __name__ == "__main__":
    main(sys.argv[1], 50 if "quick" in sys.argv[2:] else 300)
