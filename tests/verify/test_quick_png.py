"""The short way through a PNG: it finds nothing that the long way does not find."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seal import StackPlace, Verdict, seal
from napari_seal._format.png import SIGNATURE, Chunk, chunk_of, walk
from napari_seal._verify.quick import prove
from napari_seal._verify.steps import check_image

PLACE = StackPlace(id="0123456789abcdef" * 2, axes=("T", "Z"), shape=(10, 31), index=(3, 12))
NOISE = np.random.default_rng(5).integers(0, 60_000, (200, 300), np.uint16)
LEVELS = (NOISE >> 8).astype(np.uint8)


def sealed(folder: Path, image: np.ndarray = NOISE, **options: object) -> bytes:
    """The file."""
    path = folder / "a.sealed.png"
    seal(image, path, overwrite=True, **options)
    return path.read_bytes()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A sealed file of several IDAT chunks."""
    made = sealed(tmp_path_factory.mktemp("png"), metadata={"a": 1})
    assert sum(chunk.kind == b"IDAT" for chunk in walk(made).critical) > 1
    return made


def both_ways(data: bytes) -> Verdict | None:
    """What the short way finds; where it finds something, the long way must find the same."""
    short = prove(data, "a.png")
    if short is not None:
        long = check_image(data, "a.png")
        assert short == long
        assert (short.intact, short.reasons) == (True, ())
    return short


def pieces(data: bytes) -> list[Chunk]:
    """All chunks, in file order."""
    png = walk(data)
    return sorted([*png.critical, *png.excluded], key=lambda chunk: chunk.start)


@pytest.mark.parametrize(
    "image",
    [NOISE, NOISE[:8, :9], LEVELS, np.dstack([LEVELS] * 3), np.dstack([LEVELS] * 4),
     NOISE.astype("float32") / 7],
)  # fmt: skip
@pytest.mark.parametrize(
    "options", [{}, {"layer": {"name": "a"}, "place": PLACE}, {"algorithm": "blake3"}]
)
def test_what_is_sealed_goes_the_short_way(
    tmp_path: Path, image: np.ndarray, options: dict[str, object]
) -> None:
    """Every depth and colour, with a layer, a place in a stack, another algorithm."""
    if "algorithm" in options:
        pytest.importorskip("blake3")
    verdict = both_ways(sealed(tmp_path, image, **options))
    assert verdict is not None
    assert verdict.seal is not None
    assert verdict.seal.format == "png"


def test_no_changed_byte_goes_the_short_way(data: bytes) -> None:
    """Each byte before the image data, and some of them."""
    start = next(chunk.start for chunk in pieces(data) if chunk.kind == b"IDAT")
    places = [
        *range(start + 8),
        *range(start + 8, len(data), 997),
        *range(len(data) - 16, len(data)),
    ]
    for at in places:
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        assert both_ways(changed) is None


def test_no_chunk_goes_missing_or_comes_in(data: bytes) -> None:
    """Removed, doubled, or a foreign one before or behind each of them; bytes after the end."""
    for chunk in pieces(data):
        before, own, behind = data[: chunk.start], data[chunk.start : chunk.end], data[chunk.end :]
        foreign = chunk_of(b"tEXt", b"Comment\0hello")
        for other in (
            before + behind,
            before + own + own + behind,
            before + foreign + own + behind,
        ):
            assert both_ways(other) is None
    assert both_ways(data + b"\0") is None


def test_a_seal_of_another_picture_does_not_fit(tmp_path: Path, data: bytes) -> None:
    """The chunks of one file around the image data of another."""
    other = sealed(tmp_path, NOISE[::-1])
    ours, theirs = ([data[c.start : c.end] for c in pieces(d)] for d in (data, other))
    assert both_ways(SIGNATURE + b"".join(ours[:3] + theirs[3:])) is None


@settings(max_examples=200, deadline=None)
@given(draw=st.data())
def test_no_cut_or_length_is_trusted(data: bytes, draw: st.DataObject) -> None:
    """Cut anywhere; any length in any chunk, with its check sum mended."""
    assert both_ways(data[: draw.draw(st.integers(0, len(data) - 1))]) is None
    chunk = draw.draw(st.sampled_from(pieces(data)))
    length = draw.draw(st.integers(0, 2**32 - 1) | st.integers(0, len(data)))
    if length == chunk.end - chunk.start - 12:
        return
    forged = data[: chunk.start] + length.to_bytes(4) + data[chunk.start + 4 :]
    content = forged[chunk.start + 4 : chunk.start + 8 + length]
    end = chunk.start + 8 + length
    if end + 4 <= len(forged):
        forged = forged[:end] + zlib.crc32(content).to_bytes(4) + forged[end + 4 :]
    assert both_ways(forged) is None
