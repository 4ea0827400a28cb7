"""What napari knows about a layer, as JSON for the seal, and back.

On the way in, values are NumPy scalars, enums and pint units.  On the way back they come from a
file that anybody may have written: each is checked by itself, and what does not hold is left out
with a note; an image always opens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from napari_seal._napari.layers import attribute_values as values
from napari_seal._napari.layers.colormaps import colormap_from_json, colormap_to_json
from napari_seal._text import printable

# A hidden layer means nothing for what is stored, and a pyramid is stored as its full resolution.
_OF_AXES = ("scale", "translate", "rotate", "shear", "affine")
_WORDS = ("blending", "interpolation2d")
_NUMBERS = ("gamma", "opacity")
#: How a volume is shown: nothing that a single picture has.
_OF_VOLUMES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "projection_mode": str,
    "rendering": str,
    "interpolation3d": str,
    "depiction": str,
    "iso_gradient_mode": str,
    "attenuation": values.number,
    "iso_threshold": values.number,
    "plane": values.planes_to_json,
    "experimental_clipping_planes": values.planes_to_json,
}
#: What a layer of labels has no keyword for.
OF_IMAGES: Final = frozenset(
    {
        "rgb", "contrast_limits", "colormap", "gamma", "interpolation2d", "interpolation3d",
        "attenuation", "iso_threshold",
    }
)  # fmt: skip
#: What a layer of images has no keyword for.
OF_LABELS: Final = frozenset({"iso_gradient_mode"})
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
        (in units of the original intensities), gamma, opacity, blending, interpolation; of more
        than two dimensions also how the volume was shown.
    left_out : list of str
        Which of them could not be expressed, and why.
    """
    stored: dict[str, Any] = {}
    left_out: list[str] = []
    scale = meta.get("scale")
    steps: dict[str, Callable[[Any], Any]] = {
        "name": str,
        "type": str,
        **dict.fromkeys(_OF_AXES, values.numbers),
        "units": values.words,
        "axis_labels": values.words,
        "colormap": colormap_to_json,
        "contrast_limits": values.numbers,
        **dict.fromkeys(_NUMBERS, values.number),
        **dict.fromkeys(_WORDS, str),
        **(_OF_VOLUMES if scale is not None and len(scale) > 2 else {}),
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
    stored: Mapping[str, Any] | None,
    *,
    window: Any,
    rgb: bool,
    intact: bool,
    top: int = 255,
    ndim: int = 2,
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
    rgb : bool
        Whether the picture has colours of its own.
    intact : bool
        Opacity and blending are restored only then: a faint layer would hide the flag.
    top : int
        The highest level.
    ndim : int
        Dimensions of the layer, without that of colours.

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
        "scale": lambda value: values.vector(value, ndim, smallest=1e-12),
        "translate": lambda value: values.vector(value, ndim),
        "rotate": lambda value: values.rotation(value, ndim),
        "shear": lambda value: values.vector(value, ndim * (ndim - 1) // 2),
        "affine": lambda value: values.affine(value, ndim),
        "units": lambda value: values.units(value, ndim),
        "axis_labels": lambda value: values.axis_labels(value, ndim),
        "gamma": lambda value: values.between(value, 0.01, 10),
        "interpolation2d": values.interpolation,
    }
    if not rgb:
        steps["colormap"] = colormap_from_json
        steps["contrast_limits"] = lambda value: values.contrast(value, window, top)
    if ndim > 2:
        steps |= _volume_steps(window, top)
    if intact:
        steps["opacity"] = lambda value: values.between(value, 0, 1)
        steps["blending"] = values.blending
    for key, restore in steps.items():
        if key in stored:
            try:
                keywords[key] = restore(stored[key])
            except (TypeError, ValueError, OverflowError) as error:
                notes.append(f"{key} ({printable(error, 100)})")
    return keywords, notes


def _volume_steps(window: Any, top: int) -> dict[str, Callable[[Any], Any]]:
    return {
        "projection_mode": values.projection,
        "rendering": values.rendering,
        "interpolation3d": values.interpolation,
        "depiction": lambda value: values.one_of(value, {"volume", "plane"}),
        "iso_gradient_mode": lambda value: values.one_of(value, {"fast", "smooth"}),
        "attenuation": lambda value: values.between(value, 0, 1e6),
        "iso_threshold": lambda value: values.level(value, window, top),
        "plane": values.plane_of_volume,
        "experimental_clipping_planes": values.clipping_planes,
    }


def name_from_json(stored: Mapping[str, Any] | None) -> str | None:
    """Return the stored layer name, safe to show, or None where there is no usable one."""
    name = stored.get("name") if isinstance(stored, Mapping) else None
    if not isinstance(name, str) or not name.strip():
        return None
    return printable(name.strip(), _NAME_LIMIT)
