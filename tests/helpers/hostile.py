#!/usr/bin/env python3
"""Notifications whose words are meant to be more than words.

    hostile.py              prints them, one line of JSON each
    hostile.py check FORM   reads an array of what a receiver's users see of
                            each, in order, and compares: FORM says where the
                            title {t}, without tabs {nl}, as one line {line},
                            and the message {m} stand. A text may have lost
                            its end, where "…" or "..." then stands, and
                            nothing else.
"""
import json
import re
import sys

NOTES = [
    ("<script>alert(1)</script>", "a & b < c > d \"e\" 'f' &lt; &amp;"),
    ("@everyone @here <!channel> <@U0001>",
     "<http://evil.example/|bank> <@&1> <#2> :tada:"),
    ("*b* _i_ ~~s~~ `c` ||sp||",
     "# head\n> quote\n- list\n[x](http://evil.example/) ![y](z)"),
    ("two\nlines\tand\x07 a bell", "\u202egnp.exe\u202c \u2066x\u2069 السعر"),
    ("{{title}} \\n %s ${x} $(id)",
     "{\"a\":\"\\\\\",\"b\":null}\r\nSet-Cookie: a=b\r\n\r\n."),
    ("ä" * 512, "€" * 3000),
    ("t", "<&>*" * 1000),
    ("t", "." + "\U0001f600" * 3000),
    ("t", ".." + "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 800),
    ("t", "\\\"\n" * 1300 + "."),
    ("a=b&c=d+e%20", "100 % + 1 = 2 & 3; #4 ?"),
]


def shown(text):
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text)


def check(form):
    seen = json.load(sys.stdin)
    assert len(seen) == len(NOTES), len(seen)
    for (title, message), text in zip(NOTES, seen):
        want = form.format(t=shown(title), m=shown(message),
                           nl=shown(title).replace("\t", " "),
                           line=re.sub(r"[\n\t]", " ", shown(title)))
        begin = re.sub(r"(…|\.\.\.)$", "", text)
        if text != want and not (begin != text and want.startswith(begin)
                                 and len(begin) > 60):
            sys.exit(f"want {want[:300]!r}\ngot  {text[:300]!r}\n"
                     f"     {text[-30:]!r}")


if sys.argv[1:2] == ["check"]:
    check(sys.argv[2].replace("\\n", "\n"))
else:
    for title, message in NOTES:
        print(json.dumps({"type": "custom", "title": title,
                          "message": message}))
