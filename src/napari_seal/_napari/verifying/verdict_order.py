"""Which rows of the results are shown, and in which order: in steps, so that a window can draw.

Each function is a generator that yields between pieces of a few milliseconds and returns its
result.  Row numbers travel as ``array("I")``, 4 bytes each.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Generator
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import numpy as np

from napari_seal._napari.signature_words import SIGNATURES
from napari_seal._napari.verifying.verdict_rows import ARRIVALS, OUTCOMES, VerdictRows
from napari_seal._text import printable
from napari_seal._trust.states import Signature
from napari_seal._verify.reasons import ReasonCode
from napari_seal._verify.verdict import Outcome

if TYPE_CHECKING:
    import numpy.typing as npt

Result = TypeVar("Result")
#: Work in pieces, between which other things may happen.
Steps = Generator[None, None, Result]

#: Columns of the table.
VERDICT, FILE, WHY, SIGNATURE, SIGNER = range(5)
_COLUMNS_OF_CODES: Final = (VERDICT, SIGNATURE)

#: A filter beside the words of verdicts and arrivals: everything but `intact`.
NOT_INTACT: Final = "not intact"
#: What can be asked for beside text.
WANTED: Final = (NOT_INTACT, *map(str, OUTCOMES), *(str(arrival) for arrival in ARRIVALS[1:]))
#: The same of signatures: all but the trusted ones, or one state.
NOT_TRUSTED: Final = "no trusted signature"
_STATES: Final = tuple(f"signature {state}" for state in SIGNATURES)
WANTED_SIGNED: Final = (NOT_TRUSTED, *_STATES)
# Rows between two yields.
_PIECE: Final = 2000
# Rows that are sorted at once: some 10 ms.
_BUCKET: Final = 4000
_SAMPLES: Final = 8  # for each bucket


class Filter(NamedTuple):
    """What a row must have to be shown.

    Parameters
    ----------
    wanted : str
        One of `WANTED` or `WANTED_SIGNED`, or the empty string for all.
    needle : str
        Text in path, verdict, reasons or signer, in any case.
    """

    wanted: str = ""
    needle: str = ""


def passing(rows: VerdictRows, filter_: Filter, start: int, stop: int) -> Steps[array[int]]:
    """Return the rows from ``start`` to before ``stop`` that pass a filter."""
    if not filter_.needle:
        numbers = np.flatnonzero(_mask(rows, filter_.wanted, start, stop)) + start
        return array("I", numbers.astype(np.uintc).tobytes())
    has = _needle_test(rows, filter_.needle.casefold())
    out = array("I")
    for first in range(start, stop, _PIECE):
        last = min(first + _PIECE, stop)
        numbers = np.flatnonzero(_mask(rows, filter_.wanted, first, last)) + first
        out.extend(row for row in numbers.tolist() if has(row))
        yield
    return out


def _mask(rows: VerdictRows, wanted: str, start: int, stop: int) -> npt.NDArray[np.bool_]:
    # Slices are copies: an array that is looked at cannot grow.
    codes = np.frombuffer(rows.outcomes[start:stop], np.uint8)
    if not wanted:
        return np.ones(len(codes), np.bool_)
    if wanted == NOT_INTACT:
        return ~_equal(codes, OUTCOMES.index(Outcome.INTACT))
    if wanted in WANTED_SIGNED:
        codes = np.frombuffer(rows.signatures[start:stop], np.uint8)
        if wanted == NOT_TRUSTED:
            return ~_equal(codes, SIGNATURES.index(Signature.TRUSTED))
        return _equal(codes, _STATES.index(wanted))
    if wanted in ARRIVALS:
        codes = np.frombuffer(rows.arrivals[start:stop], np.uint8)
        return _equal(codes, ARRIVALS.index(ReasonCode(wanted)))
    return _equal(codes, OUTCOMES.index(Outcome(wanted)))


def _equal(codes: npt.NDArray[np.uint8], code: int) -> npt.NDArray[np.bool_]:
    mask: npt.NDArray[np.bool_] = codes == code
    return mask


def _needle_test(rows: VerdictRows, needle: str) -> Callable[[int], bool]:
    prefix = rows.prefix.casefold()
    # A whole path that was pasted; the folder's own name, which all paths have, does not count.
    in_path = needle[len(prefix) :] if prefix and needle.startswith(prefix) else needle
    said = [needle in outcome for outcome in OUTCOMES]
    came = [arrival is not None and needle in arrival for arrival in ARRIVALS]
    names, outcomes, arrivals, sizes = rows.names, rows.outcomes, rows.arrivals, rows.sizes
    signers, signed_by = rows.signers, rows.names_of_signers
    stated = [state is not Signature.NONE and needle in state for state in SIGNATURES]
    signatures = rows.signatures

    def has(row: int) -> bool:
        name = names[row]
        return (
            in_path in name.casefold()
            or said[outcomes[row]]
            or came[arrivals[row]]
            or stated[signatures[row]]
            or (signers[row] > 0 and needle in signed_by[signers[row]].casefold())
            or (sizes[row] > 0 and needle in rows.why(row).casefold())
            or (not name.isprintable() and in_path in printable(name).casefold())
        )

    return has


def in_order(
    rows: VerdictRows, chosen: array[int], column: int, *, descending: bool
) -> Steps[array[int]]:
    """Return rows sorted by a column.

    Parameters
    ----------
    rows : VerdictRows
        The results.
    chosen : array of row numbers
        In the order of the run, which stays that of equal ones.
    column : int
        0 for verdicts, from good to bad; 1 for files; 2 for reasons; 3 for signatures, from good to
        bad; 4 for signers; -1 for the order of the run.
    descending : bool
        The other way round; not for the order of the run.
    """
    if column < 0:
        return chosen
    if column in _COLUMNS_OF_CODES:
        numbers = np.frombuffer(chosen, np.uintc)
        of_all = rows.signatures if column == SIGNATURE else rows.outcomes
        codes = np.frombuffer(of_all[:], np.uint8)[numbers].astype(np.int16)
        order = np.argsort(-codes if descending else codes, kind="stable")
        return array("I", numbers[order].tobytes())
    keys: dict[int, Callable[[int], str]] = {
        FILE: lambda row: rows.names[row].casefold(),
        WHY: lambda row: rows.why(row).casefold(),
        SIGNER: lambda row: rows.names_of_signers[rows.signers[row]].casefold(),
    }
    return (yield from _by_buckets(chosen, keys[column], descending))


def _by_buckets(
    chosen: array[int], key: Callable[[int], Any], descending: bool
) -> Steps[array[int]]:
    """Sort with keys that are dear, without ever sorting all at once.

    A sort of 10^6 texts keeps the interpreter, and with it the window, for more than a second; no
    thread helps.  So rows are dealt into buckets by a sample of the keys, and each is sorted alone.
    Rows whose key is a border have a bucket of their own, however many they are: no need to sort.
    """
    wanted = len(chosen) // _BUCKET
    # By chance: names and findings often have a period, which a stride could meet.
    picked = Random(0).sample(range(len(chosen)), wanted * _SAMPLES)  # noqa: S311 - no secret
    sample = sorted(key(chosen[at]) for at in picked)
    borders = sorted(set(sample[_SAMPLES::_SAMPLES]))
    yield
    between: list[tuple[list[Any], list[int]]] = [([], []) for _ in range(len(borders) + 1)]
    equal = [array("I") for _ in range(len(borders) + 1)]  # to the border after it
    for first in range(0, len(chosen), _PIECE):
        for row in chosen[first : first + _PIECE]:
            value = key(row)
            place = bisect_left(borders, value)
            if place < len(borders) and borders[place] == value:
                equal[place].append(row)
            else:
                keys, numbers = between[place]
                keys.append(value)
                numbers.append(row)
        yield
    out = array("I")
    for place in reversed(range(len(between))) if descending else range(len(between)):
        keys, numbers = between[place]
        order = sorted(range(len(keys)), key=keys.__getitem__, reverse=descending)
        ordered = array("I", [numbers[n] for n in order])
        out += equal[place] + ordered if descending else ordered + equal[place]
        keys.clear()
        numbers.clear()
        yield
    return out
