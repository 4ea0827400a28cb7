"""What the documentation says of PNG is so; its script does not fail open."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pages import DOCS, blocks_of, section_of
from png_mutators import chunk, chunks

import napari_seal
from napari_seal._format import tile_digests


def test_format_describes_the_digests_of_tiles(tracks: np.ndarray) -> None:
    """Their keys, their kind and their numbers are those of the page."""
    section = section_of(
        "seal-format/picture.md", "5.5 `tile_digests`: exact places, rule `digest-1`"
    )
    rows = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
    assert rows == set(tile_digests.measure(tracks))
    assert f"`{tile_digests.KIND}`" in section
    for number in (tile_digests.MOST, tile_digests.SMALLEST):
        assert re.search(rf"(?<![\d,]){number:,}(?![\d,])", section), number


def test_format_shows_the_order_of_chunks(tracks: np.ndarray, tmp_path: Path) -> None:
    """The chunks of a sealed PNG file are those of the page, in its order."""
    napari_seal.seal(tracks, tmp_path / "a.sealed.png")
    found = [kind.decode() for kind, _, _ in chunks((tmp_path / "a.sealed.png").read_bytes())]
    section = section_of("seal-format.md", "1.2 PNG")
    shown = re.findall(r"^.. .. .. .. (\w{4}) ", section, re.MULTILINE)
    assert list(dict.fromkeys(found)) == shown


PNG_ATTACKS: dict[str, Callable[[bytes], bytes]] = {
    "a bit of the image data": lambda d: d.replace(b"IDATx", b"IDATy", 1),
    "the size": lambda d: d[:19] + b"\x01" + d[20:],
    "transparency": lambda d: d[:33] + chunk(b"tRNS", bytes(6)) + d[33:],
    "text between image data": lambda d: d.replace(
        chunk(b"IEND"),
        chunk(b"tEXt", b"a\0b") + chunk(b"IDAT", b"") + chunk(b"IEND"),
    ),
    "text before the header": lambda d: d[:8] + chunk(b"tEXt", b"a\0b") + d[8:],
    "metadata edited": lambda d: d.replace(b'"n":1', b'"n":2'),
    "cut": lambda d: d[:-40],
}


@pytest.mark.parametrize("attack", PNG_ATTACKS)
def test_the_check_of_png_without_us_does_not_fail_open(
    attack: str, histology: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The script for PNG says CHANGED, or ends with an exception."""
    script = next(b for b in blocks_of(DOCS / "interchange/python.md") if "def check_png" in b.text)
    namespace: dict[str, Callable[[Path], None]] = {}
    exec(script.text.partition("\n\n\ncheck_png(")[0], namespace)
    path = tmp_path / "a.sealed.png"
    napari_seal.seal(histology, path, metadata={"n": 1})
    namespace["check_png"](path)
    assert capsys.readouterr().out == "codestream ok\nrecord ok\n"
    data = path.read_bytes()
    damaged = PNG_ATTACKS[attack](data)
    assert damaged != data
    path.write_bytes(damaged)
    assert not napari_seal.check(path).intact
    with contextlib.suppress(ValueError, IndexError, KeyError):
        namespace["check_png"](path)
        assert "CHANGED" in capsys.readouterr().out
