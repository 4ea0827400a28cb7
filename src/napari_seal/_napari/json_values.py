"""Values that a person types: read as JSON where that is exact, otherwise kept as text."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any, Final, NoReturn

from napari_seal._text import printable

# What the seal takes, and what Python writes without being asked twice.
_MOST_DIGITS: Final = 4000


class InexactError(ValueError):
    """JSON for which there is no value that says the same; the text says why."""


def _no_constant(name: str) -> NoReturn:
    # NaN and Infinity are Python's, not JSON's.
    raise InexactError(f"{name} is no JSON number")


def _exact_int(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise InexactError(f"a number of more than {_MOST_DIGITS:,} digits")
    return int(text)


def _exact_float(text: str) -> float:
    number = float(text)
    try:
        # What is written into the file is the shortest text that reads as this double.
        if math.isfinite(number) and Decimal(repr(number)) == Decimal(text):
            return number
    except ArithmeticError:
        pass  # an exponent that even Decimal does not take
    raise InexactError(f"{printable(text, 40)} cannot be stored exactly as a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise InexactError(f'the key "{printable(key, 40)}" stands twice in an object')
        out[key] = value
    return out


def parse(text: str) -> Any:
    """Read JSON.

    Raises
    ------
    InexactError
        Its value could not be stored exactly.
    ValueError, RecursionError
        It is no JSON.
    """
    return json.loads(
        text,
        parse_int=_exact_int,
        parse_float=_exact_float,
        parse_constant=_no_constant,
        object_pairs_hook=_unique,
    )


def as_value(text: str) -> Any:
    """Return what is stored for a text: its JSON value, or the text itself."""
    try:
        return parse(text)
    except (ValueError, RecursionError):
        return text


def value_text(value: Any) -> str:
    """Return the text that `as_value` reads back as the same value.

    Parameters
    ----------
    value : JSON-ready
        Text that could be taken for something else is put in quotes.

    Raises
    ------
    ValueError
        For a whole number of more digits than Python writes.
    """
    if isinstance(value, str):
        try:
            parse(value)
        except InexactError:
            pass  # it would be kept as text, but with a note that nobody needs
        except (ValueError, RecursionError):
            return value
    return json.dumps(value, ensure_ascii=False)
