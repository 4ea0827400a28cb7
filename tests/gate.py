"""Holding a sealer up, so that tests need not be quicker than it."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from support import PATIENCE

from napari_seal import Sealer, Sealing

#: An image that cannot be sealed.
NAN = np.full((8, 8), np.nan)


class Gate:
    """Holds the workers up: an image that fails keeps its worker until the gate is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self.told: list[Sealing] = []

    def __call__(self, sealing: Sealing) -> None:
        self.told.append(sealing)
        self.reached.set()
        assert self.opened.wait(PATIENCE)

    def hold(self, sealer: Sealer, folder: Path) -> Sealing:
        """Keep one worker busy."""
        sealing = sealer.submit(NAN, folder / "nan.jpg")
        assert self.reached.wait(PATIENCE)
        return sealing
