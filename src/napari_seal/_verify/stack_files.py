"""The files of a folder that are planes of a stack: which they are, and which are missing."""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from napari_seal._files import is_address
from napari_seal._format.layout import read_place, recognise
from napari_seal._format.names import INDEX_ENDING
from napari_seal._format.seal import Seal
from napari_seal._text import printable
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.stack_index import read_index
from napari_seal._verify.verdict import Outcome, Verdict, record_text

if TYPE_CHECKING:
    from napari_seal._format.digest import Digest
    from napari_seal._format.place import StackPlace
    from napari_seal._format.stack import Stack

#: Verdicts on a file that is in itself what was sealed, or nearly.
_RECOGNISED: Final = (Outcome.INTACT, Outcome.METADATA_CHANGED, Outcome.REENCODED)


class PlanePath(str):
    """The path of a plane that an index names, with what the file there must carry.

    Parameters
    ----------
    place : StackPlace
    proof : Digest or None
        The record of its seal; None in a stack that is not complete.
    """

    __slots__ = ("place", "proof")
    place: StackPlace
    proof: Digest | None

    @classmethod
    def make(cls, path: str, place: StackPlace, proof: Digest | None) -> PlanePath:
        """Put a path and what belongs there together."""
        self = cls(path)
        self.place, self.proof = place, proof
        return self


def with_planes(files: Iterable[str]) -> Iterator[str]:
    """Add what indexes tell to the files of one folder, which are sorted.

    Yields
    ------
    str
        All of the files; those that are planes of a stack as `PlanePath`, and in their places the
        planes that are missing.  Of a stack that is not complete, none is missing.
    """
    stacks: list[tuple[PlanePath, int, bool, Iterator[PlanePath]]] = []
    for path in files:
        plane = None
        while stacks and stacks[0][0] <= path:
            expected, order, complete, following = heapq.heappop(stacks)
            if expected == path:
                plane = expected
            elif complete:
                yield expected
            _push(stacks, order, complete, following)
        yield path if plane is None else plane
        if is_index_name(path):
            stack, _ = read_index(path)
            if stack is not None:
                _push(stacks, len(stacks), stack.complete, expected_planes(path, stack))
    while stacks:
        expected, order, complete, following = heapq.heappop(stacks)
        if complete:
            yield expected
        _push(stacks, order, complete, following)


def _push(
    stacks: list[tuple[PlanePath, int, bool, Iterator[PlanePath]]],
    order: int,
    complete: bool,
    planes: Iterator[PlanePath],
) -> None:
    first = next(planes, None)
    if first is not None:
        heapq.heappush(stacks, (first, order, complete, planes))


def stack_files(index: str, beside: Callable[[], Iterator[str]]) -> Iterator[str]:
    """An index and the planes that it names; of a stack that is not complete, those that are there.

    Parameters
    ----------
    index : str
        Its path.
    beside : callable
        Finds the files in its folder.
    """
    yield index
    stack, _ = read_index(index)
    if stack is None:
        return
    planes = expected_planes(index, stack)
    if stack.complete:
        yield from planes
        return
    there = {os.path.basename(path) for path in beside()}
    yield from (plane for plane in planes if os.path.basename(plane) in there)


def is_index_name(path: str) -> bool:
    """Whether a file is the index of a stack, by its name."""
    return path.lower().endswith(INDEX_ENDING)


def expected_planes(index: str, stack: Stack) -> Iterator[PlanePath]:
    """The planes that an index names, in the order of their names, beside the index."""
    stem = stem_of_planes(index)
    folder = index[: len(index) - len(INDEX_ENDING) - len(stem)]
    for number, (position, name) in enumerate(stack.names(stem)):
        yield PlanePath.make(folder + name, stack.place(position), stack.proof(number))


def plane_path(index: str, stack: Stack, position: tuple[int, ...]) -> PlanePath:
    """The plane at a position."""
    stem = stem_of_planes(index)
    folder = index[: len(index) - len(INDEX_ENDING) - len(stem)]
    place = stack.place(position)
    return PlanePath.make(folder + stack.name(stem, position), place, stack.proof(place.number))


def stem_of_planes(index: str) -> str:
    """What the names of a stack's planes begin with, by the name of its index."""
    name = index.rpartition("/")[2] if is_address(index) else os.path.basename(index)
    return name[: -len(INDEX_ENDING)]


def _is_soon_told(verdict: Verdict, plane: PlanePath) -> bool:
    """Whether an intact file is the plane that belongs there, found out without all of its seal."""
    text = record_text(verdict)
    layout = None if text is None else recognise(text)
    if layout is None:
        return False
    if plane.proof is not None:
        algorithm, digest = layout.algorithm.decode("ascii"), layout.record.decode("ascii")
        return (algorithm, digest) == (plane.proof.algorithm, plane.proof.hex)
    return layout.stack is not None and read_place(layout.stack) == plane.place


def judge_plane(verdict: Verdict, plane: PlanePath) -> Verdict:
    """Add to the verdict on a file what the index of its stack tells.

    Returns
    -------
    Verdict
        The very same one, where the file is the plane that belongs there.
    """
    if _is_soon_told(verdict, plane):
        return verdict
    place, proof = plane.place, plane.proof
    seal = verdict.seal
    if any(reason.code is ReasonCode.FILE_MISSING for reason in verdict.reasons):
        text = f"The index of the stack names this plane ({place}), and it is not there."
        reason = Reason(code=ReasonCode.FILE_MISSING, message=printable(text))
        return replace(verdict, verdict=Outcome.MISSING, reasons=(reason,))
    if verdict.verdict is Outcome.UNREADABLE:
        return verdict
    if not isinstance(seal, Seal):
        text = f"The file has no seal that can be read, and the plane {place} of a stack had one."
        reason = Reason(code=ReasonCode.NOT_THE_RECORDED_SEAL, message=printable(text))
        return replace(verdict, reasons=(*verdict.reasons, reason))
    found = seal.stack
    if seal.record == proof if proof is not None else found == place:
        return verdict
    reason = _why(found, place, proof, seal)
    if verdict.verdict in _RECOGNISED:
        return replace(verdict, verdict=Outcome.SUBSTITUTED, reasons=(reason, *verdict.reasons))
    return replace(verdict, reasons=(*verdict.reasons, reason))


def _why(found: StackPlace | None, place: StackPlace, proof: Digest | None, seal: Seal) -> Reason:
    if found is None:
        text = f"This is no plane of a stack, and the plane {place} belongs here."
        return Reason(code=ReasonCode.OTHER_STACK, message=text, expected=place.id)
    if found.id != place.id:
        text = f"This is a plane of another stack, and the plane {place} of this one belongs here."
        return Reason(code=ReasonCode.OTHER_STACK, message=text, expected=place.id, found=found.id)
    if found != place:
        text = f"This is the plane {found} of the stack, and the plane {place} belongs here."
        code = ReasonCode.OTHER_PLACE
        return Reason(code=code, message=text, expected=str(place), found=str(found))
    text = f"The plane {place} was sealed again: this is not the seal that the index names."
    code = ReasonCode.NOT_THE_RECORDED_SEAL
    return Reason(code=code, message=text, expected=str(proof), found=str(seal.record))
