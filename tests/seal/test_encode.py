"""From levels to JPEG bytes."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mutators import APP0, COM, SOF0, find, spans
from PIL import Image

from napari_seal import OptionError
from napari_seal._format import jpeg
from napari_seal._seal.encode import check_quality, encode_jpeg, encode_png

NOISE = np.random.default_rng(1).integers(0, 256, (33, 41, 3), np.uint8)


@pytest.mark.parametrize("quality", [1, 90, 100, np.uint8(50)])
def test_quality_is_a_whole_number_from_1_to_100(quality: Any) -> None:
    """Python and NumPy integers are taken."""
    assert check_quality(quality) == quality
    assert type(check_quality(quality)) is int


@pytest.mark.parametrize("quality", [0, 101, -1, True, 90.0, "90", None, np.float64(90)])
def test_other_qualities_are_refused(quality: Any) -> None:
    """Numbers out of range, truth values and floats."""
    with pytest.raises(OptionError, match="quality"):
        check_quality(quality)


@pytest.mark.parametrize("levels", [NOISE, NOISE[..., 0], NOISE[:1, :1], NOISE[::2, ::-1]])
@pytest.mark.parametrize("quality", [1, 90, 100])
def test_the_file_is_baseline_with_jfif_and_nothing_else(levels: np.ndarray, quality: int) -> None:
    """One component for gray, three without subsampling for colour; no metadata."""
    data = encode_jpeg(levels, quality)
    markers = [marker for marker, _, _ in spans(data)]
    start, end = find(data, SOF0)
    components = data[start + 10 : end]
    assert {APP0} == {m for m in markers if m & 0xF0 == 0xE0 or m == COM}
    assert list(components[1::3]) == [0x11] * (1 if levels.ndim == 2 else 3)
    assert Image.open(io.BytesIO(data)).size == levels.shape[1::-1]


def test_the_same_levels_give_the_same_bytes() -> None:
    """Encoding is deterministic, and blind to memory layout."""
    assert encode_jpeg(NOISE, 90) == encode_jpeg(np.asfortranarray(NOISE), 90)


@pytest.mark.parametrize("levels", [NOISE, NOISE[..., 0], NOISE[:1, :1]])
@pytest.mark.parametrize("encode", [encode_png, lambda levels: encode_jpeg(levels, 90)])
def test_other_threads_change_nothing(
    levels: np.ndarray, encode: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While other threads run, the encoder writes to a file in memory: the same bytes."""
    with monkeypatch.context() as patch:
        patch.delattr(os, "memfd_create", raising=False)
        alone, ended = encode(levels), threading.Event()
    other = threading.Thread(target=ended.wait)
    other.start()
    try:
        assert encode(levels) == alone
    finally:
        ended.set()
        other.join()


@pytest.mark.parametrize("levels", [NOISE, NOISE[..., 0], NOISE[:1, :1], NOISE[:8, :8, 1]])
@pytest.mark.parametrize("quality", [1, 50, 90, 100])
def test_the_only_scan_ends_with_the_file(levels: np.ndarray, quality: int) -> None:
    """Without a search, the digests of what was encoded are those of the full rules."""
    data = encode_jpeg(levels, quality)
    short, full = jpeg.walk(data, to_final_marker=True), jpeg.walk(data)
    assert short.codestream() == full.codestream()
    assert short.length == full.length
    assert short.only_scan() == full.scan()
