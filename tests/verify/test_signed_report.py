"""Signed reports: what openssl says of them, and what becomes of them in other hands."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from napari_seal import Outcome, Signature, Trust, TrustedKey, TrustError, Verdict
from napari_seal._trust.judge import signer_of
from napari_seal._trust.keys import SigningKey
from napari_seal._verify.report.digested import ENCLOSED, SIGNED_TAIL, TAIL
from napari_seal._verify.report.page import html_report
from napari_seal._verify.report.report import csv_report, jsonl_report
from napari_seal._verify.report.report_check import check_report
from napari_seal._verify.report.summary import Run

FORMS = {"jsonl": jsonl_report, "csv": csv_report, "html": html_report}
VERDICTS = [Verdict(path=f"{name}.jpg", verdict=Outcome.INTACT) for name in "abc"]
KEY = SigningKey.generate()
TRUST = Trust((TrustedKey(name="Archive", key=KEY.public),))


def write(path: Path, verdicts: list[Verdict], run: Run) -> Path:
    with FORMS[path.suffix[1:]](str(path), run) as watch:
        list(watch(verdicts))
    return path


def signed(path: Path, key: SigningKey = KEY) -> Path:
    return write(path, VERDICTS, Run(paths=["x"], signer=signer_of(key)))


@pytest.fixture(params=FORMS)
def report(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A signed report in each form."""
    return signed(tmp_path / f"report.{request.param}")


def digested_again(path: Path, content: bytes) -> None:
    """Write a report with a digest that fits, as somebody who wants to deceive would."""
    before, after = ENCLOSED[path.suffix[1:]]
    digest = hashlib.sha256(content).hexdigest().encode()
    path.write_bytes(content + before + b"sha256:" + digest + after)


def test_a_signed_report(report):
    """It agrees, its digest is where it is in every report, and the signer has a name."""
    found = check_report(str(report), TRUST)
    assert found.problems == []
    assert (found.signature, found.signer) == (Signature.TRUSTED, "Archive")
    content = report.read_bytes()
    assert hashlib.sha256(content[:-TAIL]).hexdigest().encode() in content[-TAIL:]


def test_one_without_a_signature(tmp_path):
    """It has the state `none` and agrees: only whoever asks for a signature misses it."""
    for form in FORMS:
        found = check_report(str(write(tmp_path / f"report.{form}", VERDICTS, Run())), TRUST)
        assert (found.signature, found.signer, found.problems) == (Signature.NONE, None, [])


def test_keys_that_are_not_trusted(report, tmp_path):
    """Another key than the listed ones is unknown, shown by its fingerprint, and no problem."""
    other = Trust((TrustedKey(name="Other", key=SigningKey.generate().public),))
    found = check_report(str(report), other)
    assert (found.signature, found.signer) == (Signature.UNKNOWN_KEY, KEY.public.fingerprint)
    assert found.problems == []
    stolen = Trust((TrustedKey(name="Archive", key=KEY.public, compromised=True),))
    assert check_report(str(report), stolen).signature is Signature.REVOKED
    with pytest.raises(TrustError):
        check_report(str(report), tmp_path / "no-list.toml")


def test_an_edited_report_with_a_new_digest(report):
    """Whoever edits a report and makes its digest fit cannot make the signature fit."""
    content = report.read_bytes()
    edited = content[:-TAIL].replace(b"a.jpg", b"z.jpg", 1)
    assert edited != content[:-TAIL]
    digested_again(report, edited)
    found = check_report(str(report), TRUST)
    assert found.expected == found.found
    assert (found.signature, found.signer) == (Signature.INVALID, None)
    assert "not one of these data" in found.problems[0]


def test_an_edited_report_that_is_signed_by_another(report):
    """Signed again, it is of an unknown key."""
    signed(report, SigningKey.generate())
    assert check_report(str(report), TRUST).signature is Signature.UNKNOWN_KEY


def test_a_signature_of_another_report(report, tmp_path):
    """It does not fit here, though the same key made it."""
    other = write(
        tmp_path / f"other{report.suffix}", VERDICTS[:1], Run(signer=signer_of(KEY))
    ).read_bytes()
    content = report.read_bytes()
    mixed = content[: -TAIL - SIGNED_TAIL] + other[-TAIL - SIGNED_TAIL : -TAIL]
    digested_again(report, mixed)
    assert check_report(str(report), TRUST).signature is Signature.INVALID


def test_a_signature_that_is_taken_out(report):
    """Nothing shows it but that there is none."""
    digested_again(report, report.read_bytes()[: -TAIL - SIGNED_TAIL])
    found = check_report(str(report), TRUST)
    assert (found.signature, found.problems) == (Signature.NONE, [])


def test_no_bit_of_a_signature_can_be_changed(report):
    """Each other key and value, spelt however, is not trusted."""
    content = report.read_bytes()
    for place in range(len(content) - TAIL - SIGNED_TAIL, len(content) - TAIL, 3):
        other = bytearray(content[:-TAIL])
        other[place] ^= 2
        digested_again(report, bytes(other))
        assert check_report(str(report), TRUST).signature is not Signature.TRUSTED


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_a_report(report, tmp_path):
    """The command lines of the page on the command line hold, for every form."""
    (tmp_path / "lab.pub.pem").write_text(KEY.public.pem)
    commands = f"""
        set -e
        digest=$(head -c -260 {report.name} | sha256sum | head -c 64)
        printf 'napari-seal report sha256:%s' "$digest" > signed
        tail -c 260 {report.name} | grep -ao 'ed25519 [^ ]* [A-Za-z0-9+/]*==' > signature
        cut -d ' ' -f 3 signature | base64 -d > value
        openssl pkeyutl -verify -pubin -inkey lab.pub.pem -rawin -in signed -sigfile value
    """
    done = subprocess.run(
        ["sh", "-c", commands], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Successfully" in done.stdout
    value = base64.b64decode((tmp_path / "signature").read_text().split()[2])
    assert KEY.public.verify(value, (tmp_path / "signed").read_bytes())
