"""Sample data: a sealed field of nuclear tracks, and the same file after somebody edited it.

Both are real files, made when they are asked for: the first is sealed, the second is sealed, then
changed with an image editor's means and saved again with its Exif data kept.  The verdicts
that appear are what the check finds, nothing is staged.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_seal._napari.layers.user_metadata import VERDICT_KEY

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from napari.layers import Layer

_NAME = "tracks.sealed.jpg"
_METADATA = {"detector": "CR-39", "etching_hours": 6, "microscope": "example"}
_LAYER = {
    "name": "nuclear tracks",
    "scale": [0.45, 0.45],
    "units": ["micrometer", "micrometer"],
    "axis_labels": ["y", "x"],
}


def intact() -> list[tuple[Any, dict[str, Any], str]]:
    """Return the sealed image, for File > Open Sample."""
    return _open(_folder("intact") / _NAME)


def altered() -> list[tuple[Any, dict[str, Any], str]]:
    """Return the image that was edited after sealing, for File > Open Sample."""
    path = _folder("altered") / _NAME
    _edit(path)
    return _open(path)


def track_field(size: int = 768, tracks: int = 90, seed: int = 5) -> npt.NDArray[np.uint16]:
    """Draw etched nuclear tracks as a robotic microscope sees them: dark pits, a bright core.

    Parameters
    ----------
    size : int
        Side of the picture in pixels.
    tracks : int
        Number of pits.
    seed : int
        Of the random numbers.

    Returns
    -------
    (size, size) ndarray of uint16
        About 12 significant bits, uneven light, shot noise.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    light = 2900 - 900 * (((y - size * 0.45) ** 2 + (x - size * 0.55) ** 2) / size**2)
    for _ in range(tracks):
        cy, cx = random.uniform(0, size, 2)
        long, flat = random.uniform(5, 17), random.uniform(0.45, 1)
        angle = random.uniform(0, np.pi)
        # Far from its centre a pit changes nothing: only its surroundings are drawn.
        near = tuple(slice(max(0, int(c - 4 * long)), int(c + 4 * long)) for c in (cy, cx))
        dy, dx = y[near] - cy, x[near] - cx
        along = (dx * np.cos(angle) + dy * np.sin(angle)) / long
        across = (dy * np.cos(angle) - dx * np.sin(angle)) / (long * flat)
        radius = np.hypot(along, across)
        light[near] *= 1 - 0.82 / (1 + np.exp(np.clip((radius - 1) * long * 0.8, -50, 50)))
        light[near] += 1500 * np.exp(-((radius * 3.2) ** 2)) * (long > 9)
    field = np.clip(random.poisson(np.clip(light, 20, None)) + 160, 0, 65535)
    return np.asarray(field, dtype=np.uint16)


@cache
def _field() -> npt.NDArray[np.uint16]:
    return track_field()


@cache
def _root() -> str:
    # Kept until the interpreter ends, then removed.
    folder = tempfile.mkdtemp(prefix="napari-seal-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _folder(name: str) -> Path:
    """A folder with the freshly sealed image."""
    import napari_seal

    folder = Path(_root(), name)
    folder.mkdir(exist_ok=True)
    image = _field()
    low, high = int(image.min()), int(image.max())
    napari_seal.seal(
        image,
        str(folder / _NAME),
        metadata=_METADATA,
        layer=_LAYER | {"contrast_limits": [low, high]},
        overwrite=True,
    )
    return folder


def _edit(path: Path) -> None:
    """Move one track onto another place and save, as an image editor does: Exif kept."""
    from PIL import Image

    with Image.open(path) as image:
        exif = image.info["exif"]
        edited = image.copy()
    width, height = edited.size
    piece = edited.crop((width // 12, height // 12, width // 4, height // 5))
    edited.paste(piece, (width * 11 // 20, height * 9 // 20))
    edited.save(path, "JPEG", quality=92, exif=exif)


def _open(path: Path) -> list[tuple[Any, dict[str, Any], str]]:
    """Open the file as the reader does, and take the layers apart: samples cannot be layers."""
    from napari_seal._napari.opening.opened import scores_of
    from napari_seal._napari.opening.overlays import equip
    from napari_seal._napari.opening.reader import finish, read_file

    image, *overlays = read_file(str(path))
    scores = scores_of(image)
    found = [layer.as_layer_data_tuple() for layer in (image, *overlays)]
    _when_added(found[0], lambda layer: finish(layer, scores))
    for overlay in found[1:]:
        _when_added(overlay, equip)
    return found


def _when_added(made: tuple[Any, dict[str, Any], str], do: Callable[[Layer], None]) -> None:
    """Do to the layer that napari is about to make what no keyword of it says."""
    import napari

    viewer = napari.current_viewer()
    if viewer is None:
        return
    name, entry = made[1]["name"], made[1]["metadata"][VERDICT_KEY]

    def once(event: Any) -> None:
        # napari may have numbered the name.
        if event.value.name.startswith(name) and event.value.metadata.get(VERDICT_KEY) == entry:
            viewer.layers.events.inserted.disconnect(once)
            do(event.value)

    viewer.layers.events.inserted.connect(once)
