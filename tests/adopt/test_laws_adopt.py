"""Laws: what holds for every JPEG that is adopted, whoever wrote it."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_vectors import codestream, segment
from make_vectors_metadata import read_tiff, write_tiff
from mutators import APP1, EXIF, XMP, exif_payload, record_text
from PIL import Image
from strangers import with_block
from support import DATA, skip_or_fail

import napari_seal
from napari_seal import AdoptError, check

VALUES = st.sampled_from(
    [(2, 6, b"Zeiss\0"), (3, 1, b"\1\0"), (5, 1, bytes(range(1, 9))), (7, 20, bytes(range(20)))]
)
TAGS = st.dictionaries(st.integers(0x100, 0x1FF), VALUES, max_size=5)
EXIF_TAGS = st.dictionaries(st.integers(0x9100, 0x927F), VALUES, max_size=5)
COMMENTS = st.one_of(
    st.none(),
    st.binary(min_size=8, max_size=60),
    st.binary(max_size=40).map(lambda text: b"ASCII\0\0\0" + text),
    st.text(max_size=30).map(lambda text: b"UNICODE\0" + text.encode("utf-16-be", "replace")),
    st.dictionaries(st.text(max_size=9), st.integers() | st.text(max_size=9), max_size=4).map(
        lambda user: b"ASCII\0\0\0" + json.dumps(user).encode()
    ),
)


@st.composite
def jpegs(draw: st.DrawFn) -> bytes:
    """A small picture by Pillow, with Exif, other segments and a trailer of any kind."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (draw(st.integers(1, 40)), draw(st.integers(1, 40)), *draw(st.sampled_from([(), (3,)])))
    out = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, shape).astype(np.uint8)).save(
        out,
        "JPEG",
        quality=draw(st.integers(1, 95)),
        progressive=draw(st.booleans()),
        subsampling=draw(st.sampled_from([0, 1, 2])),
        comment=draw(st.sampled_from([None, "a comment"])),
    )
    data = out.getvalue()
    for marker in draw(st.lists(st.sampled_from([0xE1, 0xE2, 0xED, 0xFE]), max_size=3)):
        name = draw(st.sampled_from([b"ICC_PROFILE\0\1\1", XMP + b"<x/>", b"", b"Photoshop 3.0\0"]))
        data = data[:20] + segment(marker, name + draw(st.binary(max_size=9))) + data[20:]
    comment = draw(COMMENTS)
    if comment is not None or draw(st.booleans()):
        inner: dict[int, Any] = dict(draw(EXIF_TAGS))
        if comment is not None:
            inner[0x9286] = (7, len(comment), comment)
        block = write_tiff({"IFD0": draw(TAGS), "ExifIFD": inner}, draw(st.sampled_from("<>")))
        data = with_block(data, EXIF + block)
    return data + draw(st.binary(max_size=20))


def adopted(data: bytes) -> bytes | None:
    """The sealed file; None where it was refused, and then it is what it was."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jpg"
        path.write_bytes(data)
        try:
            napari_seal.adopt(path, in_place=True)
        except AdoptError:
            assert path.read_bytes() == data
            return None
        verdict = check(path, full=True)
        assert verdict.intact
        assert [str(r.code) for r in verdict.reasons] == ["adopted"]
        return path.read_bytes()


def without_exif(data: bytes) -> bytes:
    """All bytes but those of the Exif segment and of the packet for ExifTool."""
    at, out = 2, data[:2]
    while data[at + 1] != 0xDA:
        if data[at + 1] == 0xFF:
            out, at = out + data[at : at + 1], at + 1
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        payload = data[at + 4 : end]
        ours = payload.startswith(XMP) and b"OriginalImageHash" in payload
        if not (data[at + 1] == APP1 and (payload.startswith(EXIF) or ours)):
            out += data[at:end]
        at = end
    return out + data[at:]


@given(data=jpegs())
def test_nothing_but_the_seal_is_new(data: bytes) -> None:
    """Image data, pixels, segments, trailer and all other tags are the same."""
    new = adopted(data)
    if new is None:
        return
    assert codestream(new) == codestream(data)
    assert without_exif(new) == without_exif(data)
    pixels = [np.asarray(Image.open(io.BytesIO(d))) for d in (data, new)]
    assert np.array_equal(*pixels)
    if EXIF in data:
        old_tags, tags = (read_tiff(exif_payload(d)[len(EXIF) :]) for d in (data, new))
        for directory, entries in old_tags.items():
            kept = {n: v for n, v in entries.items() if n != 0x9286}
            assert kept.items() <= tags[directory].items()


@given(user=st.dictionaries(st.text(max_size=9), st.integers() | st.text(max_size=9), max_size=4))
def test_keys_of_the_user_survive(user: dict[str, Any]) -> None:
    """Any JSON object in the comment is at the top level of the record."""
    if {"seal", "sha244"} & user.keys():
        return
    out = io.BytesIO()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(out, "JPEG")
    comment = b"ASCII\0\0\0" + json.dumps(user).encode()
    block = write_tiff({"IFD0": {}, "ExifIFD": {0x9286: (7, len(comment), comment)}})
    new = adopted(with_block(out.getvalue(), EXIF + block))
    if new is None:  # text that looks like a seal
        assert '"seal"' in json.dumps(user).replace("\\", "")
        return
    assert {k: v for k, v in json.loads(record_text(new)).items() if k != "seal"} == user


@pytest.mark.parametrize("folder", ["wild", "fission-tracks"])
def test_real_files(folder: str) -> None:
    """Files from elsewhere: adopted as the law says, or refused and left alone."""
    files = sorted((DATA / folder).glob("*.jp*g"))
    if not files:
        skip_or_fail("data", f"there are no pictures in {DATA / folder}")
    done = 0
    for path in files:
        data = path.read_bytes()
        new = adopted(data)
        if new is not None:
            done += 1
            assert codestream(new) == codestream(data), path
    assert done >= (20 if folder == "wild" else len(files))
