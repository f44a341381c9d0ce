"""The servers that gateway.py compares, each started on free loopback ports
with its configuration in a scratch directory."""
import contextlib
import getpass
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).parent
WAIT_S = 15
COMMITS = 16 + 8 * (1 << 16)  # bytes: struct commits
NCHAN = pathlib.Path("/usr/lib/nginx/modules/ngx_nchan_module.so")

NGINX = """\
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile 20000;
load_module {module};
pid {dir}/nginx.pid;
error_log {dir}/error.log;
events {{ worker_connections 19900; }}
http {{
  access_log off;
  client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi; uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  keepalive_requests 1000000000;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /sub {{
      nchan_subscriber websocket;
      nchan_subscriber_first_message newest;
      nchan_channel_id bench;
    }}
    location = /pub {{
      nchan_publisher http;
      nchan_channel_id bench;
    }}
  }}
}}
"""

NATS = """\
host: 127.0.0.1
port: {publish}
websocket {{
  host: 127.0.0.1
  port: {port}
  no_tls: true
}}
"""


class Absent(Exception):
    """A peer is not installed, or does not start; its text says which."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def find(program):
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin")
    if not path:
        raise Absent(f"{program} is not installed (scripts/deps bench)")
    return path


def wait_port(port):
    deadline = time.monotonic() + WAIT_S
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        if time.monotonic() > deadline:
            raise Absent(f"nobody listens on port {port}")
        time.sleep(0.02)


class Server:
    """Processes, and what the load client must know of them."""

    def __init__(self, kind):
        self.kind = kind
        self.dir = pathlib.Path(tempfile.mkdtemp(
            prefix="weir-bench-", dir=os.environ.get("TMPDIR", "/var/tmp")))
        self.port = 0
        self.pids = []  # whose CPU time and memory count
        self.store = None
        self.publish = []  # options of gateway_load
        self.processes = []

    def spawn(self, *command, **more):
        p = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True,
                             **more)
        self.processes.append(p)
        return p

    def stop(self):
        for p in self.processes[::-1]:
            p.terminate()
        for p in self.processes:
            p.wait()
        shutil.rmtree(self.dir)


def weir_tool(server, bin_dir, name, *args, **more):
    p = server.spawn(bin_dir / f"weir-{name}", "--dir", server.dir, *args,
                     stderr=subprocess.PIPE, **more)
    for line in p.stderr:
        if "ready " in line:
            threading.Thread(target=p.stderr.read, daemon=True).start()
            return p, line
    raise RuntimeError(f"weir-{name} did not start")


def weir(server, bin_dir, gateways=1):
    commits = server.dir / "commits"
    with open(commits, "wb") as f:
        f.truncate(COMMITS)
    server.store = weir_tool(server, bin_dir, "store", env={
        **os.environ, "WEIR_BENCH_COMMITS": str(commits),
        "LD_PRELOAD": str(bin_dir.parent / "bench" / "commits.so")})[0].pid
    for _ in range(gateways):
        p, line = weir_tool(server, bin_dir, "gateway", "--port",
                            str(server.port), "--max-clients", "19900",
                            *(["--deflate"] * (server.kind == "deflate")))
        server.port = int(re.search(r"127\.0\.0\.1:(\d+)", line)[1])
        server.pids.append(p.pid)
    server.publish = ["-x", f"{bin_dir}/weir-pub --dir {server.dir}",
                      "-C", str(commits)]


def nchan(server, *_):
    nginx = find("nginx")
    if not NCHAN.exists():
        raise Absent(f"{NCHAN} is not installed (scripts/deps bench)")
    server.port = free_port()
    conf = server.dir / "nginx.conf"
    conf.write_text(NGINX.format(
        dir=server.dir, port=server.port, module=NCHAN,
        user=f"user {getpass.getuser()};" if os.getuid() == 0 else ""))
    master = server.spawn(nginx, "-p", server.dir, "-c", conf,
                          "-g", f"error_log {server.dir}/error.log;",
                          stderr=subprocess.DEVNULL).pid
    wait_port(server.port)
    # It listens before it has a worker.
    children = pathlib.Path(f"/proc/{master}/task/{master}/children")
    while not children.read_text():
        time.sleep(0.02)
    server.pids = [master, *map(int, children.read_text().split())]
    server.publish = ["-P", str(server.port)]


def nats(server, *_):
    program = find("nats-server")
    server.port, publish = free_port(), free_port()
    conf = server.dir / "nats.conf"
    conf.write_text(NATS.format(port=server.port, publish=publish))
    p = server.spawn(program, "-c", conf, stderr=subprocess.DEVNULL)
    wait_port(publish)
    wait_port(server.port)
    server.pids = [p.pid]
    server.publish = ["-P", str(publish)]


def install_node(build):
    """npm's packages, once, in the build directory."""
    find("npm")
    there = build / "bench" / "peers"
    there.mkdir(parents=True, exist_ok=True)
    for name in "package.json", "package-lock.json", "ws.mjs", "socketio.mjs":
        shutil.copy(HERE / name, there)

    def npm(*args):
        return subprocess.run(["npm", *args], cwd=there, check=False,
                              capture_output=True).returncode == 0
    if not npm("ls") and not npm("ci", "--no-audit", "--no-fund"):
        raise Absent("npm cannot fetch socket.io and ws")
    return there


def node(server, bin_dir):
    there = install_node(bin_dir.parent)
    p = server.spawn(find("node"), f"{server.kind}.mjs", cwd=there,
                     stdout=subprocess.PIPE)
    line = p.stdout.readline()
    if not line:
        raise Absent(f"{server.kind}.mjs does not start")
    ports = json.loads(line)
    server.port = ports["port"]
    server.pids = [p.pid]
    server.publish = ["-P", str(ports["publish"])]


STARTERS = {"weir": weir, "deflate": weir, "nchan": nchan, "nats": nats, "ws": node,
            "socketio": node}


@contextlib.contextmanager
def running(kind, bin_dir, *more):
    server = Server(kind)
    try:
        STARTERS[kind](server, bin_dir, *more)
        yield server
    finally:
        server.stop()
