"""Signatures in seals: who signed is told, wherever a verdict goes."""

from __future__ import annotations

import json
import pickle
import sys
from dataclasses import replace

import mutators as m
import pytest
from signed_seals import IMAGE, MALLORY, RELABELLED, ROBOT, TRUST, both_ways, edit_start

import napari_seal
from napari_seal import Outcome, Signature, SigningKey, Trust
from napari_seal._format import record
from napari_seal._format.signature import parse
from napari_seal._trust import key_files, keys
from napari_seal._trust.judge import Judge
from napari_seal._verify.checking import Checking
from napari_seal._verify.quick import prove

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
