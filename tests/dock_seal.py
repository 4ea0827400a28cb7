"""The widget "Seal layer..." for its tests: with layers of several kinds, and a target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from napari.components import ViewerModel

from napari_seal._napari.saving.seal_widget import SealWidget


def some_layers(picture: np.ndarray) -> ViewerModel:
    """Two images and something else."""
    made = ViewerModel()
    made.add_image(np.zeros((4, 8, 8)), name="stack")
    made.add_points(np.zeros((2, 2)))
    made.add_image(picture, name="a/b: c", metadata={"plate": 3, "note": "12", "bad": {1}})
    return made


def docked(viewer: ViewerModel, qtbot: Any, folder: Path) -> SealWidget:
    """The widget, with a folder of its own as the target; it hears what a docked one hears."""
    made = SealWidget(viewer)
    qtbot.addWidget(made.native)
    events = viewer.layers.events
    for event in (events.inserted, events.removed, events.reordered, events.renamed):
        event.connect(made.reset_choices)
    made.target.value = folder / "x.sealed.jpg"
    return made
