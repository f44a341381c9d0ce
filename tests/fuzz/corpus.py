#!/usr/bin/env python3
"""The tables of tests/fixtures as a corpus for the fuzzers.

    tests/fuzz/corpus.py OUT

writes OUT/FUZZER/N for each row that a fuzzer can use, in the form that the
fuzzer reads. Seeds that are in no table are under tests/fixtures/fuzz.
"""
import glob
import json
import os
import re
import sys

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "fixtures")


def rows(pattern):
    for path in sorted(glob.glob(os.path.join(FIXTURES, pattern))):
        with open(path, encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.strip())


def texts(pattern, *members):
    """The members of each row that are texts."""
    for row in rows(pattern):
        yield from (row[m] for m in members if isinstance(row.get(m), str))


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def pairs(pattern, first, second, between="\n"):
    """Two members of each row, one behind the other; JSON where no text."""
    for row in rows(pattern):
        if first in row and second in row:
            yield between.join(v if isinstance(v, str) else compact(v)
                               for v in (row[first], row[second]))


def read(name):
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as f:
        return f.read()


def css():
    page = read("extract/css.html")
    yield from (s + "\n" + page for s in texts("extract/css.jsonl", "css"))


def xpath():
    page = read("extract/css.html")
    yield from (s + "\n" + page for s in texts("extract/xpath.jsonl", "xpath"))


def dom():
    for html in texts("extract/*.jsonl", "html"):
        yield "\0" + html
    for xml in texts("feed/feeds.jsonl", "body"):
        yield "\1" + xml


def extract_html():
    for kind in "html", "page":
        for row in rows(f"extract/{kind}.jsonl"):
            if "html" in row:
                yield f"{kind} {compact(row['extract'])}\n{row['html']}"


def jsonld():
    script = re.compile(r"<script[^>]*ld\+json[^>]*>(.*?)</script>", re.S)
    for html in texts("product/*.jsonl", "html"):
        yield from script.findall(html)


def things():
    yield from texts("product/*.jsonl", "html")


def diff():
    """A byte of rules, then a look a line, as stories write them."""
    for row in rows("diff/stories.jsonl"):
        looks = [k.get("see") for k in row["looks"]]
        if all(isinstance(s, str) for s in looks):
            yield from (chr(c) + "\n".join(looks) for c in range(8))


def settings(kind):
    return (compact(r["data"]) for r in rows("types/settings.jsonl")
            if r["type"] == kind and "data" in r)


def chat():
    for text in texts("chat/*.jsonl", "in"):
        yield from (chr(c) + text for c in range(6))


def wire_proxy():
    """A byte of proxy and of pieces, then what it answers."""
    for row in rows("wire/proxy.jsonl"):
        answer = (bytes.fromhex(row["bytes"]) if "bytes" in row
                  else row["answer"].encode())
        proxy = ["http", "socks", "login"].index(row["proxy"])
        yield bytes([proxy]) + answer
        yield bytes([proxy + 3]) + answer


def expr():
    item = read("expr/item.json")
    for text in texts("expr/*.jsonl", "expr"):
        yield text + "\0" + item


CORPUS = {
    "fuzz_chat": chat,
    "fuzz_css": css,
    "fuzz_date": lambda: texts("date/dates.jsonl", "in"),
    "fuzz_decimal": lambda: texts("price/cases.jsonl", "amount"),
    "fuzz_diff": diff,
    "fuzz_dom": dom,
    "fuzz_event": lambda: map(compact, rows("pipes/events.jsonl")),
    "fuzz_expr": expr,
    "fuzz_extract_html": extract_html,
    "fuzz_extract_json": lambda: pairs("json/items.jsonl", "config", "body"),
    "fuzz_feed": lambda: texts("feed/feeds.jsonl", "body"),
    "fuzz_json": lambda: map(compact, rows("json/*.jsonl")),
    "fuzz_jsonld": jsonld,
    "fuzz_jsonpath": lambda: pairs("json/paths.jsonl", "query", "doc"),
    "fuzz_price": lambda: texts("price/cases.jsonl", "text"),
    "fuzz_product": lambda: texts("product/*.jsonl", "html"),
    "fuzz_things": things,
    "fuzz_url": lambda: pairs("url/cases.jsonl", "base", "ref"),
    "fuzz_watch": lambda: settings("watch.set"),
    "fuzz_wire_proxy": wire_proxy,
    "fuzz_xpath": xpath,
}


def main():
    out = sys.argv[1]
    for fuzzer, seeds in CORPUS.items():
        folder = os.path.join(out, fuzzer)
        os.makedirs(folder, exist_ok=True)
        n = 0
        for n, seed in enumerate(seeds(), 1):
            with open(os.path.join(folder, str(n)), "wb") as f:
                f.write(seed if isinstance(seed, bytes)
                        else seed.encode("utf-8", "surrogatepass"))
        if n == 0:
            sys.exit(f"corpus: {fuzzer}: no row of its tables fits")


main()
