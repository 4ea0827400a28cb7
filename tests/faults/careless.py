"""A writer as it should not be: what shows that the trials find what is lost."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np
from faults.files import IMAGE, _judge_file, _seal
from faults.trial import Scenario
from support import sealed_bytes

NAME = "a.sealed.jpg"


def _in_place(folder: Path) -> None:
    """Write over the file itself."""
    data = sealed_bytes(IMAGE, name=NAME, metadata={"which": "new"})
    with open(folder / NAME, "wb", buffering=0) as file:
        file.write(data)


def _unsynchronised(folder: Path) -> None:
    """Rename a file whose content may not be on the disk."""
    part = folder / ".napari-seal-0.part"
    part.write_bytes(np.zeros(9).tobytes())
    os.replace(part, folder / NAME)


CARELESS = (
    Scenario("write in place", partial(_seal, "old", NAME, False), _in_place,
             partial(_judge_file, NAME, True)),
)  # fmt: skip
UNSYNCHRONISED = Scenario("rename at once", lambda _: None, _unsynchronised, lambda *_: None)
