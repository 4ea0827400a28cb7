"""Putting pieces into the bytes of a file, touching no other byte."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: Bytes that are copied in one go.
_BLOCK: Final = 1 << 20


def splice(data: bytes, at: int, pieces: Iterable[bytes]) -> bytes:
    """Put pieces into a file.

    A slice of bytes is copied while no other thread runs, so that a window would stand still: large
    files are cut into blocks.  Of bytes, and of nothing else, the join lets others run.

    Parameters
    ----------
    data : bytes
        Of the file.
    at : int
        Offset of what will stand behind the pieces.
    pieces : iterable of bytes
        In their order.
    """
    rest = (data[start : start + _BLOCK] for start in range(at, len(data), _BLOCK))
    return b"".join([data[:at], *pieces, *rest])
