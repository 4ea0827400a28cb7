"""Where a plane lies in a stack: what each sealed plane carries of the whole, and its file name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal.errors import FormatError

_ID: Final = re.compile(r"[0-9a-f]{32}")
_NOT_LETTERS: Final = re.compile(r"[^A-Za-z]")
#: Letters of an axis's name that go into file names.
_LABEL: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPlace:
    """The place of a plane in a stack.

    Parameters
    ----------
    id : str
        Identity of the stack: 32 hexadecimal digits, drawn when it was begun.
    axes : tuple of str
        Names of the axes along which the planes are counted, such as ``("T", "C", "Z")``.
    shape : tuple of int
        Number of planes along each of them.
    index : tuple of int
        Position of this plane along each of them, from 0.
    """

    id: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    index: tuple[int, ...]

    @property
    def number(self) -> int:
        """Number of the plane, from 0, where the last axis runs fastest."""
        number = 0
        for size, position in zip(self.shape, self.index, strict=True):
            number = number * size + position
        return number

    def __str__(self) -> str:
        pairs = zip(self.axes, self.index, strict=True)
        return ", ".join(f"{printable(axis)} {position}" for axis, position in pairs)

    def as_dict(self) -> dict[str, Any]:
        """The place as a JSON object."""
        return {
            "id": self.id,
            "axes": list(self.axes),
            "shape": list(self.shape),
            "index": list(self.index),
        }


def parse_place(body: Mapping[str, Any]) -> StackPlace:
    """Read a place from its JSON object; unknown keys are ignored.

    Raises
    ------
    FormatError
        A key is missing or wrong, or the parts do not fit each other.
    """
    identity = parse_id(body.get("id"))
    axes = parse_axes(body.get("axes"))
    shape = parse_numbers(body.get("shape"), "shape")
    index = parse_numbers(body.get("index"), "index")
    if not len(axes) == len(shape) == len(index) or not axes:
        raise FormatError("the axes, shape and index of the place in a stack have other lengths")
    if math.prod(shape) > limits.STACK_PLANES:
        raise FormatError(f"a stack has at most {limits.STACK_PLANES:,} planes")
    if any(position >= size for size, position in zip(shape, index, strict=True)):
        raise FormatError(f"the place {index} is not within a stack of shape {shape}")
    return StackPlace(id=identity, axes=axes, shape=shape, index=index)


def parse_id(value: object) -> str:
    """Read the identity of a stack."""
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise FormatError(f"a stack has 32 hexadecimal digits, not {printable(value, 60)!r}")
    return value


def parse_axes(value: object) -> tuple[str, ...]:
    """Read names of axes."""
    if not isinstance(value, list) or len(value) > limits.STACK_AXES:
        raise FormatError(f"the axes of a stack are a list of at most {limits.STACK_AXES} names")
    for name in value:
        if not isinstance(name, str) or not 1 <= len(name) <= limits.AXIS_NAME:
            raise FormatError(
                f"an axis is named by 1 to {limits.AXIS_NAME} characters, not "
                f"{printable(name, 60)!r}"
            )
    if len(set(value)) != len(value):
        raise FormatError(f"an axis is named twice: {printable(value, 200)}")
    return tuple(value)


def parse_numbers(value: object, what: str) -> tuple[int, ...]:
    """Read a list of whole numbers from 0."""
    if (
        not isinstance(value, list)
        or len(value) > limits.STACK_AXES
        or not all(type(n) is int and 0 <= n < 1 << 53 for n in value)
    ):
        raise FormatError(f"the {what} of a stack is not a list of whole numbers")
    return tuple(value)


def plane_names(
    stem: str, axes: Sequence[str], shape: Sequence[int], ending: str
) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yield the index and the file name of each plane; they come in the order of their names."""
    for index in product(*map(range, shape)):
        yield index, plane_name(stem, axes, shape, index, ending)


def plane_name(
    stem: str, axes: Sequence[str], shape: Sequence[int], index: Sequence[int], ending: str
) -> str:
    """The file name of a plane, such as ``cells_t3_c0_z12.sealed.jpg``.

    Of an axis's name there are only letters in it, so that no name leads out of the folder; that no
    two planes have the same name is seen to by the order and the width of the numbers.
    """
    fields = (
        f"_{_label(axis)}{position:0{len(str(size - 1))}d}"
        for axis, size, position in zip(axes, shape, index, strict=True)
    )
    return stem + "".join(fields) + ending


def _label(axis: str) -> str:
    return _NOT_LETTERS.sub("", axis)[:_LABEL].lower() or "axis"
