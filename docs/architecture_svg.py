"""The picture of the architecture: boxes in rows, and arrows between them.

It is one file for pages that are light and such that are dark, by itself and inside a page.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from html import escape
from math import fsum
from typing import Final

from layered import Item, rows_of, way

#: The name of what users import.
FACE: Final = "napari_seal"

_WIDTH: Final = 940
_MARGIN, _GAP, _ROOM = 14, 16, 46  # around all, between boxes, between rows: where arrows run
_LINE, _HEAD, _STEPS = 16, 24, 44  # heights: a line of words, a name, a row of steps
_BEND: Final = 6  # width that is kept free for an arrow
_LETTER: Final = 7.1  # width of a letter of the words, on average
_MONO: Final = 7.25  # width of a letter of a step

_SHADES: Final = {
    "_cli": "shell", "_napari": "shell", FACE: "face", "_seal": "seal", "_verify": "verify",
    "_format": "format", "_acquire": "seal", "_watch": "seal", "_adopt": "seal",
}  # fmt: skip

_LIGHT: Final = (
    "--ink: #1f2933; --soft: #52606d; --edge: #7b8794; --ground: #ffffff; --plain: #f2f4f7; "
    "--shell: #e8eaf6; --face: #fff4d6; --seal: #dff1fb; --verify: #e0f5ea; --format: #f6e6f3"
)
_DARK: Final = (
    "--ink: #e8edf2; --soft: #b3bfca; --edge: #8795a3; --ground: #131416; --plain: #24292f; "
    "--shell: #2b2f4d; --face: #453a17; --seal: #163c52; --verify: #17402f; --format: #472a42"
)
_STYLE: Final = f"""
  .architecture {{ {_LIGHT}; font: 13px system-ui, "Segoe UI", Roboto, Arial, sans-serif; }}
  @media (prefers-color-scheme: dark) {{ .architecture {{ {_DARK} }} }}
  body[data-theme="light"] .architecture {{ {_LIGHT} }}
  body[data-theme="dark"] .architecture {{ {_DARK} }}
  .architecture .ground {{ fill: var(--ground) }}
  .architecture .box {{ stroke: var(--edge); stroke-width: 1 }}
  .architecture .name {{ fill: var(--ink); font: 600 14px ui-monospace, Menlo, Consolas,
    monospace }}
  .architecture .words {{ fill: var(--soft) }}
  .architecture .plain {{ fill: var(--plain) }}
  .architecture .shell {{ fill: var(--shell) }}
  .architecture .face {{ fill: var(--face) }}
  .architecture .seal {{ fill: var(--seal) }}
  .architecture .verify {{ fill: var(--verify) }}
  .architecture .format {{ fill: var(--format) }}
  .architecture .way {{ fill: var(--ground) }}
  .architecture .does {{ fill: var(--ink); font: 12px ui-monospace, Menlo, Consolas, monospace;
    text-anchor: middle }}
  .architecture .thing {{ fill: var(--soft); font-style: italic; text-anchor: middle }}
  .architecture .arrow {{ fill: none; stroke: var(--edge); stroke-width: 1.4 }}
  .architecture .tip {{ fill: var(--edge) }}
"""


class _Box:
    """A part, and where it stands."""

    def __init__(self, name: str, about: str, steps: list[str], width: float) -> None:
        self.name, self.steps, self.width = name, steps, width
        self.lines = textwrap.wrap(about, int((width - 24) / _LETTER))
        self.height = _HEAD + 14 + _LINE * len(self.lines) + (_STEPS if steps else 0)
        self.left = self.top = 0.0

    def svg(self) -> list[str]:
        shade = _SHADES.get(self.name, "plain")
        x, y = self.left, self.top
        size = f'width="{self.width:.0f}" height="{self.height:.0f}"'
        out = [
            f'<rect class="box {shade}" x="{x:.0f}" y="{y:.0f}" {size} rx="7"/>',
            f'<text class="name" x="{x + 12:.0f}" y="{y + _HEAD - 2:.0f}">{self.name}</text>',
        ]
        for n, line in enumerate(self.lines):
            at = y + _HEAD + 15 + _LINE * n
            out.append(f'<text class="words" x="{x + 12:.0f}" y="{at:.0f}">{escape(line)}</text>')
        return out + self._way()

    def _way(self) -> list[str]:
        """What goes in, the steps, what comes out."""
        out: list[str] = []
        if not self.steps:
            return out
        x, y = self.left + 12, self.top + self.height - 26
        out.append(
            f'<rect class="way" x="{x:.0f}" y="{y - 13:.0f}" width="{self.width - 24:.0f}" '
            'height="26" rx="13"/>'
        )
        spare = self.width - 48 - _MONO * sum(map(len, self.steps))
        gap = spare / (len(self.steps) - 1)
        x += 12
        for n, step in enumerate(self.steps):
            wide = _MONO * len(step)
            kind = "does" if 0 < n < len(self.steps) - 1 else "thing"
            at = x + wide / 2
            out.append(f'<text class="{kind}" x="{at:.1f}" y="{y + 4:.0f}">{escape(step)}</text>')
            x += wide + gap
            if n < len(self.steps) - 1:
                out += _arrow(f"M{x - gap + 3:.1f},{y:.0f} H{x - 8:.1f}", x - 3, y, "right")
        return out


def _arrow(path: str, x: float, y: float, towards: str) -> list[str]:
    tip = {"down": "-4,-7 h8 z", "right": "-7,-4 v8 z"}[towards]
    return [
        f'<path class="arrow" d="{path}"/>',
        f'<path class="tip" d="M{x:.1f},{y:.1f} l{tip}"/>',
    ]


def picture(
    edges: Mapping[str, set[str]], about: Mapping[str, str], steps: Mapping[str, list[str]]
) -> str:
    """The SVG of parts: what each imports, what it is, and the way through it."""
    rows = rows_of(edges)
    # A picture may as well be mirrored: read from the left, sealing comes first.
    if any("_verify" in row and row.index("_verify") < row.index("_seal") for row in rows):
        rows = [row[::-1] for row in rows]
    boxes: dict[str, _Box] = {}
    centre: dict[Item, tuple[float, float, float]] = {}  # x, top, bottom
    y = float(_MARGIN)
    for row in reversed(rows):
        y = _place(row, y, boxes, centre, about, steps)
    out = [line for name in boxes for line in boxes[name].svg()]
    level = {item: n for n, row in enumerate(rows) for item in row if isinstance(item, str)}
    arrows = [way(a, b, level) for a in sorted(edges) for b in sorted(edges[a])]
    lines = [line for items in arrows for line in _route(items, arrows, boxes, centre)]
    height = y - _ROOM + _MARGIN
    body = "\n".join(lines + out)
    return (
        f'<svg class="architecture" xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="0 0 {_WIDTH} {height:.0f}" aria-labelledby="architecture-title">\n'
        '<title id="architecture-title">The parts of napari-seal, each above those that it '
        f"imports</title>\n<style>{_STYLE}</style>\n"
        f'<rect class="ground" width="{_WIDTH}" height="{height:.0f}" rx="8"/>\n{body}\n</svg>\n'
    )


def _place(
    row: list[Item],
    y: float,
    boxes: dict[str, _Box],
    centre: dict[Item, tuple[float, float, float]],
    about: Mapping[str, str],
    steps: Mapping[str, list[str]],
) -> float:
    """Place a row, and say where the next one begins."""
    names = [item for item in row if isinstance(item, str)]
    free = _WIDTH - 2 * _MARGIN - _GAP * (len(row) - 1) - _BEND * (len(row) - len(names))
    shares = {name: sum(map(len, steps.get(name, ()))) + 22 for name in names}
    widest = 1e9 if any(name in steps for name in names) else 330
    widths = {name: min(widest, free * shares[name] / sum(shares.values())) for name in names}
    used = fsum(widths.values()) + _GAP * (len(row) - 1) + _BEND * (len(row) - len(names))
    x = (_WIDTH - used) / 2
    made = {name: _Box(name, about[name], steps.get(name, []), widths[name]) for name in names}
    height = max(box.height for box in made.values())
    for item in row:
        wide: float = _BEND
        if isinstance(item, str):
            box = made[item]
            box.left, box.top, box.height, wide = x, y, height, box.width
        centre[item] = (x + wide / 2, y, y + height)
        x += wide + _GAP
    boxes |= made
    return y + height + _ROOM


def _route(
    items: list[Item],
    arrows: list[list[Item]],
    boxes: Mapping[str, _Box],
    centre: Mapping[Item, tuple[float, float, float]],
) -> list[str]:
    """A line from the foot of a box, past what is between, to the head of another."""

    def port(name: str, mine: Item, others: list[Item]) -> float:
        """Its own place at an edge that several arrows share, in the order of their other ends."""
        others = sorted(others, key=lambda item: centre[item][0])
        share = (others.index(mine) + 1) / (len(others) + 1)
        box = boxes[name]
        return box.left + box.width * (0.2 + 0.6 * share if len(others) > 1 else share)

    first, last = str(items[0]), str(items[-1])
    x = port(first, items[1], [other[1] for other in arrows if other[0] == first])
    end = port(last, items[-2], [other[-2] for other in arrows if other[-1] == last])
    y = centre[first][2]
    path = f"M{x:.1f},{y:.1f}"
    for item in items[1:]:
        to, top, bottom = centre[item]
        if item == last:
            to, top = end, top - 6
        bend = (top - y) / 2
        path += f" C{x:.1f},{y + bend:.1f} {to:.1f},{top - bend:.1f} {to:.1f},{top:.1f}"
        if item != last:
            path += f" V{bottom:.1f}"
        x, y = to, bottom
    return _arrow(path, end, centre[last][1], "down")
