"""What the page on napari shows of Python is so, in a real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import DOCS, blocks_of

PAGE = DOCS / "howto" / "napari.md"


def test_python_of_the_page(
    make_napari_viewer: Callable[[], Any],
    plugin: None,
    picture: np.ndarray,
    sealed: Callable[..., Path],
    edit: Callable[[Path], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each block runs as it stands: layers are saved by name, and the verdict is had as values."""
    monkeypatch.chdir(tmp_path)
    blocks = [block for block in blocks_of(PAGE) if block.language == "py"]
    one, all_layers, entry = blocks
    viewer = make_napari_viewer()
    viewer.add_image(picture, name="field")
    viewer.add_image(picture // 2, name="cells")
    for block in (one, all_layers):
        exec(block.text, {"viewer": viewer})
    assert Path("field_0001.sealed.jpg").is_file()
    assert Path("cells.sealed.png").is_file()
    assert len(list(Path("today").iterdir())) == 2

    viewer.layers.clear()
    viewer.open(edit(sealed("b.sealed.jpg")), plugin="napari-seal")
    names: dict[str, Any] = {"viewer": viewer}
    exec(entry.text, names)
    assert names["entry"]["verdict"] == "image-changed"
    assert {"reasons", "regions", "strengths"} <= set(names["entry"])
