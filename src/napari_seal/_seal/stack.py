"""The road from a stack of images to a folder of sealed planes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

from napari_seal._format import stack
from napari_seal._format.algorithms import DEFAULT_ALGORITHM, start_digest
from napari_seal._format.digest import Digest
from napari_seal._format.metadata import check_metadata
from napari_seal._format.names import ENDINGS
from napari_seal._format.stack import Stack
from napari_seal._format.window import Window
from napari_seal._seal.encode import check_quality
from napari_seal._seal.pipeline import check_algorithm, seal
from napari_seal._seal.planes import Planes
from napari_seal._seal.resume import find_intact
from napari_seal._seal.stack_folder import Folder, check_names, folder_of, look_into
from napari_seal._seal.write import write
from napari_seal._text import printable
from napari_seal._trust.judge import signer_of
from napari_seal._trust.keys import SigningKey, load_signing_key
from napari_seal._version import __version__
from napari_seal.errors import OptionError, WriteError

if TYPE_CHECKING:
    from napari_seal._format.container import Format
    from napari_seal._format.seal import ArrayDigest


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
        Called with the number of planes that are done and that there are; where the window has to
        be found, each plane counts twice.  An exception that it raises ends the run, which can be
        resumed.
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
    if format not in ENDINGS:
        raise OptionError(f"the format is one of {', '.join(ENDINGS)}, not {format!r}")
    if overwrite and resume:
        raise OptionError("a stack is either overwritten or resumed, not both")
    if isinstance(window, str) and window != "plane":
        raise OptionError(f"window is a pair (low, high) or 'plane', not {window!r}")
    check_algorithm(algorithm)
    if key is not None and not isinstance(key, SigningKey):
        key = load_signing_key(key)
    signer = signer_of(key)
    quality = check_quality(quality)
    planes = Planes(data, axes, format)
    draft = Stack(
        id=secrets.token_hex(16),
        axes=planes.axes,
        shape=planes.shape,
        dtype=planes.stored_dtype,
        source_axes=planes.source_axes,
        source_dtype=planes.dtype.name,
        format=format,
        quality=quality if format == "jpeg" else None,
        plane_windows=window == "plane",
        metadata=check_metadata({} if metadata is None else metadata),
        layer=_layer(planes, layer),
        created=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        software={"napari-seal": __version__},
    )
    folder = folder_of(path)
    check_names(folder, draft)
    found = look_into(folder, overwrite=overwrite, resume=resume)
    step = _Steps(progress, planes.count)
    common = None if window == "plane" else window
    if resume and found is not None:
        draft = _go_on_with(found, draft)
        if common is not None:
            _check_same("window", found.window, planes.window(common, step))
    elif not draft.plane_windows:
        step.total += planes.count if common is None and planes.is_scanned else 0
        draft = replace(draft, window=planes.window(common, step))
    with folder.locked():
        # Others may have been here while the window was being found.
        if look_into(folder, overwrite=overwrite, resume=resume) != found:
            raise WriteError(
                f"{printable(folder.path)!r} was written to by another process meanwhile; try again"
            )
        if found is None or overwrite:
            _begin(folder, found, draft, stack.dump(draft, algorithm, signer))
        folder.tidy()
        options: dict[str, Any] = {
            "metadata": draft.metadata,
            "exif": exif or {},
            "layer": planes.layer_of_plane(draft.layer),
            "algorithm": algorithm,
            "key": key,
        }
        complete = _write_planes(planes, folder, draft, quality, options, step, resume=resume)
        text = stack.dump(complete, algorithm, signer)
        write(folder.index_path, text, overwrite=True)
    return stack.parse(text)


def _begin(folder: Folder, old: Stack | None, draft: Stack, text: bytes) -> None:
    """Write the index of a stack that has no planes yet, in place of an old stack.

    The old index is replaced before the planes that it names.  Those of other names go first:
    without their index nothing would tell of them.  So whatever happens, what is there is named.
    """
    new = {name for _, name in draft.names(folder.stem)} if old is not None else set[str]()
    names = [name for _, name in old.names(folder.stem)] if old is not None else []
    for name in names:
        if name not in new:
            folder.remove(name)
    write(folder.index_path, text, overwrite=old is not None)
    for name in names:
        folder.remove(name)


def _write_planes(
    planes: Planes,
    folder: Folder,
    draft: Stack,
    quality: int,
    options: Mapping[str, Any],
    step: Callable[[], None],
    *,
    resume: bool,
) -> Stack:
    """Write the planes that are not there; return what the complete index is to say."""
    proofs = bytearray()
    sources = start_digest(options["algorithm"])
    for index, name in draft.names(folder.stem):
        plane = planes[index]
        more: dict[str, Any] = {
            "window": draft.window or planes.window_of(plane),
            "place": draft.place(index),
        }
        there = folder.read(name) if resume else None
        sealed = None
        if there is not None:
            sealed = find_intact(there, plane, quality=draft.quality, **options, **more)
        if sealed is None:
            target = folder.file(name)
            more["overwrite"] = there is not None
            sealed = seal(plane, target, quality=quality, **options, **more)
        # Both are in every seal that `seal` writes.
        record, source = cast("Digest", sealed.record), cast("ArrayDigest", sealed.source)
        proofs += bytes.fromhex(record.hex)
        sources.update(bytes.fromhex(source.digest.hex))
        step()
    source_digest = Digest(options["algorithm"], sources.hexdigest())
    return replace(draft, complete=True, source=source_digest, planes=bytes(proofs))


class _Steps:
    """Counts planes that are done, and tells ``progress``."""

    def __init__(self, progress: Callable[[int, int], None] | None, total: int) -> None:
        self._progress = progress
        self.done, self.total = 0, total

    def __call__(self) -> None:
        self.done += 1
        if self._progress is not None:
            self._progress(self.done, self.total)


def _layer(planes: Planes, layer: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if layer is None:
        return None
    return planes.layer_in_order(check_metadata(layer, what="layer attribute"))


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
