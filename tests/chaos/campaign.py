"""campaign - all stages at work, and SIGKILL for one after the other."""
import collections
import pathlib
import random
import time

import verify
from clients import Http
from load import ApiLoad, BotLoad, Follower, HookReader, Poller, PubLoad, SimLoad
from plant import Plant, wait_for

STAGES = ("scraper", "analyzer", "alerter", "notifier", "bot")
VICTIMS = ("store", "gateway", "pub", *STAGES)
SHOPS = ("jsonld", "microdata", "og", "plain")
CHANNELS = {"all": None, "ana": {"ana"}}  # channel: its users
BOT_API = pathlib.Path(__file__).parent / "../helpers/botapi.py"
DELAY_MS = 25   # a receiver's answer; so that deaths meet open requests
CALM_S = 2.5    # longer than the cooldown in verify.SETTINGS
SETTLE_S = 120  # for everything to be through, after the last kill


class Campaign:
    def __init__(self, seed, kills, pause_s):
        self.seed = seed
        self.want = kills
        self.pause_s = pause_s
        self.kills = collections.Counter()
        self.plant = Plant("chaos")

    # ---- before ----

    def start(self):
        plant = self.plant
        sim = plant.add("sim", "--listen", "127.0.0.1:0", "--tick", "0")
        self.sim_at = sim.start().ready()["at"]
        self.telegram = plant.add("telegram", "--log", plant.dir / "telegram",
                                  program=BOT_API)
        self.telegram_at = self.telegram.start().ready()["at"]
        self.configure()
        plant.add("store", *self.options)
        plant.add("analyzer", *self.options)
        plant.add("alerter", *self.options)
        plant.add("notifier", *self.options)
        plant.add("scraper", *self.options, "--allow", "127.0.0.0/8",
                  "--host-delay", "5ms", "--host-burst", "50", "--spread",
                  "100ms", "--backoff", "200ms", "--backoff-max", "1s")
        plant.add("gateway", *self.options, "--port", "0")
        plant.add("bot", *self.options)
        plant.start("store", "analyzer", "alerter", "notifier", "bot",
                    "scraper")
        self.gateway_at = plant["gateway"].start().ready()["at"]
        plant["gateway"].args[-1:] = [self.gateway_at.rsplit(":", 1)[1]]
        self.epoch = plant["store"].said(r"epoch=(\w+)")[1]
        self.settle_settings()

    def configure(self):
        self.options = ["--config", str(self.plant.dir / "weir.conf")]
        http = Http(self.sim_at)
        token = self.plant.dir / "token"
        token.touch(0o600)
        token.write_text("4711:abcdefghijklmnopqrstuvwxyz")
        with open(self.plant.dir / "weir.conf", "w", encoding="utf-8") as f:
            f.write(f"[bot]\nbase-url = http://{self.telegram_at}\n"
                    f"token-file = {token}\npoll = 1s\n"
                    f"allow = {BotLoad.CHAT} editor dora\n")
            for channel, users in CHANNELS.items():
                f.write(f"[channel {channel}]\ntype = webhook\n"
                        f"url = http://{self.sim_at}/hook/{channel}\n")
                f.write("".join(f"user = {u}\n" for u in users or ()))
                http.must("POST", "/control/hook",
                          {"name": channel, "delay_ms": DELAY_MS})

    def settle_settings(self):
        """Rules and watches; the load comes when each has its baseline."""
        http = Http(self.sim_at)
        items = [p["id"] for p in
                 http.must("GET", "/control/state")["products"]]
        self.items = items[:len(SHOPS)]
        self.world = SimLoad(self.sim_at, self.items, self.seed)
        self.plant.publish(*[{"type": kind, "data": setting}
                             for kind, all_ in verify.SETTINGS.items()
                             for setting in all_])
        self.plant.publish(
            *[{"type": "watch.set", "data": {
                "id": item, "url": f"http://{self.sim_at}/shop/{shop}/{item}",
                "kind": "product", "source": "shop", "every": "1s",
                "item": {"id": item, "name": item, "target": "100"}}}
              for shop, item in zip(SHOPS, self.items)],
            {"type": "watch.set", "data": {
                "id": "ads", "kind": "feed", "source": "ads", "every": "1s",
                "list": "whole",
                "url": f"http://{self.sim_at}/ads/craigslist/feed.xml"}})
        self.plant.wait_journal(
            "the baseline of every watch",
            lambda got: len({e["data"]["watch"] for e in got
                             if e["data"].get("baseline")}) == len(SHOPS) + 1,
            "price.update/", "listing.")

    def start_load(self):
        at, epoch, seed = self.gateway_at, self.epoch, self.seed
        self.pub = PubLoad(self.plant, seed)
        self.api = ApiLoad(at, seed)
        self.followers = [
            Follower("client of everything", at, [""], epoch, seed),
            Follower("client of alerts", at,
                     ["alert.", f"price.update/{self.items[0]}"], epoch, seed),
        ]
        self.poller = Poller("long poll", at, "delivery.", epoch, seed)
        self.hooks = HookReader(self.sim_at, CHANNELS, seed)
        self.chat = BotLoad(self.telegram_at, self.plant.dir / "telegram", seed)
        self.loads = [self.pub, self.api, self.world, self.chat]
        self.lookers = [*self.followers, self.poller, self.hooks]
        for actor in self.loads + self.lookers:
            actor.start()

    # ---- meanwhile ----

    def kill(self, name):
        if name == "pub":
            wait_for("a weir-pub to kill", self.pub.kill)
        elif not self.plant[name].kill():
            return
        self.kills[name] += 1

    def kill_one(self, name, rng):
        self.kill(name)
        if name == "pub":
            return
        time.sleep(rng.choice((0, 0, rng.uniform(0, 0.5))))
        self.plant[name].start()
        if rng.random() < 0.1:  # and once more while it starts
            time.sleep(rng.uniform(0, 0.1))
            self.kill(name)
            self.plant[name].start()

    def kill_all(self, rng):
        """As when the machine goes down; they come back in any order."""
        for name in rng.sample(VICTIMS, len(VICTIMS)):
            self.kill(name)
        for name in rng.sample(VICTIMS, len(VICTIMS)):
            if name != "pub":
                self.plant[name].start()

    def run(self):
        """Decks of all victims, shuffled, until there were enough."""
        rng = random.Random(f"{self.seed}/kills")
        while self.kills.total() < self.want:
            for name in rng.sample(VICTIMS, len(VICTIMS)):
                time.sleep(rng.uniform(0, 2 * self.pause_s))
                self.kill_one(name, rng)
            if rng.random() < 0.3:
                time.sleep(rng.uniform(0, 2 * self.pause_s))
                self.kill_all(rng)

    # ---- after ----

    def is_through(self, events):
        """Has everything arrived that must arrive?"""
        sent = collections.Counter(e["data"]["channel"] for e in
                                   verify.of_type(events, "delivery.sent"))
        notes = verify.of_type(events, "user.notification")
        return (all(not verify.scraped_prices(i, t, events)
                    for i, t in self.world.prices.items())
                and not verify.scraped_ads(list(self.world.ads),
                                           self.world.removed, events)
                and not verify.statistics(events)
                and not verify.alerts(events)
                and not verify.commands(self.chat.sent, events)
                and self.chat.is_answered()
                and all(sent[c] == len([n for n in notes if not users
                                        or n["subject"] in users])
                        for c, users in CHANNELS.items()))

    def settle(self):
        """Wait until nothing more happens; what is missing is told later."""
        for actor in self.loads:
            actor.over.set()
        for actor in self.loads:
            actor.join(SETTLE_S)
        end = time.monotonic() + SETTLE_S
        count = -1
        while time.monotonic() < end:
            time.sleep(CALM_S)
            events = self.plant.journal()
            if len(events) == count and self.is_through(events):
                break
            count = len(events)
        self.catch_up(events)
        for actor in self.lookers:
            actor.over.set()
        for actor in self.lookers:
            actor.join(SETTLE_S)

    def catch_up(self, events):
        """Clients have until the journal's end, or they are told of."""
        for looker in (*self.followers, self.poller):
            patterns = getattr(looker, "patterns", ["delivery."])
            want = sum(verify.is_wanted(e, patterns) for e in events)
            try:
                wait_for(looker.name, lambda: len(looker.seen) >= want)
            except TimeoutError as e:
                looker.problems.append(str(e))

    def replays(self, tap, log, events):
        for tool in ("analyzer", "alerter"):
            outputs = [self.plant.run(tool, "-i", log, "-o", "-")
                       for _ in range(2)]
            said = sum(verify.tool_of(e) == tool for e in events)
            tap.result(f"{tool}: two replays agree, and with the {said} "
                       "events it said live",
                       verify.replay(tool, outputs, events))

    def report(self, tap):
        plant = self.plant
        raw = plant.run("log", "--dir", plant.dir)
        log = plant.dir / "journal.jsonl"
        log.write_bytes(raw)
        events = plant.journal()
        kinds = collections.Counter(e["type"] for e in events)
        total = self.kills.total()

        tap.note("kills: " + " ".join(f"{n}={c}" for n, c in
                                      sorted(self.kills.items())))
        tap.note("events: " + " ".join(f"{k}={c}" for k, c in
                                       sorted(kinds.items())))
        tap.result(f"{total} kills, none of {len(VICTIMS)} processes less "
                   "than 5 %, and nobody died by itself",
                   plant.problems + [f"{v}: {self.kills[v]} kills"
                                     for v in VICTIMS
                                     if self.kills[v] * 20 < total])
        tap.result("nobody who looked on met something odd",
                   [p for a in self.loads + self.lookers for p in a.problems]
                   + [f"{a.name} hangs" for a in self.loads + self.lookers
                      if a.is_alive()])
        tap.result(f"the journal of {len(events)} events is sound, without "
                   "gap or double",
                   plant.check() + verify.offsets(events) +
                   verify.no_doubles(events) + verify.nothing_odd(events))
        tap.result("every stage kept its source, with ids 1, 2, 3",
                   verify.source_ids(events, STAGES) +
                   verify.one_source(events, STAGES) +
                   verify.rising_ids(events, ("pub", "gateway")))
        for load in (self.pub, self.api):
            sent = load.prices.sent
            tap.result(f"each of {len(sent)} events by weir-{load.name} is "
                       "there once, in order" if load is self.pub else
                       f"each of {len(sent)} events by the API is there "
                       "once, in order",
                       verify.outside_events(sent, events))
        tap.result("what the API was told is where it was told",
                   verify.positions(self.api.prices.sent, self.api.positions,
                                    self.epoch, events))
        self.report_scraped(tap, events)
        tap.result(f"each of {kinds['price.update']} prices has its "
                   "price.stats once", verify.statistics(events))
        tap.result(f"each of {kinds['alert.new']} alerts is there once, and "
                   "none too many", verify.alerts(events))
        held = len(verify.held(events))
        tap.result(f"{held} alerts came late, when their cooldown was over",
                   [] if held else ["not one"])
        tap.result("each alert has its notification",
                   verify.notifications(events))
        tap.result(f"each of {len(self.chat.sent)} commands to the bot had its "
                   "effect once, in order, and an answer",
                   verify.commands(self.chat.sent, events) +
                   self.chat.missing())
        self.report_clients(tap, events)
        self.report_deliveries(tap, events)
        self.replays(tap, log, events)

    def report_scraped(self, tap, events):
        n = sum(len(t) for t in self.world.prices.values())
        tap.result(f"scraped prices are those of the world, each once "
                   f"({n} there were)",
                   [p for item, truth in self.world.prices.items()
                    for p in verify.scraped_prices(item, truth, events)])
        tap.result(f"{len(self.world.ads) + len(self.world.removed)} ads "
                   f"came, {len(self.world.removed)} went, each once",
                   verify.scraped_ads(list(self.world.ads),
                                      self.world.removed, events))

    def report_clients(self, tap, events):
        for f in self.followers:
            tap.result(f"{f.name}: {len(f.seen)} events over "
                       f"{f.connections} connections, each once, in order",
                       verify.client(f.name, f.seen, f.patterns, events))
        tap.result(f"{self.poller.name}: {len(self.poller.seen)} events, "
                   "each once, in order",
                   verify.client(self.poller.name, self.poller.seen,
                                 ["delivery."], events))

    def report_deliveries(self, tap, events):
        for channel, users in CHANNELS.items():
            requests = self.hooks.got[channel]
            keys = {r["headers"].get("idempotency-key") for r in requests}
            tap.result(f"webhook {channel}: {len(requests)} requests for "
                       f"{len(keys)} notifications, each repeat with its key "
                       "and a delivery.unknown",
                       verify.deliveries(channel, channel, users, requests,
                                         events))


def run(tap, seed, kills, pause_s):
    c = Campaign(seed, kills, pause_s)
    failed = tap.failed
    try:
        c.start()
        c.start_load()
        c.run()
        c.settle()
        c.plant.stop_all()
        c.report(tap)
    except Exception as e:  # whatever it was, it is one test's failure
        tap.result("the campaign", [repr(e), *c.plant.problems])
    finally:
        c.plant.end(tap, tap.failed > failed)
