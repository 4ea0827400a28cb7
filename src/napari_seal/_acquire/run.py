"""One run of an acquisition: its folder, its stacks, and what became of each frame."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from napari_seal._acquire.frame import (
    frame_metadata,
    image_info,
    layer_of,
    stack_metadata,
    window_of,
)
from napari_seal._acquire.plan import Plan, PlannedStack, index_of, plan
from napari_seal._disk import make_folder, opened_folder, synchronise
from napari_seal._format.names import ENDINGS
from napari_seal._seal.stack_writer import StackWriter
from napari_seal._text import printable
from napari_seal.errors import SealError, WriteError

if TYPE_CHECKING:
    from napari_seal._format.container import Format
    from napari_seal._format.seal import Seal
    from napari_seal._format.window import Window
    from napari_seal._seal.sealer import Sealer
    from napari_seal._trust.keys import SigningKey

_log = logging.getLogger("napari_seal")

#: Failures that are kept as text; all are counted.
_KEPT: Final = 100
#: The folder of frames that no stack was planned for.
SINGLE: Final = "frames"

#: Told of each frame that is not on the disk: the image, the event, and why.
OnFailure = Callable[[npt.NDArray[Any], Any, BaseException], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquiredRun:
    """What became of one run of an acquisition.

    Parameters
    ----------
    folder : str
        Where it is.
    stacks : tuple of str
        The folders of its stacks.
    incomplete : tuple of str
        Those of them in which planes are missing: the run was cancelled, or frames were skipped or
        not stored.
    frames : int
        Number of frames that came.
    sealed : int
        Number of frames that are on the disk.
    single : int
        Number of those that are single files, since no stack was planned for them.
    seconds_blocked : float
        How long the thread that gave the frames waited for room, since the disk was slower.
    failures : tuple of str
        Why frames, or the index of a stack, are not on the disk; the first 100.
    """

    folder: str
    stacks: tuple[str, ...]
    incomplete: tuple[str, ...]
    frames: int
    sealed: int
    single: int
    seconds_blocked: float
    failures: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every frame that came is on the disk, and every stack has all its planes."""
        return self.sealed == self.frames and not self.incomplete and not self.failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How frames are stored."""

    format: Format = "jpeg"
    quality: int = 90
    metadata: Mapping[str, Any] = field(default_factory=dict)
    exif: Mapping[str, Any] | None = None
    window: tuple[float, float] | Window | str | None = None
    algorithm: str = "sha256"
    key: SigningKey | str | os.PathLike[str] | None = None

    def of_seal(self) -> dict[str, Any]:
        """Those that do not depend on the frame."""
        names = ("quality", "exif", "algorithm", "key")
        return {name: getattr(self, name) for name in names}


class Run:
    """A run that is under way.

    Parameters
    ----------
    path : str
        Its folder, if that is free; else the next one with a number.
    sealer : Sealer
    options : Options
    sequence : useq.MDASequence
        What is going to be acquired; of a generator of events it has none.
    meta : mapping
        What pymmcore-plus gives as the run begins.
    timeout : float or None
        Seconds that a frame may wait for room in the sealer.
    on_failure : callable or None
    """

    def __init__(
        self,
        path: str,
        sealer: Sealer,
        options: Options,
        sequence: Any,
        meta: Mapping[str, Any],
        *,
        timeout: float | None,
        on_failure: OnFailure | None,
    ) -> None:
        self._began = datetime.now(UTC)
        self._sealer, self._options, self._timeout = sealer, options, timeout
        self._sequence, self._meta, self._on_failure = sequence, meta, on_failure
        self._plan = _plan(sequence, meta)
        self._path, self._folder = path, ""
        self._blocked_before = sealer.statistics().blocked
        self._lock = Lock()
        # Everything below is changed by those who hold it.
        self._writers: dict[str, StackWriter] = {}  # by the suffix of the stack
        self._begun: list[str] = []
        self._complete: set[str] = set()
        self._frames = self._sealed = self._single = self._failed = 0
        self._failures: list[str] = []

    @property
    def folder(self) -> str:
        """The folder, made when it is first needed.

        Raises
        ------
        WriteError
            It cannot be made.
        """
        if not self._folder:
            self._folder = _new_folder(self._path)
        return self._folder

    def _name(self, suffix: str) -> str:
        """The name of something in the folder, which begins as that of the folder does."""
        return os.path.basename(self.folder) + suffix

    def store(self, image: npt.NDArray[Any], event: Any, meta: Mapping[str, Any]) -> None:
        """Have a frame sealed; whatever goes wrong is noted and told, and raises nothing."""
        with self._lock:
            self._frames += 1
        try:
            image = np.asarray(image)
            metadata = frame_metadata(event, meta, self._began)
            planned = self._plan.find(index_of(event))
            writer = None if planned is None else self._writer(planned[0], image, meta)
            if planned is None or writer is None or not _fits(image, writer):
                self._store_single(image, event, meta, metadata)
                return
            future = writer.submit(
                self._sealer, image, planned[1], metadata=metadata, timeout=self._timeout
            )
        except Exception as error:  # noqa: BLE001 - the acquisition goes on, and the frame is told of
            self._fail(image, event, error)
        else:
            future.add_done_callback(partial(self._done, planned[0], event))

    def _writer(
        self, stack: PlannedStack, image: npt.NDArray[Any], meta: Mapping[str, Any]
    ) -> StackWriter | None:
        """The writer of a stack, begun with its first frame; None of one that is complete."""
        writer = self._writers.get(stack.suffix)
        if writer is not None:
            return writer
        path = os.path.join(self.folder, self._name(stack.suffix))
        if path in self._begun:
            return None
        number = f"{len(self._begun) + 1} of {self._plan.count}"
        about = stack_metadata(self._sequence, self._meta, self._began, stack, number)
        size = self._pixel_size(meta)
        writer = StackWriter(
            path,
            (*stack.shape, *image.shape),
            image.dtype,
            axes=[*stack.axes, *("Y", "X", "S")[: image.ndim]],
            format=self._options.format,
            window=self._window(image.dtype),  # type: ignore[arg-type]  # "plane", or checked
            metadata={**self._options.metadata, **about},
            layer=layer_of(stack.keys, stack.axes, stack.steps, size),
            lock=False,  # very many may be open, and the folder was made for this run
            **self._options.of_seal(),
        )
        with self._lock:
            self._begun.append(path)
            self._writers[stack.suffix] = writer
        return writer

    def _store_single(
        self,
        image: npt.NDArray[Any],
        event: Any,
        meta: Mapping[str, Any],
        metadata: Mapping[str, Any],
    ) -> None:
        folder = os.path.join(self.folder, SINGLE)
        try:
            make_folder(folder)
        except OSError as error:
            text = f"the folder {printable(folder)!r} could not be made: {error.strerror}"
            raise WriteError(text) from error
        number, ending = self._single, ENDINGS[self._options.format]
        window = self._window(image.dtype)
        future: Future[Seal] = self._sealer.submit(
            image,
            os.path.join(folder, self._name(f"_{number:06d}{ending}")),
            timeout=self._timeout,
            metadata={**self._options.metadata, **metadata},
            window=None if isinstance(window, str) else window,
            layer=layer_of((), (), {}, self._pixel_size(meta)),
            **self._options.of_seal(),
        )
        with self._lock:
            self._single += 1
        future.add_done_callback(partial(self._done, None, event))

    def _window(self, dtype: np.dtype[Any]) -> tuple[float, float] | Window | str | None:
        """What was asked for; else the camera's range, as far as the format cannot hold it all."""
        given = self._options.window
        if given is not None or dtype.kind == "b":
            return given
        if self._options.format == "png" and dtype.kind in "iu" and dtype.itemsize <= 2:
            return None
        return window_of(dtype, self._meta) or (None if dtype.kind in "iu" else "plane")

    def _pixel_size(self, meta: Mapping[str, Any]) -> object:
        return meta.get("pixel_size_um") or image_info(self._meta).get("pixel_size_um")

    def _done(self, stack: PlannedStack | None, event: Any, future: Future[Seal]) -> None:
        """Note how it ended: what the thread that sealed the frame calls."""
        if future.cancelled():
            self._fail(None, event, WriteError("it was cancelled"))
            return
        error = future.exception()
        if error is not None:
            self._fail(getattr(future, "image", None), event, error)
            return
        with self._lock:
            self._sealed += 1
            writer = None if stack is None else self._writers.get(stack.suffix)
        if stack is not None and writer is not None and not writer.missing:
            self._close(stack.suffix, writer)

    def _close(self, suffix: str, writer: StackWriter) -> None:
        """Write the last index of a stack, as soon as it is complete: what is done stays done."""
        with self._lock:
            if self._writers.pop(suffix, None) is None:  # another thread does
                return
        try:
            is_complete = writer.close().complete
        except Exception as error:  # noqa: BLE001 - told of, as the frames are
            self._note(f"the index of {printable(writer.path)!r}", error)
            return
        if is_complete:
            with self._lock:
                self._complete.add(writer.path)

    def _fail(self, image: npt.NDArray[Any] | None, event: Any, error: BaseException) -> None:
        self._note(f"the frame {index_of(event)}", error)
        if self._on_failure is not None and image is not None:
            try:
                self._on_failure(image, event, error)
            except Exception:  # noqa: BLE001 - the user's own code
                _log.exception("on_failure failed itself")

    def _note(self, what: str, error: BaseException) -> None:
        text = (
            f"{what} is not on the disk: {error if isinstance(error, SealError) else repr(error)}"
        )
        with self._lock:
            self._failed += 1
            count = self._failed
            if count <= _KEPT:
                self._failures.append(text)
        if count <= _KEPT:  # a full disk would fill the log, too
            is_known = isinstance(error, SealError) or count > 1
            _log.error("%s", text, exc_info=None if is_known else error)

    def close(self) -> AcquiredRun:
        """Wait for all frames, and write the last indexes of stacks that are complete."""
        self._sealer.flush()
        for suffix, writer in list(self._writers.items()):
            self._close(suffix, writer)
        with self._lock:
            stacks = tuple(f"{path}.sealed" for path in self._begun)
            run = AcquiredRun(
                folder=self._folder or self._path,
                stacks=stacks,
                incomplete=tuple(path for path in stacks if path not in self._complete),
                frames=self._frames,
                sealed=self._sealed,
                single=self._single,
                seconds_blocked=self._sealer.statistics().blocked - self._blocked_before,
                failures=tuple(self._failures),
            )
        _tell(run)
        return run


def _plan(sequence: Any, meta: Mapping[str, Any]) -> Plan:
    """The stacks of a run; none where they cannot be known: all frames are single files then."""
    cameras = int(image_info(meta).get("num_camera_adapter_channels", 1))
    try:
        return plan(() if sequence is None else sequence, cameras)
    except Exception:  # noqa: BLE001 - whatever a sequence raises, frames will come
        _log.exception("no stacks can be planned, so that each frame becomes a single file")
        return Plan({})


def _tell(run: AcquiredRun) -> None:
    lost = run.frames - run.sealed
    if lost or run.failures:
        _log.error(
            "%s: %d of %d frames are not on the disk", printable(run.folder), lost, run.frames
        )
    elif run.incomplete:
        _log.warning(
            "%s: %d of %d stacks are not complete: frames did not come",
            printable(run.folder), len(run.incomplete), len(run.stacks),
        )  # fmt: skip
    else:
        _log.info("%s: %d frames sealed", printable(run.folder), run.sealed)


def _fits(image: npt.NDArray[Any], writer: StackWriter) -> bool:
    """Whether a frame is of the size and type of the others: a camera may be set up anew."""
    stack = writer.stack
    return (image.shape, image.dtype.name) == (stack.plane_shape, stack.source_dtype)


def _new_folder(path: str) -> str:
    """Make the folder of a run: the one that was asked for, or the next that is not there."""
    number, folder = 0, path
    try:
        while True:
            try:
                os.mkdir(folder)
            except FileExistsError:
                number += 1
                folder = f"{path}_{number:03d}"
            else:
                break
        with opened_folder(os.path.dirname(folder) or ".") as descriptor:
            synchronise(descriptor)
    except OSError as error:
        text = f"the folder {printable(folder)!r} could not be made: {error.strerror}"
        raise WriteError(text) from error
    return folder
