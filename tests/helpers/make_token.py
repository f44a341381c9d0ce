#!/usr/bin/python3
"""JSON Web Tokens as another implementation makes them (python3-jwt).

usage: make_token.py keys DIR               key pairs: DIR/{rs,es,ed}.{pem,pub}
       make_token.py ALG KEYFILE CLAIMS     a token; ALG may be none
Times in CLAIMS, which is JSON, may be "+60" or "-60": seconds from now.
"""
import json
import sys
import time

import jwt
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa


def make_keys(where):
    for name, key in (("rs", rsa.generate_private_key(65537, 2048)),
                      ("es", ec.generate_private_key(ec.SECP256R1())),
                      ("ed", ed25519.Ed25519PrivateKey.generate())):
        with open(f"{where}/{name}.pem", "wb") as f:
            f.write(key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8,
                                      s.NoEncryption()))
        with open(f"{where}/{name}.pub", "wb") as f:
            f.write(key.public_key().public_bytes(
                s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo))


def when(value):
    if isinstance(value, str) and value[:1] in "+-":
        return int(time.time()) + int(value)
    return value


def make_token(alg, path, text):
    claims = {k: when(v) if k in ("exp", "nbf", "iat") else v
              for k, v in json.loads(text).items()}
    with open(path, encoding="ascii") as f:
        key = f.read().strip()
    if alg == "none":
        return jwt.encode(claims, None, algorithm="none")
    if alg == "confused":  # an RSA key's text as the secret of HMAC
        return forge(claims, path)
    return jwt.encode(claims, key, algorithm=alg)


def forge(claims, path):
    import base64
    import hashlib
    import hmac

    def b64(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=")

    with open(path, "rb") as f:
        key = f.read()
    text = b64(b'{"alg":"HS256"}') + b"." + b64(json.dumps(claims).encode())
    mac = hmac.new(key, text, hashlib.sha256).digest()
    return (text + b"." + b64(mac)).decode()


if sys.argv[1] == "keys":
    make_keys(sys.argv[2])
else:
    print(make_token(*sys.argv[1:4]))
