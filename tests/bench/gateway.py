#!/usr/bin/env python3
"""gateway - deliveries per second of a server's CPU, weir's and others'.

    gateway.py BUILD-DIRECTORY [--quick] [SERVER ...]

Clients of one program (gateway_load) count what weir's gateway, nginx with
nchan, nats-server, ws and Socket.IO send them, one server at a time, and what
a bare loop of send(2) does. Every event is 450 bytes on the wire and carries
the time when it was published. "deflate" is weir's gateway again, whose clients
take the same events compressed; frame_bytes says how long they are then.

    50/s    1,000 clients, 50 events a second
    one     a single client, 50 events a second: latencies
    fast    1,000 clients, as many events as they get, at most 100 under way
    idle    clients that are sent nothing: memory (PSS without the mapped
            journal) and CPU that each adds to the server

The servers take turns for ROUNDS rounds, and medians are printed; the bare
loop sends one event with each call, and as many as weir did in the same round.
CPU time is that of the server's own processes; the store's has a line of its
own. Latencies (p50_us, p99_us) are from when an event was published, by the
clock of one machine, and of one client in sixteen. weir's are also from when
its store had committed it (commit_p50_us, commit_p99_us; see preload/commits.h);
"latency" puts that beside nchan's from publish, which syncs nothing.

A peer that is not there has a line that says so. One JSON object; "table" has
the rows for README, in Markdown.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE / "gateway"))
from idle import pss_kb  # noqa: E402
from servers import STARTERS, Absent, running  # noqa: E402

CLIENTS = 1000
RATE = 50
PACKED = "deflate"  # weir with --deflate
WINDOW = 100  # events under way when as fast as possible
SETTLE_S = 3
EMPTY_S = 5  # how long a server without clients is looked at
LATENCIES = ["p50_us", "p99_us", "commit_p50_us", "commit_p99_us"]


class Load:
    """gateway_load with its clients connected."""

    def __init__(self, build, kind, clients, server=None):
        processes = max(2, -(-clients // 4000))
        args = ["-c", str(clients), "-j", str(processes)]
        if server:
            args += ["-p", str(server.port), *server.publish]
            for pid in server.pids:
                args += ["-s", str(pid)]
            if server.store:
                args += ["-S", str(server.store)]
        self.process = subprocess.Popen(
            [build / "bench" / "gateway_load", *args, kind], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("gateway_load failed")
        return json.loads(line)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.answer()

    def run(self, rate, seconds, batch=1):
        return self.ask(f"run {rate} {seconds} {max(WINDOW, batch)} {batch}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def cpu_s(pids):
    """User and system time, to the nanosecond: clock_getcpuclockid(3)."""
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def metric(server, name):
    """What weir counts under a name, of all its processes."""
    with urllib.request.urlopen(
            f"http://127.0.0.1:{server.port}/metrics") as answer:
        return sum(float(n) for n in re.findall(
            rf"^weir_{name}{{.*}} ([0-9.e-]+)$",
            answer.read().decode(), re.M))


def sends(server):
    """Writes that weir's gateway has made so far."""
    return metric(server, "gateway_sends_total")


class Bench:
    def __init__(self, build, quick, kinds):
        self.build = build
        self.kinds = kinds
        self.seconds = 2 if quick else 5
        self.rounds = 1 if quick else 3
        self.idle_clients = 1000 if quick else 10000
        self.idle_s = 5 if quick else 30
        self.samples = {}  # (server, scenario): answers of gateway_load
        self.absent = {}
        self.idle = []

    def note(self, name, scenario, run, **more):
        print(f"bench: {name} {scenario}: "
              f"{run['deliveries'] / run['server_cpu_s']:.0f}",
              file=sys.stderr)
        self.samples.setdefault((name, scenario), []).append({**run, **more})

    def serve(self, kind):
        """One server's turn; events per send, where it tells."""
        per_send = {}
        with running(kind, self.build / "bin") as server:
            if kind != PACKED:
                with Load(self.build, kind, 1, server) as load:
                    self.note(kind, "one", load.run(RATE, self.seconds))
            with Load(self.build, kind, CLIENTS, server) as load:
                self.crowded(kind, server, load, per_send)
        return per_send

    def crowded(self, kind, server, load, per_send):
        for scenario in "50/s", "fast":
            before = sends(server) if kind == "weir" else 0
            more = {}
            run = load.run(RATE if scenario == "50/s" else 0, self.seconds)
            if kind == "weir":
                per_send[scenario] = more["events_per_send"] = (
                    run["deliveries"] / (sends(server) - before))
            self.note(kind, scenario, run, **more)

    def bare(self, per_send):
        with Load(self.build, "bare", 1) as load:
            self.note("bare", "one", load.run(RATE, self.seconds))
        with Load(self.build, "bare", CLIENTS) as load:
            self.note("bare", "50/s", load.run(RATE, self.seconds))
            self.note("bare", "fast", load.run(0, self.seconds))
            batch = max(1, round(per_send))
            self.note("bare", "fast, coalesced",
                      load.run(0, self.seconds, batch),
                      events_per_send=batch)

    def one_round(self):
        per_send = {}
        for kind in self.kinds:
            if kind in self.absent:
                continue
            try:
                per_send = self.serve(kind) or per_send
            except Absent as e:
                self.absent[kind] = str(e)
        self.bare(per_send.get("fast", 1))

    def ratios(self):
        """What weir has to be measured by: medians over the rounds."""
        def rates(name, scenario):
            return [r["deliveries"] / r["server_cpu_s"]
                    for r in self.samples.get((name, scenario), [])]

        for scenario, name, theirs in (
                ("50/s", "bare", "50/s"), ("50/s", "nchan", "50/s"),
                ("fast", "bare", "fast, coalesced"), ("fast", "nats", "fast"),
                ("50/s", PACKED, "50/s"), ("fast", PACKED, "fast")):
            each = [a / b for a, b in zip(rates("weir", scenario),
                                          rates(name, theirs))]
            if each:
                yield {"scenario": scenario, "weir_to": name,
                       "ratio": round(statistics.median(each), 2),
                       "min": round(min(each), 2), "max": round(max(each), 2)}

    def latency(self):
        """From publish, and weir's from its store's commit, beside nchan."""
        def mid(name, scenario, key):
            runs = self.samples.get((name, scenario), [])
            return round(statistics.median(r[key] for r in runs)) if runs else 0

        for scenario in "one", "50/s":
            yield {"scenario": scenario,
                   **{f"{name}{of}_{p}_us": mid(name, scenario, f"{key}{p}_us")
                      for name, of, key in (("weir", "_commit", "commit_"),
                                            ("nchan", "", ""),
                                            ("weir", "_publish", ""))
                      for p in ("p50", "p99")}}

    def table(self):
        """Rows for README: what, weir's, and what it is measured by."""
        rows = {(r["server"], r["scenario"]): r for r in self.rows()
                if "scenario" in r}

        def per_cpu(name, scenario):
            r = rows.get((name, scenario))
            return f"{r['per_cpu_s']:,}" if r else "-"

        yield ("| gateway, events to 1,000 clients, 50/s, per CPU second "
               f"| {per_cpu('weir', '50/s')} | {per_cpu('bare', '50/s')} "
               f"(bare `send`), {per_cpu('nchan', '50/s')} (nchan) |")
        yield ("| the same, as fast as possible "
               f"| {per_cpu('weir', 'fast')} "
               f"| {per_cpu('bare', 'fast, coalesced')} (bare `send`, as many "
               f"a call), {per_cpu('nats', 'fast')} (nats-server) |")
        if (PACKED, "50/s") in rows:
            yield ("| the same with `--deflate`: 50/s, as fast as possible, "
                   f"bytes of an event | {per_cpu(PACKED, '50/s')}, "
                   f"{per_cpu(PACKED, 'fast')}, "
                   f"{rows[PACKED, '50/s']['frame_bytes']} "
                   f"| {per_cpu('weir', '50/s')}, {per_cpu('weir', 'fast')}, "
                   f"{rows['weir', '50/s']['frame_bytes']} (without) |")
        for r in self.latency():
            who = {"one": "one client", "50/s": "1,000 clients"}[r["scenario"]]
            yield (f"| from commit to {who}, 50/s: p50, p99 "
                   f"| {r['weir_commit_p50_us'] / 1000:.2f} ms, "
                   f"{r['weir_commit_p99_us'] / 1000:.2f} ms "
                   f"| {r['nchan_p50_us'] / 1000:.2f} ms, "
                   f"{r['nchan_p99_us'] / 1000:.2f} ms (nchan, publish to "
                   "client, nothing synced) |")
        idle = {r["server"]: r["kb_per_client"] for r in self.idle}
        if "weir" in idle:
            yield ("| memory of an idle client, KB | "
                   f"{idle['weir']} | {idle.get('nchan', '-')} (nchan) |")

    def rest(self, kind):
        """What clients cost that are sent nothing."""
        gateways = 2 if kind == "weir" else 1
        clients = self.idle_clients * gateways
        more = [gateways] if kind == "weir" else []

        def look(seconds):
            time.sleep(SETTLE_S)
            pss = sum(t - f for t, f in map(pss_kb, server.pids))
            before = cpu_s(server.pids)
            time.sleep(seconds)
            return pss, (cpu_s(server.pids) - before) / seconds

        with running(kind, self.build / "bin", *more) as server:
            pss, cpu = look(EMPTY_S)
            with Load(self.build, kind, clients, server) as load:
                pss_with, cpu_with = look(self.idle_s)
                gone = load.ask("idle")["gone"]
        self.idle.append({
            "server": kind, "scenario": "idle", "clients": clients,
            "processes": gateways, "gone": gone,
            "kb_per_client": round((pss_with - pss) / clients, 2),
            "cpu_us_per_s_and_client": round((cpu_with - cpu) / clients * 1e6,
                                             2)})
        print("bench:", self.idle[-1], file=sys.stderr)

    def rows(self):
        for (name, scenario), runs in self.samples.items():
            def mid(get, runs=runs):
                return statistics.median(map(get, runs))
            row = {"server": name, "scenario": scenario,
                   "clients": 1 if scenario == "one" else CLIENTS,
                   "frame_bytes": runs[-1]["frame_bytes"],
                   "per_cpu_s": round(mid(lambda r: r["deliveries"] /
                                          r["server_cpu_s"])),
                   "per_s": round(mid(lambda r: r["deliveries"] /
                                      r["wall_s"])),
                   **{key: mid(lambda r, key=key: r[key])
                      for key in LATENCIES if key in runs[0]},
                   "missing": sum(r["missing"] for r in runs),
                   "gone": sum(r["gone"] for r in runs)}
            if "events_per_send" in runs[0]:
                row["events_per_send"] = round(
                    mid(lambda r: r["events_per_send"]), 1)
            yield row
            if name == "weir":
                yield {"server": "weir-store", "scenario": scenario,
                       "events_per_cpu_s": round(mid(
                           lambda r: r["events"] / r["store_cpu_s"]))}
        yield from self.idle
        for kind, why in self.absent.items():
            yield {"server": kind, "absent": why}


def main():
    args = argparse.ArgumentParser(usage=__doc__)
    args.add_argument("build", type=pathlib.Path)
    args.add_argument("--quick", action="store_true")
    args.add_argument("server", nargs="*", default=list(STARTERS))
    args = args.parse_intermixed_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    load_before = os.getloadavg()[0]
    bench = Bench(args.build.resolve(), args.quick, args.server)
    for _ in range(bench.rounds):
        bench.one_round()
    for kind in args.server:
        if kind not in bench.absent and kind != PACKED:
            bench.rest(kind)
    rows = list(bench.rows())
    print(json.dumps({"bench": "gateway", "rounds": bench.rounds,
                      "load_before": load_before,
                      "load_after": os.getloadavg()[0],
                      "latency": list(bench.latency()),
                      "table": list(bench.table()),
                      "ratios": list(bench.ratios())})[:-1] + ',"runs":[')
    print(",\n".join(" " + json.dumps(r) for r in rows) + "]}")


if __name__ == "__main__":
    main()
