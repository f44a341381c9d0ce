"""deaths - the notifier dies right before and right after each commit.

Whatever a death meets: what was delivered is not sent again without a
delivery.unknown, nothing is lost, a message is changed and not doubled, parts
of a text are all there, and what fell over arrives once.
"""
import collections
import json
import os
import re
import subprocess
import sys
import urllib.request

from plant import HELPERS, wait_for
from scene import expect

ROUNDS_MAX = 60  # commits of one life; it has fewer
LONG = "<" * 2500  # three messages of Telegram's


class Service:
    """A receiver of tests/helpers."""

    def __init__(self, scene, name):
        root = os.path.join(os.path.dirname(__file__), "..", "helpers")
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(root, "receiver.py"), name],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().split()[1]

    def control(self, script=None):
        data = json.dumps(script).encode() if script is not None else None
        with urllib.request.urlopen(f"{self.url}/control", data) as r:
            return r.read()

    def requests(self):
        return json.loads(self.control())["requests"]

    def stop(self):
        self.process.kill()
        self.process.wait()


def configure(scene, good, bad):
    token = scene.dir / "token"
    token.touch(0o600)
    token.write_text("12:abc\n")
    hook = f"http://{scene.sim.at}/hook"
    telegram = f"type = telegram\nchat = 1\ntoken-file = {token}\nrate = 0\n"
    (scene.dir / "weir.conf").write_text(
        f"[channel tele]\n{telegram}base-url = {good.url}\n"
        "text = {{title}}:{{message}}\nlong = split\n"
        f"[channel bad]\n{telegram}base-url = {bad.url}\nuser = ana\n"
        f"[channel hook]\nurl = {hook}/hook\n"
        f"[channel once]\nurl = {hook}/once\npolicy = hold\n"
        f"[channel spare]\nurl = {hook}/spare\nuser = ana\nstandby = yes\n")


def tell(scene, r):
    """One round's notifications, told apart by their titles."""
    def note(title, channels, **more):
        return {"type": "user.notification", "subject": "ana", "data": {
            "type": "custom", "title": title, "message": "m",
            "notify": channels, **more}}
    scene.publish(
        note(f"first-{r}", ["tele", "hook", "once"], id=f"first-{r}"),
        note(f"changed-{r}", ["tele"], update=f"first-{r}"),
        note(f"long-{r}", ["tele"], message=LONG),
        note(f"fallen-{r}", ["bad"]))


def by_title(scene):
    """Each title's deliveries, as "type channel"."""
    titles, found = {}, collections.defaultdict(list)
    for e in scene.journal():
        if e["type"] == "user.notification":
            titles[f"{e['source']} {e['id']}"] = e["data"]["title"]
        elif e["type"].startswith("delivery."):
            d = e["data"]
            found[titles[e["cause"]]].append(
                (e["type"][9:], d["channel"], d))
    return found


def is_over(found, r):
    def kinds(title, channel):
        return {t for t, c, _ in found[f"{title}-{r}"] if c == channel}
    return ("sent" in kinds("first", "tele") and
            "sent" in kinds("first", "hook") and
            kinds("first", "once") and
            "sent" in kinds("changed", "tele") and
            "sent" in kinds("long", "tele") and
            "sent" in kinds("fallen", "spare"))


def live(scene, mortal):
    """One life; with mortal until it dies or has nothing to do any more."""
    tool = scene["notifier"]
    tool.env = dict(os.environ)
    if mortal:
        tool.env.update(LD_PRELOAD=str(HELPERS / "mortal.so"), MORTAL=mortal)
    tool.start()


def judge_round(scene, found, r, good, mortal):
    problems = []

    def count(kind, title, channel):
        return sum(t == kind and c == channel
                   for t, c, _ in found[f"{title}-{r}"])

    def requests_of(channel, title):
        answer = scene.sim.must("GET", f"/control/hook/{channel}")
        return [q["headers"]["idempotency-key"] for q in answer["requests"]
                if json.loads(q["body"])["title"] == f"{title}-{r}"]

    def check(what, keys, unknown):
        if not keys or len(set(keys)) != 1 or len(keys) > 1 + unknown:
            problems.append(f"{mortal}: {what} came with {keys}, "
                            f"{unknown} unknown")

    for title, channel in (("first", "hook"), ("fallen", "spare")):
        check(f"{title} {channel}", requests_of(channel, title),
              count("unknown", title, channel))
        problems += expect(f"{mortal}: {title} {channel} sent",
                           count("sent", title, channel), 1)
    problems += expect(
        f"{mortal}: once", (len(requests_of("once", "first")) <= 1,
                            len([t for t, c, _ in found[f"first-{r}"]
                                 if c == "once"])), (True, 1))
    problems += expect(f"{mortal}: fallen bad",
                       count("failed", "fallen", "bad"), 1)
    requests = [q for q in good.requests()
                if re.search(rf"-{r}:|^&lt;", q["json"]["text"])]
    keys = collections.defaultdict(list)
    for q in requests:
        keys[q["headers"]["idempotency-key"]].append(q)
    for title, parts in (("first", 1), ("changed", 1), ("long", 3)):
        ds = [d for t, c, d in found[f"{title}-{r}"] if c == "tele"]
        id_ = ds[-1]["id"]
        problems += expect(f"{mortal}: {title} tele sent",
                           count("sent", title, "tele"), 1)
        mine = [keys[id_]] + [keys[f"{id_}-{p}"] for p in range(2, 9)]
        mine = [k for k in mine if k]
        problems += expect(f"{mortal}: parts of {title}", len(mine), parts)
        again = sum(len(k) - 1 for k in mine)
        if again > count("unknown", title, "tele"):
            problems.append(f"{mortal}: {title} again {again} times")
        if title == "long":
            text = "".join(k[0]["json"]["text"] for k in mine)
            problems += expect(f"{mortal}: the text", text.count("&lt;"),
                               len(LONG))
        if title == "changed":
            first = [d for t, c, d in found[f"first-{r}"]
                     if (t, c) == ("sent", "tele")][0]
            problems += expect(f"{mortal}: the change",
                               str(mine[0][0]["json"].get("message_id")),
                               first["message_id"])
    return problems


def notifier_deaths(scene):
    """the notifier dies before and after each commit: nothing lost, doubled"""
    good, bad = Service(scene, "telegram"), Service(scene, "telegram")
    problems, survived, r = [], set(), 0
    try:
        bad.control({"status": 401, "body": '{"ok":false}'})
        configure(scene, good, bad)
        scene.start("store")
        while len(survived) < 2 and r < 2 * ROUNDS_MAX:
            mortal = f"{1 + r // 2}{'+' if r % 2 else ''}"
            if r % 2 in survived:
                r += 1
                continue
            tell(scene, r)
            live(scene, mortal)
            wait_for("an end", lambda r=r: not scene["notifier"].alive() or
                     is_over(by_title(scene), r))
            if scene["notifier"].alive():
                survived.add(r % 2)
                scene["notifier"].stop()
            live(scene, None)
            wait_for("the rest", lambda r=r: is_over(by_title(scene), r))
            scene["notifier"].stop()
            problems += judge_round(scene, by_title(scene), r, good, mortal)
            r += 1
        problems += expect("told that it is down",
                           len(scene.journal("channel.")), 1)
        problems += expect("a life without a death", len(survived), 2)
    finally:
        scene["notifier"].env = None
        good.stop()
        bad.stop()
    return problems


STORIES = (notifier_deaths,)
