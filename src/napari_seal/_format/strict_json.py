"""JSON without what Python's reader lets pass and no other reader agrees about.

A key that stands twice has the value that a reader prefers, and ``NaN`` and ``Infinity`` are not
JSON (RFC 8259, sections 4 and 6).
"""

from __future__ import annotations

import json
from typing import Any, Final


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a dict of what an object holds, or raise ValueError."""
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return out


def _no_constant(name: str) -> None:
    raise ValueError(f"it has {name}")


#: Raises ValueError, or RecursionError for what is nested too deeply.
STRICT: Final = json.JSONDecoder(object_pairs_hook=unique, parse_constant=_no_constant)
