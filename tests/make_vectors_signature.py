"""Conformance vectors of signatures; see ``make_vectors.py``.

Standard library only, so Ed25519 is written out here, plain and slow, from RFC 8032, section 5.1.
The key is a test key: nobody may trust it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from make_vectors import sha256
from make_vectors_metadata import open_record

SEED = hashlib.sha256(b"napari-seal test key").digest()

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]


def add(a: Point, b: Point) -> Point:
    """The sum of two points of the curve -x² + y² = 1 + d x² y²."""
    product = D * a[0] * b[0] * a[1] * b[1]
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + product, -1, P) % P
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P) % P
    return x, y


def times(number: int, point: Point) -> Point:
    """A multiple of a point."""
    out = (0, 1)
    while number:
        if number & 1:
            out = add(out, point)
        point, number = add(point, point), number >> 1
    return out


def x_of(y: int) -> int:
    """The even x of a point (section 5.1.3)."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    return x if x % 2 == 0 else P - x


Y = 4 * pow(5, -1, P) % P
BASE = (x_of(Y), Y)


def encoded(point: Point) -> bytes:
    """32 bytes: y, and the lowest bit of x (section 5.1.2)."""
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def number_of(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def secret(seed: bytes) -> tuple[int, bytes]:
    """The scalar and the prefix of a private key (section 5.1.5)."""
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ~7 & (1 << 254) - 1 | 1 << 254
    return scalar, digest[32:]


def public_key(seed: bytes) -> bytes:
    """Section 5.1.5."""
    return encoded(times(secret(seed)[0], BASE))


def sign(seed: bytes, message: bytes, more: int = 0) -> bytes:
    """Section 5.1.6; with ``more``, a multiple of L is added to S, which makes it invalid."""
    scalar, prefix = secret(seed)
    nonce = number_of(prefix, message) % L
    point = encoded(times(nonce, BASE))
    answer = (nonce + number_of(point, public_key(seed), message) * scalar) % L + more * L
    return point + answer.to_bytes(32, "little")


def key_text(key: bytes) -> str:
    """Base64 of the SubjectPublicKeyInfo (RFC 8410)."""
    return base64.b64encode(bytes.fromhex("302a300506032b6570032100") + key).decode()


def signature_vectors() -> list[dict[str, Any]]:
    """Texts of signed seals, and whether the signature verifies."""
    start = open_record('"a":[1,2.5,"\\u017d"],')
    covered = f'{start},"record":"{sha256(start.encode())}"'
    message = covered.encode("ascii")
    key, value = key_text(public_key(SEED)), sign(SEED, message)
    good = {"algorithm": "ed25519", "key": key, "value": base64.b64encode(value).decode()}
    other = sign(SEED, message + b" ")
    more = sign(SEED, message, more=1)
    stranger = key_text(public_key(bytes(32)))
    neutral = (1).to_bytes(32, "little")
    forged = {"key": key_text(neutral), "value": base64.b64encode(neutral + bytes(32)).decode()}
    spare = good["value"][:-3] + chr(ord(good["value"][-3]) + 1) + "=="
    tricky = '"signature":{"a":1},"b":",\\"signature\\":",' + open_record()[1:]
    tricky = f'{{{tricky},"record":"{sha256(b"{" + tricky.encode())}"'
    tricky_value = base64.b64encode(sign(SEED, tricky.encode())).decode()
    rows: list[tuple[str, str, Any, str]] = [
        ("signed", covered, good, "valid"),
        ("keys named signature in the metadata", tricky, good | {"value": tricky_value}, "valid"),
        ("of another text", covered, good | {"value": _base64(other)}, "invalid"),
        ("by another key", covered, good | {"key": stranger}, "invalid"),
        ("S plus L", covered, good | {"value": _base64(more)}, "invalid"),
        ("key of small order", covered, good | forged, "invalid"),
        ("spare bits in Base64", covered, good | {"value": spare}, "invalid"),
        ("63 bytes", covered, good | {"value": _base64(value[:63])}, "invalid"),
        ("a key more", covered, good | {"x": 1}, "invalid"),
        ("keys in another order", covered, dict(reversed(good.items())), "invalid"),
        ("a text", covered, "ed25519:AAAA", "invalid"),
        ("another algorithm", covered, good | {"algorithm": "later"}, "not-checked"),
        ("another text, not closed again", covered.replace("2.5", "2.6"), good, "not-checked"),
    ]
    return [
        {
            "name": name,
            "text": f'{text},"signature":{json.dumps(block, separators=(",", ":"))}}}}}',
            "key": key,
            "signature": state,
        }
        for name, text, block, state in rows
    ]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
