"""Seals that claim what no original can be: a verdict is given, whatever they claim."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutators import redraw, reseal
from originals import spot
from support import codes, sealed_bytes

from napari_seal import check


def claims(array: np.ndarray) -> Any:
    """A seal that claims this array as its source."""
    return lambda body: body["source"].update(
        digest="sha256:" + hashlib.sha256(array.tobytes()).hexdigest(),
        shape=list(array.shape),
        dtype=array.dtype.name,
    )


NOISE = np.random.default_rng(0).integers(0, 255, (64, 64, 5)).astype(np.uint8)
SEALED = sealed_bytes(NOISE[..., 0])


@pytest.mark.parametrize(
    ("edit", "original"),
    [
        (claims(NOISE), NOISE),
        (claims(NOISE[..., :4].copy()), NOISE[..., :4].copy()),
        (claims(NOISE[..., :2].copy()), NOISE[..., :2].copy()),
        (claims(NOISE[0, :, 0].copy()), NOISE[..., 0]),
        (claims(NOISE[None, ..., 0].copy()), NOISE[None, ..., 0]),
        (lambda s: s.update(quality=10**30), NOISE[..., 0]),
        (lambda s: s.update(quality=0), NOISE[..., 0]),
        (lambda s: s.update(window={"low": 5, "high": 1}), NOISE[..., 0]),
        (lambda s: s.update(window={"low": 5.5, "high": 1.5}), NOISE[..., 0]),
        (lambda s: s.update(window={"low": -1e308, "high": 1e308}), NOISE[..., 0]),
        (lambda s: s.update(window={"low": 0, "high": 2**200}), NOISE[..., 0]),
        (lambda s: s.update(window={"low": 0.0, "high": 1e-310}), NOISE[..., 0]),
        (lambda s: s.pop("source") and None, NOISE[..., 0]),
        (lambda s: s.pop("window") and None, NOISE[..., 0]),
        (lambda s: s.pop("quality") and None, NOISE[..., 0]),
        (lambda s: s["pixels"].update(digest="sha256:" + "0" * 64), NOISE[..., 0]),
    ],
)
def test_hostile_claims_about_the_source_never_raise(
    edit: Any, original: np.ndarray, tmp_path: Path
) -> None:
    """Five channels, one axis, impossible windows and qualities: a verdict, whatever is claimed."""
    path = tmp_path / "a.jpg"
    for data in (reseal(edit)(SEALED), reseal(edit)(redraw(spot)(SEALED))):
        path.write_bytes(data)
        verdict = check(path, source=original)
        assert set(codes(verdict)) & {"original-not-comparable", "original-confirmed"}
        assert str(verdict).isprintable()
