"""The table of damage for adopted files: the verdicts are those on files that were sealed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from make_vectors import segment
from mutators import (
    APP1,
    COM,
    DQT,
    XMP,
    Mutator,
    cut,
    drop,
    flip_in,
    in_scan,
    insert_before,
    jpegtran,
    remove,
    resave,
    rewrite_exif,
    tag,
    text,
)
from PIL import Image
from strangers import ACCEPTED

from napari_seal import check

METADATA, CAMERA = "metadata-changed", "a camera's Exif"
COMMENT = segment(COM, b"x")
TRAILER: Mutator = lambda data: data + b"more"  # noqa: E731 - a row of the table
ROWS: list[tuple[str, str, Mutator, str, str]] = [
    ("MoEDAL", "nothing", lambda d: d, "intact", "adopted"),
    ("MoEDAL", "a bit of the scan", in_scan(0.5), "image-changed", "adopted"),
    ("MoEDAL", "cut", cut(0.5), "truncated", "no-end-of-image"),
    ("MoEDAL", "quantisation", flip_in(DQT, 5, mask=4), "image-changed", "tables-changed"),
    ("MoEDAL", "saved again", resave(quality=60), "image-changed", "recompressed"),
    ("MoEDAL", "jpegtran", jpegtran("-copy all -optimize"), "reencoded", "lossless-rewrite"),
    ("MoEDAL", "a key", text(b"TDR 12", b"TDR 13"), METADATA, "metadata-key-changed"),
    ("MoEDAL", "sha244", text(b'"sha244":"', b'"sha244":"0'), METADATA,
     "record-mismatch"),
    ("MoEDAL", "what is said of before", text(b'{"sha244":"intact"', b'{"sha244":"broken"'),
     METADATA, "record-mismatch"),
    ("MoEDAL", "a comment added", insert_before(DQT, COMMENT), "intact", "segment-added"),
    ("MoEDAL", "bytes added", TRAILER, "intact", "bytes-after-end"),
    ("MoEDAL", "XMP removed", remove(APP1, XMP), "intact", "xmp-changed"),
    ("MoEDAL", "Exif written anew", rewrite_exif("<"), "intact", "adopted"),
    ("MoEDAL", "a tag added", tag("0th", 0x013B, b"me"), "intact", "exif-tags-added"),
    ("MoEDAL", "Orientation added", tag("0th", 0x0112, 6), METADATA, "orientation-changed"),
    ("MoEDAL", "identity changed", tag("Exif", 0xA420, b"0" * 32), METADATA,
     "exif-tag-changed"),
    ("MoEDAL", "Exif removed", remove(APP1), "no-seal", "seal-stripped"),
    (CAMERA, "Orientation changed", tag("0th", 0x0112, 1), METADATA,
     "exif-tag-changed"),
    (CAMERA, "MakerNote removed", drop("Exif", 0x927C), METADATA,
     "exif-tag-removed"),
    (CAMERA, "its identity removed", drop("Exif", 0xA420), METADATA,
     "exif-tag-removed"),
    (CAMERA, "laid out anew by piexif", tag("0th", 0x010F, b"Canon"), "intact", "adopted"),
    ("XMP of its own", "removed", remove(APP1, XMP), "intact", "xmp-changed"),
    ("XMP of its own", "edited", lambda d: d.replace(b"='6'", b"='8'"), METADATA,
     "orientation-changed"),
    ("a profile, a comment, JFXX", "the comment", flip_in(COM, 2), "intact", "segment-added"),
    ("bytes behind the image", "edited", lambda d: d[:-1] + b"!", "intact", "bytes-after-end"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "what", "damage", "verdict", "code"), ROWS)
def test_damage(
    kind: str, what: str, damage: Mutator, verdict: str, code: str, adopted: Any, tmp_path: Path
) -> None:
    """The verdict, and the reason that says why; that it was adopted is said with each."""
    (tmp_path / "b.jpg").write_bytes(damage(adopted(ACCEPTED[kind])))
    found = check(tmp_path / "b.jpg")
    codes = [str(r.code) for r in found.reasons]
    assert (found.verdict, code in codes) == (verdict, True), found
    assert ("adopted" in codes) == (verdict != "no-seal")
    if what in ("nothing", "Exif written anew", "laid out anew by piexif"):
        assert codes == ["adopted"]


def test_where_an_adopted_picture_was_changed(adopted: Any, tmp_path: Path) -> None:
    """The fingerprint is that of the picture as it was adopted."""
    new = adopted(ACCEPTED["MoEDAL"])
    with Image.open(io.BytesIO(new)) as image:
        pixels = np.array(image)
        pixels[32:64, 64:96] = 255
        Image.fromarray(pixels).save(tmp_path / "b.jpg", quality=90, exif=image.info["exif"])
    found = check(tmp_path / "b.jpg")
    assert found.verdict == "image-changed"
    assert any(y0 < 64 and y1 > 32 and x0 < 96 and x1 > 64 for y0, x0, y1, x1 in found.regions)
