"""How and where a picture that was stored without loss was changed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutators import Mutator, flip, then
from PIL import Image
from png_mutators import (
    bad_sum,
    edit,
    edit_text,
    keep_seal,
    rechunk,
    recompress,
    redraw,
    rot,
    saved,
    text,
)
from support import codes, nuclear_tracks, sealed_bytes

from napari_seal import Verdict
from napari_seal._format.tiles import measure
from napari_seal._verify.check import check_bytes

TRACKS = nuclear_tracks((320, 400))
DEEP = sealed_bytes(TRACKS, name="a.png")
LEVELS = (TRACKS >> 8).astype(np.uint8)
COLOUR = sealed_bytes(np.dstack([LEVELS, 255 - LEVELS, LEVELS // 2]), name="a.png")
FILES = {"deep": DEEP, "colour": COLOUR}


def checked(data: bytes) -> Verdict:
    """The verdict on a file's content."""
    return check_bytes(data, "a.png")


@given(
    kind=st.sampled_from(sorted(FILES)),
    y=st.integers(0, 319),
    x=st.integers(0, 399),
    bit=st.integers(0, 7),
)
def test_one_bit_of_one_pixel_is_found_in_its_tile(kind: str, y: int, x: int, bit: int) -> None:
    """One region, the 16 x 16 tile that holds the pixel, and no other."""

    def draw(pixels: np.ndarray) -> np.ndarray:
        pixels.reshape(320, 400, -1)[y, x, -1] ^= 1 << bit
        return pixels

    verdict = checked(redraw(draw, compress_level=1)(FILES[kind]))
    top, left = y // 16 * 16, x // 16 * 16
    assert verdict.regions == ((top, left, top + 16, left + 16),)
    assert codes(verdict)[0] == "edited"
    assert "exactly as it was sealed" in verdict.reasons[0].message


@given(
    y=st.integers(0, 300), x=st.integers(0, 380), height=st.integers(1, 120),
    width=st.integers(1, 120), seed=st.integers(0, 99),
)  # fmt: skip
def test_no_region_is_false_and_none_is_missing(
    y: int, x: int, height: int, width: int, seed: int
) -> None:
    """The tiles that are said to have changed are exactly those that did."""
    noise = np.random.default_rng(seed).integers(0, 65536, TRACKS.shape, np.uint16)
    changed = TRACKS.copy()
    changed[y : y + height, x : x + width] = noise[y : y + height, x : x + width]
    verdict = checked(redraw(lambda _: changed, compress_level=1)(DEEP))
    assert verdict.scores is not None
    differs = (changed != TRACKS).reshape(20, 16, 25, 16).any(axis=(1, 3))
    assert np.array_equal(verdict.scores.scores > 0, differs)
    assert (verdict.scores.lossless, verdict.scores.exact, verdict.scores.size) == (True, False, 16)
    inside = np.zeros(TRACKS.shape, bool)
    for y0, x0, y1, x1 in verdict.regions:
        inside[y0:y1, x0:x1] = True
    assert not (changed != TRACKS)[~inside].any()


@pytest.mark.parametrize("kind", sorted(FILES))
@pytest.mark.parametrize(
    "rewrite",
    [recompress(9), recompress(0), rechunk(700), redraw(lambda p: p)],
    ids=["packed more", "not packed", "other chunks", "drawn again"],
)
def test_honest_rewrites_are_never_accused(kind: str, rewrite: Mutator) -> None:
    """Other compression, chunks and filters: no regions, no scores."""
    verdict = checked(rewrite(FILES[kind]))
    assert (verdict.verdict, verdict.regions, verdict.scores) == ("reencoded", (), None)


@pytest.mark.parametrize(
    ("quarters", "mirrored", "words"),
    [(1, False, "90 degrees anticlockwise"), (2, False, "180 degrees"),
     (3, False, "90 degrees clockwise"), (0, True, "mirrored"), (1, True, "mirrored")],
)  # fmt: skip
@pytest.mark.parametrize("kind", sorted(FILES))
def test_turning_is_proven_to_the_last_bit(
    kind: str, quarters: int, mirrored: bool, words: str
) -> None:
    """Turned back, the picture has the sealed digest; a pixel more and it is not only turned."""

    def turn(pixels: np.ndarray) -> np.ndarray:
        turned = np.rot90(pixels[:, ::-1] if mirrored else pixels, quarters)
        return np.ascontiguousarray(turned)

    verdict = checked(redraw(turn)(FILES[kind]))
    assert words in verdict.reasons[0].message
    assert "nothing else" in verdict.reasons[0].message

    def turn_and_edit(pixels: np.ndarray) -> np.ndarray:
        pixels.reshape(320, 400, -1)[7, 7] += 1
        return turn(pixels)

    verdict = checked(redraw(turn_and_edit)(FILES[kind]))
    assert "nothing else" not in verdict.reasons[0].message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda p: (p * 0.9).astype(p.dtype), "tone-changed"),
        (lambda p: p + np.uint16(400), "tone-changed"),
        (lambda p: 65535 - p, "tone-changed"),
        (lambda p: (65535 * (p / 65535) ** 0.8).astype(p.dtype), "tone-changed"),
        (lambda p: (p >> 8) * np.uint16(257), "depth-changed"),
        (lambda p: p[::-1, ::-1] ^ np.uint16(1), "rotated"),
        (lambda p: np.random.default_rng(1).integers(0, 65536, p.shape, np.uint16),
         "picture-replaced"),
        (lambda p: p ^ np.uint16(1), "changed-everywhere"),
    ],
)  # fmt: skip
def test_what_was_done_to_the_whole_picture_is_named(change: Mutator, code: str) -> None:
    """One word for all of it instead of a thousand tiles."""
    verdict = checked(redraw(change)(DEEP))  # type: ignore[arg-type]
    assert code in codes(verdict), str(verdict)
    assert verdict.regions == ()


def test_scores_say_how_far_the_mean_moved() -> None:
    """1 where a tile changed, and more by the levels of the fingerprint."""

    def draw(pixels: np.ndarray) -> np.ndarray:
        pixels[0, 0] ^= 1
        pixels[160:176, 160:176] = 0
        return pixels

    scores = checked(redraw(draw)(DEEP)).scores
    assert scores is not None
    assert scores.scores[0, 0] == 1
    assert scores.scores[10, 10] > 50
    assert np.count_nonzero(scores.scores) == 2
    assert scores.sealed.shape == scores.scores.shape == (20, 25)


def test_without_digests_the_whole_picture_is_all_that_is_told() -> None:
    """A seal may lack them or have those of a later kind: no regions, no false ones."""
    spot = redraw(lambda p: np.where(np.arange(400) == 7, p // 2, p).astype(np.uint16))
    for old, new in ((b'"tile_digests"', b'"tile_digestz"'), (b'"digest-1"', b'"digest-9"')):
        verdict = checked(then(text(old, new), spot)(DEEP))
        assert (verdict.verdict, verdict.regions) == ("image-changed", ())
        assert "edited" not in codes(verdict)


# -------------------------------------------------------------------------------------- damage


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("kind", sorted(FILES))
def test_a_flipped_bit_leaves_what_stands_before_it(kind: str, share: float) -> None:
    """The picture cannot be decoded, and the tiles that can still be read are told."""
    verdict = checked(rot(b"IDAT", share)(FILES[kind]))
    assert verdict.verdict == "image-changed"
    if "bytes-replaced" in codes(verdict):
        first = min(y0 for y0, *_ in verdict.regions)
        assert verdict.scores is not None
        assert not verdict.scores.scores[: first // 16].any()
        assert "can still be read" in verdict.reasons[0].message


def test_where_there_are_no_digests_the_rows_in_doubt_are_told() -> None:
    """From the chunk with the wrong check sum on."""
    small_parts = rechunk(4000)(text(b'"digest-1"', b'"digest-9"')(DEEP))
    verdict = checked(then(edit(b"eXIf", bytes), break_chunk(20))(small_parts))
    ((top, left, bottom, right),) = verdict.regions
    assert (left, bottom, right) == (0, 320, 400)
    assert 0 < top < 320
    assert f"before {top} are not affected" in verdict.reasons[0].message


def break_chunk(which: int) -> Mutator:
    """Make the rest of the image data senseless, from one IDAT chunk on."""

    def mutate(data: bytes) -> bytes:
        at = data.index(b"IDAT", data.index(b"IDAT") + which * 4012)
        for offset in range(10, 200):
            data = flip(data, at + offset, 0xFF)
        return data

    return mutate


def test_a_wrong_check_sum_alone_is_no_changed_picture() -> None:
    """The pixels are proven; that strict decoders refuse the file is said."""
    verdict = checked(bad_sum(b"IDAT")(DEEP))
    assert (verdict.verdict, codes(verdict)) == (
        "reencoded", ["chunk-damaged", "codestream-mismatch"],
    )  # fmt: skip
    assert "strict decoders refuse" in verdict.reasons[0].message


def test_an_edited_fingerprint_is_a_claim_of_the_file() -> None:
    """Odd values in the seal never end in an exception."""
    for odd in (b'{"kind":"means-1","low":-5,"high":9e99}', b'{"low":"a","high":[]}', b"{}"):
        broken = edit_text(lambda t, odd=odd: replace_object(t, b'"tiles":', odd))(DEEP)
        for change in (lambda p: p // 2, lambda p: 65535 - p, lambda p: p[:160]):
            verdict = checked(redraw(change)(broken))
            assert verdict.verdict == "image-changed"


def replace_object(record: bytes, key: bytes, new: bytes) -> bytes:
    """Another object under a key of the record, which holds no object itself."""
    start = record.index(key) + len(key)
    return record[:start] + new + record[record.index(b"}", start) + 1 :]


def test_a_seal_may_claim_a_picture_longer_than_any_and_one_pixel_high() -> None:
    """Ours have 65,500 pixels a side at most; whoever forges a seal is not bound to that."""
    columns, side = 2343, 4096
    smooth = 120 + 100 * np.sin(np.arange(8 * columns) / 160)
    fingerprint = measure(np.tile(smooth.astype(np.uint8), (8, 1))) | {"size": side}

    def claim(record: bytes) -> bytes:
        value = json.loads(record)
        value["seal"]["pixels"]["shape"] = [1, columns * side]
        value["seal"]["tiles"] = fingerprint
        return json.dumps(value, separators=(",", ":")).encode()

    thin = saved(Image.new("L", ((columns - 10) * side, 1)), "PNG")
    verdict = checked(keep_seal(edit_text(claim)(FILES["deep"]), thin))
    assert verdict.verdict == "image-changed"
    assert "size-changed" in codes(verdict)
