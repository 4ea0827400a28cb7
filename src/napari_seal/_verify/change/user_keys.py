"""Which of the user's keys changed, and what can be said of the values that are gone."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from napari_seal._format.keys import KeyCheck, short_digest
from napari_seal._text import printable
from napari_seal._verify.reasons import Reason, ReasonCode

if TYPE_CHECKING:
    from napari_seal._format.seal import Seal

#: Keys named a file: a record of 65 kB can hold thousands, and each may cost 20,000 digests.
_MOST: Final = 12
#: Numbers are tried up to this many characters (12**4 of them), texts up to this length.
_NUMBER, _TEXT_LENGTH = 4, 80
_LETTERS: Final = [chr(code) for code in range(0x20, 0x7F)]


def compare_keys(seal: Seal) -> list[Reason] | None:
    """Name the keys that are not as they were sealed.

    Parameters
    ----------
    seal : Seal
        As read from the file, with the metadata as they are now.  Its record does not match, so its
        check values are a claim; they serve to name what changed, not to prove it.

    Returns
    -------
    list of Reason or None
        None where the seal has no check values.
    """
    if seal.keys is None:
        return None
    sealed, present = seal.keys, seal.metadata
    differing = [
        *(key for key in sealed if key not in present or not sealed[key].matches(present[key])),
        *(key for key in present if key not in sealed),
    ]
    reasons = [_reason(key, sealed, present) for key in differing[:_MOST]]
    if len(differing) > _MOST:
        message = f"{len(differing) - _MOST:,} further metadata keys changed."
        reasons.append(Reason(code=ReasonCode.METADATA_KEY_CHANGED, message=message))
    return reasons


def _reason(key: str, sealed: Mapping[str, KeyCheck], present: Mapping[str, Any]) -> Reason:
    if key not in sealed:
        return _added(key, present[key])
    if key not in present:
        return _removed(key, sealed[key])
    return _changed(key, sealed[key], present[key])


def _changed(key: str, check: KeyCheck, value: Any) -> Reason:
    old = recover(check, value)
    return Reason(
        code=ReasonCode.METADATA_KEY_CHANGED,
        message=f"The metadata key {_name(key)} was changed: it held {_old(check, old)}.",
        expected=check.describe() if old is None else _shown(old[0]),
        found=_shown(value),
    )


def _removed(key: str, check: KeyCheck) -> Reason:
    old = recover(check, None)
    return Reason(
        code=ReasonCode.METADATA_KEY_REMOVED,
        message=f"The metadata key {_name(key)} was removed: it held {_old(check, old)}.",
        expected=check.describe() if old is None else _shown(old[0]),
    )


def _added(key: str, value: Any) -> Reason:
    return Reason(
        code=ReasonCode.METADATA_KEY_ADDED,
        message=f"The metadata key {_name(key)} was added after sealing.",
        found=_shown(value),
    )


def _old(check: KeyCheck, old: tuple[Any] | None) -> str:
    if old is None:
        return check.describe()
    if check.kind in "bl":
        return f"{_shown(old[0])}, by its check value"
    return f"{check.describe()}, by its check value {_shown(old[0])}"


def _name(key: str) -> str:
    return f"'{printable(key, 60)}'"


def _shown(value: Any) -> str:
    return printable(json.dumps(value, ensure_ascii=False), 80)


def recover(check: KeyCheck, present: Any) -> tuple[Any] | None:
    """Find the value that was sealed, where few values are possible.

    Tried are all short numbers, the constants, and what the present text becomes by one slip of
    a finger.  Of the at most 40,000 candidates, one that is wrong passes once in 100,000 cases.

    Parameters
    ----------
    check : KeyCheck
        What the seal tells of the value.
    present : JSON value
        The value that stands there now.

    Returns
    -------
    tuple of one value, or None
        A tuple, because the value may be None itself.
    """
    return next(((value,) for value in _candidates(check, present) if check.matches(value)), None)


def _candidates(check: KeyCheck, present: Any) -> Iterator[Any]:
    if check.kind == "b":
        yield from (True, False)
    elif check.kind == "l":
        yield None
    elif check.kind in "ao" and check.size == 0:
        yield [] if check.kind == "a" else {}
    elif check.kind == "n" and check.size <= _NUMBER:
        for letters in itertools.product("0123456789.-", repeat=check.size):
            text = "".join(letters)
            if short_digest(text) == check.digest:  # `matches` takes longer
                with suppress(ValueError):  # such as 1-2.
                    yield json.loads(text)
    elif check.kind == "s" and check.size == 0:
        yield ""
    elif check.kind == "s" and isinstance(present, str) and len(present) <= _TEXT_LENGTH:
        yield from _slips(present, check.size)


def _slips(text: str, size: int) -> Iterator[str]:
    """Texts of ``size`` characters that differ from ``text`` by one slip."""
    places = range(len(text))
    if size == len(text):
        yield from (text.lower(), text.upper(), text.title(), text.capitalize())
        yield from (text[:i] + c + text[i + 1 :] for i in places for c in _LETTERS)
        yield from (text[:i] + text[i + 1 : i + 2] + text[i] + text[i + 2 :] for i in places[:-1])
    elif size == len(text) - 1:
        yield from (text[:i] + text[i + 1 :] for i in places)
    elif size == len(text) + 1:
        yield from (text[:i] + c + text[i:] for i in (*places, len(text)) for c in _LETTERS)
