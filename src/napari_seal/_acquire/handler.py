"""What pymmcore-plus tells of its acquisitions, made into sealed stacks."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy.typing as npt

from napari_seal._acquire.frame import KEY
from napari_seal._acquire.run import AcquiredRun, OnFailure, Options, Run
from napari_seal._files import is_address
from napari_seal._format.algorithms import DEFAULT_ALGORITHM
from napari_seal._format.metadata import check_metadata
from napari_seal._format.names import ENDINGS
from napari_seal._format.window import Window
from napari_seal._seal.order import Order
from napari_seal._seal.sealer import Sealer
from napari_seal._seal.write import check_folder
from napari_seal._text import printable
from napari_seal._trust.key_files import load_signing_key
from napari_seal._trust.keys import SigningKey
from napari_seal.errors import MetadataError, OptionError, WriteError

if TYPE_CHECKING:
    from napari_seal._format.container import Format

#: The signals of pymmcore-plus that are listened to, which are the names of the methods.
_SIGNALS = ("sequenceStarted", "frameReady", "sequenceFinished")


class SealHandler:
    """Seal the frames of pymmcore-plus while it acquires them.

    It is a data handler: ``core.run_mda(sequence, output=handler)``.  Or it listens to all
    acquisitions of a core, whoever starts them: ``handler.connect(core)``.

    Each run has a folder, with a stack for each position and each tile of a grid.  A position of
    which not all channels have the same planes has a stack for each channel.  Frames that no stack
    can be planned for, such as those of a generator of events, are single files in the folder
    ``frames``.

    Parameters
    ----------
    path : path-like
        The folder of the first run.  Nothing is overwritten: where it is there, and for each run
        after, a number is added, ``cells_001``.
    format : {"jpeg", "png"}
        Of the planes; see `napari_seal.seal` for what each can hold.
    quality : int, default 90
        JPEG quality, 1 (small) to 100.
    metadata : mapping of str to JSON values, optional
        The user's own, stored with every frame.  What pymmcore-plus tells is added to it under the
        key ``acquisition``.
    exif : mapping of str to values, optional
        Exif tags of each frame by their standard name.
    window : (float, float) or "plane", optional
        Intensities that become black and white.  By default the camera's range, 0 to 4095 of
        12 bits; of floats, those of each plane by itself.  What the format can hold as it is, is
        stored so.
    algorithm : {"sha256", "blake3"}
        Of the digests.
    key : SigningKey or path-like, optional
        Sign each frame and the indexes.
    jobs : int, optional
        Number of frames that are sealed at a time; by default one for each core.
    pending : int, default 64
        Frames that may wait or be worked on; see `napari_seal.Sealer`.
    timeout : float, optional
        Seconds that a frame may wait where the disk is slower than the camera; what waits longer is
        not stored, and told as a failure.  By default as long as it takes.
    on_failure : callable, optional
        Called with the image, the event and the exception of each frame that cannot be stored, in
        the thread that tried: to store it elsewhere, or to cancel the acquisition.

    Raises
    ------
    OptionError, MetadataError, KeyFileError, MissingPackageError
        An option is not possible.
    WriteError
        The folder above is not there.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        format: Format = "jpeg",  # noqa: A002 - the seal's word
        quality: int = 90,
        metadata: Mapping[str, Any] | None = None,
        exif: Mapping[str, Any] | None = None,
        window: tuple[float, float] | Window | Literal["plane"] | None = None,
        algorithm: str = DEFAULT_ALGORITHM,
        key: SigningKey | str | os.PathLike[str] | None = None,
        jobs: int | None = None,
        pending: int = 64,
        timeout: float | None = None,
        on_failure: OnFailure | None = None,
    ) -> None:
        self._path = _check_path(path)
        if format not in ENDINGS:
            raise OptionError(f"the format is one of {', '.join(ENDINGS)}, not {format!r}")
        if isinstance(window, str) and window != "plane":
            raise OptionError(f"window is a pair (low, high) or 'plane', not {window!r}")
        if key is not None and not isinstance(key, SigningKey):
            key = load_signing_key(key)
        self._options = Options(
            format=format,
            quality=quality,
            metadata=check_metadata({} if metadata is None else metadata),
            exif=exif,
            window=window,
            algorithm=algorithm,
            key=key,
        )
        if KEY in self._options.metadata:
            raise MetadataError(f"the metadata key {KEY!r} is that of what pymmcore-plus tells")
        # What is wrong is told now, not when the first frame comes.
        common = None if isinstance(window, str) else window
        Order.check("a" + ENDINGS[format], window=common, **self._options.of_seal())
        self._sealer = Sealer(jobs=jobs, pending=pending, on_failure=_told_by_the_run)
        self._timeout, self._on_failure = timeout, on_failure
        self._run: Run | None = None
        self._runs: list[AcquiredRun] = []
        self._connected: list[tuple[Any, Callable[..., None]]] = []

    @property
    def runs(self) -> tuple[AcquiredRun, ...]:
        """What became of each run that has ended."""
        return tuple(self._runs)

    # Nothing is raised out of these three.  An exception would end the thread in which
    # pymmcore-plus hands frames on, with all that wait there, and in a Qt application the program.

    def sequenceStarted(self, sequence: Any, meta: Mapping[str, Any]) -> None:  # noqa: N802 - the signal's name
        """Begin a run.

        Parameters
        ----------
        sequence : useq.MDASequence
            What is going to be acquired.
        meta : mapping
            What pymmcore-plus tells of the microscope (``SummaryMetaV1``).
        """
        self._end()
        self._run = self._begin(sequence, meta)

    def frameReady(self, image: npt.NDArray[Any], event: Any, meta: Mapping[str, Any]) -> None:  # noqa: N802 - the signal's name
        """Have a frame sealed; return when there is room for it among those that wait.

        Parameters
        ----------
        image : (Y, X) or (Y, X, 3) ndarray
            The frame.
        event : useq.MDAEvent
            What it was asked for by.
        meta : mapping
            What pymmcore-plus tells of it (``FrameMetaV1``).
        """
        if self._run is None:  # it was connected while a run was under way
            self._run = self._begin(None, {})
        self._run.store(image, event, meta)

    def sequenceFinished(self, sequence: Any) -> None:  # noqa: ARG002, N802 - the signal's name
        """End a run: return when all its frames are on the disk.

        Parameters
        ----------
        sequence : useq.MDASequence
            What was acquired; not looked at.
        """
        self._end()

    def connect(self, core: Any) -> Self:
        """Listen to all acquisitions of a core, until `close`.

        Frames are taken in the thread that acquires, which so waits where the disk is slower than
        the camera; with ``output=handler`` pymmcore-plus keeps them in memory meanwhile, as many as
        come.  Not both: each frame would come twice.

        Parameters
        ----------
        core : pymmcore_plus.CMMCorePlus
            Such as ``CMMCorePlus.instance()``, which is that of napari-micromanager.

        Returns
        -------
        SealHandler
            Itself.

        Raises
        ------
        OptionError
            It listens to a core already.
        """
        if self._connected:
            raise OptionError("the handler listens to a core already; make one for each")
        for name in _SIGNALS:
            signal = getattr(core.mda.events, name)
            slot = _kept(getattr(self, name))
            signal.connect(slot, *_directly(signal))
            self._connected.append((signal, slot))
        return self

    def close(self) -> None:
        """Listen no more, and wait until all frames are on the disk.

        Raises
        ------
        WriteError
            Some of them, in any of the runs, could not be stored.
        """
        while self._connected:
            signal, slot = self._connected.pop()
            signal.disconnect(slot)
        self._end()
        self._sealer.close()
        failures = [failure for run in self._runs for failure in run.failures]
        if failures:
            lost = sum(run.frames - run.sealed for run in self._runs)
            frames = sum(run.frames for run in self._runs)
            raise WriteError(f"{lost:,} of {frames:,} frames were not stored; {failures[0]}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except WriteError as failed:
            if error is None:
                raise
            error.add_note(str(failed))

    def _begin(self, sequence: Any, meta: Mapping[str, Any]) -> Run:
        return Run(
            self._path,
            self._sealer,
            self._options,
            sequence,
            meta,
            timeout=self._timeout,
            on_failure=self._on_failure,
        )

    def _end(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            self._runs.append(run.close())


def _check_path(path: str | os.PathLike[str]) -> str:
    target = os.fspath(path)
    if not isinstance(target, str):
        raise OptionError(f"the target is a path as text, not as {type(target).__name__}")
    if is_address(target):
        raise OptionError(f"frames are stored in a folder of this computer, not at {target!r}")
    target = os.path.abspath(target)
    if not os.path.basename(target):
        raise OptionError(f"a run needs a name, which {printable(target)!r} does not give")
    check_folder(os.path.dirname(target), target)
    return target


def _kept(method: Callable[..., None]) -> Callable[..., None]:
    """What signals are connected to: psygnal would not keep a method's object alive."""

    def hear(*args: Any) -> None:
        method(*args)

    return hear


def _directly(signal: Any) -> tuple[Any, ...]:
    """How a signal calls in the thread that emits it, of whatever Qt it is; psygnal always does.

    Otherwise Qt would have the main thread do it, and acquire meanwhile.
    """
    qt = getattr(sys.modules.get(type(signal).__module__), "Qt", None)
    return () if qt is None else (qt.ConnectionType.DirectConnection,)


def _told_by_the_run(sealing: object) -> None:
    """The run tells of what fails, with the event that it belongs to."""
