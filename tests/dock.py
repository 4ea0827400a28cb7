"""What the tests of the dock widget do with it, as a person would."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

#: Files that take a while: some seconds.
MANY = 40_000


def add_results(model: Any, verdicts: Any, folder: str = "") -> None:
    """Give verdicts to a `VerdictModel` as a run over ``folder`` does."""
    if not len(model.rows):
        model.rows.folder = folder
    model.append([model.rows.pack(verdicts)])


def choose(widget: Any, qtbot: Any, folder: object, ledger: object) -> None:
    """Choose what to verify and the ledger, and wait until the dock has looked at it."""
    widget.set_paths([str(folder)])
    widget.ledger.line.setText(str(ledger))
    qtbot.waitUntil(lambda: not widget.ledger.looking)


def verify(widget: Any, qtbot: Any) -> None:
    """Press the button, and wait for the end."""
    qtbot.waitUntil(lambda: not widget.ledger.looking)
    widget.start.native.click()
    assert widget.running
    qtbot.waitUntil(lambda: not widget.running and not widget.ledger.looking)


def rows(widget: Any) -> dict[str, str]:
    """File and what is said of it, by row."""
    model = widget.table.results
    return {
        model.data(model.index(row, 1)): model.data(model.index(row, 0))
        for row in range(model.rowCount())
    }


def run(widget: Any, qtbot: Any, *paths: object) -> None:
    """Verify as by pressing the button, and wait for the end."""
    widget.set_paths([str(path) for path in paths])
    widget.start.native.click()
    assert widget.running
    qtbot.waitUntil(lambda: not widget.running)


class SlowImage:
    """An image whose data are read when they are needed, and are not there before `gate` opens.

    What napari needs to show it is there at once.
    """

    def __init__(self, image: np.ndarray) -> None:
        self._image = image
        self.shape, self.dtype, self.ndim = image.shape, image.dtype, image.ndim
        self.gate, self.wanted = threading.Event(), threading.Event()

    def __getitem__(self, key: Any) -> Any:
        return self._image[key]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        self.wanted.set()
        assert self.gate.wait(60)
        return self._image.astype(self.dtype if dtype is None else dtype)
