"""Laws of sealed PNG files that hold for all inputs, searched for counter-examples."""

from __future__ import annotations

import io
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mangling import EDITS, assert_mangled_gets_a_verdict
from mutators import flip
from PIL import Image
from png_mutators import (
    SIGNATURE,
    chunk,
    chunks,
    compressed,
    content,
    cut,
    edit,
    find,
    frame_control,
    insert,
    interlaced,
    pixels_of,
    plain_png,
    rechunk,
    with_image_data,
    xmp_chunk,
)
from support import nuclear_tracks, sealed_bytes

from napari_seal import read
from napari_seal._verify.check import check_bytes

RNG = np.random.default_rng(5)
OPTIONS = {"name": "a.png", "metadata": {"a": "b"}, "exif": {"Make": "Zeiss"}}
TINY = {
    "deep": sealed_bytes(RNG.integers(0, 65536, (16, 24), np.uint16), **OPTIONS),
    "gray": sealed_bytes(RNG.integers(0, 256, (16, 24), np.uint8), **OPTIONS),
    "rgb": sealed_bytes(RNG.integers(0, 256, (12, 10, 3), np.uint8), **OPTIONS),
    "rgba": sealed_bytes(RNG.integers(0, 256, (12, 10, 4), np.uint8), **OPTIONS),
}
KINDS = sorted(TINY)
BESIDE = {b"eXIf", b"iTXt"}
IMAGE_WORDS = {"reencoded", "image-changed", "truncated"}


def image_offsets(data: bytes) -> list[int]:
    """Offsets of all bytes but those of Exif and XMP chunks."""
    left_out: set[int] = set()
    for kind, start, end in chunks(data):
        if kind in BESIDE:
            left_out.update(range(start, end))
    return [at for at in range(len(data)) if at not in left_out]


def shown_by_pillow(data: bytes) -> bytes | None:
    """What a user of Pillow sees: mode, size and samples; None where it is an error."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return f"{image.mode} {image.size} ".encode() + np.asarray(image).tobytes()
    except Exception:  # noqa: BLE001 - whatever it raises, it shows nothing
        return None


# ------------------------------------------------------------------------------- single changes


@pytest.mark.parametrize("kind", KINDS)
def test_no_byte_of_the_image_can_change_unseen(kind: str) -> None:
    """Each byte outside the metadata chunks, changed in two ways, is never `intact`."""
    data = TINY[kind]
    for at in image_offsets(data):
        for mask in (0x01, 0x80):
            assert check_bytes(flip(data, at, mask), "a").verdict != "intact", (at, mask)


@given(kind=st.sampled_from(KINDS), where=st.data(), count=st.integers(1, 20))
def test_bytes_taken_out_are_seen(kind: str, where: st.DataObject, count: int) -> None:
    """Bytes removed from the image are never `intact`."""
    data = TINY[kind]
    at = where.draw(st.sampled_from(image_offsets(data)))
    removed = data[:at] + data[at + count :]
    assert check_bytes(removed, "a").verdict != "intact"


@given(kind=st.sampled_from(KINDS), where=st.data(), value=st.integers(1, 255))
def test_metadata_cannot_change_the_image(kind: str, where: st.DataObject, value: int) -> None:
    """A byte changed in the content or check sum of a metadata chunk never speaks of the image."""
    data = insert(b"IDAT", chunk(b"tEXt", b"Title\0anything at all"))(TINY[kind])
    rows = [(s, e) for name, s, e in chunks(data) if name in BESIDE or name == b"tEXt"]
    start, end = where.draw(st.sampled_from(rows))
    at = where.draw(st.integers(start + 8, end - 1))
    verdict = check_bytes(flip(data, at, value), "a")
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
        if size >= find(data, b"IDAT")[0]:
            assert verdict.verdict == "truncated"


# ----------------------------------------------------------------------------- whatever is added

PARTS = st.one_of(
    st.builds(chunk, st.sampled_from([b"tEXt", b"zTXt", b"gAMA", b"sBIT", b"bKGD", b"pHYs", b"hIST",
                                      b"cHRM", b"sRGB", b"iCCP", b"cICP", b"prVt", b"tIME", b"tRNS",
                                      b"PLTE", b"IDAT", b"IHDR", b"IEND", b"NEWx", b"fdAT",
                                      b"acTL"]),
              st.binary(max_size=30)),
    st.builds(frame_control, st.integers(1, 30), st.integers(1, 30), st.integers(0, 9),
              st.integers(0, 9)),
    st.just(chunk(b"acTL", b"\0\0\0\1\0\0\0\0")),
    st.builds(lambda n: chunk(b"tRNS", n.to_bytes(2)), st.integers(0, 65535)),
)  # fmt: skip


@given(
    kind=st.sampled_from(KINDS),
    new=st.lists(st.tuples(PARTS, st.integers(0, 5)), min_size=1, max_size=3),
)
def test_what_is_added_never_changes_an_intact_picture(
    kind: str, new: list[tuple[bytes, int]]
) -> None:
    """Where chunks of any kind make Pillow show something else, the file is not `intact`."""
    data = TINY[kind]
    for part, place in new:
        starts = [start for _, start, _ in chunks(data)]
        at = starts[min(place, len(starts) - 1)]
        data = data[:at] + part + data[at:]
    verdict = check_bytes(data, "a")
    seen = shown_by_pillow(data)
    if verdict.verdict == "intact" and seen is not None:
        assert seen == shown_by_pillow(TINY[kind])
    if verdict.verdict == "reencoded" and seen is not None:
        expected = np.asarray(Image.open(io.BytesIO(TINY[kind])).convert("RGBA"))
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")), expected)


@given(kind=st.sampled_from(KINDS), level=st.integers(0, 9), size=st.integers(1, 3000))
def test_rewriting_without_loss_is_reencoded(kind: str, level: int, size: int) -> None:
    """Any compression in chunks of any length keeps the pixels, and that is what is said."""
    again = zlib.compress(zlib.decompress(compressed(TINY[kind])), level)
    data = rechunk(size)(with_image_data(TINY[kind], [again]))
    assume(data != TINY[kind])
    assert check_bytes(data, "a").verdict == "reencoded"


@given(kind=st.sampled_from(KINDS), where=st.data())
def test_no_sample_can_change_unseen(kind: str, where: st.DataObject) -> None:
    """Any bit of any sample, saved without loss: `image-changed`, and the place is told."""
    pixels = pixels_of(TINY[kind])
    flat = pixels.reshape(-1)
    at = where.draw(st.integers(0, flat.size - 1))
    flat[at] ^= 1 << where.draw(st.integers(0, 8 * pixels.dtype.itemsize - 1))
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    verdict = check_bytes(with_image_data(TINY[kind], [compressed(out.getvalue())]), "a")
    assert verdict.verdict == "image-changed"
    y, x = np.unravel_index(at, pixels.shape)[:2]
    assert any(y0 <= y < y1 and x0 <= x < x1 for y0, x0, y1, x1 in verdict.regions)


# ---------------------------------------------------------------------------------- never raises


@given(data=st.binary(max_size=300), start=st.sampled_from([SIGNATURE, TINY["gray"][:33]]))
def test_random_bytes_get_a_verdict(data: bytes, start: bytes) -> None:
    """Checking never raises, and random bytes are never intact."""
    assert check_bytes(start + data, "a", full=True).verdict != "intact"


@given(kind=st.sampled_from(KINDS), edits=EDITS)
def test_mangled_files_get_a_verdict(kind: str, edits: list[tuple[int, int, bytes]]) -> None:
    """Several ranges of a file replaced at random: a verdict, whatever comes of it."""
    assert_mangled_gets_a_verdict(TINY[kind], edits)


@given(header=st.binary(min_size=13, max_size=13), body=st.binary(max_size=60))
def test_a_header_of_any_content_gets_a_verdict(header: bytes, body: bytes) -> None:
    """Sizes, depths, colours and methods that there are not, before data that may not be any."""
    for kind in ("deep", "rgb"):
        data = with_image_data(edit(b"IHDR", lambda _: header)(TINY[kind]), [zlib.compress(body)])
        assert check_bytes(data, "a", full=True).verdict != "intact"


# --------------------------------------------------------------------------------------- hostile

LARGE = sealed_bytes(nuclear_tracks((200, 300)), name="a.png")
WIDE = (16_384).to_bytes(4) * 2
HOSTILE = {
    "300,000 chunks": lambda: insert(b"IDAT", chunk(b"tEXt", b"a\0b") * 300_000)(LARGE),
    "131,000 chunks": lambda: insert(b"IDAT", chunk(b"tEXt", b"a\0b") * 131_000)(LARGE),
    "131,000 IDAT": lambda: insert(b"IEND", chunk(b"IDAT") * 131_000)(LARGE),
    "131,000 eXIf": lambda: insert(b"IEND", chunk(b"eXIf") * 131_000)(LARGE),
    "samples of a gigabyte": lambda: with_image_data(
        LARGE, [zlib.compress(bytes(1 << 26), 1)[:-4] * 16]
    ),
    "a header of 2^28 pixels": lambda: edit(b"IHDR", lambda h: WIDE + h[8:])(LARGE),
    "a header of 2^62 pixels": lambda: edit(b"IHDR", lambda h: b"\x7f\xff\xff\xff" * 2 + h[8:])(
        LARGE
    ),
    "a second header": lambda: insert(b"IDAT", chunk(b"IHDR", WIDE + b"\x10\6\0\0\0"))(LARGE),
    "XMP of a gigabyte": lambda: insert(b"IDAT", xmp_chunk(bytes(1 << 20), packed=True) * 1024)(
        LARGE
    ),
    "text of a gigabyte between image data": lambda: insert(
        b"IDAT", chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 26))) * 16, 1
    )(rechunk(5000)(LARGE)),
    "a profile of 64 MB": lambda: insert(
        b"IDAT", chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(1 << 26)))
    )(LARGE),
    "an interlaced picture": lambda: with_seal(interlaced(nuclear_tracks((200, 300)))),
    "an interlaced other picture": lambda: with_seal(interlaced(nuclear_tracks((200, 300), 3))),
    "an interlaced picture, cut": lambda: cut(0.5)(
        with_seal(interlaced(nuclear_tracks((200, 300))))
    ),
    "an animation of many frames": lambda: insert(
        b"IEND", (frame_control(200, 300) + chunk(b"fdAT", b"\0\0\0\1x")) * 20_000
    )(insert(b"IDAT", chunk(b"acTL", b"\0\0\x4e\x20\0\0\0\0"))(LARGE)),
    "a palette of nothing": lambda: with_seal(plain_png(200, 300, 8, 3, bytes(301 * 200))),
    "a depth that is none": lambda: edit(b"IHDR", lambda h: h[:8] + b"\x20\0\0\0\0")(LARGE),
}


def with_seal(other: bytes) -> bytes:
    """Another picture with the seal."""
    return insert(b"IDAT", chunk(b"eXIf", content(LARGE, b"eXIf")))(other)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_take_little_time_and_memory(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Not much beyond the file itself, in either; and never `intact` but for what is beside it."""
    data = HOSTILE[name]()
    began = time.process_time()
    verdict = check_bytes(data, "a")
    assert time.process_time() - began < 12  # 2 s where nothing else runs
    tracemalloc.start()
    check_bytes(data, "a")
    assert tracemalloc.get_traced_memory()[1] < 300_000_000
    tracemalloc.stop()
    path = tmp_path_factory.mktemp("hostile") / "a.png"
    path.write_bytes(data)
    if verdict.verdict == "intact":
        image, _ = read(path)
        assert np.array_equal(image, nuclear_tracks((200, 300)))
    elif name == "an interlaced picture":
        assert verdict.verdict == "reencoded"
