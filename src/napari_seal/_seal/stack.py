"""The road from a stack of images to a folder of sealed planes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from napari_seal._format.algorithms import DEFAULT_ALGORITHM
from napari_seal._format.stack import Stack
from napari_seal._format.window import Window
from napari_seal._seal.pipeline import seal_in_steps
from napari_seal._seal.planes import Planes
from napari_seal._seal.progress import Steps
from napari_seal._seal.resume import find_intact
from napari_seal._seal.stack_folder import Folder, check_names, folder_of, look_into
from napari_seal._seal.stack_writing import Writing
from napari_seal._text import printable
from napari_seal._trust.keys import SigningKey
from napari_seal.errors import OptionError, WriteError

if TYPE_CHECKING:
    from napari_seal._format.container import Format


def seal_stack(
    data: Any,
    path: str | os.PathLike[str],
    *,
    axes: str | Sequence[str] = "TCZYX",
    format: Format = "jpeg",  # noqa: A002 - the seal's word
    quality: int = 90,
    metadata: Mapping[str, Any] | None = None,
    exif: Mapping[str, Any] | None = None,
    window: tuple[float, float] | Window | Literal["plane"] | None = None,
    layer: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    resume: bool = False,
    algorithm: str = DEFAULT_ALGORITHM,
    progress: Callable[[int, int], None] | None = None,
    key: SigningKey | str | os.PathLike[str] | None = None,
) -> Stack:
    """Store a stack as a folder with one sealed file for each plane, and an index.

    One plane at a time is in memory.  The index is written first, and says until the last plane is
    there that the stack is not complete: a run that was interrupted can be recognised, and gone on
    with by ``resume``.

    Parameters
    ----------
    data : array_like
        Of any dimensions from 3, such as a NumPy, dask or zarr array, of bool, integers or floats.
        Values must be finite.  A dask array is computed plane by plane, twice where the common
        window has to be found first.
    path : path-like
        The folder: ``cells`` and ``cells.sealed`` both name ``cells.sealed``.
    axes : str or sequence of str, default "TCZYX"
        A name for each axis of ``data``, in any order: a letter each, or names of any length.
        ``Y`` and ``X`` are those of the pictures; ``S``, of size 3, the samples of a colour, and of
        size 4 in PNG.
    format : {"jpeg", "png"}
        Of the planes; see `napari_seal.seal` for what each can hold.
    quality : int, default 90
        JPEG quality, 1 (small) to 100.
    metadata : mapping of str to JSON values, optional
        The user's own, stored in each plane and in the index.
    exif : mapping of str to values, optional
        Exif tags of each plane by their standard name.
    window : (float, float) or "plane", optional
        Intensities that become black and white.  By default the lowest and the highest of the whole
        stack, so that planes stay comparable; ``"plane"`` takes those of each plane by itself.
        What the format can hold as it is, is stored so.
    layer : mapping of str to JSON values, optional
        How the stack was shown; values for each axis in the order of ``axes``, without ``S``.
    overwrite : bool, default False
        Replace a stack of this name: its planes are removed once the new window is known.
    resume : bool, default False
        Go on with a stack of this name that was not finished, from the same array and with the same
        options, and by the same key.  Planes that are there, intact, of this array and signed by
        this key are kept; with another key, or without one, they are written anew.  Where there is
        nothing yet, begin.
    algorithm : {"sha256", "blake3"}
        Of the digests; see `napari_seal.seal`.
    progress : callable, optional
        Called with the number of planes that are done and that there are, within a plane more than
        once; where the window has to be found, each plane counts twice.  An exception that it
        raises ends the run, in the middle of a plane too.  It can be resumed.
    key : SigningKey or path-like, optional
        Sign each plane and the index; see `napari_seal.seal`.

    Returns
    -------
    Stack
        What the index says.

    Raises
    ------
    ImageError
        The array cannot be sealed; the text says which plane it is.
    MetadataError
        Metadata, layer attributes or Exif tags cannot be stored.
    OptionError
        The axes do not fit the array, or another option is not possible.
    KeyFileError, MissingPackageError
        See `napari_seal.seal`.
    TargetExistsError
        There is a complete stack, or something else, or an unfinished stack, and it was not asked
        to resume it.
    WriteError
        A file cannot be written, or the stack that is there was made of other data or with other
        options.

    Examples
    --------
    >>> import numpy as np, napari_seal
    >>> movie = np.arange(4 * 64 * 64, dtype="uint16").reshape(4, 64, 64)
    >>> stack = napari_seal.seal_stack(movie, "movie", axes="TYX")
    >>> stack.count, stack.window
    (4, Window(low=0, high=16383))
    """
    if overwrite and resume:
        raise OptionError("a stack is either overwritten or resumed, not both")
    planes = Planes(data, axes, format)
    writing = Writing(
        planes,
        quality=quality,
        metadata=metadata,
        exif=exif,
        window=window,
        layer=layer,
        algorithm=algorithm,
        key=key,
    )
    folder = folder_of(path)
    check_names(folder, writing.draft)
    found = look_into(folder, overwrite=overwrite, resume=resume)
    step = Steps(progress, planes.count)
    common = None if isinstance(window, str) else window
    if resume and found is not None:
        writing.draft = _go_on_with(found, writing.draft)
        if common is not None:
            _check_same("window", found.window, planes.window(common, step))
    elif not writing.draft.plane_windows:
        step.total += planes.count if common is None and planes.is_scanned else 0
        writing.draft = replace(writing.draft, window=planes.window(common, step))
    with folder.locked():
        # Others may have been here while the window was being found.
        if look_into(folder, overwrite=overwrite, resume=resume) != found:
            raise WriteError(
                f"{printable(folder.path)!r} was written to by another process meanwhile; try again"
            )
        if found is None or overwrite:
            writing.begin(folder, found)
        folder.tidy()
        for index, name in writing.draft.names(folder.stem):
            _write_plane(planes, writing, index, folder, name, step, resume=resume)
            step()
        return writing.finish(folder)


def _write_plane(
    planes: Planes,
    writing: Writing,
    index: tuple[int, ...],
    folder: Folder,
    name: str,
    step: Steps,
    *,
    resume: bool,
) -> None:
    """Write a plane, unless it is there; ``step`` can end it in its middle."""
    plane, options = planes[index], writing.options(index)
    there = folder.read(name) if resume else None
    sealed = None
    if there is not None:
        window = options["window"] or planes.window_of(plane)
        quality = writing.draft.quality
        sealed = find_intact(there, plane, **{**options, "window": window, "quality": quality})
    if sealed is None:
        sealed = seal_in_steps(
            plane,
            folder.file(name),
            lambda *_: step.again(),
            overwrite=there is not None,
            **options,
        )
    writing.keep(index, sealed)


def _go_on_with(found: Stack, draft: Stack) -> Stack:
    """The stack that was begun, if it is the one that would be begun now.

    Raises
    ------
    WriteError
        It is another; says in what.
    """
    for name in ("axes", "shape", "source_axes", "source_dtype", "format", "quality", "metadata",
                 "layer", "plane_windows"):  # fmt: skip
        _check_same(name, getattr(found, name), getattr(draft, name))
    return replace(found, software=draft.software)


def _check_same(name: str, found: object, given: object) -> None:
    if found != given:
        raise WriteError(
            f"the stack that was begun has another {name.replace('_', ' ')}: "
            f"{printable(found, 200)}, not {printable(given, 200)}; resume it with what it was "
            "begun with"
        )
