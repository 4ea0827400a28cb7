"""A layer's own ``metadata`` as JSON: kept where it can be, named where it cannot."""

from __future__ import annotations

import datetime
import enum
import math
import os
from collections.abc import Mapping
from typing import Any

from napari_seal._napari.layers.stack_values import is_stack_entry
from napari_seal._text import printable
from napari_seal._verify.verdict import Outcome

#: Under this key the reader puts the verdict into ``layer.metadata``.  No user key can collide with
#: it, because ``seal`` is reserved.
VERDICT_KEY = "seal"
#: In that entry of a layer that lies on the picture: what it shows.
PART_KEY = "part"
_DEEPEST = 20
_MOST_VALUES = 1000


class _NotJsonError(Exception):
    """A value that JSON has no form for; the text says what it is."""


def metadata_to_json(metadata: Mapping[Any, Any] | None) -> tuple[dict[str, Any], list[str]]:
    """Return what of a layer's metadata can be sealed, and the names of what cannot.

    NumPy scalars and small arrays, tuples, paths, dates and enums become plain JSON values.  What
    the reader itself added is left out: it describes the old file.

    Parameters
    ----------
    metadata : mapping or None
        ``layer.metadata``.

    Returns
    -------
    kept : dict
        JSON-ready.
    left_out : list of str
        One entry per value, such as ``"stage.callback (function)"``.
    """
    left_out: list[str] = []
    plain = {} if metadata is None else dict(metadata)
    if is_opened(plain) or overlay_part(plain):
        del plain[VERDICT_KEY]
    return _mapping(plain, "", 0, left_out), left_out


def opened_verdict(metadata: Mapping[Any, Any] | None) -> Outcome | None:
    """Return the verdict with which a layer was opened, or None if our reader did not open it."""
    entry = (metadata or {}).get(VERDICT_KEY)
    if not isinstance(entry, Mapping) or "path" not in entry:
        return None
    word = entry.get("verdict")
    return Outcome(word) if isinstance(word, str) and word in set(Outcome) else None


def is_opened(metadata: Mapping[Any, Any] | None) -> bool:
    """Whether our reader opened a layer; of a stack, the verdict may not be known yet."""
    entry = (metadata or {}).get(VERDICT_KEY)
    return opened_verdict(metadata) is not None or is_stack_entry(entry)


def overlay_part(metadata: Mapping[Any, Any] | None) -> str:
    """Return what a layer of ours shows of a picture beside it; empty for every other layer."""
    entry = (metadata or {}).get(VERDICT_KEY)
    if not isinstance(entry, Mapping) or "path" not in entry:
        return ""
    part = entry.get(PART_KEY)
    return part if part in {"regions", "scores"} else ""


def _mapping(values: Mapping[Any, Any], where: str, depth: int, out: list[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{where}.{printable(key, 60)}" if where else printable(key, 60)
        if not isinstance(key, str):
            out.append(f"{name} (a key that is not text: {type(key).__name__})")
            continue
        try:
            if isinstance(value, Mapping) and depth < _DEEPEST:
                kept[str(key)] = _mapping(value, name, depth + 1, out)
            else:
                kept[str(key)] = _value(value, depth)
        except _NotJsonError as error:
            out.append(f"{name} ({error})")
    return kept


def _value(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise _NotJsonError(f"nested deeper than {_DEEPEST} levels")
    # Enums first: a StrEnum is a str, an IntEnum an int.
    if isinstance(value, enum.Enum):
        return _value(value.value, depth + 1)
    if value is None or isinstance(value, bool | int | str):
        return value if value is None or type(value) in (bool, int, str) else _builtin(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _NotJsonError(f"{value} is not a JSON number")
        return float(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, os.PathLike):
        path = os.fspath(value)
        return path if isinstance(path, str) else _refuse(value)
    if isinstance(value, list | tuple):
        return [_value(item, depth + 1) for item in value]
    if isinstance(value, Mapping):
        lost: list[str] = []
        kept = _mapping(value, "", depth + 1, lost)
        return _refuse(value, "; ".join(lost)) if lost else kept
    return _numpy(value, depth)


def _builtin(value: bool | int | str) -> bool | int | str:
    """The plain value of a subclass such as ``numpy.str_``."""
    return str(value) if isinstance(value, str) else int(value)


def _numpy(value: Any, depth: int) -> Any:
    import numpy as np

    if isinstance(value, np.ndarray) and value.dtype.kind in "biufUM":
        if value.size > _MOST_VALUES:
            raise _NotJsonError(
                f"array of {value.size:,} values; at most {_MOST_VALUES:,} are stored"
            )
        return _value(value.astype(str).tolist() if value.dtype.kind == "M" else value.tolist(), 0)
    if isinstance(value, np.generic) and value.dtype.kind in "biufUM":
        return str(value) if value.dtype.kind == "M" else _value(value.item(), depth + 1)
    # pint, as napari uses it for units.
    if type(value).__module__.split(".")[0] == "pint":
        return str(value)
    return _refuse(value)


def _refuse(value: Any, why: str = "") -> Any:
    raise _NotJsonError(why or type(value).__name__)
