"""load - what happens in the world while processes die, and who looks on.

Each actor is a thread of its own with its own seeded random numbers. Each
knows afterwards what it did, so that the journal can be held against it.
"""
import collections
import datetime
import json
import random
import subprocess
import threading
import time

from clients import Http, WebSocket
from plant import BIN

PAUSE_S = 0.1  # before trying again what a dead process did not answer


def now():
    t = datetime.datetime.now(datetime.timezone.utc)
    return t.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Actor(threading.Thread):
    def __init__(self, name, seed):
        super().__init__(name=name, daemon=True)
        self.random = random.Random(f"{seed}/{name}")
        self.over = threading.Event()
        self.problems = []

    def run(self):
        try:
            while not self.over.is_set():
                self.turn()
            self.last()
        except Exception as e:  # a thread's end must be seen
            self.problems.append(f"{self.name}: {e!r}")

    def turn(self):
        raise NotImplementedError

    def last(self):
        """After the last turn."""

    def pause(self, most_s):
        self.over.wait(self.random.uniform(0, most_s))


class Prices:
    """Random prices and ads, as events that come from outside."""

    WORDS = ["red bike", "blue bike", "Red Bike, like new", "reddish bike",
             "bike (red)", "lamp", "Bikes, red"]

    def __init__(self, origin, items, rng):
        self.origin = origin
        self.items = items
        self.random = rng
        self.sent = []

    def price(self, item):
        return {"type": "price.update", "subject": item, "data": {
            "item": {"id": item, "name": item.title(), "target": "100",
                     "currency": "EUR"},
            "price": f"{self.random.randint(8000, 12500) / 100:.2f}",
            "currency": "EUR", "source": "shop"}}

    def listing(self, n):
        return {"type": "listing.new", "subject": "board", "data": {
            "id": f"{self.origin.rsplit('/', 1)[1]}-{n}",
            "title": self.random.choice(self.WORDS), "currency": "EUR",
            "price": str(self.random.randint(300, 700)), "source": "board"}}

    def take(self, most):
        """The next few, which count as sent from now on."""
        batch = []
        for _ in range(self.random.randint(1, most)):
            n = len(self.sent) + 1
            event = (self.listing(n) if self.random.random() < 0.25
                     else self.price(self.random.choice(self.items)))
            event |= {"specversion": "1.0", "source": self.origin,
                      "id": str(n), "time": now()}
            self.sent.append(event)
            batch.append(event)
        return batch


class PubLoad(Actor):
    """Pipes events into weir-pub; what was not confirmed is piped again."""

    def __init__(self, plant, seed):
        super().__init__("pub", seed)
        self.plant = plant
        self.prices = Prices("chaos/pub", [f"pub-{i}" for i in range(4)],
                             self.random)
        self.process = None
        self.lock = threading.Lock()
        self.log = open(plant.dir / "log" / "pub", "ab")

    def turn(self):
        lines = [json.dumps(e) + "\n" for e in self.prices.take(60)]
        while self.feed(lines) != 0:
            time.sleep(PAUSE_S)

    def feed(self, lines):
        with self.lock:
            self.process = subprocess.Popen(
                [BIN / "weir-pub", "--dir", self.plant.dir],
                stdin=subprocess.PIPE, stdout=self.log, stderr=self.log)
        try:
            with self.process.stdin as pipe:
                for line in lines:
                    pipe.write(line.encode())
                    pipe.flush()
                    self.pause(0.03)
        except BrokenPipeError:
            pass
        return self.process.wait()

    def kill(self):
        with self.lock:
            if self.process is None or self.process.poll() is not None:
                return False
            self.process.kill()
            return True


class ApiLoad(Actor):
    """Posts events to the gateway, until it has said where they are."""

    def __init__(self, at, seed):
        super().__init__("api", seed)
        self.http = Http(at)
        self.prices = Prices("chaos/api", [f"api.{i}" for i in range(3)],
                             self.random)
        self.positions = []

    def turn(self):
        batch = self.prices.take(5)
        while True:
            try:
                status, answer = self.http.ask("POST", "/api/v1/events", batch)
            except OSError:
                status, answer = 0, None
            if status == 201:
                break
            if status not in (0, 500, 503, 504):
                raise RuntimeError(f"POST: {status} {answer}")
            time.sleep(PAUSE_S)
        self.positions += answer["positions"]
        self.pause(0.3)


class SimLoad(Actor):
    """Changes prices and ads of the simulated sites, and remembers them."""

    KEPT = 40   # ads at a time; the scraper sees each while it is there
    MOST = 250  # weir-sim takes no more than 256 by hand

    def __init__(self, at, items, seed):
        super().__init__("world", seed)
        self.http = Http(at)
        self.items = items
        self.prices = {item: [] for item in items}
        self.ads = collections.deque()
        self.removed = []
        self.added = 0
        self.cents = 0
        for item in items:
            self.set_price(item)

    def set_price(self, item):
        """A price that this item never had."""
        self.cents += 1
        price = f"{self.random.randint(80, 125)}.{self.cents % 100:02d}"
        if price in self.prices[item]:
            return
        self.prices[item].append(price)
        self.http.must("POST", "/control/set",
                       {"item": item, "price": price, "hold": True})

    def add_ad(self):
        self.added += 1
        ad = {"source": "craigslist", "id": f"chaos{self.added}",
              "title": self.random.choice(["Red bike", "Green bike"]),
              "price": str(self.random.randint(300, 700))}
        self.http.must("POST", "/control/ad", ad)
        self.ads.append(ad)
        if len(self.ads) > self.KEPT:
            gone = self.ads.popleft()
            self.http.must("POST", "/control/ad",
                           {"id": gone["id"], "remove": True})
            self.removed.append(gone)

    def turn(self):
        self.set_price(self.random.choice(self.items))
        if self.random.random() < 0.3 and self.added < self.MOST:
            self.add_ad()
        self.pause(0.8)


class BotLoad(Actor):
    """Writes commands to the bot, each with another effect."""

    CHAT = 4001

    def __init__(self, at, log, seed):
        super().__init__("chat", seed)
        self.http = Http(at)
        self.log = log
        self.sent = []

    def turn(self):
        hours = len(self.sent) + 1
        self.sent.append(hours)
        self.http.must("POST", "/say", {"message": {
            "message_id": 1, "from": {"id": self.CHAT},
            "chat": {"id": self.CHAT, "type": "private"},
            "text": f"/silence {hours}h"}})
        self.pause(0.5)

    def missing(self):
        """Commands without an answer. One that came twice is fine."""
        said = {json.loads(line).get("text")
                for line in self.log.read_text("utf-8").splitlines()}
        return [f"/silence {h}h: no answer" for h in self.sent
                if f"Silence for {h}h." not in said]

    def is_answered(self):
        return not self.missing()


class Follower(Actor):
    """A WebSocket client that comes back with the position that it had."""

    def __init__(self, name, at, patterns, epoch, seed):
        super().__init__(name, seed)
        self.at = at
        self.patterns = patterns
        self.epoch = epoch
        self.offset = 0
        self.seen = []
        self.connections = 0

    def turn(self):
        link = None
        try:
            link = WebSocket(self.at, timeout=2)
            self.listen(link)
        except OSError:
            pass
        finally:
            if link:
                link.close()
        self.pause(2 * PAUSE_S)

    def listen(self, link):
        link.send({"subscribe": self.patterns,
                   "since": f"{self.epoch}:{self.offset}"})
        answer = link.receive()
        if "error" in answer:
            return  # it has no journal yet
        self.connections += 1
        if not answer["recovered"]:
            self.problems.append(f"{self.name}: not recovered: {answer}")
        left = self.random.randint(1, 1500)  # then we hang up
        while left and not self.over.is_set():
            message = link.receive()
            if "offset" not in message:
                self.problems.append(f"{self.name}: {message}")
                continue
            self.seen.append(message)
            self.offset = int(message["offset"])
            left -= 1


class Poller(Actor):
    """The same by long polls."""

    def __init__(self, name, at, pattern, epoch, seed):
        super().__init__(name, seed)
        self.http = Http(at)
        self.pattern = pattern
        self.position = f"{epoch}:0"
        self.seen = []

    def turn(self):
        try:
            status, answer = self.http.ask(
                "GET", f"/api/v1/events?topic={self.pattern}"
                f"&since={self.position}&limit=100&wait=1")
        except OSError:
            status, answer = 0, None
        if status != 200:
            self.pause(2 * PAUSE_S)
            return
        if not answer["recovered"]:
            self.problems.append(f"{self.name}: not recovered at "
                                 f"{self.position}")
        self.seen += answer["events"]
        self.position = answer["next"]


class HookReader(Actor):
    """Collects what receivers got, before weir-sim forgets it."""

    def __init__(self, at, hooks, seed):
        super().__init__("hooks", seed)
        self.http = Http(at)
        self.got = {hook: [] for hook in hooks}

    def turn(self):
        for hook, got in self.got.items():
            answer = self.http.must("GET", f"/control/hook/{hook}")
            first = answer["total"] - len(answer["requests"])
            if first > len(got):
                raise RuntimeError(f"{hook}: requests were forgotten")
            got += answer["requests"][len(got) - first:]
        time.sleep(PAUSE_S)

    last = turn
