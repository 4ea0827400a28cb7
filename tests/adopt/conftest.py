"""Adopting what is in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import napari_seal

Adopt = Callable[..., bytes]


@pytest.fixture
def adopted(tmp_path: Path) -> Adopt:
    """Adopt the content of a file; return that of the sealed one."""

    def work(data: bytes, **options: Any) -> bytes:
        path = tmp_path / "old.jpg"
        path.write_bytes(data)
        napari_seal.adopt(path, in_place=True, **options)
        return path.read_bytes()

    return work
