"""What napari knows about a layer, as JSON for the seal, and back.

On the way in, values are NumPy scalars, enums and pint units.  On the way back they come from a
file that anybody may have written: each is checked by itself, and what does not hold is left out
with a note; an image always opens.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from napari_seal._napari.colormaps import colormap_from_json, colormap_to_json
from napari_seal._text import printable

# A pyramid, a volume rendering or a hidden layer mean nothing for the one picture that is stored.
_PLAIN = ("scale", "translate", "rotate", "shear", "affine")
_WORDS = ("blending", "interpolation2d")
_NUMBERS = ("gamma", "opacity")
_NAME_LIMIT = 200


def attributes_to_json(meta: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Turn the attributes of an image layer into the JSON object stored as ``seal.layer``.

    Parameters
    ----------
    meta : mapping
        The second item of ``layer.as_layer_data_tuple()``.

    Returns
    -------
    attributes : dict
        Name, scale, translate, rotate, shear, affine, units, axis labels, colormap, contrast limits
        (in units of the original intensities), gamma, opacity, blending, interpolation.
    left_out : list of str
        Which of them could not be expressed, and why.
    """
    stored: dict[str, Any] = {}
    left_out: list[str] = []
    steps: dict[str, Callable[[Any], Any]] = {
        "name": str,
        "type": str,
        **dict.fromkeys(_PLAIN, _numbers),
        "units": lambda value: [str(unit) for unit in value],
        "axis_labels": lambda value: [str(label) for label in value],
        "colormap": colormap_to_json,
        "contrast_limits": _numbers,
        **dict.fromkeys(_NUMBERS, _number),
        **dict.fromkeys(_WORDS, str),
    }
    for key, convert in steps.items():
        value = meta.get(key)
        # A colormap does nothing to an RGB picture, and that of labels is napari's.
        if value is None or (key == "colormap" and (meta.get("rgb") or meta.get("type"))):
            continue
        try:
            stored[key] = convert(value)
        except (TypeError, ValueError) as error:
            left_out.append(f"{key} ({printable(error, 100)})")
    return stored, left_out


def attributes_from_json(
    stored: Mapping[str, Any] | None, *, window: Any, rgb: bool, intact: bool, top: int = 255
) -> tuple[dict[str, Any], list[str]]:
    """Turn ``seal.layer`` back into keyword arguments of `napari.layers.Image`.

    Contrast limits were given in units of the original intensities.  Where the layer shows the
    stored levels, they are mapped through the window, so that the picture looks as it did.

    Parameters
    ----------
    stored : mapping or None
        The JSON object, from a file that nobody vouches for.
    window : Window or None
        ``seal.window``, with ``low`` and ``high`` in original units; None where the layer shows the
        original intensities.
    top : int
        The highest level.
    rgb : bool
        Whether the picture has colours of its own.
    intact : bool
        Opacity and blending are restored only then: a faint layer would hide the flag.

    Returns
    -------
    keywords : dict
        What was valid.
    notes : list of str
        What was not, each with a few words.
    """
    keywords: dict[str, Any] = {}
    notes: list[str] = []
    if not isinstance(stored, Mapping):
        return keywords, notes
    steps: dict[str, Callable[[Any], Any]] = {
        "scale": lambda value: _vector(value, 2, smallest=1e-12),
        "translate": lambda value: _vector(value, 2),
        "rotate": _rotation,
        "shear": lambda value: _vector(value, 1),
        "affine": _affine,
        "units": _units,
        "axis_labels": _labels,
        "gamma": lambda value: _between(value, 0.01, 10),
        "interpolation2d": _interpolation,
    }
    if not rgb:
        steps["colormap"] = colormap_from_json
        steps["contrast_limits"] = lambda value: _contrast(value, window, top)
    if intact:
        steps["opacity"] = lambda value: _between(value, 0, 1)
        steps["blending"] = _blending
    for key, restore in steps.items():
        if key in stored:
            try:
                keywords[key] = restore(stored[key])
            except (TypeError, ValueError, OverflowError) as error:
                notes.append(f"{key} ({printable(error, 100)})")
    return keywords, notes


def name_from_json(stored: Mapping[str, Any] | None) -> str | None:
    """Return the stored layer name, safe to show, or None where there is no usable one."""
    name = stored.get("name") if isinstance(stored, Mapping) else None
    if not isinstance(name, str) or not name.strip():
        return None
    return printable(name.strip(), _NAME_LIMIT)


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _numbers(value: Any) -> Any:
    """Nested lists of floats from whatever nests numbers, arrays included."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return [_numbers(item) for item in value] if isinstance(value, list | tuple) else _number(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _between(value: Any, low: float, high: float) -> float:
    if not _is_number(value) or not low <= value <= high:
        raise ValueError(f"expected a number from {low} to {high}")
    return float(value)


def _vector(value: Any, length: int, smallest: float = 0.0) -> list[float]:
    # Beyond 1e12 the 32-bit floats of the canvas give up.
    if not isinstance(value, list) or len(value) != length or not all(map(_is_number, value)):
        raise ValueError(f"expected {length} numbers")
    if not all(smallest <= abs(number) <= 1e12 for number in value):
        raise ValueError("a number out of range")
    return [float(number) for number in value]


def _matrix(value: Any, size: int) -> Any:
    import numpy as np

    if not isinstance(value, list) or len(value) != size:
        raise ValueError(f"expected a {size} x {size} matrix")
    return np.array([_vector(row, size) for row in value])


def _rotation(value: Any) -> Any:
    import numpy as np

    matrix = _matrix(value, 2)
    if not np.allclose(matrix @ matrix.T, np.eye(2), atol=1e-6):
        raise ValueError("not a rotation")
    return matrix


def _affine(value: Any) -> Any:
    import numpy as np

    matrix = _matrix(value, 3)
    if not np.array_equal(matrix[2], [0, 0, 1]) or abs(np.linalg.det(matrix)) < 1e-12:
        raise ValueError("not an invertible affine matrix")
    return matrix


def _words(value: Any, limit: int) -> list[str]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("expected 2 words")
    if not all(isinstance(word, str) and 0 < len(word) <= limit for word in value):
        raise ValueError("a word that is empty or too long")
    return [printable(word) for word in value]


def _labels(value: Any) -> list[str]:
    labels = _words(value, 60)
    if len(set(labels)) != 2:
        raise ValueError("two equal labels")
    return labels


def _units(value: Any) -> list[str]:
    import pint

    words = _words(value, 40)
    # Only names: pint evaluates arithmetic, and "m**9**9**9" would never come back.
    if not all(word.replace("_", "").isalpha() for word in words):
        raise ValueError("expected names of units")
    registry = pint.get_application_registry()
    try:
        units = [registry.Unit(word) for word in words]
    except Exception as error:  # pint raises AttributeError, its own errors and parser errors
        raise ValueError("unknown unit") from error
    if units[0].dimensionality != units[1].dimensionality:
        raise ValueError("units of two kinds")
    return words


def _interpolation(value: Any) -> str:
    from napari.layers.image._image_constants import Interpolation

    # "custom" needs a kernel that is not stored.
    if value not in set(map(str, Interpolation)) - {"custom"}:
        raise ValueError("unknown interpolation")
    return str(value)


def _blending(value: Any) -> str:
    from napari.layers.base._base_constants import Blending

    if value not in set(map(str, Blending)):
        raise ValueError("unknown blending")
    return str(value)


def _contrast(value: Any, window: Any, top: int) -> list[float]:
    low, high = _vector(value, 2)
    if not low < high:
        raise ValueError("expected two numbers in ascending order")
    if window is None:
        return [low, high]
    span = float(window.high) - float(window.low)
    if not (math.isfinite(span) and span > 0):
        raise ValueError("the image is flat")
    mapped = [top * (limit - float(window.low)) / span for limit in (low, high)]
    if not (mapped[0] < mapped[1] and all(abs(limit) <= 1e6 for limit in mapped)):
        raise ValueError("out of the image's range")
    return mapped
