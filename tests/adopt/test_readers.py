"""Adopted files by other people's readers: all that they read is what they read before."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import piexif
import pytest
from PIL import Image
from strangers import ACCEPTED
from support import skip_or_fail

#: What a seal adds where it is missing; UserComment is another one.
NEW = {"ImageUniqueID", "UserComment", "ExifVersion", "Software", "OriginalImageHash",
       "OriginalImageHashType", "ExifByteOrder"}  # fmt: skip
KINDS = pytest.mark.parametrize("kind", ACCEPTED)


@pytest.fixture
def both(adopted: Any, tmp_path: Path, kind: str) -> tuple[Path, Path]:
    """A file before and after it was adopted."""
    paths = (tmp_path / "before.jpg", tmp_path / "after.jpg")
    for path, data in zip(paths, (ACCEPTED[kind], adopted(ACCEPTED[kind])), strict=True):
        path.write_bytes(data)
    return paths


@KINDS
def test_exiftool(both: tuple[Path, Path], exiftool: list[str]) -> None:
    """ExifTool reads every tag as before, MakerNote, thumbnail and further pictures too.

    Where the file has no XMP of its own, it verifies the image by itself.
    """
    options = ("-j", "-G1", "-a", "-u", "-b", "-ee", "-api", "ImageHashType=SHA256")
    done = subprocess.run(
        [*exiftool, *options, "-all", "-ImageDataHash", *both],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    old, new = ({k: v for k, v in file.items() if not k.startswith(("System:", "ExifTool:V"))}
                for file in json.loads(done.stdout))  # fmt: skip
    changed = {k.split(":")[-1] for k in {*old, *new} if old.get(k) != new.get(k)}
    # Where in the file the second picture is, and of which segment a warning is.
    assert changed - NEW - {"MPImageStart", "Warning"} == {"SourceFile"}
    assert ("ExifTool:Warning" in new) == ("ExifTool:Warning" in old)
    lost = {k for k in old if k not in new}
    assert not lost
    if "XMP-et:OriginalImageHash" in new:
        assert new["XMP-et:OriginalImageHash"] == new["File:ImageDataHash"]


@KINDS
def test_exiv2(both: tuple[Path, Path]) -> None:
    """Exiv2 reads every tag as before, and finds nothing new to warn of."""
    if shutil.which("exiv2") is None:
        skip_or_fail("tools", "exiv2 is not installed")
    found, warnings = [], []
    for path in both:
        done = subprocess.run(["exiv2", "-Pkv", str(path)], capture_output=True, check=False)
        lines = done.stdout.decode("latin-1").splitlines()
        found.append({line for line in lines if not any(name in line for name in NEW)})
        warnings.append(done.stderr.decode("latin-1").replace(str(path), ""))
    moved = ("Exif.Photo.MakerNote", "Exif.MakerNote.Offset", "Exif.Image.ExifTag", "Xmp.et")
    assert {x for x in found[0] ^ found[1] if not x.startswith(moved)} == set()
    assert set(warnings[1].splitlines()) <= set(warnings[0].splitlines())


@KINDS
def test_pillow_and_piexif(both: tuple[Path, Path]) -> None:
    """Pillow and piexif read every tag as before."""
    old, new = (Image.open(io.BytesIO(path.read_bytes())) for path in both)
    for directory in (0x8769, 0x8825):
        before, after = (dict(image.getexif().get_ifd(directory)) for image in (old, new))
        for number in (0x9286, 0x9000, 0xA420):
            if number not in before or number == 0x9286:
                before.pop(number, None)
                after.pop(number, None)
        assert after == before
    if "exif" in old.info and len(old.info["exif"]) > 20:
        before, after = (piexif.load(image.info["exif"]) for image in (old, new))
        assert after["thumbnail"] == before["thumbnail"]
        assert after["GPS"] == before["GPS"]
        assert before["0th"].items() - {(0x8769, before["0th"].get(0x8769))} <= after["0th"].items()
