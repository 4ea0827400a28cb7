"""Quantisation tables: how strongly a JPEG was compressed (ITU T.81, B.2.4.1 and annex K.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from napari_seal._format import limits
from napari_seal._format.jpeg import Jpeg
from napari_seal._format.markers import SOS

if TYPE_CHECKING:
    from napari_seal._format.container import Container

_DQT: Final = 0xDB
# Four tables are all that a segment can be meant to have; each may be of 16 bits (B.2.4.1).
_LONGEST: Final = 4 * (1 + 64 * 2)
# An FF and what is no fill byte: there may be millions of those.
_MARKER: Final = re.compile(rb"\xff[^\xff]")
_ZIGZAG: Final = (
    *(0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5),
    *(12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28),
    *(35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51),
    *(58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63),
)
# T.81, table K.1: luminance, in rows; libjpeg scales it by the quality (jcparam.c).
_LUMINANCE: Final = (
    *(16, 11, 10, 16, 24, 40, 51, 61),
    *(12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77),
    *(24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101),
    *(72, 92, 95, 98, 112, 100, 103, 99),
)

Table = tuple[int, ...]


class Quality(NamedTuple):
    """The quality of libjpeg's scale whose luminance table is nearest.

    Parameters
    ----------
    value : int
        1 to 100.
    exact : bool
        Whether the table is the very one; else another encoder made it.
    """

    value: int
    exact: bool

    def __str__(self) -> str:
        return f"quality {self.value}" if self.exact else f"about quality {self.value}"


def quantisation_tables(structure: Container) -> dict[int, Table]:
    """The tables before the first scan, by their number; each of 64 steps in rows; none of PNG.

    What is cut off or out of place is left out: this is for describing, not for decoding.
    """
    if not isinstance(structure, Jpeg):
        return {}
    data, end = structure.data, structure.scan_start or 0
    out: dict[int, Table] = {}
    at, left = 2, limits.QUANTISATION_SEGMENTS
    while left and (found := _MARKER.search(data, at, end)) is not None:
        marker, at = data[found.end() - 1], found.end()
        if marker in (0x00, 0x01, SOS) or 0xD0 <= marker <= 0xD8:
            continue
        stop = at + int.from_bytes(data[at : at + 2])
        if marker == _DQT:
            left -= 1
            out |= _tables(data[at + 2 : min(stop, end, at + 2 + _LONGEST)])
        at = max(stop, at + 2)
    return out


def _tables(payload: bytes) -> dict[int, Table]:
    out: dict[int, Table] = {}
    at = 0
    while at < len(payload):
        width = 2 if payload[at] >> 4 else 1
        steps = payload[at + 1 : at + 1 + 64 * width]
        if len(steps) < 64 * width:
            break
        rows = [0] * 64
        for number, place in enumerate(_ZIGZAG):
            rows[place] = int.from_bytes(steps[number * width : (number + 1) * width])
        out[payload[at] & 15] = tuple(rows)
        at += 1 + 64 * width
    return out


def standard_table(quality: int) -> Table:
    """Libjpeg's luminance table for a quality from 1 to 100 (``jpeg_set_quality``, baseline)."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return tuple(max(1, min(255, (step * scale + 50) // 100)) for step in _LUMINANCE)


def estimate_quality(structure: Container) -> Quality | None:
    """Tell with what quality a file was saved; None where it has no luminance table."""
    table = quantisation_tables(structure).get(0)
    if table is None:
        return None
    distance, value = min(
        (sum(abs(a - b) for a, b in zip(table, standard_table(q), strict=True)), -q)
        for q in range(1, 101)
    )
    return Quality(-value, distance == 0)
