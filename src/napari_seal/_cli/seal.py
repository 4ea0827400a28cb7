"""``napari-seal seal``: store images with a seal."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from napari_seal._cli.key_options import key_options
from napari_seal._files import is_address
from napari_seal._files import make_folder as make_folder_at
from napari_seal._text import printable
from napari_seal.errors import ImageError, MetadataError, OptionError, SealError, WriteError

if TYPE_CHECKING:
    from napari_seal._format.container import Format

#: Seconds that images which are being sealed have to be done, where a run is interrupted.
_PATIENCE = 5.0


class _Task(NamedTuple):
    """One input and where its sealed image goes, without its suffix."""

    source: str
    stem: str


class _Done(NamedTuple):
    """What became of a task: how many images were sealed, and what was wrong."""

    source: str
    sealed: int
    problem: str | None


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "--out", required=True, metavar="DIR", help="Folder for the sealed images; created if needed."
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["jpeg", "png"]),
    default="jpeg",
    show_default=True,
    help="JPEG is small and keeps 8 bits; PNG loses nothing.",
)
@click.option(
    "--quality", type=click.IntRange(1, 100), default=90, show_default=True, help="JPEG quality."
)
@click.option("--metadata", metavar="JSON|@FILE", help="A JSON object that every seal carries.")
@click.option(
    "--window",
    type=(float, float),
    metavar="LOW HIGH",
    help="Intensities for black and white; by default the minimum and maximum of each image, or of "
    "the whole of a stack.  PNG needs none for whole numbers.",
)
@click.option("--planes", is_flag=True, help="Seal each plane of a stack as an image of its own.")
@click.option(
    "--plane-windows", is_flag=True, help="Each plane of a stack has a window of its own."
)
@click.option("--resume", is_flag=True, help="Go on with stacks that were not finished.")
@key_options
@click.option("--moedal", is_flag=True, help="Also write the MoEDAL function's digest, sha244.")
@click.option("--overwrite", is_flag=True, help="Replace existing files.")
@click.option(
    "--algorithm",
    type=click.Choice(["sha256", "blake3"]),
    default="sha256",
    show_default=True,
    help="Of the digests; blake3 needs the package blake3, here and wherever files are checked.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; by default one a core.")
def seal(
    inputs: tuple[str, ...],
    out: str,
    format_: Format,
    quality: int,
    metadata: str | None,
    window: tuple[float, float] | None,
    planes: bool,
    plane_windows: bool,
    resume: bool,
    moedal: bool,
    overwrite: bool,
    algorithm: str,
    jobs: int | None,
    **signing: str | None,
) -> None:
    """Seal TIFF, ND2, CZI, OME-Zarr, PNG and NPY images, folders of them, and glob patterns.

    Each INPUT becomes DIR/NAME.sealed.jpg, or with --format png DIR/NAME.sealed.png; files in
    folders keep their path below the folder.  A stack becomes the folder DIR/NAME.sealed with a
    file for each plane and an index; with --planes, files in DIR such as
    NAME_t03_c0_z12.sealed.jpg.  A JPEG file that is named is taken as well, and is compressed a
    second time.

    Exit code: 0 if every input was sealed, 1 if some was not, 2 if there was nothing to seal.
    """
    options: dict[str, Any] = {
        "quality": quality,
        "metadata": read_metadata(metadata),
        "window": None if window is None else (_number(window[0]), _number(window[1])),
        "moedal": moedal,
        "overwrite": overwrite,
        "algorithm": algorithm,
    }
    of_stacks: dict[str, Any] = {"resume": resume}
    if plane_windows and window is not None:
        raise OptionError("either --window or --plane-windows")
    if plane_windows:
        of_stacks["window"] = "plane"
    if resume and (overwrite or planes):
        raise OptionError("--resume goes on with stacks; leave out --overwrite and --planes")
    from napari_seal._cli.console import console, table
    from napari_seal._cli.inputs import find_inputs
    from napari_seal._cli.patterns import expand
    from napari_seal._cli.progress import progress
    from napari_seal._images.names import FOLDER_EXTENSIONS
    from napari_seal._parallel import available_cores, map_items

    if signing["key"] is not None:
        from napari_seal._cli.keys import ask_for_key

        options["key"] = ask_for_key(signing["key"], signing["passphrase_file"])
    if algorithm != "sha256":
        from napari_seal._seal.pipeline import check_algorithm

        check_algorithm(algorithm)  # once, not for each input

    named = expand(inputs, FOLDER_EXTENSIONS)
    tasks = [_Task(path, _stem(out, below)) for path, below in find_inputs(named)]
    if not tasks:
        raise ImageError(
            "there is no image in what was named (TIFF, ND2, CZI, OME-Zarr, PNG or NPY): "
            "nothing was sealed"
        )
    try:
        _make_folder(out)
    except OSError as error:
        raise WriteError(
            f"the folder {printable(out)!r} cannot be made: {error.strerror}"
        ) from error

    failed: list[_Done] = []
    sealed = 0
    jobs = jobs or available_cores()
    work = partial(
        _seal_one, format_=format_, by_plane=planes, options=options, of_stacks=of_stacks
    )
    with progress("sealing", len(tasks)) as watch:
        unique = _without_doubles(tasks)
        if jobs == 1 or len(tasks) < 4:
            results: Iterator[_Done] = (work(task) for task in unique)
        else:
            pairs = map_items(work, unique, jobs=jobs, died=_died, patience=_PATIENCE)
            results = (done for _, done in pairs)
        for done in watch(results):
            sealed += done.sealed
            if done.problem is not None:
                failed.append(done)

    shown = console()
    if failed:
        from rich.text import Text

        rows = table("not sealed", "why")
        for done in failed:
            rows.add_row(Text(printable(done.source)), Text(printable(done.problem)))
        shown.print(rows)
    again = sum(task.source.lower().endswith((".jpg", ".jpeg")) for task in tasks)
    if again and format_ == "jpeg":
        shown.print(
            f"{again:,} of the inputs are JPEG files: they were decoded and compressed again."
        )
    shown.print(
        f"{len(tasks):,} {'input' if len(tasks) == 1 else 'inputs'}: {sealed:,} "
        f"{'image' if sealed == 1 else 'images'} sealed in {printable(out)}, {len(failed):,} failed"
    )
    sys.exit(1 if failed else 0)


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
        if text.startswith("@"):
            with open(text[1:], encoding="utf-8") as file:
                text = file.read()
        return check_metadata(json.loads(text, object_pairs_hook=_unique, parse_float=_finite))
    except OSError as error:
        raise MetadataError(f"{text[1:]!r} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise MetadataError(f"--metadata is not JSON: {error}") from error


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


def _stem(out: str, below: str) -> str:
    stem, extension = os.path.splitext(below)
    if extension.lower() in (".jpg", ".jpeg", ".png") and stem.lower().endswith(".sealed"):
        stem = stem[: -len(".sealed")]
    if is_address(out):
        return f"{out.rstrip('/')}/{stem.replace(os.sep, '/')}"
    return os.path.join(out, stem)


def _make_folder(path: str) -> None:
    if is_address(path):
        make_folder_at(path)
    else:
        from napari_seal._disk import make_folder

        make_folder(path)


def _without_doubles(tasks: list[_Task]) -> Iterator[_Task]:
    """Give an empty stem to inputs whose sealed image would be that of another input."""
    taken: set[str] = set()
    for task in tasks:
        key = os.path.normcase(task.stem)
        yield task._replace(stem="") if key in taken else task
        taken.add(key)


def _seal_one(
    task: _Task,
    *,
    format_: Format,
    by_plane: bool,
    options: dict[str, Any],
    of_stacks: dict[str, Any],
) -> _Done:
    """Seal an input; what a worker does.  One bad input does not end the run."""
    from napari_seal._cli.seal_images import seal_images

    sealed = 0
    try:
        if not task.stem:
            raise WriteError(
                "another input of this run has the same name; seal it to another folder"
            )
        _make_folder(os.path.dirname(task.stem) or ".")
        done = seal_images(
            task.source,
            task.stem,
            format=format_,
            by_plane=by_plane,
            options=options,
            of_stacks=of_stacks,
        )
        for number in done:
            sealed += number
    except SealError as error:
        return _Done(task.source, sealed, str(error))
    except MemoryError:
        return _Done(task.source, sealed, "there is not enough memory for it")
    except OSError as error:
        return _Done(task.source, sealed, f"{printable(task.stem)}: {error.strerror or error}")
    return _Done(task.source, sealed, None)


def _died(task: _Task) -> _Done:
    return _Done(task.source, 0, "the process that sealed it died; it may have run out of memory")
