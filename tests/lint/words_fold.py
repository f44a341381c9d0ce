#!/usr/bin/python3
"""words_fold - print common/words_fold.h from the Unicode data of python3.

usage: words_fold.py [--check FILE]

Letters of the scripts below lose their case (simple case folding) and, where
they decompose canonically, their marks. The scripts are those in which a mark
makes a letter another one that people write without it, too; elsewhere marks
are letters of their own. ASCII is not looked up. With --check: is FILE what would be printed?
"""
import sys
import unicodedata

UNICODE = "14.0.0"  # of Debian 12's python3
SCRIPTS = ("LATIN ", "GREEK ", "COPTIC ", "CYRILLIC ", "ARMENIAN ",
           "FULLWIDTH LATIN ", "KELVIN SIGN", "ANGSTROM SIGN", "OHM SIGN")
# Blocks of marks that stand on letters of these scripts.
MARKS = ((0x300, 0x36F), (0x483, 0x487), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF),
         (0x20D0, 0x20FF), (0xFE20, 0xFE2F))
BLOCK = 64
DROPPED = 0


def simple_fold(c):
    """CaseFolding.txt's C and S; python has only C and F."""
    for folded in (c.casefold(), c.lower()):
        if len(folded) == 1:
            return folded
    return c


def is_mark(c):
    return any(first <= ord(c) <= last for first, last in MARKS)


def fold(cp):
    c = chr(cp)
    if is_mark(c):
        return DROPPED
    if not unicodedata.name(c, "").startswith(SCRIPTS):
        return cp
    while True:  # until nothing is left to take off
        base = unicodedata.normalize("NFD", c)
        if len(base) > 1 and not all(is_mark(m) for m in base[1:]):
            base = c
        folded = simple_fold(base[0])
        if folded == c:
            return ord(c)
        c = folded


def table():
    blocks, index = [None], []
    for start in range(0, 0x10000, BLOCK):
        cps = range(start, start + BLOCK)
        # Surrogates are no characters; where nothing changes is no block.
        block = [cp if 0xD800 <= cp < 0xE000 else fold(cp) for cp in cps]
        if block == list(cps) or start < 0x80:
            index.append(0)
            continue
        if block not in blocks:
            blocks.append(block)
        index.append(blocks.index(block))
    while index[-1] == 0:
        index.pop()
    return index, blocks[1:]


def rows(values, form, per_line):
    for i in range(0, len(values), per_line):
        yield "\t" + " ".join(form % v for v in values[i:i + per_line])


def header():
    index, blocks = table()
    out = [
        "/*",
        " * Made by tests/lint/words_fold.py from Unicode %s; see there."
        % UNICODE,
        " *",
        " * A character is looked up by its upper bits in fold_block, whose",
        " * number, where it is not 0, less 1 is the row of fold_to; what is",
        " * there is 0 where the character is dropped.",
        " */",
        "/* clang-format off */",
        "enum { FOLD_BITS = %d, FOLD_BLOCKS = %d };"
        % (BLOCK.bit_length() - 1, len(index)),
        "",
        "static const uint8_t fold_block[FOLD_BLOCKS] = {",
        *rows([(i, v) for i, v in enumerate(index) if v], "[%d] = %d,", 6),
        "};",
        "",
        "static const uint16_t fold_to[%d][1 << FOLD_BITS] = {" % len(blocks),
    ]
    for block in blocks:
        out += ["\t{", *rows(block, "0x%04x,", 8), "\t},"]
    out.append("};")
    return "\n".join(out) + "\n"


def main():
    if unicodedata.unidata_version != UNICODE:
        print("# skipped: python3 has Unicode %s, not %s"
              % (unicodedata.unidata_version, UNICODE))
        return
    if sys.argv[1:2] != ["--check"]:
        sys.stdout.write(header())
        return
    with open(sys.argv[2], encoding="ascii") as f:
        if f.read() != header():
            sys.exit("%s: is not what tests/lint/words_fold.py makes"
                     % sys.argv[2])


main()
