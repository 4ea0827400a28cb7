"""Rows of boxes with arrows that run down: which row, in which order, and where.

The way of Sugiyama, Tagawa and Toda (IEEE Trans. SMC 11, 1981): rows by the longest way down, a
place kept free in each row that an arrow passes, and the order in a row by what is above and below.
"""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter
from itertools import pairwise
from math import fsum
from typing import Final

#: A place that an arrow passes through: the two ends of the arrow, and the row.
Bend = tuple[str, str, int]
Item = str | Bend
_SWEEPS: Final = 12


def reduced(edges: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The same without those arrows that a longer way implies.

    Raises
    ------
    graphlib.CycleError
        There is a way in a circle.
    """
    below: dict[str, set[str]] = {}
    for name in TopologicalSorter(edges).static_order():
        others = edges.get(name, set())
        below[name] = others | {far for other in others for far in below[other]}
    return {
        name: {a for a in others if not any(a in below[b] for b in others)}
        for name, others in edges.items()
    }


def rows_of(edges: Mapping[str, set[str]]) -> list[list[Item]]:
    """Items by row, from the bottom up, in an order with few crossings."""
    row: dict[str, int] = {}
    for name in TopologicalSorter(edges).static_order():
        row[name] = max((row[other] + 1 for other in edges.get(name, ())), default=0)
    rows: list[list[Item]] = [[] for _ in range(max(row.values()) + 1)]
    for name in sorted(row):
        rows[row[name]].append(name)
    for name, others in sorted(edges.items()):
        for other in sorted(others):
            for between in range(row[other] + 1, row[name]):
                rows[between].append((name, other, between))
    links = [link for name in sorted(edges) for link in _links(name, edges[name], row)]
    for sweep in range(_SWEEPS):
        for upwards in (True, False) if sweep % 2 else (False, True):
            _sweep(rows, links, upwards=upwards)
        for here in range(len(rows)):
            _exchange(rows, links, here)
    return rows


def way(name: str, other: str, row: Mapping[str, int]) -> list[Item]:
    """What an arrow passes, both ends included, from the top down."""
    bends: list[Item] = [(name, other, n) for n in range(row[name] - 1, row[other], -1)]
    return [name, *bends, other]


def _links(name: str, others: set[str], row: Mapping[str, int]) -> list[tuple[Item, Item]]:
    return [link for other in sorted(others) for link in pairwise(way(name, other, row))]


def _places(rows: list[list[Item]]) -> dict[Item, float]:
    """From 0 to 1 along its row, so that short and long rows can be compared."""
    return {item: (n + 0.5) / len(row) for row in rows for n, item in enumerate(row)}


def _sweep(rows: list[list[Item]], links: list[tuple[Item, Item]], *, upwards: bool) -> None:
    """Put each item below, or above, the middle of what it is linked to."""
    for here in range(len(rows)) if upwards else reversed(range(len(rows))):
        places = _places(rows)
        middle: dict[Item, float] = {}
        for item in rows[here]:
            linked = [places[a] for a, b in links if b == item] if not upwards else []
            linked += [places[b] for a, b in links if a == item] if upwards else []
            middle[item] = fsum(linked) / len(linked) if linked else places[item]
        rows[here].sort(key=lambda item: middle[item])


def _exchange(rows: list[list[Item]], links: list[tuple[Item, Item]], here: int) -> None:
    """Exchange neighbours where arrows then cross less often."""
    row = rows[here]
    for n in range(len(row) - 1):
        before = crossings(rows, links, here)
        row[n], row[n + 1] = row[n + 1], row[n]
        if crossings(rows, links, here) >= before:
            row[n], row[n + 1] = row[n + 1], row[n]


def crossings(rows: list[list[Item]], links: list[tuple[Item, Item]], here: int) -> int:
    """How often arrows cross above and below a row."""
    places = _places(rows)
    mine = set(rows[here])
    total = 0
    for end in (0, 1):
        near = [(places[link[end]], places[link[1 - end]]) for link in links if link[end] in mine]
        total += sum((a - c) * (b - d) < 0 for a, b in near for c, d in near)
    return total // 2
