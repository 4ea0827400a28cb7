"""A seal and a C2PA manifest in one file: each says what it can, and which order keeps both."""

from __future__ import annotations

import io
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from mutators import in_scan
from PIL import Image
from support import nuclear_tracks, skip_or_fail

import napari_seal
from napari_seal._format.pixels import digest_array
from napari_seal._seal.embed import embed

try:
    import c2pa  # noqa: F401 - the scripts use it
except ImportError:
    skip_or_fail("c2pa", "c2pa-python is not installed", whole_module=True)

from c2pa_certificates import write_certificates

SCRIPTS = Path(__file__).parents[2] / "docs" / "interchange" / "scripts"
if not SCRIPTS.is_dir():
    pytest.skip("the documentation is not here", allow_module_level=True)

SOURCE = Path(napari_seal.__file__).parents[1]


class Told(NamedTuple):
    """What the script said of both, and its exit code."""

    code: int
    verdict: str
    reasons: set[str]
    state: str
    why: set[str]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority, and a signer that it has certified."""
    folder = tmp_path_factory.mktemp("certificates")
    write_certificates(folder)
    return folder


def script(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPTS / name), *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )  # fmt: skip


@pytest.fixture
def sign(certificates: Path):
    """Sign a file by the script of the page; or one without a seal, by the function in it."""

    def run(source: Path, target: Path, *, sealed: bool = True) -> None:
        chain, key = certificates / "chain.pem", certificates / "key.pem"
        if sealed:
            done = script("sign_with_c2pa.py", source, target, chain, key)
            assert done.returncode == 0, done.stderr
        else:
            function = runpy.run_path(str(SCRIPTS / "sign_with_c2pa.py"))["sign"]
            function(str(source), target, chain, key)

    return run


@pytest.fixture
def verify(certificates: Path):
    """Verify both by the script of the page."""

    def run(path: Path) -> Told:
        done = script("verify_both.py", path, certificates / "anchors.pem")
        seal, manifest = (line.split() for line in done.stdout.splitlines())
        return Told(done.returncode, seal[1], {*seal[2:]}, manifest[1], {*manifest[2:]})

    return run


@pytest.fixture(params=["jpg", "png"])
def sealed_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A sealed file of either format."""
    path = tmp_path / f"a.sealed.{request.param}"
    napari_seal.seal(nuclear_tracks(), path, metadata={"sample": "TDR 12"})
    return path


@pytest.fixture
def both(sealed_file: Path, sign) -> Path:
    """It, sealed and then signed."""
    signed = sealed_file.with_name(f"both{sealed_file.suffix}")
    sign(sealed_file, signed)
    return signed


def test_sealed_and_then_signed(sealed_file, both, verify) -> None:
    """Both hold; the seal names the segment that it does not cover; it costs about 3 kB."""
    assert verify(both) == Told(0, "intact", {"segment-added"}, "Trusted", set())
    assert 2_000 < both.stat().st_size - sealed_file.stat().st_size < 6_000
    reason = napari_seal.check(both).reasons[0]
    assert "as C2PA uses them" in reason.message
    unsigned = verify(sealed_file)
    assert (unsigned.code, unsigned.verdict, unsigned.state) == (1, "intact", "none")


def test_an_edit_is_told_by_both(both, verify) -> None:
    """Of the image and of the metadata; the seal says which of them."""
    data = both.read_bytes()
    edits = {"metadata-changed": data.replace(b"TDR 12", b"TDR 21")}
    if both.suffix == ".jpg":
        edits["image-changed"] = in_scan(0.5)(data)
    else:
        at = data.index(b"IDAT") + 40
        edits["image-changed"] = data[:at] + bytes((data[at] ^ 4,)) + data[at + 1 :]
    for verdict, edited in edits.items():
        both.write_bytes(edited)
        found = verify(both)
        assert (found.code, found.verdict, found.state) == (1, verdict, "Invalid")
        assert "assertion.dataHash.mismatch" in found.why


def test_what_was_added_is_told_by_both(both, verify) -> None:
    """C2PA takes it for a change; the seal says what it is, and that the image is as sealed."""
    both.write_bytes(both.read_bytes() + b"x")
    found = verify(both)
    assert (found.verdict, found.state) == ("intact", "Invalid")
    assert found.reasons == {"segment-added", "bytes-after-end"}


def test_an_edited_tag(exiftool, both, verify) -> None:
    """ExifTool keeps both; C2PA is broken by it, and the seal says that the image is as sealed."""
    subprocess.run(
        [*exiftool, "-q", "-overwrite_original", "-Artist=somebody", str(both)], check=True
    )
    found = verify(both)
    assert (found.verdict, found.state) == ("intact", "Invalid")
    assert "exif-tags-added" in found.reasons


def test_a_manifest_that_is_taken_out(sealed_file, both, verify) -> None:
    """The seal does not miss it: that a file was signed with C2PA, it does not know."""
    shutil.copy(sealed_file, both)
    found = verify(both)
    assert (found.code, found.verdict, found.state) == (1, "intact", "none")


def test_signed_and_then_sealed(sign, verify, tmp_path) -> None:
    """In the other order C2PA is broken: the seal goes into the bytes that were signed."""
    levels = (nuclear_tracks() >> 8).astype(np.uint8)
    encoded = io.BytesIO()
    Image.fromarray(levels).save(encoded, "JPEG", quality=90)
    signed, path = tmp_path / "signed.jpg", tmp_path / "a.sealed.jpg"
    (tmp_path / "plain.jpg").write_bytes(encoded.getvalue())
    sign(tmp_path / "plain.jpg", signed, sealed=False)
    assert verify(signed)[1:4] == ("no-seal", {"no-seal-found"}, "Trusted")
    sealed, _ = embed(
        signed.read_bytes(),
        source=digest_array(levels, axes="YX"),
        window=napari_seal.Window(low=0, high=255),
        quality=90, metadata={}, exif_tags={}, layer=None, moedal=False,
    )  # fmt: skip
    path.write_bytes(sealed)
    found = verify(path)
    assert (found.verdict, found.state) == ("intact", "Invalid")
    assert found.reasons == {"segment-added"}


def test_sealed_again_from_its_pixels(both, verify, tmp_path) -> None:
    """A new file is written: the manifest stays behind."""
    image, _ = napari_seal.read(both)
    again = tmp_path / f"again{both.suffix}"
    napari_seal.seal(image, again)
    found = verify(again)
    assert (found.code, found.verdict, found.state) == (1, "intact", "none")


def test_only_an_intact_seal_is_signed(sealed_file, certificates, tmp_path) -> None:
    """Nothing is written for an edited file, and nothing that is there is replaced."""
    chain, key = certificates / "chain.pem", certificates / "key.pem"
    done = script("sign_with_c2pa.py", sealed_file, sealed_file, chain, key)
    assert (done.returncode, "FileExistsError" in done.stderr) == (1, True)
    data = sealed_file.read_bytes().replace(b"TDR 12", b"TDR 21")
    sealed_file.write_bytes(data)
    done = script("sign_with_c2pa.py", sealed_file, tmp_path / "out.jpg", chain, key)
    assert (done.returncode, "VerificationError" in done.stderr) == (1, True)
    assert not (tmp_path / "out.jpg").exists()


def test_a_signer_that_nobody_knows(both, tmp_path) -> None:
    """Valid by itself is not trusted: another authority's certificates do not do."""
    write_certificates(tmp_path)
    done = script("verify_both.py", both, tmp_path / "anchors.pem")
    assert done.returncode == 1
    assert "C2PA Valid signingCredential.untrusted" in done.stdout
