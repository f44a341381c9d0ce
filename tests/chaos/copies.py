"""copies - ledgers and journals that were copied, restored, or deleted.

What must follow is in the design, section 5, rules 3 and 5 to 8.
"""
import os
import shutil
import subprocess
import time

import verify
from clients import Http, WebSocket
from plant import BIN, HELPERS, Plant, wait_for

CHANNELS = {"again": "resend", "once": "hold"}
EX_TEMPFAIL = 75
REPLAYED = 3000  # events, so that a replay can be met half way
DEATHS = 4       # of one event: one in a batch, three alone


class Scene(Plant):
    """Store, alerter, notifier, a receiver; each price is a new item's."""

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

    def sources(self, tool, events):
        """In the order in which they came up."""
        return list(dict.fromkeys(e["source"] for e in events
                                  if verify.tool_of(e) == tool))

    def epoch(self):
        return self["store"].said(r"epoch=(\w+)")[1]

    def sound(self, tools=("alerter", "notifier")):
        """What must be so after whatever happened."""
        events = self.journal()
        return (self.problems + self.check() + verify.offsets(events) +
                verify.no_doubles(events) + verify.source_ids(events, tools))


def expect(what, got, want):
    return [] if got == want else [f"{what}: {got}, not {want}"]


# ---- ledgers ----

def restore_in_place(scene, tool, old):
    """The bytes of an old copy in the same file: nobody can tell."""
    scene[tool].kill()
    with open(scene.ledger(tool), "r+b") as f:
        f.write(old)
        f.truncate()
    scene.start(tool)


def restore_as_copy(scene, tool, old):
    """As cp and tar do it: another file."""
    path = scene.ledger(tool)
    scene[tool].kill()
    path.rename(path.with_name("moved"))
    path.write_bytes(old)
    scene.start(tool)


def alerter_restored(scene, how):
    """An alerter with an old ledger, which missed two alerts."""
    scene.start("store", "alerter")
    items = [scene.alert()]
    scene["alerter"].stop()
    old = scene.ledger("alerter").read_bytes()
    scene.start("alerter")
    items += [scene.alert(), scene.alert()]
    how(scene, "alerter", old)
    items.append(scene.alert())
    return items


def old_pure_ledger(scene):
    """old ledger of a pure stage: it derives what it lost, same ids"""
    items = alerter_restored(scene, restore_in_place)
    events = scene.journal()
    return (expect("alerts", scene.alerts(), items) +
                   expect("sources", len(scene.sources("alerter", events)), 1))


def old_ledger_as_copy(scene):
    """old ledger in another file: a new source; what repeats has its id"""
    items = alerter_restored(scene, restore_as_copy)
    events = scene.journal()
    ids = {}
    for e in verify.of_type(events, "alert.new"):
        ids.setdefault(e["data"]["item"]["id"], []).append(e["data"]["id"])
    return (
        expect("alerts of items", sorted(ids), sorted(items)) +
        expect("repeats", [len(v) for v in ids.values()], [1, 2, 2, 1]) +
        expect("ids", [len(set(v)) for v in ids.values()], [1, 1, 1, 1]) +
        expect("sources", len(scene.sources("alerter", events)), 2))


def old_notifier_ledger(scene):
    """old ledger of the notifier: a new source; repeats have their key"""
    scene.start("store", "alerter", "notifier")
    scene.alert()
    scene.delivered(1)
    scene.delivered(1, channel="once")
    scene["notifier"].stop()
    old = scene.ledger("notifier").read_bytes()
    scene.start("notifier")
    scene.alert()
    scene.delivered(2)
    scene.delivered(2, channel="once")
    restore_in_place(scene, "notifier", old)
    scene.delivered(3)
    scene.alert()
    sent = scene.delivered(4)
    scene.delivered(4, channel="once")
    keys = scene.keys("again")
    return (
        expect("requests", [keys.index(k) for k in keys], [0, 1, 1, 3]) +
        expect("told of", [e["data"]["id"] for e in sent], keys) +
        expect("sources", len(scene.sources("notifier", scene.journal())), 2))


def ledger_beside(scene):
    """ledger copied while its owner runs: both write, under two sources"""
    scene.start("store", "alerter")
    scene.alert()
    other = scene.dir / "other"
    (other / "ledger").mkdir(parents=True)
    (other / "journal").symlink_to(scene.dir / "journal")
    shutil.copytree(scene.dir / "ledger" / "alerter",
                    other / "ledger" / "alerter")
    scene.add("copy", "--dir", other,
              "--ingest", f"ipc://{scene.dir}/run/ingest",
              "--feed", f"ipc://{scene.dir}/run/feed",
              program=BIN / "weir-alerter")
    scene.start("copy")
    item = scene.alert()
    scene.alerts(lambda all_: all_.count(item) == 2)
    events = verify.of_type(scene.journal(), "alert.new")
    return (
        expect("alerts", len(events), 3) +
        expect("sources", len(scene.sources("alerter", events)), 2) +
        expect("ids of one alert", len({e["data"]["id"]
                                        for e in events[1:]}), 1))


def held_twice(scene):
    """ledger and journal are held for life: exit 75"""
    scene.start("store", "alerter")
    problems = []
    for tool in ("store", "alerter"):
        done = scene.run(tool, "--dir", scene.dir, check=False)
        problems += expect(f"second {tool}", done.returncode, EX_TEMPFAIL)
        problems += expect("lines", len(done.stderr.splitlines()), 1)
    scene.alert()
    return problems


# ---- deleted ledgers ----

def delete_ledger(scene, tool):
    scene[tool].kill()
    shutil.rmtree(scene.dir / "ledger" / tool)


def no_alerter_ledger(scene):
    """deleted ledger of the alerter: the past is silent, also when killed"""
    scene.start("store", "alerter")
    items = [scene.alert(), scene.alert()]
    filler = {"type": "note.made", "data": "x" * 200}
    scene.publish(*[filler] * REPLAYED)
    delete_ledger(scene, "alerter")
    scene.alert(wait=False)  # before it is born: past, too
    alerter = scene["alerter"]
    for pattern in (r"started ", r"started ", r" live "):
        alerter.start()
        wait_for(pattern, lambda p=pattern: alerter.said(p))
        alerter.kill()
    alerter.start()
    items.append(scene.alert())  # perhaps while it still replays
    alerter.ready()
    scene.price(items[0], 110, wait=False)
    scene.price(items[0], 80, wait=False)  # the past is known
    want = items + [items[0]]
    scene.alerts(lambda all_: len(all_) >= len(want))
    return (
        expect("alerts", scene.alerts(), want) +
        expect("resolved", len(scene.journal("alert.resolved/")), 1))


def no_notifier_ledger(scene):
    """deleted ledger of the notifier: what was not told of is unknown"""
    scene.start("store", "alerter", "notifier")
    scene.alert()
    scene.delivered(1)
    scene.delivered(1, channel="once")
    scene["notifier"].stop()
    scene.alert()
    scene.wait_journal("a notification", lambda e: len(e) == 2,
                       "user.notification/")
    shutil.rmtree(scene.dir / "ledger" / "notifier")
    scene.start("notifier")
    scene.delivered(2)
    scene.alert()
    sent = scene.delivered(3)
    once = scene.delivered(2, channel="once")
    unknown = scene.journal("delivery.unknown/")
    return (
        expect("unknown", sorted((e["data"]["channel"], e["data"]["reason"])
                                 for e in unknown),
               [("again", "no-ledger"), ("once", "no-ledger")]) +
        expect("sent again", len(set(scene.keys("again"))), 3) +
        expect("requests", len(scene.keys("again")), 3) +
        expect("held", len(scene.keys("once")), 2) +
        expect("told of", len(sent) + len(once), 5))


# ---- journals ----

def put_back(scene, backup):
    """The backup in the journal's place, as one moves directories."""
    shutil.rmtree(scene.dir / "journal")
    shutil.copytree(backup / "journal", scene.dir / "journal")


def pour_back(scene, backup):
    """The backup's bytes in the same file."""
    with open(scene.dir / "journal" / "data.mdb", "r+b") as f:
        f.write((backup / "journal" / "data.mdb").read_bytes())
        f.truncate()


def journal_restored(scene, how, keep_running):
    """One alert before the backup, two after it, one after its return."""
    scene.start("store", "alerter", "notifier", "gateway")
    at = scene["gateway"].said(r"url=http://([^/]+)/")[1]
    items = [scene.alert()]
    scene.delivered(1)
    scene.delivered(1, channel="once")
    backup = scene.dir / "backup"
    scene.run("store", "--dir", scene.dir, "--backup", backup)
    lost = [scene.alert(), scene.alert()]
    scene.delivered(3)
    scene.delivered(3, channel="once")
    was, head = scene.epoch(), len(scene.journal())
    time.sleep(0.1)
    if not keep_running:
        for tool in ("alerter", "notifier"):
            scene[tool].stop()
    scene["store"].stop()
    how(scene, backup)
    scene.start("store")
    if not keep_running:
        scene.start("alerter", "notifier")
    items.append(scene.alert())
    scene.wait_journal(
        "the delivery of the last alert",
        lambda e: len({d["data"]["channel"] for d in e
                       if d["data"]["alert"] == last_alert(scene)}) == 2,
        "delivery.sent/")
    return (
        expect("epoch is new", scene.epoch() != was, True) +
        check_restored(scene, items, lost) +
        check_clients(at, scene.epoch(), f"{was}:{head}"))


def last_alert(scene):
    return scene.journal("alert.new/")[-1]["data"]["id"]


def check_restored(scene, items, lost):
    """What was acknowledged after the backup is lost, and this is said."""
    events = scene.journal()
    gaps = [(e["data"]["kind"], e["source"])
            for e in verify.of_type(events, "stage.gap")]
    found = scene.alerts()
    return (
        expect("alerts", [i for i in found if i not in lost], items) +
        expect("alerts at most once", len(set(found)), len(found)) +
        expect("sources", [len(scene.sources(t, events))
                           for t in ("alerter", "notifier")], [2, 2]) +
        expect("gaps are told by the new sources", sorted(gaps), sorted(
            ("store-older", scene.sources(t, events)[1])
            for t in ("alerter", "notifier"))))


def check_clients(at, epoch, old):
    """An old position is not recovered, on either transport."""
    answer = Http(at).must("GET", f"/api/v1/events?since={old}&limit=1")
    link = WebSocket(at)
    link.send({"subscribe": ["alert."], "since": old})
    subscribed = link.receive()
    link.close()
    return (expect("REST", answer["recovered"], False) +
            expect("WebSocket", subscribed["recovered"], False) +
            expect("epoch", subscribed["position"].split(":")[0], epoch))


def old_journal(scene):
    """old journal while stages wait: new epoch, new sources, gaps told"""
    return journal_restored(scene, put_back, True)


def old_journal_in_place(scene):
    """old journal in the same file, stages stopped: the same"""
    return journal_restored(scene, pour_back, False)


def other_journal(scene):
    """another journal: stages go on from its beginning, with their state"""
    scene.start("store", "alerter")
    item = scene.alert()
    scene["store"].stop()
    shutil.rmtree(scene.dir / "journal")
    scene.start("store")
    scene.price(item, 95, wait=False)  # it is reached already
    scene.price(item, 110, wait=False)
    scene.price(item, 95)
    events = scene.journal("alert.")
    return expect("alerts", [e["type"] for e in events],
                         ["alert.resolved", "alert.new"])


# ---- an event that kills ----

def poison(scene):
    """a deadly event: three tries, stage.skipped, and --retry"""
    scene.start("store")
    stage = scene.add("poison", program=HELPERS / "poison")
    scene.start("poison")
    doses = [{"type": "dose.given", "subject": str(n), "data": "harmless"}
             for n in range(1, 21)]
    doses[9]["data"] = "deadly"
    scene.publish(*doses)
    deaths = 0
    while deaths <= DEATHS:
        try:
            scene.wait_journal("all doses", lambda e: len(e) == 19 or
                               not stage.alive(), "dose.taken/")
        except TimeoutError:
            break
        if stage.alive():
            break
        deaths += 1
        stage.start()
    skipped = scene.journal("stage.skipped/")
    deadly = scene.journal("dose.given/10")[0]
    place = f"{deadly['epoch']}:{deadly['offset']}"
    problems = (
        expect("deaths", deaths, DEATHS) +
        expect("skipped", [e["data"]["position"] for e in skipped], [place]) +
        expect("taken", taken(scene),
               [str(n) for n in range(1, 21) if n != 10]))
    stage.stop()
    return problems + retry(scene, place)


def taken(scene):
    return [e["subject"] for e in scene.journal("dose.taken/")]


def retry(scene, place):
    """With the antidote, the event that was skipped is handled after all."""
    done = subprocess.Popen(
        [HELPERS / "poison", "--dir", scene.dir, "--retry", place],
        env={**os.environ, "ANTIDOTE": "1"}, stderr=subprocess.DEVNULL)
    try:
        wait_for("the skipped dose", lambda: taken(scene)[-1:] == ["10"])
    finally:
        done.terminate()
    return expect("status", done.wait(), 0)


CASES = (old_pure_ledger, old_ledger_as_copy, old_notifier_ledger,
         ledger_beside, held_twice, no_alerter_ledger, no_notifier_ledger,
         old_journal, old_journal_in_place, other_journal, poison)


def run_case(tap, case):
    scene = Scene()
    try:
        problems = case(scene)
        scene.stop_all()
        problems += scene.sound()
    except Exception as e:  # whatever it was, the next case is told
        problems = [repr(e), *scene.problems]
    tap.result(case.__doc__, problems)
    scene.end(tap, problems)


def run(tap):
    for case in CASES:
        run_case(tap, case)
