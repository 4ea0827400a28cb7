"""The user's metadata: what JSON can hold, and hold as what it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal.errors import MetadataError

#: Holds the seal; the last key of the record.
SEAL_KEY: Final = "seal"
#: The digest of the MoEDAL function; its misspelt name is what the old files carry.
MOEDAL_KEY: Final = "sha244"
RESERVED_KEYS: Final = (SEAL_KEY, MOEDAL_KEY)


def check_metadata(metadata: object, *, what: str = "metadata") -> dict[str, Any]:
    """Return metadata as plain JSON values.

    Tuples become lists and NumPy scalars Python numbers; everything else that JSON cannot hold, or
    would hold as something else, is refused.

    Raises
    ------
    MetadataError
        Says which key, of which type, and what to do.
    """
    if not isinstance(metadata, Mapping):
        raise MetadataError(
            f"{what} must be a mapping with text keys, not {type(metadata).__name__}"
        )
    for key in RESERVED_KEYS:
        if key in metadata:
            raise MetadataError(
                f"the {what} key {key!r} is reserved for the seal; give your value another name"
            )
    plain: dict[str, Any] = _plain(metadata, what, limits.METADATA_DEPTH)
    return plain


def _plain(value: Any, place: str, depth: int) -> Any:
    if depth == 0:
        raise MetadataError(f"{place} is nested more than {limits.METADATA_DEPTH} levels deep")
    if hasattr(value, "dtype") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, Mapping):
        out = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise MetadataError(
                    f"{place} has the key {key!r} of type {type(key).__name__}; JSON keys are "
                    f"text: write {str(key)!r}"
                )
            out[str(key)] = _plain(item, f"{place}[{printable(key, 60)!r}]", depth - 1)
        return out
    if isinstance(value, (list, tuple)):
        return [_plain(v, f"{place}[{i}]", depth - 1) for i, v in enumerate(value)]
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if abs(value) >= 10**4000:
            raise MetadataError(f"{place} is a number of more than 4,000 digits")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise MetadataError(f"{place} is {value}, which JSON cannot hold; use null or a text")
        return float(value)
    hint = {"datetime": ".isoformat()", "ndarray": ".tolist()", "PosixPath": "str()"}
    name = type(value).__name__
    advice = f"; convert it, for instance with {hint[name]}" if name in hint else "; convert it"
    raise MetadataError(f"{place} is of type {name}, which JSON cannot hold{advice}")
