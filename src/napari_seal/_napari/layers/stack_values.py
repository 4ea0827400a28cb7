"""A stack as plain values for ``layer.metadata["seal"]``, and its planes in words."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from napari_seal._files import is_address
from napari_seal._text import printable
from napari_seal._verify.verdict import Outcome

if TYPE_CHECKING:
    from napari_seal._format.stack import Stack
    from napari_seal._verify.stack import OpenStack

#: In place of a verdict as long as the planes were not all checked, and none is known to be bad.
NOT_CHECKED = "not-checked"
NOT_CHECKED_MEANING = "Not all planes were checked: nothing is known yet about the whole."


def stack_entry(opened: OpenStack) -> dict[str, Any]:
    """Return what is known when a stack was opened and no plane was read.

    Parameters
    ----------
    opened : OpenStack
        As `napari_seal.open_stack` returns it.

    Returns
    -------
    dict
        With ``stack``: axes, number of planes, how many of them were checked, and those that are
        not intact; once all were checked, also the states of their signatures.
    """
    stack = opened.stack
    entry: dict[str, Any] = {
        "path": opened.path if is_address(opened.path) else os.path.abspath(opened.path),
        "reasons": [reason.as_dict() for reason in opened.verdict.reasons],
        "signature": str(opened.verdict.signature),
        "signer": opened.verdict.signer,
        "regions": [],
        "strengths": [],
        "stack": {
            "id": stack.id,
            "axes": list(stack.plane_axes),
            "shape": list(stack.grid),
            "planes": stack.count,
            "complete": stack.complete,
            "checked": 0,
            "bad": [],
            "signatures": {},
        },
    }
    say_verdict(entry, opened.verdict.verdict, final=False)
    return entry | _seal_values(stack)


def say_verdict(entry: dict[str, Any], outcome: Outcome, *, final: bool, bad: int = 0) -> None:
    """Put the verdict on a stack, as far as it is known, into its entry.

    Parameters
    ----------
    entry : dict
        ``layer.metadata["seal"]``.
    outcome : Outcome
        The gravest that was found.
    final : bool
        Whether all planes were checked: before, a stack is not intact.
    bad : int
        Number of planes that are not intact.
    """
    unknown = outcome is Outcome.INTACT and not final
    entry["verdict"] = NOT_CHECKED if unknown else str(outcome)
    entry["meaning"] = NOT_CHECKED_MEANING if unknown else outcome.meaning
    if bad:
        are, of = "is" if bad == 1 else "are", f"{entry['stack']['planes']:,} planes"
        entry["meaning"] = f"{bad:,} of {of} {are} not as sealed."


def _seal_values(stack: Stack) -> dict[str, Any]:
    values: dict[str, Any] = {
        "version": stack.version,
        "metadata": copy.deepcopy(dict(stack.metadata)),
        "source": None if stack.source is None else str(stack.source),
        "source_dtype": stack.source_dtype,
        "source_shape": [stack.shape[stack.axes.index(axis)] for axis in stack.source_axes],
        "window": None if stack.window is None else [stack.window.low, stack.window.high],
        "record": None if stack.record is None else str(stack.record),
        "format": stack.format,
        "identity": None if stack.source is None else stack.source.hex[:32],
        "quality": stack.quality,
        "created": stack.created,
        "software": dict(stack.software),
        "layer": None if stack.layer is None else copy.deepcopy(dict(stack.layer)),
    }
    return {key: value for key, value in values.items() if value is not None}


def place_text(axes: Sequence[str], index: Sequence[int]) -> str:
    """Return the position of a plane in words.

    Examples
    --------
    >>> place_text(["T", "Z"], (3, 12))
    'T 3, Z 12'
    """
    return ", ".join(f"{printable(a, 30)} {i}" for a, i in zip(axes, index, strict=True))


def is_stack_entry(entry: object) -> bool:
    """Whether an entry under ``metadata["seal"]`` is that of a stack that our reader opened."""
    return isinstance(entry, Mapping) and "path" in entry and isinstance(entry.get("stack"), dict)
