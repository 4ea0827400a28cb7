"""What stands where an image is to be sealed, and whether it is this very image."""

from __future__ import annotations

import os
from enum import Enum, auto
from typing import TYPE_CHECKING

from napari_seal._format import limits, stack
from napari_seal._format.algorithms import start_digest
from napari_seal._format.names import INDEX_ENDING
from napari_seal._format.pixels import digest_array
from napari_seal._format.seal import Seal
from napari_seal._seal.planes import Planes
from napari_seal._seal.source import accept
from napari_seal._verify.check import check
from napari_seal._verify.stack_check import check_stack
from napari_seal._verify.verdict import Outcome
from napari_seal.errors import FormatError, SealError

if TYPE_CHECKING:
    from napari_seal._format.stack import Stack
    from napari_seal._seal.from_files import FileOptions, Target


class Standing(Enum):
    """What there is under a name."""

    NOTHING = auto()
    #: An intact seal of this very array, or a complete stack of it.
    SAME = auto()
    #: A stack that was begun.
    UNFINISHED = auto()
    OTHER = auto()


def standing_of(target: Target, options: FileOptions) -> Standing:
    """Find out what stands where an image is to be sealed."""
    if target.plane is None:
        return _standing_of_stack(target, options)
    if not os.path.lexists(target.path):
        return Standing.NOTHING
    verdict = check(target.path)
    seal = verdict.seal
    if not verdict.intact or not isinstance(seal, Seal) or seal.source is None:
        return Standing.OTHER
    array, axes = accept(target.plane, options.format)
    made = digest_array(array, axes=axes, algorithm=seal.source.digest.algorithm)
    return Standing.SAME if made == seal.source else Standing.OTHER


def _standing_of_stack(target: Target, options: FileOptions) -> Standing:
    folder = target.path + ".sealed"
    if not os.path.lexists(folder):
        return Standing.NOTHING
    try:
        if not os.listdir(folder):
            return Standing.NOTHING  # killed before the index was there
        name = os.path.basename(target.path) + INDEX_ENDING
        with open(os.path.join(folder, name), "rb") as file:
            found = stack.parse(file.read(limits.FILE_BYTES))
    except (OSError, FormatError):
        return Standing.OTHER
    if not found.complete:
        return Standing.UNFINISHED
    try:
        same = _source_of(target, options, found) == found.source
        same = same and check_stack(folder, jobs=1).verdict is Outcome.INTACT
    except SealError:
        return Standing.OTHER
    return Standing.SAME if same else Standing.OTHER


def _source_of(target: Target, options: FileOptions, found: Stack) -> object:
    """The digest that the index of a stack of this array says."""
    planes = Planes(target.image.array, target.image.axes, options.format)
    shape = (planes.axes, planes.shape, planes.dtype.name)
    if found.source is None or shape != (found.axes, found.shape, found.source_dtype):
        return None
    algorithm = found.source.algorithm
    whole = start_digest(algorithm)
    for index in planes.indices():
        plane = digest_array(planes[index], algorithm=algorithm)
        whole.update(bytes.fromhex(plane.digest.hex))
    return type(found.source)(algorithm, whole.hexdigest())
