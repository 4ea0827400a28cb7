"""Attacks on signatures in seals: what deceivers try is not believed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import mutators as m
import pytest
from signed_seals import (
    MALLORY,
    RELABELLED,
    ROBOT,
    TRUST,
    both_ways,
    closed,
    compact,
    edit_start,
    split,
)

import napari_seal
from napari_seal import SigningKey, VerificationError
from napari_seal._trust.judge import Judge
from napari_seal._verify.check import check_bytes

#: The order of the group (RFC 8032, section 5.1).
ORDER = 2**252 + 27742317777372353535851937790883648493


def resigned(key: SigningKey, named: SigningKey | None = None, **more: str) -> m.Mutator:
    """Sign anew with a key, perhaps in another's name."""

    def edit(text: bytes) -> bytes:
        start, _ = split(text)
        covered = closed(start)[:-2]
        value = base64.b64encode(key.sign(covered)).decode()
        public = (named or key).public.text
        return closed(start, {"algorithm": "ed25519", "key": public, "value": value} | more)

    return m.edit_text(edit)


def edit_signature(change: Callable[[dict[str, str]], object]) -> m.Mutator:
    """Change the signature alone."""

    def edit(text: bytes) -> bytes:
        start, signature = split(text)
        return closed(start, change(signature))

    return m.edit_text(edit)


def other_scalar(signature: dict[str, str]) -> dict[str, str]:
    """The same signature with S + L: it fits the equation, and RFC 8032 (5.1.7) refuses it."""
    raw = base64.b64decode(signature["value"])
    scalar = int.from_bytes(raw[32:], "little") + ORDER
    raw = raw[:32] + scalar.to_bytes(32, "little")
    return signature | {"value": base64.b64encode(raw).decode()}


def of_small_order(signature: dict[str, str]) -> dict[str, str]:
    """The neutral point as key and as R, with S = 0: it fits the equation for every message."""
    neutral = (1).to_bytes(32, "little")
    der = base64.b64decode(signature["key"])[:12] + neutral
    value = base64.b64encode(neutral + bytes(32)).decode()
    return signature | {"key": base64.b64encode(der).decode(), "value": value}


def with_spare_bits(name: str) -> Callable[[dict[str, str]], dict[str, str]]:
    """The same bytes in another Base64: bits that no byte needs are set (RFC 4648, 3.5)."""

    def change(signature: dict[str, str]) -> dict[str, str]:
        text = signature[name].rstrip("=")
        padding = signature[name][len(text) :]
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        last = alphabet[alphabet.index(text[-1]) + 1]
        changed = text[:-1] + last + padding
        assert base64.b64decode(changed) == base64.b64decode(signature[name])
        return signature | {name: changed}

    return change


def swapped(take: str) -> Callable[[dict[str, bytes]], bytes]:
    """Put a part of the other file's seal into this one's, and close the record again."""

    def attack(files: dict[str, bytes]) -> bytes:
        other = json.loads(m.record_text(files["b.jpg"]))["seal"][take]

        def edit(text: bytes) -> bytes:
            value = json.loads(text)
            signature = value["seal"].pop("signature")
            del value["seal"]["record"]
            assert value["seal"][take] != other
            value["seal"][take] = other
            return closed(compact(value)[:-2], signature)

        return m.edit_text(edit)(files["a.jpg"])

    return attack


def signature_of_other(files: dict[str, bytes]) -> bytes:
    other = split(m.record_text(files["b.jpg"]))[1]
    return edit_signature(lambda _: other)(files["a.jpg"])


def on_first(mutate: m.Mutator) -> Callable[[dict[str, bytes]], bytes]:
    return lambda files: mutate(files["a.jpg"])


# Each row is one attack by somebody who has the files, this software and its own key, and not the
# key of the laboratory.  The page "What a seal proves" speaks of them by these names.
# name, attack, verdict, state, signer
ATTACKS = [
    ("nothing", on_first(bytes), "intact", "trusted", "Robot 1"),
    ("relabelled", on_first(m.edit_text(lambda t: t.replace(*RELABELLED))),
     "metadata-changed", "not-checked", None),
    ("relabelled and closed again", on_first(edit_start(lambda t: t.replace(*RELABELLED))),
     "signature-invalid", "invalid", None),
    ("backdated and closed again",
     on_first(edit_start(lambda t: t.replace(b'"created":"2', b'"created":"1'))),
     "signature-invalid", "invalid", None),
    ("relabelled and closed without a signature",
     on_first(m.edit_text(lambda t: closed(split(t)[0].replace(*RELABELLED)))),
     "intact", "none", None),
    ("signature taken out", on_first(m.edit_text(lambda t: closed(split(t)[0]))),
     "intact", "none", None),
    ("signature of another file", signature_of_other, "signature-invalid", "invalid", None),
    ("source of another file", swapped("source"), "metadata-changed", "invalid", None),
    ("window of another file", swapped("created"), "signature-invalid", "invalid", None),
    ("sealed Exif of another file", swapped("exif"), "metadata-changed", "invalid", None),
    ("codestream of another file", swapped("codestream"), "reencoded", "invalid", None),
    ("picture of another file",
     lambda files: m.with_exif(files["b.jpg"], m.exif_payload(files["a.jpg"])),
     "image-changed", "trusted", "Robot 1"),
    ("signed by another key", on_first(resigned(MALLORY)),
     "intact", "unknown-key", MALLORY.public.fingerprint),
    ("signed by another key in the name of this one", on_first(resigned(MALLORY, ROBOT)),
     "signature-invalid", "invalid", None),
    ("signature of this key under another", on_first(resigned(ROBOT, MALLORY)),
     "signature-invalid", "invalid", None),
    ("scalar plus the order", on_first(edit_signature(other_scalar)),
     "signature-invalid", "invalid", None),
    ("key of small order", on_first(edit_signature(of_small_order)),
     "signature-invalid", "invalid", None),
    ("signature of zeros",
     on_first(edit_signature(lambda s: s | {"value": base64.b64encode(bytes(64)).decode()})),
     "signature-invalid", "invalid", None),
    ("algorithm none", on_first(edit_signature(lambda s: s | {"algorithm": "none"})),
     "intact", "not-checked", None),
    ("algorithm in capitals", on_first(edit_signature(lambda s: s | {"algorithm": "Ed25519"})),
     "intact", "not-checked", None),
    ("algorithm of later", on_first(edit_signature(lambda _: {"algorithm": "ml-dsa", "x": 1})),
     "intact", "not-checked", None),
    ("no algorithm", on_first(edit_signature(lambda s: {"value": s["value"]})),
     "signature-invalid", "invalid", None),
    ("a text", on_first(edit_signature(lambda _: "ed25519:AAAA")),
     "signature-invalid", "invalid", None),
    ("another key in it", on_first(edit_signature(lambda s: s | {"z": 1})),
     "signature-invalid", "invalid", None),
    ("keys in another order", on_first(edit_signature(lambda s: dict(reversed(s.items())))),
     "signature-invalid", "invalid", None),
    ("value of 63 bytes", on_first(edit_signature(lambda s: s | {"value": "AAAA" * 21})),
     "signature-invalid", "invalid", None),
    ("value with spare bits", on_first(edit_signature(with_spare_bits("value"))),
     "signature-invalid", "invalid", None),
    ("key with spare bits", on_first(edit_signature(with_spare_bits("key"))),
     "signature-invalid", "invalid", None),
    ("value that is a number", on_first(edit_signature(lambda s: s | {"value": 1})),
     "signature-invalid", "invalid", None),
    ("key with an escape",
     on_first(edit_signature(lambda s: compact(s).replace(b'"M', b'"\\u004d'))),
     "signature-invalid", "invalid", None),
    ("spaces in it", on_first(edit_signature(lambda s: json.dumps(s).encode())),
     "signature-invalid", "invalid", None),
    ("spaces around it", on_first(edit_signature(lambda s: compact(s) + b" ")),
     "metadata-changed", "not-checked", None),
    ("null", on_first(edit_signature(lambda _: b"null")), "metadata-changed", "not-checked", None),
    ("a list", on_first(edit_signature(lambda s: [s])), "metadata-changed", "not-checked", None),
    ("twice", on_first(edit_signature(lambda s: compact(s) + b',"signature":' + compact(s))),
     "seal-malformed", "none", None),
    ("its name with an escape",
     on_first(m.edit_text(lambda t: t.replace(b'","signature":', b'","signatur\\u0065":'))),
     "metadata-changed", "not-checked", None),
    ("twice, once with an escape",
     on_first(edit_signature(lambda s: compact(s) + b',"signatur\\u0065":' + compact(s))),
     "seal-malformed", "none", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("attack", "outcome", "state", "signer"), [row[1:] for row in ATTACKS],
    ids=[row[0] for row in ATTACKS],
)  # fmt: skip
def test_attacks(files, attack, outcome, state, signer):
    """What is signed cannot be changed, mixed or signed anew without its being told."""
    verdict = both_ways(attack(files))
    assert (verdict.verdict, verdict.signature, verdict.signer) == (outcome, state, signer)
    told = [r.code for r in verdict.reasons if r.code.startswith(("signature-", "key-"))]
    assert bool(told) == (state in ("invalid", "not-checked"))


@pytest.mark.parametrize("row", ATTACKS, ids=[row[0] for row in ATTACKS])
def test_no_attack_passes_where_a_signature_is_required(files, row, tmp_path):
    """Of all of them, also of taking the signature out, nothing but the file itself is left."""
    path = tmp_path / "a.jpg"
    path.write_bytes(row[1](files))
    if row[0] == "nothing":
        assert napari_seal.verify(path, trust=TRUST, require_signature=True).signature is not None
        return
    with pytest.raises(VerificationError) as raised:
        napari_seal.verify(path, trust=TRUST, require_signature=True)
    assert ("trusted signature was required" in str(raised.value)) == raised.value.verdict.intact


def test_every_bit_of_a_signature_counts(files):
    """None can be flipped without the signature's being invalid, or the seal's being no more."""
    data = files["a.jpg"]
    start = data.index(b'"algorithm":"ed25519","key"')
    end = data.index(b"}}}", start)
    passed = {
        at for at in range(start, end)
        if check_bytes(m.flip(data, at, 1), "a", judge=Judge(TRUST)).signature == "trusted"
    }  # fmt: skip
    assert passed == set()
