"""``napari-seal demo``: seal real pictures, damage them, and show what verification says."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from napari_seal._verify.verdict import Outcome
from napari_seal.errors import WriteError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@click.command(short_help="Seal pictures, damage copies, show the verdicts.")
@click.argument("folder", metavar="[DIR]", default="napari-seal-demo")
def demo(folder: str) -> None:
    """Seal pictures in DIR, damage copies of them, and show the verdict on each.

    DIR is made if needed (by default, napari-seal-demo).  No display and no network is used.

    Exit code: 0 if every damage was recognised for what it is, 1 if not.
    """
    from rich.text import Text

    import napari_seal
    from napari_seal._cli.console import console, outcome_text, reason_text, table

    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise WriteError(f"the folder {folder!r} cannot be made: {error.strerror}") from error
    out = console()
    picture, what = _picture()
    colour = _in_colour(picture)
    metadata = {"sample": "detector 17", "position_um": [1250, 380], "operator": "demo"}
    path = os.path.join(folder, "intact.sealed.jpg")
    colour_path = os.path.join(folder, "intact-colour.sealed.jpg")
    seal = napari_seal.seal(picture, path, metadata=metadata, overwrite=True)
    napari_seal.seal(colour, colour_path, metadata=metadata, overwrite=True)
    size = os.path.getsize(path)
    out.print(f"Sealed {what}: {_shape(picture)} {picture.dtype}, {size:,} bytes as JPEG.")
    out.print(f"Identity {seal.identity}; metadata {metadata}.")
    out.print("Then copies were damaged, and everything was verified:")

    with open(path, "rb") as file:
        original = file.read()
    with open(colour_path, "rb") as file:
        original_colour = file.read()
    rows = table("file", "what was done to it", "verdict", "why")
    surprises = 0
    for damage in _DAMAGES:
        target = os.path.join(folder, f"{damage.name}.sealed.jpg")
        changed = damage.make(original_colour if damage.colour else original)
        with open(target, "wb") as file:
            file.write(changed)
        verdict = napari_seal.check(target)
        surprises += verdict.verdict is not damage.expected
        why = reason_text(verdict) if verdict.reasons else Text("all digests match")
        rows.add_row(damage.name, damage.what, outcome_text(verdict.verdict), why)
    out.print(rows)
    out.print(f"Look closer:  napari-seal show {os.path.join(folder, 'edited.sealed.jpg')}")
    out.print(f"Check a folder:  napari-seal verify {folder}")
    if surprises:
        out.print(f"{surprises} verdicts are not what they should be: please report this.")
        sys.exit(1)


# ---------------------------------------------------------------------------------- the pictures


def _picture() -> tuple[npt.NDArray[Any], str]:
    """A real microscope image where scikit-image ships one, else a field of nuclear tracks."""
    try:
        from skimage import data

        cell: npt.NDArray[Any] = data.cell()  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 - not installed, or without its pictures and without a network
        return (
            _nuclear_tracks(),
            "a synthetic field of nuclear tracks (scikit-image has a real cell)",
        )
    # As a 12-bit camera behind a 16-bit interface delivers it.
    return cell.astype("uint16") * 16 + 200, "a human cell (scikit-image)"


def _nuclear_tracks() -> npt.NDArray[np.uint16]:
    """Etched tracks in a detector foil: dark pits and streaks on an uneven bright ground."""
    import numpy as np

    rng = np.random.default_rng(2012)
    height, width = 512, 640
    y, x = np.mgrid[:height, :width].astype(float)
    field = (
        42_000 + 5_000 * np.cos(x / 300) * np.sin(y / 240 + 1) + rng.normal(0, 300, (height, width))
    )
    for _ in range(70):
        cy, cx = rng.uniform(0, height), rng.uniform(0, width)
        angle, length, radius = rng.uniform(0, np.pi), rng.gamma(2, 4), rng.uniform(2, 5)
        along = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
        across = (y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)
        distance = np.hypot(np.maximum(np.abs(along) - length, 0), across)
        edge = np.clip((distance - radius) * 1.8, -40, 40)
        field -= rng.uniform(12_000, 30_000) / (1 + np.exp(edge))
    return np.asarray(np.clip(field, 500, 65_000), dtype=np.uint16)


def _in_colour(picture: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The picture as a stained specimen would look: magenta where it is dark."""
    import numpy as np

    light = (picture - picture.min()) / np.ptp(picture)
    colours = np.stack([0.45 + 0.5 * light, 0.1 + 0.85 * light, 0.4 + 0.5 * light], axis=-1)
    return np.asarray(255 * colours, dtype=np.uint8)


def _shape(image: npt.NDArray[Any]) -> str:
    return " x ".join(str(n) for n in image.shape)


# ---------------------------------------------------------------------------------- the damages


def _edit(data: bytes) -> bytes:
    """Open the picture, wipe out a feature, save it again with its Exif: what editors do."""
    import io

    from PIL import Image, ImageDraw

    out = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        x, y = image.width // 2, image.height // 2
        background = image.getpixel((4, 4))
        ImageDraw.Draw(image).ellipse((x - 8, y - 8, x + 8, y + 8), fill=background)
        image.save(out, "JPEG", quality=90, exif=image.info["exif"])
    return out.getvalue()


def _rewrite(data: bytes) -> bytes:
    """Merge the Huffman tables into one segment, as JPEG optimisers do: the same coefficients."""
    first = data.index(b"\xff\xc4")
    last, tables = first, b""
    while data[last : last + 2] == b"\xff\xc4":
        end = last + 2 + int.from_bytes(data[last + 2 : last + 4])
        tables += data[last + 4 : end]
        last = end
    merged = b"\xff\xc4" + (len(tables) + 2).to_bytes(2) + tables
    return data[:first] + merged + data[last:]


def _edit_metadata(data: bytes) -> bytes:
    return data.replace(b'"detector 17"', b'"detector 71"', 1)


def _strip(data: bytes) -> bytes:
    """Take the Exif segment out, as many tools do when they save for the web."""
    start = data.index(b"\xff\xe1")
    return data[:start] + data[start + 2 + int.from_bytes(data[start + 2 : start + 4]) :]


def _truncate(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def _flip_a_bit(data: bytes) -> bytes:
    at = data.index(b"\xff\xda") + 400
    while data[at] in (0xFF, 0xFE, 0x00) or data[at - 1] == 0xFF:
        at += 1
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _swap_colours(data: bytes) -> bytes:
    """Take the JFIF segment out and say 'RGB' in an Adobe segment: every other byte stays."""
    rest = data[4 + int.from_bytes(data[4:6]) :]
    return data[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00" + rest


def _comment(data: bytes) -> bytes:
    text = b"a comment"
    return data[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2) + text + data[2:]


class _Damage(NamedTuple):
    name: str
    what: str
    make: Callable[[bytes], bytes]
    expected: Outcome
    colour: bool = False


_DAMAGES: Final = (
    _Damage("intact", "nothing", bytes, Outcome.INTACT),
    _Damage("commented", "a comment added", _comment, Outcome.INTACT),
    _Damage("edited", "a feature wiped out, saved again", _edit, Outcome.IMAGE_CHANGED),
    _Damage("bit-rot", "one bit of the image data flipped", _flip_a_bit, Outcome.IMAGE_CHANGED),
    _Damage("recoloured", "colour transform switched", _swap_colours, Outcome.IMAGE_CHANGED, True),
    _Damage("rewritten", "tables merged, without loss", _rewrite, Outcome.REENCODED),
    _Damage("relabelled", "sample name changed", _edit_metadata, Outcome.METADATA_CHANGED),
    _Damage("truncated", "a third cut off", _truncate, Outcome.TRUNCATED),
    _Damage("stripped", "Exif taken out", _strip, Outcome.NO_SEAL),
)
