"""Laws that hold for all inputs, searched for counter-examples.

``HYPOTHESIS_PROFILE=thorough`` searches forty times as long.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mangling import EDITS, assert_mangled_gets_a_verdict
from mutators import SOS, find, insert_before, jpegtran, redraw, resave, segment, spans, then
from PIL import Image
from support import PICTURES, picture, sealed_picture

import napari_seal
from napari_seal import ArrayDigest, ExifDigest, Seal, Window
from napari_seal._format import record
from napari_seal._format.digest import digest_of
from napari_seal._format.pixels import digest_array
from napari_seal._format.tiles import starts
from napari_seal._seal.embed import embed
from napari_seal._verify.check import check_bytes
from napari_seal.errors import SealError

KINDS = ("gray", "rgb", "progressive", "restarts")
IMAGE_WORDS = {"reencoded", "image-changed", "truncated"}


def tiny(kind: str) -> bytes:
    """A sealed picture of 16 x 24 pixels."""
    levels = np.random.default_rng(5).integers(0, 256, (16, 24, 3), np.uint8)
    levels = levels if kind == "rgb" else levels[..., 0]
    options: dict[str, Any] = {
        "rgb": {"subsampling": 0},
        "progressive": {"progressive": True},
        "restarts": {"restart_marker_blocks": 2},
    }.get(kind, {})
    out = io.BytesIO()
    Image.fromarray(levels).save(out, "JPEG", quality=80, **options)
    return embed(
        out.getvalue(),
        source=digest_array(levels, axes="YX"),
        window=Window(low=0, high=255),
        quality=80,
        metadata={"a": "b"},
        exif_tags={"Make": "Zeiss"},
        layer=None,
        moedal=False,
    )[0]


TINY = {kind: tiny(kind) for kind in KINDS}


def codestream_offsets(data: bytes) -> list[int]:
    """Offsets of all bytes but those of APPn and COM segments."""
    left_out: set[int] = set()
    for marker, start, end in spans(data):
        if marker & 0xF0 == 0xE0 or marker == 0xFE:
            left_out.update(range(start, end))
    return [at for at in range(len(data)) if at not in left_out]


# -------------------------------------------------------------------------------- the round trip


@st.composite
def images(draw: st.DrawFn) -> np.ndarray:
    """Images of all types, byte orders and layouts."""
    kind = draw(st.sampled_from(["?", "u1", "i1", "u2", "i2", "u4", "i4", "i8", "f2", "f4", "f8"]))
    shape = draw(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    shape += draw(st.sampled_from([(), (3,)]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    image = (rng.random(shape) * draw(st.sampled_from([1, 200, 60_000]))).astype(kind)
    image = image.astype(image.dtype.newbyteorder(draw(st.sampled_from("<>"))))
    if draw(st.booleans()):
        image = np.asfortranarray(image)
    if draw(st.booleans()):
        image = image[:: draw(st.sampled_from([1, -1, 2])), ::-1]
    if draw(st.booleans()):
        image.setflags(write=False)
    return image


@given(image=images(), quality=st.integers(1, 100))
def test_what_is_sealed_is_intact_and_comes_back(image: np.ndarray, quality: int) -> None:
    """Any image of any type seals, verifies in full, and its source digest can be had by hand."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jpg"
        made = napari_seal.seal(image, path, quality=quality)
        levels, verdict = napari_seal.read(path)
        assert napari_seal.check(path, full=True) == verdict
    assert (verdict.verdict, verdict.reasons, verdict.seal) == ("intact", (), made)
    assert levels.shape == image.shape
    plain = np.ascontiguousarray(image).astype(image.dtype.newbyteorder("<"))
    assert made.source is not None
    assert made.source.digest == digest_of([plain.tobytes()])
    if image.ndim == 2 and quality == 100:
        assert made.window is not None
        stored = made.window.scale(np.asarray(image))
        assert np.abs(levels.astype(int) - stored).max() <= 4


@given(
    low=st.integers(0, 65535), values=st.lists(st.integers(0, 65535), min_size=1), high=st.data()
)
def test_the_levels_are_those_of_the_moedal_formula(
    low: int, values: list[int], high: st.DataObject
) -> None:
    """For any range of uint16 the 8-bit picture equals the MoEDAL formula's, bit for bit."""
    top = high.draw(st.integers(low, 65535))
    y = np.clip(np.array([low, *values, top], np.uint16), low, top)
    if low == top:
        assert not Window(low=low, high=top).scale(y).any()
        return
    z = (65535 * ((y - y.min()) / (y.max() - y.min()))).astype(np.uint16)
    assert np.array_equal(Window(low=low, high=top).scale(y), z // 256)


@given(values=st.lists(st.floats(-1e12, 1e12), min_size=2), kind=st.sampled_from(["f4", "f8"]))
def test_the_levels_of_floats_are_those_of_the_formula(values: list[float], kind: str) -> None:
    """Floats are scaled in double precision, in the formula's own order of operations."""
    y = np.array(values, kind).astype("f8")
    assume(y.min() < y.max())
    window = Window(low=y.min().item(), high=y.max().item())
    z = (65535 * ((y - y.min()) / (y.max() - y.min()))).astype(np.uint16)
    assert np.array_equal(window.scale(y.astype(kind)), z // 256)


def test_float_ties_are_those_of_the_formula() -> None:
    """Every level's lower edge of many ranges, where the order of operations decides."""
    for extent in np.random.default_rng(2).uniform(0.1, 1000, 200):
        edges = np.arange(1, 256) * 256 / 65535 * extent
        y = np.concatenate([[0.0], edges, np.nextafter(edges, 0), [extent]])
        z = (65535 * ((y - 0.0) / (extent - 0.0))).astype(np.uint16)
        assert np.array_equal(Window(low=0.0, high=extent).scale(y), z // 256)


@given(
    low=st.floats(-1e9, 1e9),
    extent=st.floats(1e-3, 1e9),
    shares=st.lists(st.floats(0, 1), min_size=1),
)
def test_restored_intensities_are_within_one_step(
    low: float, extent: float, shares: list[float]
) -> None:
    """Mapping to 8 bits and back is off by no more than one level's width."""
    window = Window(low=low, high=low + extent)
    assume(window.low < window.high)
    values = np.clip(low + np.array(shares) * extent, window.low, window.high)
    error = np.abs(window.restore(window.scale(values)) - values).max()
    assert error <= window.step * (1 + 1e-9) + 1e-6 * extent


# ------------------------------------------------------------------------------- single changes


@pytest.mark.parametrize("kind", KINDS)
def test_no_byte_of_the_codestream_can_change_unseen(kind: str) -> None:
    """Each byte outside the metadata segments, changed in two ways, is never `intact`."""
    data = TINY[kind]
    scan_start = find(data, SOS)[0]
    for at in codestream_offsets(data):
        for mask in (0x01, 0x80) if at < scan_start else (0xFF,):
            changed = data[:at] + bytes((data[at] ^ mask,)) + data[at + 1 :]
            assert check_bytes(changed, "a").verdict != "intact", (at, mask)


@given(kind=st.sampled_from(KINDS), where=st.data(), value=st.integers(1, 255))
def test_no_byte_of_the_codestream_can_have_another_value(
    kind: str, where: st.DataObject, value: int
) -> None:
    """Any other value of any byte of the codestream is seen."""
    data = TINY[kind]
    at = where.draw(st.sampled_from(codestream_offsets(data)))
    changed = data[:at] + bytes((data[at] ^ value,)) + data[at + 1 :]
    assert check_bytes(changed, "a").verdict != "intact"


@given(kind=st.sampled_from(KINDS), where=st.data(), count=st.integers(1, 9))
def test_bytes_taken_out_or_put_in_are_seen(kind: str, where: st.DataObject, count: int) -> None:
    """Bytes removed from the codestream, or doubled in it, are never `intact`."""
    data = TINY[kind]
    at = where.draw(st.sampled_from([i for i in codestream_offsets(data) if i >= 2]))
    assume(data[at : at + count] != b"\xff" * count)
    removed = data[:at] + data[at + count :]
    if removed != data and at + count <= len(data):
        assert check_bytes(removed, "a").verdict != "intact"


@given(kind=st.sampled_from(KINDS), where=st.data(), value=st.integers(1, 255))
def test_metadata_cannot_change_the_image(kind: str, where: st.DataObject, value: int) -> None:
    """A byte changed in the payload of a metadata segment never speaks of a changed image."""
    comment = segment(0xFE, b"a comment that anybody may edit")
    data = TINY[kind].replace(b"\xff\xdb", comment + b"\xff\xdb", 1)
    rows = [(s, e) for m, s, e in spans(data) if m & 0xF0 == 0xE0 or m == 0xFE]
    start, end = where.draw(st.sampled_from(rows))
    at = where.draw(st.integers(start + 4, end - 1))
    changed = data[:at] + bytes((data[at] ^ value,)) + data[at + 1 :]
    verdict = check_bytes(changed, "a")
    assert str(verdict.verdict) not in IMAGE_WORDS


@given(kind=st.sampled_from(KINDS), tail=st.binary(min_size=1, max_size=200))
def test_what_follows_the_end_cannot_change_the_image(kind: str, tail: bytes) -> None:
    """Whatever is appended, the file is intact and says so."""
    verdict = check_bytes(TINY[kind] + tail, "a", full=True)
    assert verdict.verdict == "intact"
    assert [str(r.code) for r in verdict.reasons] == ["bytes-after-end"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_truncation_is_intact(kind: str) -> None:
    """Wherever a file is cut it is never `intact`, and never an exception."""
    data = TINY[kind]
    for size in range(len(data)):
        verdict = check_bytes(data[:size], "a")
        assert verdict.verdict != "intact"
        if size >= find(data, SOS)[1]:
            assert verdict.verdict == "truncated"


# -------------------------------------------------------------------------------- where it changed


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, int, int, int, np.ndarray]:
    """A picture, a place in it, a side, and what is put there."""
    name = draw(st.sampled_from([name for name in PICTURES if len(picture(name)) <= 512]))
    height, width = picture(name).shape[:2]
    side = draw(st.integers(1, 16))
    y, x = (draw(st.integers(0, length - side)) for length in (height, width))
    content = draw(st.sampled_from(["level", "noise", "contrast"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    if content == "level":
        new = np.full((side, side), draw(st.integers(0, 255)))
    elif content == "noise":
        new = rng.integers(0, 256, (side, side))
    else:
        new = rng.integers(0, 2, (side, side)) * 255
    return name, y, x, side, new.astype(np.uint8)


@given(edit=edits(), quality=st.integers(30, 98), first=st.none() | st.integers(30, 98))
def test_whatever_is_accused_touches_the_edit(
    edit: tuple[str, int, int, int, np.ndarray], quality: int, first: int | None
) -> None:
    """An edit anywhere, saved once or twice at any quality: no tile that it left alone is named."""
    name, y, x, side, new = edit

    def draw(pixels: np.ndarray) -> np.ndarray:
        part = pixels[y : y + side, x : x + side]
        part[...] = new if part.ndim == 2 else new[..., None]
        return pixels

    way = redraw(draw, quality=first or quality, subsampling=0)
    if first is not None:
        way = then(way, resave(quality=quality, subsampling=0))
    verdict = check_bytes(way(sealed_picture(name)), "a")
    assert verdict.verdict in ("image-changed", "reencoded")
    if verdict.scores is not None:
        size, shape = verdict.scores.size, picture(name).shape[:2]
        ys, xs = (np.append(starts(length, size), length) for length in shape)
        for row, column in np.argwhere(verdict.scores.scores > 1):
            # JPEG blocks of 8 pixels end where tiles do, so that nothing spills over.
            assert max(y, ys[row]) < min(y + side, ys[row + 1]), verdict
            assert max(x, xs[column]) < min(x + side, xs[column + 1]), verdict
    whole = {"rotated", "flipped", "tone-changed", "changed-everywhere", "picture-replaced"}
    assert not whole & {str(reason.code) for reason in verdict.reasons}


@given(kind=st.sampled_from(KINDS), tail=st.binary(max_size=20), fills=st.integers(0, 3))
def test_a_rewrite_without_loss_is_never_accused(kind: str, tail: bytes, fills: int) -> None:
    """Untouched, with segments, fill bytes and a tail, or with other Huffman tables."""
    data = TINY[kind]
    for changed in (data, insert_before(SOS, b"\xff" * fills + segment(0xFE, tail))(data) + tail):
        verdict = check_bytes(changed, "a", full=True)
        assert (verdict.verdict, verdict.regions, verdict.scores) == ("intact", (), None)


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("options", ["-optimize", "-progressive", "-restart 1", "-arithmetic"])
def test_jpegtran_is_never_accused(name: str, options: str) -> None:
    """The reference tool's lossless rewrites of real pictures have no regions and no scores."""
    verdict = check_bytes(jpegtran(f"-copy all {options}")(sealed_picture(name)), "a")
    assert (verdict.verdict, verdict.regions, verdict.scores) == ("reencoded", (), None)


# ---------------------------------------------------------------------------------- never raises


@given(data=st.binary(max_size=300), start=st.sampled_from([b"", b"\xff\xd8\xff", b"\xff\xd8"]))
def test_random_bytes_get_a_verdict(data: bytes, start: bytes) -> None:
    """Checking never raises, and random bytes are never intact."""
    assert check_bytes(start + data, "a", full=True).verdict != "intact"


@given(kind=st.sampled_from(KINDS), edits=EDITS)
def test_mangled_files_get_a_verdict(kind: str, edits: list[tuple[int, int, bytes]]) -> None:
    """Several ranges of a file replaced at random: a verdict, whatever comes of it."""
    assert_mangled_gets_a_verdict(TINY[kind], edits)


# -------------------------------------------------------------------------------------- the record

NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | NUMBERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
DIGESTS = st.builds(
    digest_of, st.lists(st.binary(), max_size=1), st.sampled_from(["sha256", "sha512"])
)
ARRAYS = st.builds(
    ArrayDigest,
    digest=DIGESTS,
    shape=st.lists(st.integers(0, 2**40), min_size=1, max_size=4).map(tuple),
    dtype=st.text(),
    axes=st.none() | st.text(min_size=1),
)
USER_KEYS = st.text().filter(lambda key: key not in record.RESERVED_KEYS)
SEALS = st.builds(
    Seal,
    codestream=DIGESTS,
    length=st.integers(0),
    scan=DIGESTS,
    pixels=ARRAYS,
    source=st.none() | ARRAYS,
    window=st.none() | st.builds(Window, low=NUMBERS, high=NUMBERS),
    quality=st.none() | st.integers(0, 100),
    exif=st.builds(
        ExifDigest,
        digest=DIGESTS,
        tags=st.dictionaries(
            st.integers(0, 0xFFFF).map(lambda n: f"GPS:0x{n:04x}"), st.text(), max_size=3
        ),
    ),
    layer=st.none() | st.dictionaries(USER_KEYS, JSON, max_size=3),
    created=st.text(),
    software=st.dictionaries(st.text(), st.text(), max_size=3),
    metadata=st.dictionaries(USER_KEYS, JSON, max_size=4),
)


@given(seal=SEALS)
def test_parse_is_the_inverse_of_dump(seal: Seal) -> None:
    """`parse(dump(x)) == x`, up to the record that `dump` computes, which then matches."""
    text = record.dump(seal)
    back = record.parse(record.load(text))
    assert record.record_matches(text, back) is True
    for name in Seal.__slots__:
        if name not in ("record", "keys"):  # what dump computes
            assert getattr(back, name) == getattr(seal, name)
    assert back.keys is not None
    assert all(back.keys[key].matches(value) for key, value in seal.metadata.items())


@given(value=st.dictionaries(st.text() | st.integers(), JSON | st.binary() | st.just(float("nan"))))
def test_metadata_are_taken_whole_or_refused(value: dict[Any, Any]) -> None:
    """What `check_metadata` lets through is what comes back; the rest is an error of ours."""
    try:
        plain = record.check_metadata(value)
    except SealError:
        return
    assert plain == value
