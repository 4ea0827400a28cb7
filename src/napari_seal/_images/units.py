"""Units as files write them, in the words that napari's unit library knows."""

from __future__ import annotations

import math
from typing import Any, Final

_PREFIXES: Final = {
    "": "", "p": "pico", "n": "nano", "µ": "micro", "μ": "micro", "u": "micro", "m": "milli",
    "c": "centi", "d": "deci", "k": "kilo",
}  # fmt: skip
_BASES: Final = {"m": "meter", "s": "second"}
_SYMBOLS: Final = {p + b: _PREFIXES[p] + _BASES[b] for p in _PREFIXES for b in _BASES} | {
    "micron": "micrometer", "microns": "micrometer", "Å": "angstrom", "min": "minute",
    "sec": "second", "in": "inch", "\\u00B5m": "micrometer",
}  # fmt: skip
_NAMES: Final = set(_SYMBOLS.values()) | {"hour", "day", "femtometer", "attometer", "foot"}


def unit_name(text: Any) -> str | None:
    """Return the name of a unit of length or time; None where it is not known to be one.

    Examples
    --------
    >>> unit_name("µm"), unit_name("micron"), unit_name("Micrometre"), unit_name("pixel")
    ('micrometer', 'micrometer', 'micrometer', None)
    """
    word = str(text).strip()
    if word in _SYMBOLS:
        return _SYMBOLS[word]
    word = word.lower().removesuffix("s").replace("metre", "meter")
    return word if word in _NAMES else _SYMBOLS.get(word)


def step(value: Any) -> float | None:
    """Return the step along an axis; None where it is no positive number."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def steps(found: dict[str, tuple[Any, Any]]) -> tuple[dict[str, float], dict[str, str]]:
    """Return scale and units from what a file says of each axis: a step and its unit."""
    scale = {axis: number for axis, (value, _) in found.items() if (number := step(value))}
    units = {axis: name for axis in scale if (name := unit_name(found[axis][1]))}
    return scale, units
