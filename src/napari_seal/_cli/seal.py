"""``napari-seal seal``: store images with a seal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from napari_seal._cli.seal_options import read_options, seal_options
from napari_seal._files import is_address
from napari_seal._files import make_folder as make_folder_at
from napari_seal._text import printable
from napari_seal.errors import ImageError, OptionError, SealError, TargetExistsError, WriteError

if TYPE_CHECKING:
    from napari_seal._seal.from_files import FileOptions

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
    is_taken: bool = False


@click.command(short_help="Seal images: TIFF, ND2, CZI, OME-Zarr, PNG, NPY.")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "--out", required=True, metavar="DIR", help="Folder for the sealed images; created if needed."
)
@seal_options
@click.option("--resume", is_flag=True, help="Go on with stacks that were not finished.")
@click.option("--overwrite", is_flag=True, help="Replace existing files.")
@click.option("--jobs", type=click.IntRange(min=1), help="Worker processes; by default one a core.")
def seal(
    inputs: tuple[str, ...],
    out: str,
    resume: bool,
    overwrite: bool,
    jobs: int | None,
    **sealing: Any,
) -> None:
    """Seal TIFF, ND2, CZI, OME-Zarr, PNG and NPY images, folders of them, and glob patterns.

    Each INPUT becomes DIR/NAME.sealed.jpg, or with --format png DIR/NAME.sealed.png; files in
    folders keep their path below the folder.  A stack becomes the folder DIR/NAME.sealed with a
    file for each plane and an index; with --planes, files in DIR such as
    NAME_t03_c0_z12.sealed.jpg.  A JPEG file that is named is taken as well, and is compressed a
    second time.

    Exit code: 0 if every input was sealed, 1 if some was not, 2 if there was nothing to seal, 130
    after Control-C.
    """
    if resume and (overwrite or sealing["planes"]):
        raise OptionError("--resume goes on with stacks; leave out --overwrite and --planes")
    options = read_options(**sealing)
    options.images["overwrite"] = overwrite
    options.stacks["resume"] = resume
    from napari_seal._cli.console import console, table
    from napari_seal._cli.inputs import find_inputs
    from napari_seal._cli.patterns import expand
    from napari_seal._cli.progress import progress
    from napari_seal._images.names import FOLDER_EXTENSIONS
    from napari_seal._parallel import available_cores, map_items
    from napari_seal._seal.from_files import stem_of

    named = expand(inputs, FOLDER_EXTENSIONS)
    tasks = [_Task(path, stem_of(out, below)) for path, below in find_inputs(named)]
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
    work = partial(_seal_one, options=options)
    with progress("sealing", len(tasks)) as watch:
        unique = _without_doubles(tasks)
        if jobs == 1 or len(tasks) < 4:
            results: Iterator[_Done] = (work(task) for task in unique)
        else:
            pairs = map_items(work, unique, jobs=jobs, died=_died, patience=_PATIENCE)
            results = (done for _, done in pairs)
        try:
            for done in watch(results):
                sealed += done.sealed
                if done.problem is not None:
                    failed.append(done)
        except KeyboardInterrupt:
            click.echo(f"{_images(sealed)} sealed in {printable(out)} so far", err=True)
            raise

    shown = console()
    if failed:
        from rich.text import Text

        rows = table("not sealed", "why")
        for done in failed:
            rows.add_row(Text(printable(done.source)), Text(printable(done.problem)))
        shown.print(rows)
    if any(done.is_taken for done in failed):
        shown.print("--overwrite replaces what is there; --resume goes on with unfinished stacks.")
    again = sum(task.source.lower().endswith((".jpg", ".jpeg")) for task in tasks)
    if again and options.format == "jpeg":
        shown.print(
            f"{again:,} of the inputs are JPEG files: they were decoded and compressed again."
        )
    shown.print(
        f"{len(tasks):,} {'input' if len(tasks) == 1 else 'inputs'}: {_images(sealed)} sealed in "
        f"{printable(out)}, {len(failed):,} failed"
    )
    sys.exit(1 if failed else 0)


def _images(number: int) -> str:
    return "1 image" if number == 1 else f"{number:,} images"


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


def _seal_one(task: _Task, *, options: FileOptions) -> _Done:
    """Seal an input; what a worker does.  One bad input does not end the run."""
    from napari_seal._seal.from_files import seal_images

    sealed = 0
    try:
        if not task.stem:
            raise WriteError(
                "another input of this run has the same name; seal it to another folder"
            )
        _make_folder(os.path.dirname(task.stem) or ".")
        for number in seal_images(task.source, task.stem, options):
            sealed += number
    except SealError as error:
        return _Done(task.source, sealed, str(error), isinstance(error, TargetExistsError))
    except MemoryError:
        return _Done(task.source, sealed, "there is not enough memory for it")
    except OSError as error:
        return _Done(task.source, sealed, f"{printable(task.stem)}: {error.strerror or error}")
    return _Done(task.source, sealed, None)


def _died(task: _Task) -> _Done:
    return _Done(task.source, 0, "the process that sealed it died; it may have run out of memory")
