#!/usr/bin/python3
"""streams - many chats in one scraper, end to end into the journal.

usage: streams.py BUILD [STREAMS [RATE [SECONDS]]]

A server sends RATE messages a second to each of STREAMS WebSockets. Beside the
scraper's share of a core stands what a bare reader of the same needs, which
looks at nothing and keeps nothing.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return round(int(line.split()[1]) / 1024, 1)


def server(build, rate):
    p = subprocess.Popen([f"{build}/bench/chats", "serve", str(rate)],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return p, int(p.stdout.readline())


def end(p):
    p.stdin.close()
    return json.loads(p.stdout.readline())


def count(build, directory):
    """Offset of the journal's last event."""
    out = subprocess.run([f"{build}/bin/weir-log", "--dir", directory, "--reverse", "-n", "1"],
                         capture_output=True, text=True).stdout
    return int(json.loads(out)["offset"]) if out else 0


def messages(build, directory):
    log = subprocess.Popen([f"{build}/bin/weir-log", "--dir", directory, "chat.message/"],
                           stdout=subprocess.PIPE)
    ids = [(d["stream"], d["id"]) for d in (json.loads(line)["data"] for line in log.stdout)]
    log.wait()
    return ids


def start(args, ready, log):
    p = subprocess.Popen(args, stderr=open(log, "w"))
    while ready not in pathlib.Path(log).read_text():
        if p.poll() is not None:
            sys.exit(pathlib.Path(log).read_text())
        time.sleep(0.05)
    return p


def main(build, streams=1000, rate=10, seconds=20):
    streams, rate, seconds = int(streams), int(rate), int(seconds)
    work = tempfile.mkdtemp(dir=os.environ.get("TMPDIR", "/var/tmp"))
    d = f"{work}/d"
    s, port = server(build, rate)
    bare = json.loads(subprocess.run(
        [f"{build}/bench/chats", "read", str(port), str(streams), "5"],
        capture_output=True, text=True, check=True).stdout)
    end(s)

    s, port = server(build, rate)
    store = start([f"{build}/bin/weir-store", "--dir", d], ": ready ", f"{work}/store.log")
    watches = "".join(json.dumps({"id": f"s{i}", "url": f"ws://127.0.0.1:{port}/{i}"}) + "\n"
                      for i in range(streams))
    subprocess.run([f"{build}/bin/weir-pub", "--dir", d, "--type", "watch.set"],
                   input=watches, text=True, check=True)
    scraper = start([f"{build}/bin/weir-scraper", "--dir", d, "--allow", "127.0.0.1"],
                    ": watching ", f"{work}/scraper.log")
    # Every one has begun, then a while in which nothing new happens.
    time.sleep(streams * 0.005 + 3)
    cpu, store_cpu, at, n = cpu_s(scraper.pid), cpu_s(store.pid), time.time(), count(build, d)
    time.sleep(seconds)
    took = time.time() - at
    share = (cpu_s(scraper.pid) - cpu) / took
    store_share = (cpu_s(store.pid) - store_cpu) / took
    per_s = (count(build, d) - n) / took
    memory = rss_mb(scraper.pid)
    s.stdin.close()
    told = json.loads(s.stdout.readline())
    time.sleep(2)
    for p in (scraper, store):
        p.terminate()
        p.wait()
    ids = messages(build, d)
    shutil.rmtree(work)
    print(json.dumps({
        "name": "streams", "streams": streams, "rate": rate, "seconds": seconds,
        "messages_s": round(per_s), "scraper_cpu": round(share, 3),
        "us_per_message": round(share / per_s * 1e6, 1) if per_s else None,
        "store_cpu": round(store_share, 3), "scraper_mb": memory,
        "sent": told["sent"], "held_up": told["held_up"],
        "in_journal": len(ids), "twice": len(ids) - len(set(ids)),
        "bare_reader": bare}))


if __name__ == "__main__":
    main(*sys.argv[1:])
