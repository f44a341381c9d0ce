#!/usr/bin/env python3
"""Tell each scenario to weir-alerter; see README beside this file.

Exit status: 0 all is as it should be, 1 something is not, 65 a scenario that
is not understood.
"""
import argparse
import datetime
import difflib
import fnmatch
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
START = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)
KILLS_MAX = 32  # of one scenario: each costs a start of the program
UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
SETTINGS = ("rule", "search", "silence", "watch", "user")


class Mistake(Exception):
    """A scenario that is not understood."""


def seconds(text):
    if text == "0":
        return 0
    if not re.fullmatch(r"(\d+[dhms])+", text):
        raise Mistake(f"{text}: not a time such as 0, 90s or 1d2h30m")
    return sum(int(n) * UNITS[u] for n, u in re.findall(r"(\d+)([dhms])", text))


def span(s):
    """1d2h30m of seconds, which may have a fraction."""
    whole, out = int(s), ""
    for unit, size in UNITS.items():
        if whole >= size:
            out += f"{whole // size}{unit}"
            whole %= size
    return (out or "0") + (f"+{s - int(s):g}s" if s != int(s) else "")


def words(text):
    """Words, and texts in quotation marks: (word, is_quoted)."""
    found, at = [], 0
    for m in re.finditer(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]\S*))', text):
        if m.start() != at:
            break
        at = m.end()
        found.append((json.loads(f'"{m[1]}"'), True) if m[2] is None
                     else (m[2], False))
    if text[at:].strip():
        raise Mistake(f"{text[at:].strip()}: not understood")
    return found


def as_json(text):
    try:
        return json.loads(text)
    except ValueError as e:
        raise Mistake(f"{text}: not JSON: {e}") from e


def value(text):
    if text[:1] in ("[", "{") or text in ("true", "false", "null"):
        return as_json(text)
    return text


class Words:
    """The words of a line, taken from its front."""

    def __init__(self, text):
        self.all = words(text)

    def take(self, what, pattern=r".+", quoted=False):
        if not self.all or self.all[0][1] != quoted or \
                not re.fullmatch(pattern, self.all[0][0]):
            got = self.all[0][0] if self.all else "nothing"
            raise Mistake(f"{what} expected, not {got}")
        return self.all.pop(0)[0]

    def maybe(self, pattern, quoted=False):
        if self.all and self.all[0][1] == quoted and \
                re.fullmatch(pattern, self.all[0][0]):
            return self.all.pop(0)[0]
        return None

    def texts(self):
        found = []
        while (text := self.maybe(r"(?s).*", quoted=True)) is not None:
            found.append(text)
        return found

    def members(self):
        found = {}
        while pair := self.maybe(r"[\w.]+=.*"):
            name, _, text = pair.partition("=")
            found[name] = text
        return found

    def end(self):
        if self.all:
            raise Mistake(f"{self.all[0][0]}: not understood")


def put(data, members):
    for name, text in members.items():
        *path, last = name.split(".")
        into = data
        for part in path:
            into = into.setdefault(part, {})
        into[last] = value(text)
    return data


# ---- what comes in: each gives type, subject and data ----

def price(w):
    item = w.take("an item")
    amount = w.take("a price, or -", r"-|-?\d[\d.]*")
    data = {"item": {"id": item, "name": item.capitalize()},
            "price": None if amount == "-" else amount}
    if currency := w.maybe(r"[A-Z]{3}"):
        data["currency"] = currency
    data["source"] = w.maybe(r"[\w.-]+") or "shop"
    return "price.update", item, put(data, w.members())


def listing(w):
    source, ident = w.take("a source"), w.take("an id")
    data = {"id": ident, "source": source, "title": w.take("a title",
                                                           quoted=True)}
    if amount := w.maybe(r"\d[\d.]*"):
        data["price"] = amount
    if currency := w.maybe(r"[A-Z]{3}"):
        data["currency"] = currency
    return "listing.new", source, put(data, w.members())


def gone(w):
    source, ident = w.take("a source"), w.take("an id")
    return "listing.gone", source, {"id": ident, "source": source, "title": ""}


def page(w):
    watch, lines = w.take("a watch"), []
    while (line := w.maybe(r".*", quoted=True)) is not None:
        lines.append(line)
    return "page.change", watch, {"watch": watch, "added": lines}


def chat(w):
    stream, name = w.take("a stream"), w.take("a name")
    return "chat.message", stream, {"stream": stream, "id": "1",
                                    "username": name, "message":
                                    w.take("a message", quoted=True)}


def ack(w):
    thing, data = w.take("ITEM/RULE", r"[^/]+/[^/]+"), {}
    if w.maybe("by"):
        data["user"] = w.take("a user")
    if (note := w.maybe(r".*", quoted=True)) is not None:
        data["note"] = note
    return "alert.ack", "?" + thing, data


def unack(w):
    return "alert.ack", "?" + w.take("ITEM/RULE", r"[^/]+/[^/]+"), None


def tick(_):
    return "test.tick", None, {}


WHATS = {f.__name__: f for f in (price, listing, gone, page, chat, ack, unack,
                                 tick)}


def setting(kind, rest):
    ident, _, text = rest.strip().partition(" ")
    data = as_json(text)
    if isinstance(data, dict):
        data = {"id": ident} | data
    return f"{kind}.set", ident, data


def read_what(text):
    kind, _, rest = text.strip().partition(" ")
    if kind in SETTINGS:
        return setting(kind, rest)
    if kind == "event":
        topic, _, text = rest.strip().partition(" ")
        name, _, subject = topic.partition("/")
        return name, subject or None, as_json(text) if text.strip() else {}
    if kind not in WHATS:
        raise Mistake(f"{kind}: unknown")
    w = Words(rest)
    found = WHATS[kind](w)
    w.end()
    return found


class Input:
    """One event, or the same again and again."""

    def __init__(self, line, text):
        self.line = line
        word, _, rest = text.partition(" ")
        self.at, rest = seconds(word), rest.strip()
        self.happened = self.every = self.until = None
        if m := re.match(r"happened (\S+) (.*)", rest):
            self.happened, rest = seconds(m[1]), m[2]
        elif m := re.match(r"every (\S+) until (\S+) (.*)", rest):
            self.every, self.until, rest = seconds(m[1]), seconds(m[2]), m[3]
            if not self.every or self.until < self.at:
                raise Mistake("every, until: never, or for ever")
        self.what = read_what(rest)

    def times(self):
        if not self.every:
            return [self.at]
        return list(range(self.at, self.until + 1, self.every))

    def last(self):
        return self.times()[-1]


class Want:
    def __init__(self, line, text):
        self.line, self.said, self.log = line, text, None
        w = Words(text)
        self.low = self.high = None
        if w.maybe("log"):
            self.log = w.take("a text", quoted=True)
            w.end()
            return
        if w.maybe("at"):
            self.low = self.high = seconds(w.take("a time"))
        elif w.maybe("between"):
            self.low, self.high = seconds(w.take("a time")), \
                seconds(w.take("a time"))
            if self.low > self.high:
                raise Mistake("between: ends before it begins")
        self.topic = w.take("TYPE/SUBJECT", r"[a-z]+\.[a-z]+/.+")
        self.texts = w.texts()
        self.members = w.members()
        self.texts += w.texts()
        w.end()

    def last(self):
        return self.high or 0


def is_like(text, pattern):
    """… in the pattern is anything."""
    rx = ".*".join(re.escape(p) for p in pattern.split("…"))
    return isinstance(text, str) and re.fullmatch(rx, text, re.S) is not None


def member(data, path):
    for name in path.split("."):
        if not isinstance(data, dict) or name not in data:
            return None
        data = data[name]
    return data


class Scenario:
    def __init__(self, path, line, title):
        self.path, self.line, self.title = path, line, title
        self.start, self.until = START, None
        self.inputs, self.wants, self.only = [], [], None

    # ---- reading ----

    def take(self, line, text):
        word, _, rest = text.partition(" ")
        rest = rest.strip()
        if word in SETTINGS:
            self.inputs.append(Input(line, f"0 {text}"))
        elif word == "at":
            self.inputs.append(Input(line, rest))
        elif word == "start":
            try:
                self.start = datetime.datetime.fromisoformat(
                    rest.replace("Z", "+00:00"))
            except ValueError as e:
                raise Mistake(f"{rest}: {e}") from e
        elif word == "until":
            self.until = seconds(rest)
        elif word == "only":
            self.only = rest.split()
        elif text != "want nothing else" and word == "want":
            self.wants.append(Want(line, rest))
        elif word != "want":
            raise Mistake(f"{word}: unknown")

    def end(self):
        if not self.inputs:
            raise Mistake("nothing comes in")
        last = max(x.last() for x in self.inputs + self.wants)
        if self.until is None:
            self.until = last + 1
        if self.until < last:
            raise Mistake("until: before a time that is named")

    # ---- times ----

    def stamp(self, s):
        t = self.start + datetime.timedelta(seconds=s)
        return t.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def since(self, stamp):
        t = datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00"))
        return (t - self.start).total_seconds()

    # ---- input as lines ----

    def lines(self, tool):
        moments = sorted(((at, i, x) for i, x in enumerate(self.inputs)
                          for at in x.times()), key=lambda m: m[:2])
        lines = []
        for at, _, x in moments:
            kind, subject, data = x.what
            if subject and subject.startswith("?"):
                subject = self.alert(tool, lines, subject[1:], x.line)
            lines.append(self.event(len(lines) + 1, at, x.happened, kind,
                                    subject, data))
        lines.append(self.event(len(lines) + 1, self.until, None,
                                *tick(None)))
        return lines

    def event(self, n, at, happened, kind, subject, data):
        ev = {"specversion": "1.0", "id": str(n), "source": "weir/test/-",
              "type": kind}
        if subject:
            ev["subject"] = subject
        ev["time"] = self.stamp(at if happened is None else happened)
        ev["recordedtime"] = self.stamp(at)
        ev["data"] = data
        return json.dumps(ev, ensure_ascii=False) + "\n"

    def alert(self, tool, lines, thing, line):
        """The id of the alert of ITEM/RULE that was new last."""
        out, _ = run(tool, lines)
        ids = [e["data"]["id"] for e in events(out)
               if e["type"] == "alert.new" and e["subject"] == thing]
        return ids[-1] if ids else "none." + thing.replace("/", ".")

    # ---- judging ----

    def fits(self, want, ev):
        at, data = self.since(ev["time"]), ev["data"]
        if want.low is not None and not want.low <= at <= want.high:
            return False
        if not fnmatch.fnmatchcase(topic(ev), want.topic):
            return False
        for text in want.texts:
            if not any(is_like(data.get(k), text) for k in ("title", "message")):
                return False
        return all(self.has(data, k, v) for k, v in want.members.items())

    def has(self, data, path, text):
        got = member(data, path)
        if text == "":
            return got is None
        if text.startswith("@"):
            return got == self.stamp(seconds(text[1:]))
        want = value(text)
        if isinstance(want, str) and not isinstance(got, (str, dict, list)):
            got = None if got is None else json.dumps(got)
        return is_like(got, want) if isinstance(want, str) else got == want

    def judge(self, out, log):
        """What is wrong, a line each."""
        got = [e for e in events(out) if not self.only or
               any(fnmatch.fnmatchcase(topic(e), p + "*") for p in self.only)]
        wants = [w for w in self.wants if w.log is None]
        problems = []
        for w in self.wants:
            hits = [] if w.log is None else \
                [x for x in log if is_like(x, "…" + w.log + "…")]
            if w.log is not None and not hits:
                problems.append(f"{self.path}:{w.line}: was not logged: "
                                f"{w.log}")
            log = [x for x in log if x not in hits[:1]]
        problems += [f"{self.path}:{self.line}: logged, and not wanted: {x}"
                     for x in log]
        match = Alignment(self, wants, got)
        problems += [f"{self.path}:{w.line}: did not come: {w.said}"
                     for w in match.missing]
        problems += [f"{self.path}:{self.line}: came, and was not wanted: "
                     f"{self.show(e)}" for e in match.surplus]
        return problems

    def show(self, ev):
        data = ev["data"] or {}
        text = data.get("title") if ev["type"].startswith("user.") else None
        rest = {k: v for k, v in data.items() if k in
                ("state", "was", "reason", "until", "values", "alerts")}
        return (f"at {span(self.since(ev['time']))} {topic(ev)} "
                f"\"{text or data.get('message')}\" "
                f"{json.dumps(rest, ensure_ascii=False) if rest else ''}")


class Alignment:
    """Which wants and which events are left, where as many as can meet."""

    def __init__(self, scenario, wants, got):
        n, m = len(wants), len(got)
        best = [[0] * (m + 1) for _ in range(n + 1)]
        fit = [[scenario.fits(w, e) for e in got] for w in wants]
        for i in reversed(range(n)):
            for j in reversed(range(m)):
                best[i][j] = 1 + best[i + 1][j + 1] if fit[i][j] else \
                    max(best[i + 1][j], best[i][j + 1])
        self.missing, self.surplus = [], []
        i = j = 0
        while i < n and j < m:
            if fit[i][j]:
                i, j = i + 1, j + 1
            elif best[i + 1][j] >= best[i][j + 1]:
                self.missing.append(wants[i])
                i += 1
            else:
                self.surplus.append(got[j])
                j += 1
        self.missing += wants[i:]
        self.surplus += got[j:]


def topic(ev):
    return ev["type"] + ("/" + ev["subject"] if "subject" in ev else "")


def events(out):
    return [json.loads(line) for line in out]


# ---- running ----

def run(tool, lines, *options):
    """All in one piece: what it says, and its warnings."""
    p = subprocess.run([tool, "-i", "-", "-o", "-", *options],
                       input="".join(lines), capture_output=True, text=True,
                       timeout=120, check=False)
    log = [x for x in p.stderr.splitlines()
           if re.search(r": (warning|error): ", x)]
    if p.returncode:
        log.append(f"exit status {p.returncode}: {p.stderr.strip()}")
    return p.stdout.splitlines(), log


def killed(tool, state, line):
    """Start, give it one event, wait until it is committed, kill -9."""
    with subprocess.Popen([tool, "-i", "-", "-o", "-", "-p", "-s", state],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as p:
        patience = threading.Timer(60, p.kill)
        patience.start()
        p.stdin.write(line)
        p.stdin.flush()
        said = []
        for got in p.stdout:
            said.append(got)
            if got == line:
                break
        patience.cancel()
        p.send_signal(signal.SIGKILL)
        said += [x for x in p.stdout if x.endswith("\n")]
    return said


def in_pieces(tool, lines):
    """With a ledger, killed now and then. An event that is said again, by
    source and id, is the same event."""
    step = max(1, -(-len(lines) // KILLS_MAX))
    said = []
    with tempfile.TemporaryDirectory() as state:
        for i in range(0, len(lines), step):
            *before, last = lines[i:i + step]
            if before:
                said += run(tool, before, "-s", state)[0]
            said += killed(tool, state, last)
        said += run(tool, [], "-s", state)[0]
    own, seen = [], {}
    for line in said:
        ev = json.loads(line)
        if ev["source"] == "weir/test/-":
            continue
        key = (ev["source"], ev["id"])
        text = re.sub(r'"source":"weir/alerter/[^"]*"',
                      '"source":"weir/alerter/-"', line.rstrip("\n"), count=1)
        if seen.setdefault(key, text) != text:
            own.append(f"another event under the same id: {text}")
        elif seen[key] is text:
            own.append(text)
    return own


def try_one(tool, s):
    lines = s.lines(tool)
    out, log = run(tool, lines)
    problems = s.judge(out, log)
    pieces = in_pieces(tool, lines)
    if pieces != out:
        problems.append(f"{s.path}:{s.line}: killed and started again, it says "
                        "something else")
        problems += difflib.unified_diff(out, pieces, "in one piece", "killed",
                                         lineterm="", n=0)
    return problems


def read(path):
    """The scenarios of a file."""
    found, pending = [], []
    with open(path, encoding="utf-8") as f:
        for n, raw in enumerate(f, 1):
            text = raw.rstrip()
            if not text.strip() or text.startswith("#"):
                continue
            if text[0] in " \t" and pending:
                pending[-1][1] += " " + text.strip()
            else:
                pending.append([n, text.strip()])
    for n, text in pending:
        try:
            word, _, rest = text.partition(" ")
            if word == "scenario":
                if found:
                    found[-1].end()
                found.append(Scenario(path, n, rest))
            elif not found:
                raise Mistake("before the first scenario")
            else:
                found[-1].take(n, text)
        except Mistake as e:
            raise Mistake(f"{path}:{n}: {e}") from e
    if not found:
        raise Mistake(f"{path}: no scenario")
    try:
        found[-1].end()
    except Mistake as e:
        raise Mistake(f"{path}:{found[-1].line}: {e}") from e
    return found


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--tool", default="build/bin/weir-alerter")
    ap.add_argument("--only", default="", help="whose title has this")
    ap.add_argument("files", nargs="*")
    args = ap.parse_args()
    files = args.files or sorted(
        os.path.join(HERE, f) for f in os.listdir(HERE) if f.endswith(".txt"))
    try:
        scenarios = [s for f in files for s in read(f) if args.only in s.title]
    except (Mistake, OSError) as e:
        print(e, file=sys.stderr)
        return 65
    failed = 0
    for s in scenarios:
        problems = try_one(args.tool, s)
        failed += bool(problems)
        if problems:
            print(f"not ok: {s.title}", *problems, sep="\n  ")
    print(f"{len(scenarios)} scenarios, {failed} failed")
    return 1 if failed or not scenarios else 0


if __name__ == "__main__":
    sys.exit(main())
