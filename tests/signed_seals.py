"""Keys of a laboratory and of a deceiver, and seals whose records are closed again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import mutators as m
import numpy as np

import napari_seal
from napari_seal import SigningKey, Trust, TrustedKey
from napari_seal._trust.judge import Judge
from napari_seal._verify.check import check_bytes
from napari_seal._verify.quick import prove
from napari_seal._verify.steps import check_image

IMAGE = np.arange(4096, dtype="uint16").reshape(64, 64)
ROBOT, MALLORY = SigningKey.generate(), SigningKey.generate()
TRUST = Trust((TrustedKey(name="Robot 1", key=ROBOT.public),))


def both_ways(data: bytes, trust: Trust | None = TRUST) -> napari_seal.Verdict:
    """The verdict; the short way says the same as the long one, or nothing."""
    long = check_image(data, "a", judge=Judge(trust))
    short = prove(data, "a", Judge(trust))
    assert short is None or short == long
    assert check_bytes(data, "a", judge=Judge(trust)) == long
    assert check_bytes(data, "a", judge=Judge(trust), full=True).signature == long.signature
    return long


def split(text: bytes) -> tuple[bytes, dict[str, str]]:
    """The text up to the record, without it, and the signature behind it."""
    start = text[: text.rindex(b',"record":"')]
    return start, json.loads(text)["seal"]["signature"]


def closed(start: bytes, signature: object = None) -> bytes:
    """A text with its record, and with a signature as it is to be spelt."""
    text = b'%s,"record":"sha256:%s"' % (start, hashlib.sha256(start).hexdigest().encode())
    if signature is None:
        return text + b"}}"
    spelt = signature if isinstance(signature, bytes) else compact(signature)
    return text + b',"signature":' + spelt + b"}}"


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def edit_start(change: Callable[[bytes], bytes]) -> m.Mutator:
    """Change what is signed, and close the record again; the signature stays."""

    def edit(text: bytes) -> bytes:
        start, signature = split(text)
        assert change(start) != start
        return closed(change(start), signature)

    return m.edit_text(edit)


RELABELLED = (b'"TDR 12"', b'"TDR 21"')
