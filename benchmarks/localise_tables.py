"""The tables that `localise.py` prints, as Markdown."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from localise_images import Picture, side_of_split
from localise_saves import installed
from PIL import features

import napari_seal

Row = dict[str, Any]

_PACKAGES = ("numpy", "pillow", "scipy", "scikit-image", "opencv-python-headless", "imagecodecs")
_CONTRASTS = ((0, 6), (6, 10), (10, 20), (20, 40), (40, 70), (70, 256))


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table; the first column is text, the others are numbers."""
    print("\n| " + " | ".join(head) + " |")
    print("|---" + "|--:" * (len(head) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")


def share(rows: Sequence[Row], key: str = "found") -> str:
    """Per cent of rows, and how many rows there are."""
    if not rows:
        return "-"
    return f"{100 * statistics.fmean(bool(row[key]) for row in rows):.1f}"


def bound(wrong: int, number: int) -> str:
    """Upper end of the 95 % interval of a share, in per cent: the rule of three where none is."""
    if number == 0:
        return "-"
    if wrong == 0:
        return f"{min(300 / number, 100):.2g} %"
    low, high = wrong / number, 1.0
    for _ in range(60):  # Clopper and Pearson, one-sided, by bisection
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(wrong, number, middle) > 0.05 else (low, middle)
    return f"{100 * high:.2g} %"


def _at_most(wrong: int, number: int, probability: float) -> float:
    """Chance of at most so many, binomially."""
    term = (1 - probability) ** number
    total = term
    for k in range(wrong):
        term *= (number - k) / (k + 1) * probability / (1 - probability)
        total += term
    return total


def print_setting(split: str, groups: dict[str, list[Picture]]) -> None:
    """Say when, with what and on which pictures."""
    print(f"Date: {datetime.datetime.now(datetime.UTC):%Y-%m-%d}")
    print(f"napari-seal {napari_seal.__version__}, Python {platform.python_version()}")
    for name in _PACKAGES:
        try:
            print(f"{name} {version(name)}")
        except PackageNotFoundError:
            print(f"{name}: not installed")
    print(f"libjpeg-turbo in Pillow {features.version_feature('libjpeg_turbo')}")
    print(f"Other encoders: {', '.join(sorted(installed())) or 'none'}")
    print(f"{platform.machine()}, {os.cpu_count()} processors")
    print(f"\nThe {split} half of the pictures, by the hash of their names:")
    for group, pictures in groups.items():
        print(f"\n{group}, {len(pictures)}:")
        if group in {"scikit-image", "own folder"}:
            for picture in pictures:
                shape = " x ".join(map(str, picture.array.shape))
                half = side_of_split(picture.name)
                print(f"- {picture.name} ({shape} {picture.array.dtype}, {half})")


def honest_table(rows: list[Row]) -> None:
    """Files that were only saved again, and how many of them are accused."""
    if not rows:
        return
    print("\n## Honest saves")

    def line(name: str, part: list[Row]) -> list[object]:
        pictures = {row["picture"] for row in part}
        accused = {row["picture"] for row in part if row["wrong"]}
        wrong = sum(row["wrong"] for row in part)
        return [
            name,
            len(pictures),
            len(part),
            wrong,
            bound(wrong, len(part)),
            bound(len(accused), len(pictures)),
            f"{max(row['score'] for row in part):.2f}",
        ]

    head = ("", "pictures", "files", "with a false region", "at most, of files")
    head += ("at most, of pictures", "highest score")
    for key in ("group", "kind"):
        names = dict.fromkeys(row[key] for row in rows)
        table(head, [line(name, [row for row in rows if row[key] == name]) for name in names])
    table(head, [line("all", rows)])
    print("\nClosest to the limit of 1:")
    for row in sorted(rows, key=lambda row: -row["score"])[:8]:
        print(f"- {row['score']:.2f}: {row['history']}")


def edit_table(rows: list[Row], kinds: Sequence[str]) -> None:
    """Share of edits that are found, by kind, radius, quality and contrast."""
    if not rows:
        return
    print("\n## Edits found, per cent")
    for group in dict.fromkeys(row["group"] for row in rows):
        part = [row for row in rows if row["group"] == group]
        print(f"\n### {group}")
        _by_radius(part, kinds)
    print("\n### By contrast, all pictures and qualities")
    for kind in kinds:
        of_kind = [row for row in rows if row["kind"] == kind]
        radii = sorted({row["radius"] for row in of_kind})
        table(
            (kind, *(f"r = {radius} (of)" for radius in radii)),
            [_contrast_line(of_kind, radii, low, high) for low, high in _CONTRASTS],
        )
    files = [row for row in rows if row["file"]]
    wrong = sum(row["false"] for row in files)
    print(f"\nEdited files: {len(files)}; with a region out of place: {wrong}; ", end="")
    print(f"95 %: at most {bound(wrong, len(files))}")


def _by_radius(part: list[Row], kinds: Sequence[str]) -> None:
    lines = []
    for kind in kinds:
        for radius in sorted({row["radius"] for row in part}):
            same = [row for row in part if row["kind"] == kind and row["radius"] == radius]
            if not same:
                continue
            hit = [row["area"] for row in same if row["found"]]
            lines.append(
                [
                    f"{kind}, r = {radius}",
                    len(same),
                    f"{statistics.median(row['contrast'] for row in same):.0f}",
                    *(share([r for r in same if r["quality"] == q]) for q in (50, 75, 90)),
                    f"**{share(same)}**",
                    f"{statistics.median(hit) ** 0.5:.0f}" if hit else "-",
                ]
            )
    table(("", "edits", "median contrast", "q50", "q75", "q90", "all", "side of the region"), lines)


def _contrast_line(rows: list[Row], radii: list[int], low: int, high: int) -> list[object]:
    cells = []
    for radius in radii:
        same = [r for r in rows if r["radius"] == radius and low <= r["contrast"] < high]
        cells.append(f"{share(same)} ({len(same)})" if same else "-")
    return [f"{low} to {high} levels" if high < 256 else f"{low} levels and more", *cells]


def confusion_table(rows: list[tuple[str, str, str]], codes: Sequence[str]) -> None:
    """What was done to the whole picture, and what it was called."""
    if not rows:
        return
    print("\n## Changes of the whole picture")
    columns = (*codes, "")
    count: Callable[[str, str], int] = lambda kind, code: sum(  # noqa: E731
        row[0] == kind and row[2] == code for row in rows
    )
    right = {row[0]: row[1].split("|") for row in rows}
    lines = []
    for kind, codes_of_kind in right.items():
        cells = []
        for code in columns:
            number = count(kind, code)
            cells.append(f"**{number}**" if number and code in codes_of_kind else number or "")
        lines.append([kind, *cells])
    table(("", *(f"`{code}`" for code in codes), "not named"), lines)
