"""``napari-seal show``: one seal, readable."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_seal import MoedalSeal, Seal, Stack, Verdict
    from napari_seal._verify.verdict import Box


@click.command(short_help="Show one seal, and the verdict on the file.")
@click.argument("file", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict and the seal as JSON.")
@click.option("--trust", metavar="PATH", help="The public keys that are trusted: a folder or file.")
def show(file: str, as_json: bool, trust: str | None) -> None:
    """Show the seal of a file, its metadata and signature, and the verdict on them.

    Of a stack, FILE is its index, which ends in .sealed.json; `verify` checks its planes.

    Exit code: 0 if the file is intact, 1 if not.
    """
    from napari_seal._verify.check import check

    verdict = check(file, trust=trust)
    if as_json:
        click.echo(json.dumps(verdict.as_dict() | {"seal": _plain(verdict.seal)}, indent=2))
    else:
        _print(verdict)
    sys.exit(0 if verdict.intact else 1)


def _plain(value: Any) -> Any:
    """A seal as JSON values, by the names of its attributes."""
    from napari_seal._format.digest import Digest
    from napari_seal._format.keys import KeyCheck

    if isinstance(value, (Digest, KeyCheck)):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return value


def _print(verdict: Verdict) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from napari_seal._cli.console import console, outcome_text, table
    from napari_seal._format.stack import Stack
    from napari_seal._text import printable
    from napari_seal._trust.states import Signature

    out = console()
    out.print(Text(printable(verdict.path), style="bold"))
    out.print(outcome_text(verdict.verdict), "—", verdict.verdict.meaning)
    if verdict.signature is not Signature.NONE:
        state = Text(f"signature {verdict.signature}", style="bold")
        out.print(state, "—", verdict.signature.meaning)
    if verdict.signer is not None:
        named = "signer" if verdict.signature is not Signature.UNKNOWN_KEY else "its key"
        out.print(Text(f"  {named} {printable(verdict.signer)}"))
    for reason in verdict.reasons:
        sentence = Text(f"• {printable(reason.message)}")
        out.print(Padding(sentence, (0, 0, 0, 2), expand=False))
        for name, value in (("expected", reason.expected), ("found", reason.found)):
            if value is not None:
                out.print(Text(f"      {name:8} {printable(value)}", style="dim"))
    if verdict.regions:
        _print_places(verdict)
    seal = verdict.seal or _stack_of(verdict.path)
    if seal is None:
        if os.path.isdir(verdict.path):
            out.print(Text(f"Check a folder:  napari-seal verify {printable(verdict.path)}"))
        return
    if not verdict.intact:
        out.print("\nWhat the seal says, which is only a claim unless the file is intact:")
    rows = table("seal", "")
    for name, value in _rows_of_stack(seal) if isinstance(seal, Stack) else _rows(seal):
        rows.add_row(name, Text(printable(value)))
    if seal.metadata:
        rows.add_section()
        for key, value in seal.metadata.items():
            text = value if isinstance(value, str) else json.dumps(value)
            rows.add_row(Text(printable(key, 60), style="italic"), Text(printable(text)))
    out.print(rows)


def _print_places(verdict: Verdict) -> None:
    """Where the picture was changed: a table, and a map of the picture in letters."""
    from napari_seal._cli.console import console, table

    out = console()
    rows = table("place", "rows", "columns")
    for number, (y0, x0, y1, x1) in enumerate(verdict.regions[:_PLACES], 1):
        rows.add_row(str(number), f"{y0} to {y1}", f"{x0} to {x1}")
    out.print(rows)
    if len(verdict.regions) > _PLACES:
        out.print(f"… and {len(verdict.regions) - _PLACES} more places; --json gives them all.")
    shape = getattr(getattr(verdict.seal, "pixels", None), "shape", None)
    if shape is not None:
        out.print("\n".join(_map(verdict.regions, shape[0], shape[1])), style="dim", markup=False)


#: Places in the table at most, and columns of the map.
_PLACES, _COLUMNS = 20, 48


def _map(regions: Sequence[Box], height: int, width: int) -> list[str]:
    """The picture in letters; a letter is about twice as high as it is wide."""
    columns = max(1, min(_COLUMNS, width))
    lines = max(1, round(columns * height / max(1, width) / 2))
    lines = min(lines, 4 * _COLUMNS)
    marks = [[" "] * columns for _ in range(lines)]
    for y0, x0, y1, x1 in regions:
        for y in range(y0 * lines // height, -(-y1 * lines // height)):
            for x in range(x0 * columns // width, -(-x1 * columns // width)):
                marks[y][x] = "#"
    edge = "+" + "-" * columns + "+"
    return [edge, *(f"|{''.join(line)}|" for line in marks), edge]


def _rows(seal: Seal | MoedalSeal) -> list[tuple[str, str]]:
    from napari_seal._format.legacy import MoedalSeal

    if isinstance(seal, MoedalSeal):
        return [
            ("sealed by", "the MoEDAL function; it protects the pixels only"),
            ("pixels", f"sha224:{seal.pixels}"),
        ]
    rows = [
        ("identity", seal.identity),
        ("created", seal.created),
        (
            "picture",
            f"{_shape(seal.pixels.shape)} {seal.pixels.dtype}, "
            + ("PNG" if seal.format == "png" else "JPEG")
            + (f" quality {seal.quality}" if seal.quality is not None else ""),
        ),
    ]
    if seal.adopted is not None:
        known, forced = seal.adopted, ", ".join(seal.adopted.forced)
        digest = "no digest sha244" if known.sha244 == "none" else f"sha244 {known.sha244}"
        rows.append(("adopted", digest + (f"; forced: {forced}" if forced else "")))
    if seal.source is not None:
        source = f"{_shape(seal.source.shape)} {seal.source.dtype}, axes {seal.source.axes}"
        rows += [("source", source), ("", str(seal.source.digest))]
    if seal.window is not None:
        rows.append(("window", f"{seal.window.low} to {seal.window.high}"))
    rows += [
        ("codestream", f"{seal.codestream} ({seal.length:,} bytes)"),
        ("pixels", str(seal.pixels.digest)),
        ("scan", str(seal.scan)),
        ("record", str(seal.record)),
        ("software", _versions(seal.software)),
    ]
    if seal.tiles is not None:
        rows.append(("fingerprint", _fingerprint(seal.tiles)))
    if seal.tile_digests is not None:
        size = seal.tile_digests.get("size")
        rows.append(("tile digests", f"of {size} x {size} pixels"))
    if seal.stack is not None:
        place = f"{seal.stack} of {_shape(seal.stack.shape)} planes of the stack {seal.stack.id}"
        rows.append(("place", place))
    if seal.layer is not None:
        rows.append(("layer", json.dumps(seal.layer)))
    return rows


def _stack_of(path: str) -> Stack | None:
    """What the index of a stack says; None where the file is none, or cannot be read."""
    from napari_seal._format.names import INDEX_ENDING
    from napari_seal._verify.stack_index import read_index

    return read_index(path)[0] if path.lower().endswith(INDEX_ENDING) else None


def _rows_of_stack(stack: Stack) -> list[tuple[str, str]]:
    kind = "PNG" if stack.format == "png" else f"JPEG quality {stack.quality}"
    rows = [
        ("stack", stack.id),
        ("created", stack.created),
        ("planes", f"{stack.count:,}" + ("" if stack.complete else ", of which some are missing")),
        ("picture", f"{_shape(stack.shape)} {stack.dtype}, axes {' '.join(stack.axes)}, {kind}"),
        ("sealed from", f"{stack.source_dtype}, axes {' '.join(stack.source_axes)}"),
    ]
    if stack.source is not None:
        rows.append(("source", str(stack.source)))
    window = "one for each plane" if stack.plane_windows else "none"
    if stack.window is not None:
        window = f"{stack.window.low} to {stack.window.high}"
    rows.append(("window", window))
    if stack.record is not None:
        rows.append(("record", str(stack.record)))
    rows.append(("software", _versions(stack.software)))
    if stack.layer is not None:
        rows.append(("layer", json.dumps(stack.layer)))
    return rows


def _versions(software: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in software.items())


def _fingerprint(tiles: Mapping[str, Any]) -> str:
    size, step = tiles.get("size"), tiles.get("step")
    return f"{tiles.get('kind')}: tiles of {size} x {size} pixels in steps of {step} levels"


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)
