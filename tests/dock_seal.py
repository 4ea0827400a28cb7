"""Fixtures of the widget "Seal layer...": it stands beside layers of several kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def seal_viewer(picture: np.ndarray) -> Any:
    """A viewer, which needs no graphics, with two images and something else."""
    from napari.components import ViewerModel

    made = ViewerModel()
    made.add_image(np.zeros((4, 8, 8)), name="stack")
    made.add_points(np.zeros((2, 2)))
    made.add_image(picture, name="a/b: c", metadata={"plate": 3, "note": "12", "bad": {1}})
    return made


@pytest.fixture
def seal_widget(seal_viewer: Any, qtbot: Any, tmp_path: Path) -> Any:
    """The widget, with a folder of its own as the target; it hears what a docked one hears."""
    from napari_seal._napari.saving.seal_widget import SealWidget

    made = SealWidget(seal_viewer)
    qtbot.addWidget(made.native)
    events = seal_viewer.layers.events
    for event in (events.inserted, events.removed, events.reordered, events.renamed):
        event.connect(made.reset_choices)
    made.target.value = tmp_path / "x.sealed.jpg"
    return made
