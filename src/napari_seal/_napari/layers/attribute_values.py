"""Values of a layer's attributes: written as JSON, and checked when they come from a file.

Each check raises ValueError, TypeError or OverflowError where a value does not hold; whoever calls
leaves that one out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from napari_seal._text import printable

# Beyond 1e12 the 32-bit floats of the canvas give up.
_LARGEST = 1e12
_MOST_PLANES = 50

# --------------------------------------------------------------------------------------- writing


def number(value: Any) -> float:
    """A finite float."""
    found = float(value)
    if not math.isfinite(found):
        raise ValueError("not a finite number")
    return found


def numbers(value: Any) -> Any:
    """Nested lists of floats from whatever nests numbers, arrays included."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return [numbers(item) for item in value] if isinstance(value, list | tuple) else number(value)


def words(value: Any) -> list[str]:
    """A list of texts, such as of pint's units."""
    return [str(item) for item in value]


def planes_to_json(value: Any) -> Any:
    """The slicing plane, or the list of clipping planes, of a volume."""
    if isinstance(value, Mapping):
        return {
            key: item if isinstance(item, bool) else numbers(item) for key, item in value.items()
        }
    return [planes_to_json(item) for item in value]


# --------------------------------------------------------------------------------------- reading


def between(value: Any, low: float, high: float) -> float:
    """A number in a range."""
    if not _is_number(value) or not low <= value <= high:
        raise ValueError(f"expected a number from {low} to {high}")
    return float(value)


def vector(value: Any, length: int, smallest: float = 0.0) -> list[float]:
    """So many numbers, whose absolute values are not below the smallest."""
    if not isinstance(value, list) or len(value) != length or not all(map(_is_number, value)):
        raise ValueError(f"expected {length} numbers")
    if not all(smallest <= abs(item) <= _LARGEST for item in value):
        raise ValueError("a number out of range")
    return [float(item) for item in value]


def rotation(value: Any, ndim: int) -> Any:
    """A matrix that turns and does nothing else."""
    import numpy as np

    matrix = _matrix(value, ndim)
    if not np.allclose(matrix @ matrix.T, np.eye(ndim), atol=1e-6):
        raise ValueError("not a rotation")
    return matrix


def affine(value: Any, ndim: int) -> Any:
    """A matrix that can be inverted, its last row that of an affine transform."""
    import numpy as np

    matrix = _matrix(value, ndim + 1)
    last = [0] * ndim + [1]
    if not np.array_equal(matrix[ndim], last) or abs(np.linalg.det(matrix)) < 1e-12:
        raise ValueError("not an invertible affine matrix")
    return matrix


def axis_labels(value: Any, ndim: int) -> list[str]:
    """A word for each axis, no two alike."""
    labels = _words(value, ndim, 60)
    if len(set(labels)) != ndim:
        raise ValueError("two equal labels")
    return labels


def units(value: Any, ndim: int) -> list[str]:
    """A unit for each axis, those of the picture of one kind."""
    import pint

    names = _words(value, ndim, 40)
    # Only names: pint evaluates arithmetic, and "m**9**9**9" would never come back.
    if not all(name.replace("_", "").isalpha() for name in names):
        raise ValueError("expected names of units")
    registry = pint.get_application_registry()
    try:
        found = [registry.Unit(name) for name in names]
    except Exception as error:  # pint raises AttributeError, its own errors and parser errors
        raise ValueError("unknown unit") from error
    if found[-2].dimensionality != found[-1].dimensionality:
        raise ValueError("units of two kinds")
    return names


def blending(value: Any) -> str:
    """How a layer lies on those below it."""
    from napari.layers.base._base_constants import Blending

    return one_of(value, set(map(str, Blending)))


def interpolation(value: Any) -> str:
    """How the space between pixels is filled."""
    from napari.layers.image._image_constants import Interpolation

    # "custom" needs a kernel that is not stored.
    return one_of(value, set(map(str, Interpolation)) - {"custom"})


def rendering(value: Any) -> str:
    """How a volume is shown; of labels in another way than of images."""
    from napari.layers.image._image_constants import ImageRendering
    from napari.layers.labels._labels_constants import LabelsRendering

    return one_of(value, {*map(str, ImageRendering), *map(str, LabelsRendering)})


def projection(value: Any) -> str:
    """What is shown of a thick slice."""
    from napari.layers.base._base_constants import BaseProjectionMode
    from napari.layers.image._image_constants import ImageProjectionMode

    return one_of(value, {*map(str, ImageProjectionMode), *map(str, BaseProjectionMode)})


def one_of(value: Any, known: set[str] | frozenset[str]) -> str:
    """A word that is known."""
    if not isinstance(value, str) or value not in known:
        raise ValueError("an unknown word")
    return value


def contrast(value: Any, window: Any, top: int) -> list[float]:
    """Two limits, from original intensities to levels where there is a window."""
    low, high = vector(value, 2)
    if not low < high:
        raise ValueError("expected two numbers in ascending order")
    mapped = [level(low, window, top), level(high, window, top)]
    if not (mapped[0] < mapped[1] and all(abs(limit) <= _LARGEST for limit in mapped)):
        raise ValueError("out of the image's range")
    return mapped


def level(value: Any, window: Any, top: int) -> float:
    """An intensity as the level that stands for it, where there is a window."""
    intensity = between(value, -_LARGEST, _LARGEST)
    if window is None:
        return intensity
    span = float(window.high) - float(window.low)
    if not (math.isfinite(span) and span > 0):
        raise ValueError("the image is flat")
    found = top * (intensity - float(window.low)) / span
    if not abs(found) <= 1e6:
        raise ValueError("out of the image's range")
    return found


def plane_of_volume(value: Any) -> dict[str, Any]:
    """A plane through a volume."""
    known = value if isinstance(value, Mapping) else {}
    found: dict[str, Any] = {
        "position": tuple(vector(known.get("position"), 3)),
        "normal": tuple(vector(known.get("normal"), 3)),
    }
    if not any(found["normal"]):
        raise ValueError("a plane without a direction")
    if "thickness" in known:
        found["thickness"] = between(known["thickness"], 1e-6, 1e6)
    if "enabled" in known:
        found["enabled"] = known["enabled"] is True
    return found


def clipping_planes(value: Any) -> list[dict[str, Any]]:
    """Planes that cut a volume off."""
    if not isinstance(value, list) or len(value) > _MOST_PLANES:
        raise ValueError(f"expected at most {_MOST_PLANES} planes")
    return [plane_of_volume(item) for item in value]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _matrix(value: Any, size: int) -> Any:
    import numpy as np

    if not isinstance(value, list) or len(value) != size:
        raise ValueError(f"expected a {size} x {size} matrix")
    return np.array([vector(row, size) for row in value])


def _words(value: Any, count: int, limit: int) -> list[str]:
    if not isinstance(value, list) or len(value) != count:
        raise ValueError(f"expected {count} words")
    if not all(isinstance(word, str) and 0 < len(word) <= limit for word in value):
        raise ValueError("a word that is empty or too long")
    return [printable(word) for word in value]
