"""journals - an old or another one in the place of that which was there.

What must follow is in the design, section 5, rules 3 and 8.
"""
import shutil
import signal

from clients import Http, WebSocket
from plant import wait_for
from scene import expect

MISSED, PART = 60000, 5000  # more than any queue between two processes

def put_back(scene, backup):
    """The backup in the journal's place, as one moves directories."""
    shutil.rmtree(scene.dir / "journal")
    shutil.copytree(backup / "journal", scene.dir / "journal")


def pour_back(scene, backup):
    """The backup's bytes in the same file."""
    with open(scene.dir / "journal" / "data.mdb", "r+b") as f:
        f.write((backup / "journal" / "data.mdb").read_bytes())
        f.truncate()


def old_journal(scene):
    """old journal while all others run: new epoch, new sources, gaps told"""
    scene.start("store", "alerter", "notifier", "gateway")
    at = scene["gateway"].said(r"url=http://([^/]+)/")[1]
    items, lost, backup = alerts_and_backup(scene)
    was = f"{scene.epoch()}:{len(scene.journal())}"
    client, told = subscribe(at, was)
    problems = expect("recovered", told["recovered"], True)
    scene["store"].stop()
    put_back(scene, backup)
    scene.start("store")
    items.append(scene.alert())
    delivered(scene, items[-1])
    return (problems + check_restored(scene, items, lost) +
            check_connected(client, scene.epoch(), items[-1]) +
            check_clients(at, scene.epoch(), was))


def old_journal_in_place(scene):
    """old journal in the same file, stages stopped: the same"""
    scene.start("store", "alerter", "notifier")
    items, lost, backup = alerts_and_backup(scene)
    was = scene.epoch()
    for tool in ("alerter", "notifier", "store"):
        scene[tool].stop()
    pour_back(scene, backup)
    scene.start("store", "alerter", "notifier")
    items.append(scene.alert())
    delivered(scene, items[-1])
    return (expect("epoch is new", scene.epoch() != was, True) +
            check_restored(scene, items, lost))


def old_journal_full_outbox(scene):
    """old journal, and alerts in an outbox: these are not lost"""
    scene.start("store", "alerter", "notifier")
    items, lost, backup = alerts_and_backup(scene)
    items.append(scene.unsent())
    put_back(scene, backup)
    scene.start("store", "alerter")
    items.append(scene.alert())
    for item in items:
        delivered(scene, item)
    return check_restored(scene, items, lost)


def alerts_and_backup(scene):
    """One alert before the backup, two after it, all delivered."""
    items = [scene.alert()]
    delivered(scene, items[0])
    backup = scene.dir / "backup"
    scene.run("store", "--dir", scene.dir, "--backup", backup)
    lost = [scene.alert(), scene.alert()]
    for item in lost:
        delivered(scene, item)
    return items, lost, backup


def delivered(scene, item):
    """Wait until the item's alert was delivered on both channels."""
    def look():
        ids = {e["data"]["id"] for e in scene.journal("alert.new/")
               if e["data"]["item"]["id"] == item}
        sent = {e["data"]["channel"] for e in scene.journal("delivery.sent/")
                if e["data"]["alert"] in ids}
        return len(sent) == 2
    wait_for(f"the delivery of {item}", look)


def check_restored(scene, items, lost):
    """What was acknowledged after the backup is lost, and this is said."""
    gaps = [("source" in e["data"], e["source"])
            for e in scene.journal("stage.gap/")]
    found = scene.alerts()
    newest = {t: scene.sources(t)[-1] for t in ("alerter", "notifier")}
    return (
        expect("alerts", [i for i in found if i not in lost], items) +
        expect("alerts at most once", len(set(found)), len(found)) +
        expect("sources", [len(scene.sources(t)) for t in newest], [2, 2]) +
        expect("gaps, told by new sources", sorted(gaps), sorted(
            (True, source) for source in newest.values())))


def subscribe(at, since):
    """A client of alerts, and what it was answered."""
    link = WebSocket(at)

    def ask():
        link.send({"subscribe": ["alert."], "since": since})
        answer = link.receive()
        return "error" not in answer and answer  # else: no journal yet
    return link, wait_for("the gateway has a journal", ask)


def check_connected(client, epoch, item):
    """Who was connected is told once, and goes on in the new journal."""
    told = client.receive()
    problems = (expect("told", told.get("recovered"), False) +
                expect("goes on in", told["position"].split(":")[0], epoch))
    while True:
        event = client.receive()
        if event["data"]["item"]["id"] == item:
            client.close()
            return problems


def check_clients(at, epoch, old):
    """An old position is not recovered, on either transport."""
    answer = Http(at).must("GET", f"/api/v1/events?since={old}&limit=1")
    link, told = subscribe(at, old)
    link.close()
    return (expect("REST", answer["recovered"], False) +
            expect("WebSocket", told["recovered"], False) +
            expect("epoch", told["position"].split(":")[0], epoch))


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


# ---- one that is all there, but not in the feed ----

def missed_feed(scene):
    """stage and gateway that stood still for 60,000 events miss none"""
    scene.start("store", "alerter", "gateway")
    client, _ = subscribe(scene["gateway"].said(r"url=http://([^/]+)/")[1],
                          f"{scene.epoch()}:0")
    filler = {"type": "note.made", "data": "x"}
    for tool in ("alerter", "gateway"):
        scene[tool].signal(signal.SIGSTOP)
    for _ in range(MISSED // PART):
        scene.publish(*[filler] * (PART - 1))
        scene.alert(wait=False)
    for tool in ("alerter", "gateway"):
        scene[tool].signal(signal.SIGCONT)
    items = [f"item-{n}" for n in range(1, MISSED // PART + 1)]
    seen = [client.receive()["data"]["item"]["id"] for _ in items]
    client.close()
    return (expect("alerts", scene.alerts(lambda all_: items[-1] in all_),
                   items) +
            expect("seen", seen, items))


STORIES = (old_journal, old_journal_in_place, old_journal_full_outbox,
           other_journal, missed_feed)
