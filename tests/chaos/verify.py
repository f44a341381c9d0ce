"""verify - what must be true of a journal, whatever was killed meanwhile.

Each function returns a list of problems, one line each.
"""
import collections
import datetime
import json
import re
from decimal import Decimal

# Rules that the campaign sets, and that expected_alerts() knows.
SETTINGS = {
    "rule.set": [
        {"id": "drop", "on": "price.update/", "drop": {"percent": 10},
         "user": "ana"},
        # Deadlines: nobody can say beforehand what this one does, only that
        # a replay does the same.
        {"id": "calm", "on": "price.update/api.", "target": "95",
         "cooldown": "2s", "user": "cal"},
    ],
    "search.set": [
        {"id": "bikes", "keywords": "red bike", "price": {"max": "500"},
         "user": "ana"},
    ],
}
UNTIMED = {"target", "drop", "bikes"}


def tool_of(event):
    return event["source"].split("/")[1]


def of_type(events, kind):
    return [e for e in events if e["type"] == kind]


def pair(event):
    return f"{event['source']} {event['id']}"


def counted(name, want, got):
    """Two multisets that should be the same."""
    want, got = collections.Counter(want), collections.Counter(got)
    return ([f"{name}: {k} is missing {n} times"
             for k, n in (want - got).items()] +
            [f"{name}: {k} is there {n} times too often"
             for k, n in (got - want).items()])


def offsets(events):
    """1, 2, 3 … without holes."""
    return [f"offset {e['offset']} in place {i}"
            for i, e in enumerate(events, 1) if e["offset"] != str(i)]


def source_ids(events, tools):
    """The ids of each source are 1..n, in order."""
    problems = []
    last = collections.Counter()
    for e in events:
        if tool_of(e) not in tools:
            continue
        last[e["source"]] += 1
        if e["id"] != str(last[e["source"]]):
            problems.append(f"{pair(e)} where {last[e['source']]} is due")
            last[e["source"]] = int(e["id"])
    return problems


def rising_ids(events, tools):
    """
    The ids of each source rise. Where it repeats what an earlier life was not
    told of, the store counts it, and journals nothing.
    """
    problems, last = [], {}
    for e in events:
        if tool_of(e) in tools:
            if int(e["id"]) <= last.get(e["source"], 0):
                problems.append(f"{pair(e)} after {last[e['source']]}")
            last[e["source"]] = int(e["id"])
    return problems


def one_source(events, tools):
    """A stage that was only killed keeps its source for life."""
    sources = {tool: {e["source"] for e in events if tool_of(e) == tool}
               for tool in tools}
    return [f"{tool}: sources {found}" for tool, found in sources.items()
            if len(found) != 1]


def no_doubles(events):
    found = collections.Counter(pair(e) for e in events)
    return [f"{p}: {n} times" for p, n in found.items() if n > 1]


def nothing_odd(events):
    odd = ("stage.", "event.refused", "delivery.failed")
    return [f"{e['type']} at {e['offset']}: {e['data']}"
            for e in events if e["type"].startswith(odd)]


def outside_events(sent, events):
    """Each that was sent is there once, as it was sent, in its order."""
    origin = sent[0]["source"]
    got = [e for e in events if e.get("originsource") == origin]
    problems = counted(origin, [e["id"] for e in sent],
                       [e["originid"] for e in got])
    for s, g in zip(sent, got):
        for key in ("type", "subject", "data"):
            if not problems and s[key] != g[key]:
                problems.append(f"{origin} {s['id']}: {key} is {g[key]}")
    return problems


def positions(prices, told, epoch, events):
    """Where the gateway said that an event is, it is."""
    problems = []
    if len(told) != len(prices):
        problems.append(f"{len(told)} positions for {len(prices)} events")
    for event, position in zip(prices, told):
        where, offset = position.split(":")
        at = events[int(offset) - 1] if int(offset) <= len(events) else {}
        if where != epoch or at.get("originid") != event["id"]:
            problems.append(f"{event['id']} is not at {position}")
    return problems


# ---- alerts ----

def is_match(search, data):
    words = re.findall(r"\w+", data["title"].lower())
    return (set(search["keywords"].split()) <= set(words) and
            Decimal(data["price"]) <= Decimal(search["price"]["max"]))


def expected_alerts(events):
    """(alert.new, alert.resolved) as [(rule, cause)] of the untimed rules."""
    search = SETTINGS["search.set"][0]
    new, resolved = [], []
    firing, before, ads = {}, {}, set()
    for e in events:
        data = e["data"]
        if e["type"] == "price.update":
            key = (e["subject"], data["source"])
            price = Decimal(data["price"])
            reached = price <= Decimal(data["item"]["target"])
            if reached and not firing.get(key):
                new.append(("target", pair(e)))
            if not reached and firing.get(key):
                resolved.append(("target", pair(e)))
            firing[key] = reached
            if key in before and price <= before[key] * Decimal("0.9"):
                new.append(("drop", pair(e)))
            before[key] = price
        elif e["type"] == "listing.new" and not data.get("baseline"):
            if is_match(search, data):
                new.append(("bikes", pair(e)))
                ads.add((e["subject"], data["id"]))
        elif (e["type"] == "listing.gone" and
              (e["subject"], data["id"]) in ads):
            resolved.append(("bikes", pair(e)))
            ads.discard((e["subject"], data["id"]))
    return new, resolved


def alerts(events):
    problems = []
    for kind, want in zip(("alert.new", "alert.resolved"),
                          expected_alerts(events)):
        got = [(e["data"]["rule"], e["cause"]) for e in of_type(events, kind)]
        problems += counted(kind, want, [g for g in got if g[0] in UNTIMED])
    ids = collections.Counter(e["data"]["id"]
                              for e in of_type(events, "alert.new"))
    return problems + [f"alert {i}: {n} times" for i, n in ids.items()
                       if n > 1]


def held(events):
    """Alerts that a deadline let go: their time is not that of their cause."""
    times = {pair(e): e["time"] for e in events}
    return [e for e in of_type(events, "alert.new")
            if e["time"] != times[e["cause"]]]


def notifications(events):
    """One for each alert, and one in its place for each change of it."""
    want = of_type(events, "alert.new") + of_type(events, "alert.update")
    return counted("user.notification",
                   [(e["data"]["id"], e["type"] == "alert.update")
                    for e in want],
                   [(e["data"]["alert"], "update" in e["data"])
                    for e in of_type(events, "user.notification")])


def statistics(events):
    """One price.stats for each price."""
    return counted("price.stats",
                   [pair(e) for e in of_type(events, "price.update")],
                   [e["cause"] for e in of_type(events, "price.stats")])


# ---- what was scraped ----

def scraped_prices(item, truth, events):
    """Each price once, in the order of the world, the last one right."""
    problems = []
    got = [e["data"] for e in of_type(events, "price.update")
           if e["subject"] == item]
    previous, rest = None, iter(truth)
    for data in got:
        if data["price"] not in rest:
            problems.append(f"{item}: {data['price']} is not next in {truth}")
            break
        if data.get("previous") != previous:
            problems.append(f"{item}: {data['price']} comes after "
                            f"{data.get('previous')}, not {previous}")
        previous = data["price"]
    if previous != truth[-1]:
        problems.append(f"{item}: ends with {previous}, not {truth[-1]}")
    return problems


def scraped_ads(there, removed, events):
    """Each ad is new once, and gone once if it went."""
    problems = []
    for kind, want in (("listing.new", there + removed),
                       ("listing.gone", removed)):
        got = [e["data"]["id"] for e in of_type(events, kind)
               if e["subject"] == "ads"
               and e["data"]["id"].startswith("chaos")]
        problems += counted(kind, [ad["id"] for ad in want], got)
    return problems


# ---- clients ----

def is_wanted(event, patterns):
    topic = event["type"] + ("/" + event["subject"]
                             if "subject" in event else "")
    return any(topic.startswith(p) if p == "" or p[-1] in "/." else topic == p
               for p in patterns)


def client(name, seen, patterns, events):
    """What a client saw: all of its topics, each once, in order."""
    left_out = ("specversion", "datacontenttype", "epoch")
    want = [{k: v for k, v in e.items() if k not in left_out}
            for e in events if is_wanted(e, patterns)]
    got = [{k: v for k, v in e.items() if k not in left_out} for e in seen]
    if got == want:
        return []
    problems = counted(name, [e["offset"] for e in want],
                       [e["offset"] for e in got])
    for w, g in zip(want, got):
        if w != g:
            problems.append(f"{name}: {g} where {w} is due")
            break
    return problems


# ---- deliveries ----

def deliveries(hook, channel, users, requests, events):
    """
    At least one request for each notification, always with the same key, and
    a delivery.unknown for each one more; one delivery.sent each.
    """
    wanted = {pair(e) for e in of_type(events, "user.notification")
              if users is None or e["subject"] in users}
    unknown, sent = (
        collections.Counter(e["cause"] for e in of_type(events, kind)
                            if e["data"]["channel"] == channel)
        for kind in ("delivery.unknown", "delivery.sent"))
    keys = collections.defaultdict(list)
    for request in requests:
        about = json.loads(request["body"])["event"]
        keys[f"{about['source']} {about['id']}"].append(
            request["headers"].get("idempotency-key"))
    problems = counted(f"delivery.sent {channel}", wanted, sent.elements())
    for p in wanted - set(keys):
        problems.append(f"{hook}: {p} never came")
    for p, found in keys.items():
        if p not in wanted:
            problems.append(f"{hook}: {p} was not for it")
        if len(set(found)) != 1 or not found[0]:
            problems.append(f"{hook}: {p} came with keys {set(found)}")
        if len(found) - 1 > unknown[p]:
            problems.append(f"{hook}: {p} came {len(found)} times, "
                            f"{unknown[p]} delivery.unknown")
    if len({found[0] for found in keys.values()}) != len(keys):
        problems.append(f"{hook}: two notifications share a key")
    return problems


# ---- the bot ----

def commands(hours, events):
    """Each /silence had its effect once, in the order of the commands."""
    got = [e for e in of_type(events, "silence.set") if tool_of(e) == "bot"]
    problems = counted("update", range(len(hours)),
                       [int(e["update"].split("/")[1]) - 1000 for e in got])
    lasts = [parse_time(e["data"]["until"]) - parse_time(e["time"])
             for e in got]
    if not problems and [round(s / 3600) for s in lasts] != hours:
        problems.append(f"silences in the order {lasts}")
    return problems


def parse_time(text):
    return datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp()


# ---- replays ----

def told(events):
    return [(e["type"], e.get("subject"), e["time"], e["data"])
            for e in events]


def replay(tool, outputs, events):
    """Two replays give the same bytes, and what was said live."""
    if outputs[0] != outputs[1]:
        return [f"{tool}: two replays differ"]
    again = told(json.loads(line) for line in outputs[0].splitlines())
    live = told(e for e in events if tool_of(e) == tool)
    if again == live:
        return []
    first = next((i for i, (a, b) in enumerate(zip(again, live)) if a != b),
                 min(len(again), len(live)))
    return [f"{tool}: {len(live)} live, {len(again)} in a replay; from "
            f"number {first + 1} on:",
            f"live   {live[first:first + 1]}",
            f"replay {again[first:first + 1]}"]
