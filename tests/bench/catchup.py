#!/usr/bin/env python3
"""catchup - what clients of the gateway cost that are behind.

    catchup.py BUILD-DIRECTORY

    together   CLIENTS clients, each asks for the last LAST events of a topic.
               From the first request on, all that the gateway does until the
               last client has all of it, its answers to the requests included,
               beside the least that it could do: to read the events once and
               to send the same bytes CLIENTS times, 64 KiB with each call.
               CPU time: of all of the gateway, beside weir-log that reads them,
               and a loop that only sends, with buffers of the same size and to
               the same kind of reader. Memory: what one allocation after the
               other adds up to (preload/allocated.c), also what was freed soon
               after, beside the bytes that one client gets, in the round that
               takes most. The connections themselves are there before.
    latest     the CPU time likewise, where each asks for the newest event of
               each of LAST topics ("last").
    alone      one client that has read all, and then nothing while BEHIND events came, which
               is a minute at 5,000/s: how fast it gets them then, and the
               memory that the gateway took meanwhile (PSS without the mapped
               journal), and the kernel for its end of the connection (ss -m:
               what is queued and what is set aside, beside the limit).

One JSON object.
"""
import json
import os
import pathlib
import re
import resource
import select
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from idle import pss_kb  # noqa: E402

CLIENTS = 1000
LAST = 1000
BEHIND = 300000
RING = 20000  # events that fill the ring which all clients share
CHUNK = 64 << 10
FRAME = 450  # bytes of an event on the wire, about
MARK = b"|"  # each event has one, and nothing else of a frame
SNDBUF = 128 << 10  # of the gateway (LISTENER_SNDBUF)
TOPIC = "bench.event/a"
TOPICS = "bench.state/"  # LAST of them
ROUNDS = 5


class Tool:
    def __init__(self, bin_dir, name, *args, **env):
        self.process = subprocess.Popen(
            [f"{bin_dir}/weir-{name}", *args], text=True,
            stderr=subprocess.PIPE, env=dict(os.environ, **env))
        self.pid = self.process.pid
        self.said = []
        for line in self.process.stderr:
            self.said.append(line)
            if "ready " in line:
                break
        else:
            raise RuntimeError(f"weir-{name} did not start")
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        self.said += self.process.stderr

    def cpu_s(self):
        stat = pathlib.Path(f"/proc/{self.pid}/schedstat").read_text()
        return int(stat.split()[0]) / 1e9

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.reader.join()
        return "".join(self.said)


def publish(bin_dir, at, first, n, event=TOPIC):
    """n events, each about FRAME bytes long on the wire."""
    kind, subject = event.split("/")
    pub = subprocess.Popen([f"{bin_dir}/weir-pub", "--dir", at],
                           stdin=subprocess.PIPE, text=True)
    for i in range(first, first + n):
        pub.stdin.write(f'{{"type":"{kind}","subject":"{subject or i}","data":'
                        f'{{"n":"{i:08d}","pad":"|{"x" * 200}"}}}}\n')
    pub.stdin.close()
    if pub.wait():
        raise RuntimeError("weir-pub failed")


def websocket(port, rcvbuf=0):
    s = socket.socket()
    if rcvbuf:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    s.connect(("127.0.0.1", port))
    s.sendall((f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
               "Upgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
               "Sec-WebSocket-Version: 13\r\n\r\n").encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += s.recv(1)
    if not head.startswith(b"HTTP/1.1 101"):
        raise RuntimeError(head)
    return s


def say(s, message):
    text = json.dumps(message).encode()
    assert len(text) < 126
    s.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)


def drain(sockets, events):
    """Read until each has had so many events; the bytes that they had."""
    poll = select.epoll()
    left = {s.fileno(): (s, events) for s in sockets}
    for fd in left:
        poll.register(fd, select.EPOLLIN)
    into = bytearray(1 << 20)
    size = 0
    while left:
        ready = poll.poll(60)
        if not ready:
            raise RuntimeError(f"{len(left)} clients wait in vain")
        for fd, _ in ready:
            s, n = left[fd]
            got = s.recv_into(into)
            if not got:
                raise RuntimeError("hung up")
            size += got
            left[fd] = s, n - into.count(MARK, 0, got)
            if left[fd][1] <= 0:
                poll.unregister(fd)
                del left[fd]
    return size


def head_of(port):
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(f"GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                  "Connection: close\r\n\r\n".encode())
        text = b"".join(iter(lambda: s.recv(1 << 16), b"")).decode()
    return re.search(r'"position":"(\w+):(\d+)"', text).groups()


def read_once(bin_dir, at, pattern):
    """CPU time of reading the last events."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = subprocess.run(
        [f"{bin_dir}/weir-log", "--dir", at, "-n", str(LAST), pattern],
        stdout=subprocess.PIPE, check=True).stdout.splitlines()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert len(lines) == LAST
    return (after.ru_utime + after.ru_stime - before.ru_utime
            - before.ru_stime)


def bare(size):
    """CPU of sending so many bytes to CLIENTS sockets in this thread."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=CLIENTS)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SNDBUF)
    mine, theirs = [], []
    for _ in range(CLIENTS):
        theirs.append(socket.create_connection(listener.getsockname()))
        mine.append(listener.accept()[0])
        mine[-1].setblocking(False)
    reader = os.fork()  # in a thread, it would take turns with this one
    if reader == 0:
        drain(theirs, LAST)
        os._exit(0)
    data = memoryview((MARK + bytes(size // LAST - 1)) * LAST)
    size = len(data)
    poll = select.epoll()
    start = time.thread_time()
    left = {s.fileno(): (s, 0) for s in mine}
    for fd in left:
        poll.register(fd, select.EPOLLOUT)
    while left:
        for fd, _ in poll.poll():
            s, sent = left[fd]
            sent += s.send(data[sent:sent + CHUNK])
            left[fd] = s, sent
            if sent == size:
                poll.unregister(fd)
                del left[fd]
    cpu = time.thread_time() - start
    os.waitpid(reader, 0)
    for s in mine + theirs:
        s.close()
    return cpu


def together(port, wish, measure):
    """What serving CLIENTS clients adds to a measure; the bytes of each."""
    sockets = [websocket(port) for _ in range(CLIENTS)]
    before = measure()
    for s in sockets:
        say(s, wish)
    size = drain(sockets, LAST) // CLIENTS
    assert 0.8 < size / (LAST * FRAME) < 1.2
    added = measure() - before
    for s in sockets:
        s.close()
    return added, size


def cost(bin_dir, at, gateway, port, wish):
    """CPU of serving all, and the least it could be, in the median round."""
    rounds = []
    for _ in range(ROUNDS):
        cpu, size = together(port, wish, gateway.cpu_s)
        least = bare(size) + read_once(bin_dir, at, wish["subscribe"][0])
        rounds.append((cpu / least, cpu, least))
    rounds.sort()
    ratio, cpu, least = rounds[ROUNDS // 2]
    return {"cpu_s": round(cpu, 3), "bare_cpu_s": round(least, 3),
            "cpu_ratio": round(ratio, 2),
            "cpu_ratio_range": [round(r[0], 2)
                                for r in (rounds[0], rounds[-1])]}, size


def start_gateway(bin_dir, at, **env):
    gateway = Tool(bin_dir, "gateway", "--dir", at, "--port", "0", **env)
    port = int(re.search(r"url=http://[^ ]*:(\d+)/", gateway.said[-1])[1])
    while b"200" not in ready(port):
        time.sleep(0.05)
    return gateway, port


def ready(port):
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(f"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                  "Connection: close\r\n\r\n".encode())
        return s.recv(12)


def allocated(build, at, wish):
    """Bytes of all allocations, several times, in a gateway of its own."""
    file = pathlib.Path(at, "allocated")
    file.write_bytes(bytes(8))
    gateway, port = start_gateway(f"{build}/bin", at,
                                  LD_PRELOAD=f"{build}/bench/allocated.so",
                                  ALLOCATED_FILE=str(file))

    def count():
        return struct.unpack("=Q", file.read_bytes())[0]

    assert count() > 0
    counts = [together(port, wish, count)[0] for _ in range(ROUNDS)]
    gateway.stop()
    return sorted(counts)


def kernel_bytes(port):
    """Memory of the sockets at a server's port, and the most it may be."""
    text = subprocess.run(["ss", "-tmnOH", "state", "established",
                           f"sport = :{port}"], stdout=subprocess.PIPE,
                          text=True, check=True).stdout
    used = limit = 0
    for fields in re.findall(r"skmem:\(([^)]*)\)", text):
        has = {k: int(n) for k, n in re.findall(r"([a-z]+)(\d+)", fields)}
        used += has["r"] + has["f"] + has["w"] + has["bl"]
        limit += has["tb"]
    return used, limit


def alone(bin_dir, at, gateway, port):
    s = websocket(port, 64 << 10)
    say(s, {"subscribe": [TOPIC]})
    publish(bin_dir, at, LAST, RING)
    drain([s], RING)
    head = head_of(port)
    kb = pss_kb(gateway.pid)
    publish(bin_dir, at, LAST, BEHIND)
    while int(head_of(port)[1]) < int(head[1]) + BEHIND:
        time.sleep(0.05)
    grown = pss_kb(gateway.pid)
    kernel, limit = kernel_bytes(port)
    start, cpu = time.monotonic(), gateway.cpu_s()
    drain([s], BEHIND)
    took, cpu = time.monotonic() - start, gateway.cpu_s() - cpu
    s.close()
    return {"events": BEHIND, "events_per_s": round(BEHIND / took),
            "events_per_cpu_s": round(BEHIND / cpu), "want_per_s": 200000,
            "memory_kb": grown[0] - grown[1] - kb[0] + kb[1],
            "kernel_kb": kernel >> 10, "kernel_limit_kb": limit >> 10}


def main():
    build = sys.argv[1]
    bin_dir = f"{build}/bin"
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    with tempfile.TemporaryDirectory(
            prefix="weir-bench-", dir=os.environ.get("TMPDIR",
                                                     "/var/tmp")) as at:
        store = Tool(bin_dir, "store", "--dir", at)
        publish(bin_dir, at, 0, LAST, TOPICS)
        publish(bin_dir, at, 0, 2 * LAST)
        gateway, port = start_gateway(bin_dir, at)
        epoch, head = head_of(port)
        wish = {"subscribe": [TOPIC], "since": f"{epoch}:{int(head) - LAST}"}
        all_of_them, size = cost(bin_dir, at, gateway, port, wish)
        latest, _ = cost(bin_dir, at, gateway, port,
                         {"subscribe": [TOPICS], "last": True})
        one = alone(bin_dir, at, gateway, port)
        gateway.stop()
        wish["since"] = f"{epoch}:{int(head) + RING + BEHIND - LAST}"
        memory = allocated(build, at, wish)
        store.stop()
    print(json.dumps({
        "bench": "catchup", "clients": CLIENTS, "events_each": LAST,
        **all_of_them, "events_bytes": size, "allocated_bytes": memory[-1],
        "allocated_bytes_least": memory[0],
        "allocated_ratio": round(memory[-1] / size, 2),
        "want_ratio": 2, "latest": latest, "alone": one}))


if __name__ == "__main__":
    main()
