"""ledgers - what a stage remembers, when that was copied or deleted.

What must follow is in the design, section 5, rules 3 and 5 to 7.
"""
import os
import shutil
import subprocess

import verify
from plant import BIN, HELPERS, wait_for
from scene import expect

EX_TEMPFAIL = 75
REPLAYED = 3000  # events, so that a replay can be met half way
DEADLY = (10, 11)
DEATHS = 7       # one in a batch, then three of each event alone


# ---- old copies ----

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
    """
    One alert is acknowledged when the ledger is copied, one is in its outbox,
    one comes before the copy is put back, and one after.
    """
    scene.start("store", "alerter")
    items = [scene.alert(), scene.unsent()]
    old = scene.ledger("alerter").read_bytes()
    scene.start("store", "alerter")
    items.append(scene.alert())
    how(scene, "alerter", old)
    return items + [scene.alert()]


def old_pure_ledger(scene):
    """old ledger of a pure stage: it derives what it lost, same ids"""
    items = alerter_restored(scene, restore_in_place)
    return (expect("alerts", scene.alerts(), items) +
            expect("sources", len(scene.sources("alerter")), 1))


def old_ledger_as_copy(scene):
    """old ledger in another file: a new source; what repeats has its id"""
    items = alerter_restored(scene, restore_as_copy)
    times = [(1, 1), (1, 1), (2, 1), (1, 1)]
    return (expect("alerts", scene.repeats(), dict(zip(items, times))) +
            expect("sources", len(scene.sources("alerter")), 2))


def moved_ledger(scene):
    """ledger moved with a full outbox: that goes first, under the old source"""
    scene.start("store", "alerter")
    items = [scene.alert(), scene.unsent()]
    path = scene.ledger("alerter")
    data = path.read_bytes()
    path.rename(path.with_name("moved"))
    path.write_bytes(data)
    scene.start("store", "alerter")
    items.append(scene.alert())
    sources = [e["source"] for e in scene.journal("alert.new/")]
    return (expect("alerts", scene.alerts(), items) +
            expect("second under the first's source", sources[1] == sources[0],
                   True) +
            expect("third too", sources[2] == sources[0], False))


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
        expect("sources", len(scene.sources("notifier")), 2))


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
        expect("sources", len(scene.sources("alerter")), 2) +
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


def be_born(tool, *patterns):
    """Several attempts, each killed when it says this."""
    for pattern in patterns:
        tool.start()
        wait_for(pattern, lambda p=pattern: tool.said(p))
        tool.kill()


def no_alerter_ledger(scene):
    """deleted ledger of the alerter: the past is silent, also when killed"""
    scene.start("store", "alerter")
    items = [scene.alert(), scene.alert()]
    filler = {"type": "note.made", "data": "x" * 200}
    scene.publish(*[filler] * REPLAYED)
    delete_ledger(scene, "alerter")
    scene.alert(wait=False)  # before it is born: past, too
    alerter = scene["alerter"]
    be_born(alerter, r"started ", r"started ", r" ready ")
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
    be_born(scene["notifier"], r"started ", r"started ")
    scene.start("notifier")
    scene.delivered(2)
    scene.alert()
    sent = scene.delivered(3)
    once = scene.delivered(2, channel="once")
    unknown = [(e["data"]["channel"], e["data"]["reason"])
               for e in scene.journal("delivery.unknown/")]
    # A death may have met an attempt, which is told of, too.
    extra = unknown.count(("again", "interrupted"))
    requests = scene.keys("again")
    return (
        expect("unknown", sorted(unknown), sorted(
            [("again", "no-ledger"), ("once", "no-ledger")] +
            [("again", "interrupted")] * extra)) +
        expect("sent", len(set(requests)), 3) +
        expect("requests", len(requests) in range(3, 4 + extra), True) +
        expect("held", len(scene.keys("once")), 2) +
        expect("told of", len(sent) + len(once), 5))


def ads(scene):
    """(baseline, id) of each listing.new."""
    return [(e["data"].get("baseline", False), e["data"]["id"])
            for e in scene.journal("listing.new/")]


def no_scraper_ledger(scene):
    """deleted ledger of the scraper: a baseline again, and no alert"""
    scene.start("store", "alerter", "scraper")
    scene.publish(
        {"type": "search.set", "data": {"id": "bikes", "keywords": "bike"}},
        {"type": "watch.set", "data": {
            "id": "ads", "kind": "feed", "source": "ads", "every": "1s",
            "url": f"http://{scene.sim.at}/ads/craigslist/feed.xml"}})
    was = [(True, ad["id"])
           for ad in scene.sim.must("GET", "/control/state")["ads"]
           if ad["source"] == "craigslist"]
    wait_for("the baseline", lambda: len(ads(scene)) == len(was))
    scene.sim.must("POST", "/control/ad", bike("first"))
    wait_for("the first bike", lambda: (False, "first") in ads(scene))
    delete_ledger(scene, "scraper")
    be_born(scene["scraper"], r"started ")
    scene.start("scraper")
    wait_for("all again", lambda: len(ads(scene)) > 2 * len(was) + 1)
    scene.sim.must("POST", "/control/ad", bike("second"))
    wait_for("the second bike", lambda: (False, "second") in ads(scene))
    again = was + [(True, "first")]
    found = scene.alerts(lambda all_: "second" in all_)
    return (expect("ads", sorted(ads(scene)), sorted(
                was + [(False, "first"), *again, (False, "second")])) +
            expect("alerts", found, ["first", "second"]) +
            expect("sources", len(scene.sources("scraper")), 2))


def bike(name):
    return {"source": "craigslist", "id": name, "title": f"Bike, {name}",
            "price": "100"}


def from_position(scene):
    """new ledger with --from: output for what came after that, on purpose"""
    scene.start("store", "alerter")
    items = [scene.alert(), scene.alert()]
    second = scene.journal("price.update/item-2")[0]
    delete_ledger(scene, "alerter")
    scene.add("alerter", "--from",
              f"{second['epoch']}:{int(second['offset']) - 1}")
    scene.start("alerter")
    scene.alerts(lambda all_: len(all_) == 3)
    items.append(scene.alert())
    return expect("alerts", scene.repeats(),
                  dict(zip(items, [(1, 1), (2, 1), (1, 1)])))


# ---- events that kill ----

def poison(scene):
    """two deadly events: three tries each, stage.skipped, and --retry"""
    scene.start("store")
    stage = scene.add("poison", program=HELPERS / "poison")
    scene.start("poison")
    doses = [{"type": "dose.given", "subject": str(n), "data": "harmless"}
             for n in range(1, 21)]
    for n in DEADLY:
        doses[n - 1]["data"] = "deadly"
    scene.publish(*doses)
    deaths = 0
    while deaths <= DEATHS:
        wait_for("all doses or a death", lambda: not stage.alive()
                 or len(taken(scene)) == len(doses) - len(DEADLY))
        if stage.alive():
            break
        deaths += 1
        stage.start()
    places = [f"{e['epoch']}:{e['offset']}"
              for e in scene.journal("dose.given/") if e["data"] == "deadly"]
    problems = (
        expect("deaths", deaths, DEATHS) +
        expect("skipped", [e["data"]["position"] for e in
                           scene.journal("stage.skipped/")], places) +
        expect("taken", taken(scene),
               [str(n) for n in range(1, 21) if n not in DEADLY]))
    stage.stop()
    return problems + retry(scene, places[0])


def taken(scene):
    return [e["subject"] for e in scene.journal("dose.taken/")]


def retry(scene, place):
    """With the antidote, the event that was skipped is handled after all."""
    done = subprocess.Popen(
        [HELPERS / "poison", "--dir", scene.dir, "--retry", place],
        env={**os.environ, "ANTIDOTE": "1"}, stderr=subprocess.DEVNULL)
    try:
        wait_for("the skipped dose",
                 lambda: taken(scene)[-1:] == [str(DEADLY[0])])
    finally:
        done.terminate()
    return expect("status", done.wait(), 0)


STORIES = (old_pure_ledger, old_ledger_as_copy, moved_ledger,
           old_notifier_ledger, ledger_beside, held_twice, no_alerter_ledger,
           no_notifier_ledger, no_scraper_ledger, from_position,
           poison)
