"""Web Push: a push service, and the browser behind it.

RFC 8030 (what a request must have, and the answers), RFC 8292 (who may send),
RFC 8291 and RFC 8188 (what the browser reads: .shown, the text).

The browser's keys are those of RFC 8291, appendix A. The subscription is any
path below /push/; below /gone/ it has expired, below /none/ there was none.
The first key that comes is the one that the page has subscribed with.
"""
import base64
import json
import re
import time

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from receiver import Answer

BODY_MAX = 4096
TTL_MAX = 28 * 24 * 3600

page_key = None
count = 0


class Refused(Exception):
    pass


def b64(text):
    if not re.fullmatch(r"[-_A-Za-z0-9]*", text):
        raise Refused("no base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


UA_PRIVATE = ec.derive_private_key(int.from_bytes(
    b64("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big"),
    ec.SECP256R1())
UA_PUBLIC = UA_PRIVATE.public_key().public_bytes(
    Encoding.X962, PublicFormat.UncompressedPoint)
UA_AUTH = b64("BTBZMqHH6r4Tts7J_aSIgg")


def point(data):
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)


def hkdf(salt, secret, info, length):
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def decrypt(body):
    """What the service worker gets of it."""
    salt, size, idlen = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    key, record = body[21:21 + idlen], body[21 + idlen:]
    if len(record) > size:
        raise Refused("more than one record")
    shared = UA_PRIVATE.exchange(ec.ECDH(), point(key))
    ikm = hkdf(UA_AUTH, shared, b"WebPush: info\0" + UA_PUBLIC + key, 32)
    plain = AESGCM(hkdf(salt, ikm, b"Content-Encoding: aes128gcm\0", 16)) \
        .decrypt(hkdf(salt, ikm, b"Content-Encoding: nonce\0", 12), record,
                 None).rstrip(b"\0")
    if not plain.endswith(b"\2"):
        raise Refused("not the last record")
    return plain[:-1].decode()


def check_vapid(r):
    """The key of who sends it (RFC 8292)."""
    found = re.fullmatch(r"vapid t=([-_.A-Za-z0-9]+), k=([-_A-Za-z0-9]+)",
                         r.headers.get("authorization", ""))
    if not found:
        raise Refused("no vapid")
    token, key = found.groups()
    head, claims, signature = token.split(".")
    raw = b64(signature)
    if len(raw) != 64:
        raise Refused("no ES256")
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"),
                                     int.from_bytes(raw[32:], "big"))
    point(b64(key)).verify(der, f"{head}.{claims}".encode(),
                           ec.ECDSA(hashes.SHA256()))
    if json.loads(b64(head)) != {"typ": "JWT", "alg": "ES256"}:
        raise Refused("not ES256")
    c = json.loads(b64(claims))
    if c["aud"] != "http://" + r.headers["host"]:
        raise Refused("aud")
    if not time.time() < c["exp"] <= time.time() + 24 * 3600:
        raise Refused("exp")
    if not re.match(r"mailto:.+@|https://", c["sub"]):
        raise Refused("sub")
    return key


def check_headers(h):
    if h.get("content-encoding") != "aes128gcm":
        raise Refused("Content-Encoding")
    if not re.fullmatch(r"\d+", h.get("ttl", "")) or int(h["ttl"]) > TTL_MAX:
        raise Refused("TTL")
    if h.get("urgency", "normal") not in ("very-low", "low", "normal", "high"):
        raise Refused("Urgency")
    if not re.fullmatch(r"[-_A-Za-z0-9]{1,32}", h.get("topic", "a")):
        raise Refused("Topic")


def receive(r):
    global page_key, count
    if r.method != "POST":
        return Answer(405, "Method not allowed")
    if r.path.startswith("/gone/"):
        return Answer(410, {"code": 410, "errno": 106,
                            "message": "Subscription has expired"})
    if not r.path.startswith("/push/"):
        return Answer(404, {"code": 404, "errno": 102,
                            "message": "Subscription not found"})
    if len(r.body) > BODY_MAX:
        return Answer(413, "Payload too large")
    try:
        key = check_vapid(r)
        page_key = page_key or key
    except (Refused, InvalidSignature, ValueError, KeyError) as e:
        return Answer(401, f"Unauthorized: {e}")
    if key != page_key:
        return Answer(403, {"reason": "VapidPkHashMismatch"})
    try:
        check_headers(r.headers)
        shown = decrypt(r.body)
    except (Refused, InvalidTag, ValueError, IndexError) as e:
        return Answer(400, f"Bad request: {e!r}")
    count += 1
    return Answer(201, "", headers={
        "Location": f"http://{r.headers['host']}/message/{count}"},
        shown=shown)
