"""Signatures in seals: who signed is told, and what deceivers try is not believed.

Each row of `ATTACKS` is one attack by somebody who has the files, this software and its own key,
and not the key of the laboratory.  The page "What a seal proves" speaks of them by these names.
"""

from __future__ import annotations

import base64
import hashlib
import json
import pickle
import sys
from collections.abc import Callable
from dataclasses import replace

import mutators as m
import numpy as np
import pytest

import napari_seal
from napari_seal import Outcome, Signature, SigningKey, Trust, TrustedKey, VerificationError
from napari_seal._format import record
from napari_seal._format.signature import parse
from napari_seal._trust import key_files, keys
from napari_seal._trust.judge import Judge
from napari_seal._verify.check import check_bytes
from napari_seal._verify.checking import Checking
from napari_seal._verify.quick import prove
from napari_seal._verify.steps import check_image

IMAGE = np.arange(4096, dtype="uint16").reshape(64, 64)
ROBOT, MALLORY = SigningKey.generate(), SigningKey.generate()
TRUST = Trust((TrustedKey(name="Robot 1", key=ROBOT.public),))
#: The order of the group (RFC 8032, section 5.1).
ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, bytes]:
    """Two signed JPEG files, one that nobody signed, and a signed PNG."""
    folder = tmp_path_factory.mktemp("signed")
    sample = {"sample": "TDR 12", "note": ',"signature":{"algorithm":"ed25519"}}}', "signature": {}}
    napari_seal.seal(IMAGE, folder / "a.jpg", metadata=sample, key=ROBOT)
    napari_seal.seal(IMAGE[::-1], folder / "b.jpg", metadata={"sample": "TDR 13"}, key=ROBOT)
    napari_seal.seal(IMAGE, folder / "bare.jpg", metadata=sample)
    napari_seal.seal(IMAGE, folder / "a.png", metadata=sample, key=ROBOT)
    napari_seal.seal(IMAGE, folder / "moedal.jpg", key=ROBOT, moedal=True)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def both_ways(data: bytes, trust: Trust | None = TRUST) -> napari_seal.Verdict:
    """The verdict; the short way says the same as the long one, or nothing."""
    long = check_image(data, "a", judge=Judge(trust))
    short = prove(data, "a", Judge(trust))
    assert short is None or short == long
    assert check_bytes(data, "a", judge=Judge(trust)) == long
    assert check_bytes(data, "a", judge=Judge(trust), full=True).signature == long.signature
    return long


# --------------------------------------------------------------------------------------- attacks


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


def resigned(key: SigningKey, named: SigningKey | None = None, **more: str) -> m.Mutator:
    """Sign anew with a key, perhaps in another's name."""

    def edit(text: bytes) -> bytes:
        start, _ = split(text)
        covered = closed(start)[:-2]
        value = base64.b64encode(key.sign(covered)).decode()
        public = (named or key).public.text
        return closed(start, {"algorithm": "ed25519", "key": public, "value": value} | more)

    return m.edit_text(edit)


def edit_start(change: Callable[[bytes], bytes]) -> m.Mutator:
    """Change what is signed, and close the record again; the signature stays."""

    def edit(text: bytes) -> bytes:
        start, signature = split(text)
        assert change(start) != start
        return closed(change(start), signature)

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


RELABELLED = (b'"TDR 12"', b'"TDR 21"')

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


# ---------------------------------------------------------------------------------------- states


@pytest.mark.parametrize("name", ["a.jpg", "b.jpg", "a.png", "moedal.jpg"])
def test_a_signed_file_takes_the_short_way(files, name):
    """With its signer, who is known by the list alone; without a list the key is unknown."""
    verdict = prove(files[name], name, Judge(TRUST))
    assert verdict is not None
    assert (verdict.signature, verdict.signer) == (Signature.TRUSTED, "Robot 1")
    unknown = prove(files[name], name, Judge(Trust()))
    assert unknown is not None
    assert (unknown.signature, unknown.signer) == ("unknown-key", ROBOT.public.fingerprint)
    assert verdict.seal is not None
    assert verdict.seal.signature.key == ROBOT.public.text


def test_a_file_that_nobody_signed_has_no_signer(files):
    """And loads no list."""
    verdict = both_ways(files["bare.jpg"])
    assert (verdict.verdict, verdict.signature, verdict.signer) == ("intact", "none", None)


@pytest.mark.parametrize(
    ("more", "state", "code"),
    [
        ({"valid_until": "2001-01-01T00:00:00+00:00"}, "expired", "key-expired"),
        ({"valid_from": "2999-01-01T00:00:00+00:00"}, "expired", "key-expired"),
        ({"revoked": "2001-01-01T00:00:00+00:00"}, "revoked", "key-revoked"),
        ({"revoked": "2999-01-01T00:00:00+00:00"}, "trusted", None),
        ({"compromised": True}, "revoked", "key-revoked"),
    ],
)
def test_the_key_was_not_valid(files, more, state, code):
    """The image is intact for all that; the reason names the key and the times."""
    from datetime import datetime

    more = {k: datetime.fromisoformat(v) if isinstance(v, str) else v for k, v in more.items()}
    trust = Trust((replace(TRUST.keys[0], **more),))
    verdict = both_ways(files["a.jpg"], trust)
    assert (verdict.verdict, verdict.signature, verdict.signer) == ("intact", state, "Robot 1")
    assert [reason.code for reason in verdict.reasons] == ([code] if code else [])
    assert all("Robot 1" in reason.message for reason in verdict.reasons)


def test_without_cryptography_nothing_is_said(files, monkeypatch, tmp_path):
    """Neither trusted nor invalid, and the reason says what to install; nothing is signed."""
    keys._verifier.cache_clear()
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    verdict = both_ways(files["a.jpg"])
    assert (verdict.verdict, verdict.signature) == ("intact", "not-checked")
    assert "napari-seal[sign]" in verdict.reasons[0].message
    with pytest.raises(napari_seal.MissingPackageError):
        SigningKey.generate()


def test_a_broken_default_list_is_told(files, monkeypatch, tmp_path):
    """A check does not raise for it; a list that is named is loaded at once, and raises."""
    monkeypatch.setenv("NAPARI_SEAL_TRUST", str(tmp_path / "gone"))
    path = tmp_path / "a.jpg"
    path.write_bytes(files["a.jpg"])
    verdict = napari_seal.check(path)
    assert (verdict.verdict, verdict.signature) == ("intact", "not-checked")
    assert "gone" in verdict.reasons[0].message
    with pytest.raises(napari_seal.TrustError):
        napari_seal.check(path, trust=tmp_path / "gone")
    with pytest.raises(napari_seal.TrustError):
        napari_seal.check_many(path, trust=tmp_path / "gone")


def test_verdicts_travel_with_their_signer(files, tmp_path):
    """Between processes, packed and not, in runs and as JSON."""
    path = tmp_path / "a.jpg"
    path.write_bytes(files["a.jpg"])
    for seals in (True, False):
        checking = pickle.loads(pickle.dumps(Checking(judge=Judge(TRUST), seals=seals)))
        packed, _ = checking.pack(str(path))
        assert not isinstance(packed, napari_seal.Verdict)
        verdict = checking.unpack(str(path), pickle.loads(pickle.dumps(packed)))
        assert (verdict.signature, verdict.signer) == (Signature.TRUSTED, "Robot 1")
        assert verdict.signature is Signature.TRUSTED
    verdict = pickle.loads(pickle.dumps(napari_seal.check(path, trust=TRUST)))
    assert verdict.as_dict()["signer"] == "Robot 1"
    assert verdict.as_dict()["signature"] == "trusted"
    for number in range(70):
        (tmp_path / f"{number}.jpg").write_bytes(files["a.jpg"])
    run = napari_seal.check_many(tmp_path, trust=TRUST, jobs=2)
    assert {(v.verdict, v.signer) for v in run} == {(Outcome.INTACT, "Robot 1")}


def test_reading_tells_who_signed(files, tmp_path):
    """`read` gives the picture and the same verdict."""
    path = tmp_path / "a.png"
    path.write_bytes(files["a.png"])
    image, verdict = napari_seal.read(path, trust=TRUST)
    assert (image == IMAGE).all()
    assert verdict.signer == "Robot 1"


def test_a_ledger_keeps_the_signer_and_its_reference(files, tmp_path):
    """A file that was sealed again without the key is told, and never becomes the reference."""
    path = tmp_path / "a.jpg"
    path.write_bytes(files["a.jpg"])
    forged = edit_start(lambda t: t.replace(*RELABELLED))(files["a.jpg"])
    with napari_seal.Ledger.open(tmp_path / "x.ledger", create=True) as ledger:
        outcomes = []
        for data in (files["a.jpg"], forged, files["a.jpg"]):
            path.write_bytes(data)
            (verdict,) = ledger.check_many(path, trust=TRUST)
            outcomes.append((verdict.verdict, verdict.signature, verdict.signer))
        assert outcomes == [
            ("intact", "trusted", "Robot 1"),
            ("signature-invalid", "invalid", None),
            ("intact", "trusted", "Robot 1"),
        ]
        assert len(ledger.history(path)) == 3


@pytest.fixture
def exchanged(files, tmp_path):
    """An archive of two signed files, and what makes the second lie in the place of the first."""
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(files[name])
    return tmp_path, lambda: (tmp_path / "a.jpg").write_bytes(files["b.jpg"])


def test_a_signature_does_not_say_where_a_file_belongs(exchanged):
    """A signed file under the name of another is intact and trusted: the page says so."""
    folder, exchange = exchanged
    exchange()
    napari_seal.verify(folder / "a.jpg", trust=TRUST, require_signature=True)


def test_a_ledger_says_where_a_signed_file_belongs(exchanged):
    """It is substituted there, and one that is gone is missing, whoever signed."""
    folder, exchange = exchanged
    with napari_seal.Ledger.open(folder / "x.ledger", create=True) as ledger:
        assert {v.verdict for v in ledger.check_many(folder, trust=TRUST)} == {"intact"}
        exchange()
        (folder / "b.jpg").unlink()
        found = {v.path[-5:]: v.verdict for v in ledger.check_many(folder, trust=TRUST)}
    assert found == {"a.jpg": "substituted", "b.jpg": "missing"}


# ---------------------------------------------------------------------------------------- stacks


@pytest.fixture
def stack(tmp_path):
    """A signed stack of three planes."""
    movie = np.stack([IMAGE, IMAGE[::-1], IMAGE.T])
    napari_seal.seal_stack(movie, tmp_path / "m", axes="TYX", key=ROBOT)
    return tmp_path / "m.sealed"


def test_without_its_index_a_stack_is_a_folder_of_files(stack):
    """No plane is missing then, as the page says; whoever names the stack or the index is told."""
    index, plane, *_ = sorted(stack.iterdir(), key=lambda path: path.suffix != ".json")
    index.unlink()
    plane.unlink()
    verdicts = list(napari_seal.check_many(stack, trust=TRUST, jobs=1))
    assert [(v.verdict, v.signature) for v in verdicts] == [("intact", "trusted")] * 2
    assert napari_seal.check_stack(stack, trust=TRUST).verdict == "unreadable"
    assert napari_seal.check(index, trust=TRUST).verdict == "unreadable"


def test_a_stack_is_signed_with_its_index(stack):
    """Each plane and the index."""
    verdict = napari_seal.check_stack(stack, trust=TRUST)
    assert (verdict.verdict, verdict.signature) == ("intact", "trusted")
    assert verdict.signatures == {Signature.TRUSTED: 3}
    assert verdict.index.signer == "Robot 1"
    with_list = napari_seal.open_stack(stack, trust=TRUST)
    assert with_list.verdict.signer == with_list.plane((0,))[1].signer == "Robot 1"


def test_an_index_that_was_closed_again_is_told(stack):
    """Its record agrees, its signature does not; without a signature it is a question of which."""
    path = stack / "m.sealed.json"
    text = path.read_bytes()
    start = text[: text.rindex(b',"record":"')].replace(
        b'"complete":true', b'"complete":true,"a":1'
    )
    again = b'%s,"record":"sha256:%s"' % (start, hashlib.sha256(start).hexdigest().encode())
    signature = text[text.rindex(b',"signature":') :]
    path.write_bytes(again + signature)
    verdict = napari_seal.check_stack(stack, trust=TRUST)
    assert (verdict.verdict, verdict.signature) == ("signature-invalid", "invalid")
    path.write_bytes(again + b"}")
    verdict = napari_seal.check_stack(stack, trust=TRUST)
    assert (verdict.verdict, verdict.signature) == ("intact", "none")
    path.write_bytes(text + b"\n")
    assert napari_seal.check_stack(stack, trust=TRUST).signature == "trusted"


@pytest.mark.parametrize(("key", "kept"), [(ROBOT, True), (MALLORY, False), (None, False)])
def test_a_stack_is_gone_on_with_by_one_key(tmp_path, key, kept):
    """Planes that another key signed, or none, are written anew."""
    movie = np.stack([IMAGE, IMAGE[::-1], IMAGE.T])

    def stop(done, total):
        if done == 5:  # 3 planes for the window, then 2
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        napari_seal.seal_stack(movie, tmp_path / "m", axes="TYX", key=ROBOT, progress=stop)
    first = tmp_path / "m.sealed" / "m_t0.sealed.jpg"
    before = first.read_bytes()
    napari_seal.seal_stack(movie, tmp_path / "m", axes="TYX", key=key, resume=True)
    assert (first.read_bytes() == before) == kept
    trust = Trust((TrustedKey(name="who", key=(key or ROBOT).public),))
    verdict = napari_seal.check_stack(tmp_path / "m", trust=trust)
    assert (verdict.verdict, verdict.signature) == ("intact", "none" if key is None else "trusted")


# --------------------------------------------------------------------------------------- writing


def test_the_written_signature_is_the_one_that_is_read(files):
    """`parse` of the JSON gives what was written, and `dump` with its signer the very text."""
    text = m.record_text(files["a.jpg"])
    seal = record.parse(record.load(text))
    block = seal.signature
    assert parse(json.loads(text)["seal"]["signature"]) == block
    assert record.dump(seal, signer=lambda _: block) == text


def test_a_key_is_named_by_its_file(tmp_path):
    """One without a passphrase; with one, the error says so."""
    key_files.write_key_files(ROBOT, tmp_path / "a.pem", tmp_path / "a.pub.pem")
    key_files.write_key_files(MALLORY, tmp_path / "b.pem", tmp_path / "b.pub.pem", "secret")
    napari_seal.seal(IMAGE, tmp_path / "a.jpg", key=tmp_path / "a.pem")
    assert napari_seal.check(tmp_path / "a.jpg", trust=TRUST).signer == "Robot 1"
    with pytest.raises(napari_seal.PassphraseError):
        napari_seal.seal(IMAGE, tmp_path / "b.jpg", key=tmp_path / "b.pem")
    assert not (tmp_path / "b.jpg").exists()
    key = napari_seal.load_signing_key(tmp_path / "b.pem", "secret")
    assert napari_seal.seal(IMAGE, tmp_path / "b.jpg", key=key).signature.key == key.public.text
