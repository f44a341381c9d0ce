"""plant - a directory with weir's processes in it: start, kill, look.

Each tool logs into DIR/log/NAME, over all its lives. A tool that ends without
having been asked to is remembered as a problem.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

BIN = pathlib.Path(os.environ["BIN"])
HELPERS = pathlib.Path(os.environ["HELPERS"])
READY_S = 30  # for a tool to be ready, on a machine that is busy

# What a tool writes when it can be used.
READY = {
    "store": r"ready dir=",
    "sim": r"ready listen=(?P<at>\S+)",
    "telegram": r"http://(?P<at>\S+)",
    "gateway": r"ready url=http://(?P<at>[^/]+)/",
}
STAGE_READY = r" ready source="


def wait_for(what, test, seconds=READY_S):
    """Until test() is true: the value; TimeoutError after so long."""
    end = time.monotonic() + seconds
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not after {seconds} s")
        time.sleep(0.02)


class Tool:
    """One process, and those that follow it under the same name."""

    def __init__(self, plant, name, args, program=None):
        self.plant = plant
        self.name = name
        self.args = list(args)
        self.program = program or BIN / f"weir-{name}"
        self.log = plant.dir / "log" / name
        self.process = None
        self.env = None  # another environment
        self.born_at = 0  # in the log
        self.lives = 0

    def start(self):
        self.born_at = self.log.stat().st_size if self.log.exists() else 0
        self.lives += 1
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.program, "--dir", self.plant.dir, *self.args],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.env)
        return self

    def said(self, pattern):
        """A match in what it logged in this life."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            log.seek(self.born_at)
            return re.search(pattern, log.read())

    def ready(self):
        pattern = READY.get(self.name, STAGE_READY)

        def look():
            found = self.said(pattern)
            if not found and not self.alive():
                raise RuntimeError(f"{self.name}: ended with "
                                   f"{self.process.returncode}; {self.tail()}")
            return found
        return wait_for(f"{self.name} is ready", look)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """SIGKILL. False: it was dead already, which nobody had asked for."""
        was_alive = self.alive()
        if was_alive:
            self.process.kill()
            was_alive = self.process.wait() == -signal.SIGKILL
        if not was_alive:
            self.plant.problems.append(
                f"{self.name} ended by itself with "
                f"{self.process.returncode}: {self.tail()}")
        return was_alive

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, seconds=20):
        """SIGTERM: the exit status."""
        if not self.alive():
            return self.process.returncode if self.process else None
        self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.plant.problems.append(f"{self.name} ignored SIGTERM")
            self.process.kill()
            return self.process.wait()

    def tail(self):
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return " | ".join(lines[-3:])


class Plant:
    def __init__(self, label):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f"weir-{label}-"))
        (self.dir / "log").mkdir()
        self.tools = {}
        self.problems = []

    def add(self, name, *args, program=None):
        self.tools[name] = Tool(self, name, args, program)
        return self.tools[name]

    def __getitem__(self, name):
        return self.tools[name]

    def start(self, *names):
        for name in names:
            self[name].start()
        for name in names:
            self[name].ready()

    def stop_all(self):
        """The order of the pipeline; what did not end well is a problem."""
        for tool in list(self.tools.values())[::-1]:
            status = tool.stop()
            if status not in (0, None):
                self.problems.append(f"{tool.name} ended with {status}: "
                                     f"{tool.tail()}")

    def end(self, tap, keep):
        """Whatever happened: nothing runs on, or is left without need."""
        for tool in self.tools.values():
            if tool.alive():
                tool.process.kill()
                tool.process.wait()
        if keep:
            tap.note(f"kept: {self.dir}")
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    # ---- what users do ----

    def run(self, tool, *args, data=None, check=True):
        """A tool to its end: standard output."""
        done = subprocess.run([BIN / f"weir-{tool}", *args], input=data,
                              capture_output=True, check=False, timeout=300)
        if check and done.returncode:
            raise RuntimeError(f"weir-{tool} ended with {done.returncode}: "
                               f"{done.stderr.decode(errors='replace')}")
        return done.stdout if check else done

    def publish(self, *events):
        """One after the other, durable when this returns."""
        lines = "".join(json.dumps(e) + "\n" for e in events)
        self.run("pub", "--dir", self.dir, data=lines.encode())

    def journal(self, *args):
        """The events, as weir-log tells them."""
        out = self.run("log", "--dir", self.dir, *args)
        return [json.loads(line) for line in out.splitlines()]

    def wait_journal(self, what, test, *args, seconds=READY_S):
        """Until test(events) is true: the events."""
        found = []

        def look():
            found[:] = self.journal(*args)
            return test(found)
        wait_for(what, look, seconds)
        return found

    def check(self):
        """What weir-store --check finds."""
        done = self.run("store", "--dir", self.dir, "--check", check=False)
        text = done.stderr.decode(errors="replace").strip()
        return [] if done.returncode == 0 else [text]
