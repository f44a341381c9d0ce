#!/usr/bin/env python3
"""idle - memory and CPU of all processes with 1,000 watches and nothing to do.

    idle.py BIN-DIRECTORY [SECONDS]

Starts every process in a scratch directory, adds WATCHES watches that are not
due, waits until all of it is digested, and then looks: PSS without the mapped
journal and ledger files (data.mdb), CPU over SECONDS. One JSON object.
"""
import json
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "chaos"))
from clients import Http  # noqa: E402
from latency import Plant  # noqa: E402

WATCHES = 1000
SETTLE_S = 10
TICKS = 100  # of CPU time in a second (Linux)


def pss_kb(pid):
    """PSS of a process, and the part of it that is mapped data files."""
    total = files = 0
    in_file = False
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as smaps:
        for line in smaps:
            words = line.split()
            if "-" in words[0] and not words[0].endswith(":"):
                in_file = words[-1].endswith("/data.mdb")
            elif words[0] == "Pss:":
                total += int(words[1])
                files += int(words[1]) * in_file
    return total, files


def cpu_ticks(pid):
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1]
    words = stat.split()
    return int(words[11]) + int(words[12])


def add_watches(gateway):
    for i in range(WATCHES):
        gateway.must("PUT", f"/api/v1/watches/idle-{i}", {
            "id": f"idle-{i}", "cron": "0 0 1 1 *",
            "url": f"http://127.0.0.1:9/{i}"})


def main():
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    plant = Plant(sys.argv[1])
    try:
        plant.start("store", "ready ")
        for stage in "analyzer", "alerter", "notifier":
            plant.start(stage, " live ")
        plant.start("scraper", " live ", "--allow", "127.0.0.1")
        at = plant.start("gateway", r"ready url=http://([^/]+)/",
                         "--port", "0")[1]
        add_watches(Http(at))
        time.sleep(SETTLE_S)
        pids = {t.args[0].name: t.pid for t in plant.tools}
        before = {name: cpu_ticks(pid) for name, pid in pids.items()}
        time.sleep(seconds)
        cpu = {name: (cpu_ticks(pid) - before[name]) / TICKS / seconds * 100
               for name, pid in pids.items()}
        pss = {name: pss_kb(pid) for name, pid in pids.items()}
    finally:
        plant.stop()
    print(json.dumps({
        "bench": "idle", "watches": WATCHES, "seconds": seconds,
        "pss_mb": round(sum(t - f for t, f in pss.values()) / 1024, 1),
        "cpu_percent": round(sum(cpu.values()), 2),
        "each": {name: {"pss_mb": round((pss[name][0] - pss[name][1]) / 1024,
                                        1),
                        "cpu_percent": round(cpu[name], 2)}
                 for name in pids}}))


if __name__ == "__main__":
    main()
