"""scene - a small plant on which a story of a copy or a restore is played.

A story is a function with the scene; its name as a test is its docstring, and
it returns problems. Each price that a scene makes is that of a new item.
"""
import verify
from clients import Http
from plant import Plant

CHANNELS = {"again": "resend", "once": "hold"}  # and their policies


def expect(what, got, want):
    return [] if got == want else [f"{what}: {got}, not {want}"]


class Scene(Plant):
    def __init__(self):
        super().__init__("copies")
        self.items = 0
        sim = self.add("sim", "--listen", "127.0.0.1:0", "--tick", "0")
        self.sim = Http(sim.start().ready()["at"])
        conf = self.dir / "weir.conf"
        conf.write_text("".join(
            f"[channel {c}]\ntype = webhook\npolicy = {policy}\n"
            f"url = http://{self.sim.at}/hook/{c}\n"
            for c, policy in CHANNELS.items()))
        for name in ("store", "alerter", "notifier"):
            self.add(name, "--config", conf)
        self.add("gateway", "--port", "0")
        self.add("scraper", "--allow", "127.0.0.0/8", "--host-delay", "5ms",
                 "--host-burst", "50", "--spread", "0")

    def ledger(self, tool):
        return self.dir / "ledger" / tool / "data.mdb"

    def price(self, item, price, wait=True):
        """A price; its alert is waited for."""
        self.publish({"type": "price.update", "subject": item, "data": {
            "item": {"id": item, "target": "100"}, "price": str(price),
            "currency": "EUR", "source": "shop"}})
        if wait:
            self.alerts(lambda all_: item in all_)

    def alert(self, wait=True):
        """An item that nobody has seen yet reaches its target."""
        self.items += 1
        item = f"item-{self.items}"
        self.price(item, 90, wait)
        return item

    def unsent(self):
        """
        An alert that waits in the outbox of an alerter that was killed; the
        store, which is stopped, has never heard of it.
        """
        self["alerter"].stop()
        item = self.alert(wait=False)
        self["store"].stop()
        self.start("alerter")
        waiting = self["alerter"].said(r" ready .*outbox=(\d+)")[1]
        self["alerter"].kill()
        if int(waiting) < 2:  # with its notification
            self.problems.append(f"{waiting} events wait, not 2")
        return item

    def alerts(self, test=None):
        """The items of all alerts."""
        def names(events):
            return [e["data"]["item"]["id"] for e in events]
        if test:
            return names(self.wait_journal(
                "an alert", lambda e: test(names(e)), "alert.new/"))
        return names(self.journal("alert.new/"))

    def delivered(self, n, kind="delivery.sent", channel="again"):
        """Wait for the nth outcome on a channel: all of them."""
        def ours(events):
            return [e for e in events if e["data"]["channel"] == channel]
        return ours(self.wait_journal(
            f"{n} {kind}", lambda e: len(ours(e)) >= n, f"{kind}/"))

    def keys(self, channel):
        """The idempotency keys that a receiver was sent, in order."""
        answer = self.sim.must("GET", f"/control/hook/{channel}")
        return [r["headers"]["idempotency-key"] for r in answer["requests"]]

    def sources(self, tool):
        """In the order in which they came up."""
        return list(dict.fromkeys(e["source"] for e in self.journal()
                                  if verify.tool_of(e) == tool))

    def repeats(self):
        """How often each item has an alert, and with how many ids."""
        ids = {}
        for e in self.journal("alert.new/"):
            ids.setdefault(e["data"]["item"]["id"], []).append(e["data"]["id"])
        return {item: (len(v), len(set(v))) for item, v in ids.items()}

    def epoch(self):
        return self["store"].said(r"epoch=(\w+)")[1]

    def sound(self, tools=("alerter", "notifier", "scraper")):
        """What must be so after whatever happened."""
        events = self.journal()
        return (self.problems + self.check() + verify.offsets(events) +
                verify.no_doubles(events) + verify.source_ids(events, tools))


def play(tap, story):
    """One test."""
    scene = Scene()
    problems = []
    try:
        problems = story(scene)
        scene.stop_all()
        problems += scene.sound()
    except Exception as e:  # whatever it was, the next story is told
        problems = [repr(e), *scene.problems]
    finally:
        scene.end(tap, problems)
    tap.result(story.__doc__, problems)
