"""The options of the commands that seal, and what they say."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from napari_seal._cli.key_options import key_options
from napari_seal._text import printable
from napari_seal.errors import MetadataError, OptionError

if TYPE_CHECKING:
    from napari_seal._seal.from_files import FileOptions

Command = TypeVar("Command", bound=Callable[..., Any])

_BEFORE = (
    click.option(
        "--format",
        "format_",
        type=click.Choice(["jpeg", "png"]),
        default="jpeg",
        show_default=True,
        help="JPEG is small and keeps 8 bits; PNG loses nothing.",
    ),
    click.option(
        "--quality",
        type=click.IntRange(1, 100),
        default=90,
        show_default=True,
        help="JPEG quality.",
    ),
    click.option("--metadata", metavar="JSON|@FILE", help="A JSON object that every seal carries."),
    click.option(
        "--window",
        type=(float, float),
        metavar="LOW HIGH",
        help="Intensities for black and white; by default the minimum and maximum of each image, "
        "or of the whole of a stack.  PNG needs none for whole numbers.",
    ),
    click.option(
        "--planes", is_flag=True, help="Seal each plane of a stack as an image of its own."
    ),
    click.option(
        "--plane-windows", is_flag=True, help="Each plane of a stack has a window of its own."
    ),
)
_AFTER = (
    key_options,
    click.option("--moedal", is_flag=True, help="Also write the MoEDAL function's digest, sha244."),
    click.option(
        "--algorithm",
        type=click.Choice(["sha256", "blake3"]),
        default="sha256",
        show_default=True,
        help="Of the digests; blake3 needs the package blake3, here and wherever files are "
        "checked.",
    ),
)


def seal_options(command: Command) -> Command:
    """Add the options that `read_options` reads."""
    for option in reversed((*_BEFORE, *_AFTER)):
        command = option(command)
    return command


def read_options(
    *,
    format_: str,
    quality: int,
    metadata: str | None,
    window: tuple[float, float] | None,
    planes: bool,
    plane_windows: bool,
    moedal: bool,
    algorithm: str,
    key: str | None,
    passphrase_file: str | None,
) -> FileOptions:
    """What the options say, checked; asks for a passphrase where the key needs one.

    Raises
    ------
    MetadataError, OptionError, KeyFileError, MissingPackageError
    """
    if plane_windows and window is not None:
        raise OptionError("either --window or --plane-windows")
    images: dict[str, Any] = {
        "quality": quality,
        "metadata": read_metadata(metadata),
        "window": None if window is None else (_number(window[0]), _number(window[1])),
        "moedal": moedal,
        "algorithm": algorithm,
    }
    from napari_seal._seal.from_files import FileOptions
    from napari_seal._seal.source import check_window

    check_window(images["window"])  # once, not for each input
    if key is not None:
        from napari_seal._cli.keys import ask_for_key

        images["key"] = ask_for_key(key, passphrase_file)
    if algorithm != "sha256":
        from napari_seal._seal.pipeline import check_algorithm

        check_algorithm(algorithm)  # once, not for each input
    return FileOptions(
        "png" if format_ == "png" else "jpeg",
        planes,
        images,
        {"window": "plane"} if plane_windows else {},
    )


def _number(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def read_metadata(text: str | None) -> dict[str, Any]:
    """What ``--metadata`` says: JSON, or a file of it.

    Raises
    ------
    MetadataError
        It is no JSON object that can be stored.
    """
    if text is None:
        return {}
    from napari_seal._format.metadata import check_metadata

    try:
        given = text
        if text.startswith("@"):
            with open(text[1:], encoding="utf-8-sig") as file:  # editors may write a mark before it
                given = file.read()
        value = json.loads(given, object_pairs_hook=_unique, parse_float=_finite)
    except OSError as error:
        raise MetadataError(
            f"--metadata: the file {printable(text[1:])!r} cannot be read: {error.strerror}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise MetadataError(
            f"--metadata is not JSON: {error}, in {printable(text, 200)!r}; shells change quotes, "
            "and leave a file as it is: --metadata @FILE"
        ) from error
    if not isinstance(value, dict):
        raise MetadataError(
            f'--metadata is a JSON object such as {{"sample": "A 1"}}, not {printable(text, 200)!r}'
        )
    return check_metadata(value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise MetadataError(
                f"--metadata has the key {printable(key, 60)!r} twice; only one value can be kept"
            )
        seen.add(key)
    return dict(pairs)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise MetadataError(
            f"--metadata has the number {printable(text, 60)}, which is beyond the largest one of "
            '64 bits; write it as a text, in "quotation marks"'
        )
    return value
