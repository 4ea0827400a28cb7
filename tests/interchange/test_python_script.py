"""Twenty lines of Python verify a JPEG file: what they let pass is what the page says."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mutators import SOS, edit_text, exif_payload, in_scan, insert_before, segment, with_exif
from support import PATIENCE, nuclear_tracks, sealed_bytes
from test_damage import ROWS

from napari_seal import check

SCRIPT = Path(__file__).parents[2] / "docs" / "interchange" / "scripts" / "verify_seal.py"
if not SCRIPT.is_file():
    pytest.skip("the documentation is not here", allow_module_level=True)

#: Damage that the script does not see, because it compares neither the other Exif tags nor XMP.
#: The page says so.
UNSEEN = {
    "XMP turns the picture", "XMP turns the picture, other prefix", "XMP turns the picture, UTF-16",
    "tag changed", "date changed", "tag removed", "all tags but the seal's removed",
    "tags changed, removed and added", "ImageUniqueID removed", "Orientation 6 added",
    "Exif offset broken",
}  # fmt: skip
#: What is intact, and laid out in a way that the script refuses.
REFUSED = {
    "jpegtran -copy all", "fill bytes before segments", "fill bytes before EOI",
    "fill bytes before RST", "fill bytes before SOI's next", "comment before EOI",
    "comment between scans", "seal moved behind the scan", "JFIF removed, gray",
    "JFIF removed, rgb", "Exif little-endian", "comment in Unicode", "MoEDAL untouched",
    "MoEDAL metadata", "MoEDAL optimised", "ExifTool's digest in a MoEDAL file",
}  # fmt: skip


def run(data: bytes) -> subprocess.CompletedProcess[str]:
    """Run it without site packages and environment: nothing but the standard library is there."""
    command = [sys.executable, "-I", "-S", str(SCRIPT)]
    done = subprocess.run(command, input=data, capture_output=True, timeout=PATIENCE, check=False)
    assert done.stdout == b""
    assert done.returncode in (0, 1)
    return subprocess.CompletedProcess(done.args, done.returncode, "", done.stderr.decode())


def test_it_has_at_most_twenty_lines() -> None:
    """Lines of code: no blank ones, no comments, no docstring."""
    text = SCRIPT.read_text(encoding="utf-8")
    tree = ast.parse(text)
    first = tree.body[1].lineno
    lines = [line for line in text.splitlines()[first - 1 :] if line.strip()]
    assert len([line for line in lines if not line.lstrip().startswith("#")]) <= 20
    imported = {a.name for node in tree.body if isinstance(node, ast.Import) for a in node.names}
    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_damage_beside_our_verdict(row, sealed) -> None:
    """It passes no file that is not intact, but for the rows that the page is about."""
    name, kind, mutate, expected, _ = row
    before = sealed[kind]
    data = mutate(before) if mutate else with_exif(before, exif_payload(sealed["other"]))
    passed = (expected == "intact" and name not in REFUSED) or name in UNSEEN
    assert (run(data).returncode == 0) == passed


def test_the_exceptions_are_rows_of_the_table() -> None:
    """None of them has lost its meaning, and what is not seen is metadata, never the image."""
    verdicts = {name: verdict for name, _, _, verdict, _ in ROWS}
    assert verdicts.keys() >= UNSEEN | REFUSED
    assert {verdicts[name] for name in REFUSED} == {"intact"}
    assert {verdicts[name] for name in UNSEEN} == {"metadata-changed", "seal-malformed"}


def test_blake3_is_not_supported() -> None:
    """It is refused by that word, and never passed."""
    pytest.importorskip("blake3", reason="blake3 is not installed")
    done = run(sealed_bytes(nuclear_tracks(), algorithm="blake3"))
    assert (done.returncode, done.stderr) == (1, "unsupported\n")


def test_signed_files_and_odd_metadata_pass(tmp_path) -> None:
    """A signature is passed over; keys that look like parts of a seal mislead nobody."""
    pytest.importorskip("cryptography", reason="cryptography is not installed")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "key.pem").chmod(0o600)
    odd = {"a": {"seal": {"version": 1, "codestream": "sha256:00", "length": 1, "record": "x"}}}
    data = sealed_bytes(nuclear_tracks(), key=tmp_path / "key.pem", metadata=odd)
    assert b'"signature":' in data
    assert run(data).returncode == 0
    assert run(in_scan(0.5)(data)).returncode == 1


def _decoy(data: bytes) -> bytes:
    """An old record left in the block, of which a second entry tells; the first is forged."""
    payload = exif_payload(data)
    at = payload.index(b"\x92\x86\0\7")
    forged = payload.replace(b'"n":1', b'"n":2')
    return with_exif(data, forged + payload[at : at + 12] + payload)


HOSTILE = {
    "nothing": b"",
    "two bytes": b"\xff\xd8",
    "zeros": bytes(5_000_000),
    "markers without length": b"\xff\xd8" + b"\xff\xe0\0\0" * 500_000,
    "empty segments": b"\xff\xd8" + b"\xff\xe0\0\2" * 2_000_000,
    "records": with_exif(
        sealed_bytes(nuclear_tracks()),
        b"Exif\0\0MM\0*\0\0\0\10\0\1\x92\x86\0\7\0\0\xff\0\0\0\0\x1a\0\0\0\0ASCII\0\0\0"
        + b'{"seal":{"version":1,"codestream":"sha256:0","length":1,,"record":"sha256:0"' * 800,
    ),
    "braces": with_exif(
        sealed_bytes(nuclear_tracks()),
        b"Exif\0\0MM\0*\0\0\0\10\0\1\x92\x86\0\7\0\0\xf0\0\0\0\0\x1a\0\0\0\0ASCII\0\0\0"
        + b"{" * 60_000,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_soon(name) -> None:
    """They are refused within seconds, of which a busy machine makes more."""
    assert run(HOSTILE[name]).returncode == 1


def _recolour(data: bytes) -> bytes:
    """JFIF too short to count, and Adobe's word that three components are RGB."""
    short = b"\xff\xe0\0\7JFIF\0" + segment(0xEE, b"Adobe\0\x64\0\0\0\0\0")
    return data[:2] + short + data[20:]


FORGED = {
    "a second entry for the old record": _decoy,
    "a second Exif segment": insert_before(
        SOS, segment(0xE1, b"Exif\0\0MM\0*\0\0\0\10\0\0\0\0\0\0")
    ),
    "tables behind a false comment": insert_before(SOS, b"\x41\xfe\0\4ab"),
    "colours switched by a JFIF that is too short": _recolour,
    "text behind the record": edit_text(lambda text: text + b"x"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_forged_files_are_refused(name, tmp_path) -> None:
    """Neither the script nor `check` is led to another record, or past bytes of the picture."""
    image = np.stack([nuclear_tracks() >> 8] * 3, -1).astype(np.uint8)
    before = sealed_bytes(image, metadata={"n": 1})
    data = FORGED[name](before)
    assert data != before
    assert run(before).returncode == 0
    assert run(data).returncode == 1
    (tmp_path / "a.jpg").write_bytes(data)
    assert not check(tmp_path / "a.jpg").intact


def test_every_byte_of_the_picture_and_the_record_counts() -> None:
    """A flipped bit anywhere in them is seen, as by ourselves."""
    data = sealed_bytes(nuclear_tracks((48, 48)), metadata={"n": 1})
    rng = np.random.default_rng(3)
    tables = data.index(b"\xff\xdb")
    text = data.index(b"ASCII\0\0\0")
    places = [*rng.integers(tables, len(data), 40), *rng.integers(text, text + 800, 20)]
    for place in map(int, places):
        edited = bytearray(data)
        edited[place] ^= 1 << int(rng.integers(8))
        assert run(bytes(edited)).returncode == 1, place
