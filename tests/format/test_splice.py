"""Pieces that are put into a file."""

from __future__ import annotations

import pytest

from napari_seal._format import splice as module
from napari_seal._format.splice import splice


@pytest.mark.parametrize("block", [1, 7, 10, 1 << 20])
@pytest.mark.parametrize("at", [0, 2, 9, 10])
def test_no_other_byte_is_touched(block: int, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the blocks in which the rest is copied."""
    monkeypatch.setattr(module, "_BLOCK", block)
    data = bytes(range(10))
    assert splice(data, at, [b"one", b"", b"two"]) == data[:at] + b"onetwo" + data[at:]
    assert splice(data, at, []) == data
