"""A stack whose planes come one by one, in any order, as an acquisition gives them."""

from __future__ import annotations

import operator
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from threading import Condition
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt

from napari_seal._format.algorithms import DEFAULT_ALGORITHM
from napari_seal._format.metadata import check_metadata
from napari_seal._format.stack import Stack
from napari_seal._format.window import Window
from napari_seal._seal.pipeline import seal
from napari_seal._seal.planes import Planes
from napari_seal._seal.stack_folder import check_names, folder_of, look_into
from napari_seal._seal.stack_writing import Writing
from napari_seal._trust.keys import SigningKey
from napari_seal.errors import ImageError, OptionError, WriteError

if TYPE_CHECKING:
    from napari_seal._format.container import Format
    from napari_seal._format.seal import Seal
    from napari_seal._seal.sealer import Sealer


class StackWriter:
    """Write a stack of which the planes come one by one, in any order.

    The index is written first, and says until all planes are there that the stack is not complete.
    The last index is written by `close`, or at the end of the ``with`` block.

    Parameters
    ----------
    path : path-like
        The folder: ``cells`` and ``cells.sealed`` both name ``cells.sealed``.
    shape : sequence of int
        Of the whole stack, in the order of ``axes``.
    dtype : data type
        Of the planes.
    axes : str or sequence of str, default "TCZYX"
        See `napari_seal.seal_stack`.
    format : {"jpeg", "png"}
        Of the planes.
    quality : int, default 90
        JPEG quality, 1 (small) to 100.
    metadata : mapping of str to JSON values, optional
        Of the whole stack, stored in each plane and in the index.
    exif : mapping of str to values, optional
        Exif tags of each plane by their standard name.
    window : (float, float) or "plane", optional
        Intensities that become black and white.  The lowest and the highest of the stack are not
        known before its end, so that by default it is the whole range of the type: of a camera of
        12 bits, give ``(0, 4095)``.  Floats need a window, or ``"plane"``.  What the format can
        hold as it is, is stored so.
    layer : mapping of str to JSON values, optional
        How the stack was shown; values for each axis in the order of ``axes``, without ``S``.
    algorithm : {"sha256", "blake3"}
        Of the digests.
    key : SigningKey or path-like, optional
        Sign each plane and the index.
    lock : bool, default True
        Keep other processes from writing into the folder; it takes one open file.  Not for very
        many stacks at a time, in a folder that nobody else knows.

    Raises
    ------
    ImageError, MetadataError, OptionError, KeyFileError, MissingPackageError
        See `napari_seal.seal_stack`.
    TargetExistsError
        There is something of this name.
    WriteError
        The folder or the index cannot be written.

    Examples
    --------
    >>> import numpy as np, napari_seal
    >>> with napari_seal.StackWriter("live", (3, 64, 64), "uint16", axes="TYX") as writer:
    ...     for t in range(3):
    ...         frame = np.full((64, 64), 1000 * t, "uint16")
    ...         seal = writer.write(frame, (t,), metadata={"exposure_ms": 10})
    >>> writer.stack.complete
    True
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        shape: Sequence[int],
        dtype: npt.DTypeLike,
        *,
        axes: str | Sequence[str] = "TCZYX",
        format: Format = "jpeg",  # noqa: A002 - the seal's word
        quality: int = 90,
        metadata: Mapping[str, Any] | None = None,
        exif: Mapping[str, Any] | None = None,
        window: tuple[float, float] | Window | Literal["plane"] | None = None,
        layer: Mapping[str, Any] | None = None,
        algorithm: str = DEFAULT_ALGORITHM,
        key: SigningKey | str | os.PathLike[str] | None = None,
        lock: bool = True,
    ) -> None:
        # An array of this shape and type that takes no memory.
        self._planes = Planes(_nothing(shape, dtype), axes, format)
        self._writing = Writing(
            self._planes,
            quality=quality,
            metadata=metadata,
            exif=exif,
            window=window,
            layer=layer,
            algorithm=algorithm,
            key=key,
        )
        if not isinstance(window, str):
            common = _common_window(self._planes, window)
            self._writing.draft = replace(self._writing.draft, window=common)
        self._folder = folder_of(path)
        check_names(self._folder, self._writing.draft)
        look_into(self._folder, overwrite=False, resume=False)
        self._change = Condition()
        # Everything below is changed by those who hold it.
        self._taken: set[tuple[int, ...]] = set()
        self._under_way = 0
        self._closed = False
        self._complete: Stack | None = None
        with ExitStack() as held:
            held.enter_context(self._folder.locked(alone=lock))
            look_into(self._folder, overwrite=False, resume=False)
            self._writing.begin(self._folder)
            self._held = held.pop_all()

    @property
    def path(self) -> str:
        """The folder."""
        return self._folder.path

    @property
    def stack(self) -> Stack:
        """What the index says."""
        return self._complete or self._writing.draft

    @property
    def missing(self) -> int:
        """Number of planes that are not written yet."""
        return self._writing.missing

    def write(
        self,
        plane: npt.ArrayLike,
        index: Sequence[int],
        *,
        metadata: Mapping[str, Any] | None = None,
    ) -> Seal:
        """Seal a plane, and return when it is on the disk.

        Parameters
        ----------
        plane : (Y, X), (Y, X, 3) or (Y, X, 4) array_like
            Of the type and size of the stack.
        index : sequence of int
            Its position along each of the other axes, in the order of ``stack.plane_axes``.
        metadata : mapping of str to JSON values, optional
            Of this plane, beside those of the stack; where both have a key, the plane's is stored.

        Returns
        -------
        Seal
            What was stored.

        Raises
        ------
        ImageError
            It is of another type or size, or has values that cannot be sealed.
        MetadataError
            See `napari_seal.seal`.
        OptionError
            There is no such position.
        WriteError
            A plane for this position was given before, the writer is closed, or the file cannot be
            written.
        """
        array, at = self._check(plane, index)
        options = self._writing.options(at, _plain(metadata))
        self._take(at)
        try:
            sealed = seal(array, self._file(at), **options)
            self._writing.keep(at, sealed)
        except BaseException:
            self._give_back(at, kept=False)
            raise
        self._give_back(at, kept=True)
        return sealed

    def submit(
        self,
        sealer: Sealer,
        plane: npt.ArrayLike,
        index: Sequence[int],
        *,
        metadata: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Future[Seal]:
        """Have a plane sealed in the background, by a `napari_seal.Sealer`.

        Parameters
        ----------
        sealer : Sealer
            It may be shared by many stacks.
        plane, index, metadata
            As for `write`.
        timeout : float, optional
            Seconds to wait for room; see `napari_seal.Sealer.submit`.

        Returns
        -------
        Future
            Its result is the `Seal`.

        Raises
        ------
        SealerFullError
            There was no room in time.  The plane was not accepted and can be given again.
        ImageError, MetadataError, OptionError, WriteError
            As for `write`, as far as can be told at once.
        """
        array, at = self._check(plane, index)
        options = self._writing.options(at, _plain(metadata))
        self._take(at)
        try:
            future = sealer.submit(array, self._file(at), timeout=timeout, **options)
        except BaseException:
            self._give_back(at, kept=False)
            raise
        future.add_done_callback(partial(self._done, at))
        return future

    def close(self) -> Stack:
        """Wait for all planes that were accepted, and write the last index if none is missing.

        Returns
        -------
        Stack
            What the index says: ``complete`` is False where a plane is missing.

        Raises
        ------
        WriteError
            The index cannot be written.
        """
        with self._change:
            self._closed = True
            self._change.wait_for(lambda: not self._under_way)
            try:
                if self._complete is None and not self.missing:
                    self._complete = self._writing.finish(self._folder)
            finally:
                self._held.close()
        return self.stack

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _check(
        self, plane: npt.ArrayLike, index: Sequence[int]
    ) -> tuple[npt.ArrayLike, tuple[int, ...]]:
        grid = self._planes.grid
        try:
            at = tuple(map(operator.index, index))
        except TypeError as error:
            raise OptionError(f"a position is given as whole numbers, not as {index!r}") from error
        if len(at) != len(grid) or not all(0 <= n < size for n, size in zip(at, grid, strict=True)):
            axes = ", ".join(self.stack.plane_axes)
            raise OptionError(f"{at} is no position along {axes} in a stack of {grid}")
        array = plane if np.ma.isMaskedArray(plane) else np.asarray(plane)
        shape, dtype = self.stack.plane_shape, self._planes.dtype
        if (array.shape, array.dtype) != (shape, dtype):
            raise ImageError(
                f"a plane of this stack is an array of {dtype} and shape {shape}, not of "
                f"{array.dtype} and {array.shape}"
            )
        return array, at

    def _file(self, at: tuple[int, ...]) -> str:
        return self._folder.file(self.stack.name(self._folder.stem, at))

    def _take(self, at: tuple[int, ...]) -> None:
        with self._change:
            if self._closed:
                raise WriteError(f"the stack {self.path!r} is closed, and takes no more planes")
            if at in self._taken:
                raise WriteError(f"the plane {self.stack.place(at)} was given before")
            self._taken.add(at)
            self._under_way += 1

    def _give_back(self, at: tuple[int, ...], *, kept: bool) -> None:
        with self._change:
            if not kept:
                self._taken.discard(at)
            self._under_way -= 1
            self._change.notify_all()

    def _done(self, at: tuple[int, ...], future: Future[Seal]) -> None:
        """Note how it ended: what the thread that sealed it calls."""
        kept = not future.cancelled() and future.exception() is None
        if kept:
            self._writing.keep(at, future.result())
        self._give_back(at, kept=kept)


def _nothing(shape: Sequence[int], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    try:
        return np.broadcast_to(np.zeros((), np.dtype(dtype)), tuple(shape))
    except (TypeError, ValueError) as error:
        raise OptionError(
            f"there is no array of shape {shape} and type {dtype!r}: {error}"
        ) from error


def _common_window(planes: Planes, window: tuple[float, float] | Window | None) -> Window:
    """The window that was given, or all that the type can hold."""
    if window is None and planes.is_scanned:
        if planes.dtype.kind not in "iu":
            raise OptionError(
                f"planes of {planes.dtype} need a window, such as window=(0, 1), or window='plane'"
            )
        info = np.iinfo(planes.dtype)
        window = (int(info.min), int(info.max))
    return planes.window(window, lambda: None)


def _plain(metadata: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    return None if metadata is None else check_metadata(metadata)
