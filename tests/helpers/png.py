#!/usr/bin/env python3
"""What a PNG shows, for tests: png.py FILE size | share RRGGBB | column X RRGGBB

size prints WIDTHxHEIGHT; share the number of pixels of that colour, with a
tolerance for smooth edges; column the rows of one column that have it, the
first and the last. Checks signature, lengths and CRCs on the way."""
import struct
import sys
import zlib


def rows(path):
    b = open(path, 'rb').read()
    assert b[:8] == b'\x89PNG\r\n\x1a\n', 'no PNG'
    at, data, head = 8, b'', None
    while at < len(b):
        n, kind = struct.unpack('>I4s', b[at:at + 8])
        body = b[at + 8:at + 8 + n]
        crc, = struct.unpack('>I', b[at + 8 + n:at + 12 + n])
        assert crc == zlib.crc32(kind + body), 'bad CRC'
        if kind == b'IHDR':
            head = struct.unpack('>IIBBBBB', body)
        if kind == b'IDAT':
            data += body
        at += 12 + n
    assert kind == b'IEND', 'cut short'
    w, h, depth, colour, _, _, interlace = head
    assert (depth, interlace) == (8, 0) and colour in (2, 6), head
    px = 3 if colour == 2 else 4
    raw, out, before = zlib.decompress(data), [], bytes(w * px)
    for y in range(h):
        how = raw[y * (w * px + 1)]
        line = bytearray(raw[y * (w * px + 1) + 1:(y + 1) * (w * px + 1)])
        for i in range(len(line)):
            a = line[i - px] if i >= px else 0
            b = before[i]
            c = before[i - px] if i >= px else 0
            p = a + b - c
            near = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line[i] = (line[i] + (0, a, b, (a + b) // 2, near)[how]) & 255
        out.append([tuple(line[x:x + 3]) for x in range(0, w * px, px)])
        before = bytes(line)
    return out


def is_colour(pixel, text):
    want = bytes.fromhex(text)
    return all(abs(a - b) <= 24 for a, b in zip(pixel, want))


r = rows(sys.argv[1])
if sys.argv[2] == 'size':
    print(f'{len(r[0])}x{len(r)}')
elif sys.argv[2] == 'share':
    print(sum(is_colour(p, sys.argv[3]) for line in r for p in line))
else:
    x = int(sys.argv[3])
    at = [y for y, line in enumerate(r) if is_colour(line[x], sys.argv[4])]
    print(*(at[:1] + at[-1:] or ['none']))
