"""What is kept of one file must not be said of another: both ways agree whatever came before."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutators import exif_payload, with_exif
from support import sealed_bytes

from napari_seal._verify import alike
from napari_seal._verify.check import check_bytes
from napari_seal._verify.quick import prove
from napari_seal._verify.steps import check_image

IMAGE = np.random.default_rng(5).integers(0, 60_000, (24, 40), np.uint16)
FILES = [
    sealed_bytes(IMAGE, metadata={"z": 1}),
    sealed_bytes(IMAGE.T, metadata={"z": 2}),
    sealed_bytes(np.stack([IMAGE >> 8] * 3, -1).astype(np.uint8), metadata={"sample": "TDR"}),
    sealed_bytes(IMAGE, exif={"Make": "Zeiss", "GPSAltitude": (5, 2)}),
]


def assert_both_agree(data: bytes) -> None:
    """The short way says what the long way says, or nothing."""
    verdict = prove(data, "a")
    if verdict is not None:
        assert verdict == check_image(data, "a", full=False)


@pytest.mark.parametrize("number", range(len(FILES)))
def test_a_second_file_is_proven_like_the_first(number: int) -> None:
    """From what is kept, it is intact; a changed one is not."""
    data = FILES[number]
    for _ in range(2):
        assert prove(data, "a") is not None
    for at in range(20, len(data), 7):
        changed = bytearray(data)
        changed[at] ^= 1
        assert_both_agree(bytes(changed))


@settings(max_examples=300)
@given(
    number=st.integers(0, len(FILES) - 1),
    edits=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 255)), max_size=4),
    cut=st.none() | st.integers(0, 900),
)
def test_what_is_kept_is_not_said_of_others(
    number: int, edits: list[tuple[int, int]], cut: int | None
) -> None:
    """After a whole file, one with other bytes in its head, or with some of them left out."""
    assert prove(FILES[number], "a") is not None
    data = bytearray(FILES[number])
    for at, value in edits:
        data[at % len(data)] = value
    if cut is not None:
        del data[cut % len(data)]
    if bytes(data[:3]) == b"\xff\xd8\xff":
        assert_both_agree(bytes(data))


@pytest.mark.parametrize("tag", [0x9286, 0xA420], ids=["UserComment", "ImageUniqueID"])
@pytest.mark.parametrize("kind", [3, 4, 9])
def test_values_of_several_bytes_go_the_long_way(tag: int, kind: int) -> None:
    """As numbers they would be read in the block's byte order; the proof is over single bytes."""
    data = FILES[0]
    payload = exif_payload(data)
    assert payload[6:8] == b"MM"
    at = payload.index(struct.pack(">H", tag), 20)
    (count,) = struct.unpack_from(">I", payload, at + 4)
    width = {3: 2, 4: 4, 9: 4}[kind]
    entry = struct.pack(">HHI", tag, kind, count // width)
    other = with_exif(data, payload[:at] + entry + payload[at + 8 :])
    assert prove(data, "a") is not None
    assert prove(other, "a") is None
    assert check_bytes(other, "a").verdict != "intact"


def test_little_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive of a million different layouts does not fill the memory."""
    monkeypatch.setattr(alike, "_MOST", 5)
    kept = alike._Beginnings[int]()
    for number in range(100):
        kept.keep(bytes([number]) * (number % 20 + 1), number)
        assert len(kept._known) <= 5
        assert len(kept._lengths) <= alike._LENGTHS
    assert kept.find(b"none") is None
