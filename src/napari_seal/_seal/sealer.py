"""Sealing behind the back of an acquisition: images are taken in memory and sealed by workers."""

from __future__ import annotations

import logging
import os
import sys
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Condition, Semaphore
from traceback import format_exc
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, Unpack

import numpy.typing as npt

from napari_seal._files import is_address
from napari_seal._parallel import available_cores
from napari_seal._seal.buffers import Buffers
from napari_seal._seal.meanwhile import may_share
from napari_seal._seal.order import Order, SealOptions
from napari_seal._seal.pipeline import make
from napari_seal._seal.sealing import SealerStatistics, Sealing
from napari_seal._seal.source import accept_form, check_values
from napari_seal._seal.write import check_target, write
from napari_seal.errors import (
    OptionError,
    SealerError,
    SealerFullError,
    SealError,
    TargetExistsError,
)

if TYPE_CHECKING:
    from napari_seal._trust.keys import SigningKey

_log = logging.getLogger(__name__)

#: Images that wait, at most, and their bytes.
PENDING: Final = 64
MEMORY: Final = 1 << 30

#: Threads for each job: while one computes, another waits for the disk.
_THREADS: Final = 2


class Sealer:
    """Seals images in the background, in bounded memory, and loses none that it accepted.

    `submit` copies the image and returns; workers seal it as `napari_seal.seal` does.  Leaving the
    ``with`` block waits for all of them, and so does the end of the program.

    Threads of this process do the work: nothing is started anew, so a script needs no
    ``if __name__ == "__main__"``, and it runs inside napari.

    Parameters
    ----------
    jobs : int, optional
        Images that are computed at a time; by default one for each core.  Further threads wait for
        the disk and, where there are more cores than jobs, compute digests.
    pending : int, default 64
        Images that may wait or be worked on.  When there are so many, `submit` waits.
    memory : int, default 2**30
        Bytes that these images may have together.  An image that is larger waits until it is alone.
    key : SigningKey or path-like, optional
        Sign every seal; see `napari_seal.seal`.
    on_failure : callable, optional
        Called with the `Sealing` of each image that could not be sealed, by the thread that tried.
        Its ``image`` can be sealed elsewhere.  Without it, `close` raises where an image failed.

    Raises
    ------
    OptionError, KeyFileError, MissingPackageError
        An option is not possible.

    Examples
    --------
    >>> import numpy as np, napari_seal
    >>> frame = np.arange(4096, dtype="uint16").reshape(64, 64)
    >>> with napari_seal.Sealer() as sealer:
    ...     futures = [sealer.submit(frame, f"{n}.sealed.jpg") for n in range(3)]
    >>> [future.result().quality for future in futures]
    [90, 90, 90]
    """

    def __init__(
        self,
        *,
        jobs: int | None = None,
        pending: int = PENDING,
        memory: int = MEMORY,
        key: SigningKey | str | os.PathLike[str] | None = None,
        on_failure: Callable[[Sealing], object] | None = None,
    ) -> None:
        jobs = available_cores() if jobs is None else jobs
        for name, value in (("jobs", jobs), ("pending", pending), ("memory", memory)):
            if type(value) is not int or value < 1:
                raise OptionError(f"{name} is a whole number from 1 on, not {value!r}")
        if key is not None and isinstance(key, (str, os.PathLike)):  # once, not for each image
            from napari_seal._trust.key_files import load_signing_key

            key = load_signing_key(key)
        self._pending, self._memory = pending, memory
        self._key, self._on_failure = key, on_failure
        # Its threads finish what they were given when the program ends without `close`.
        self._workers = ThreadPoolExecutor(_THREADS * jobs, thread_name_prefix="napari-seal")
        self._cores = Semaphore(jobs)
        self._aside = jobs < available_cores()
        self._buffers = Buffers()
        self._change = Condition()
        # Everything below is changed by those who hold it.
        self._closed = False
        self._under_way: dict[str, Sealing] = {}
        self._waiting_bytes = 0
        self._counts = dict.fromkeys(("accepted", "sealed", "failed", "cancelled", "refused"), 0)
        self._bytes, self._blocked = 0, 0.0
        self._first = self._last = 0.0
        self._failures: list[str] = []  # the first one only: there may be very many
        self._process = os.getpid()
        weakref.finalize(self, _tell, self._failures)

    def submit(
        self,
        image: npt.ArrayLike,
        path: str | os.PathLike[str],
        *,
        timeout: float | None = None,
        **options: Unpack[SealOptions],
    ) -> Sealing:
        """Accept an image to be sealed.

        It is copied before this returns: the camera may use its buffer again.

        Parameters
        ----------
        image, path
            As `napari_seal.seal` takes them.
        timeout : float, optional
            Seconds to wait for room, at most: 0 for not at all, None for as long as it takes.
        **options
            Those of `napari_seal.seal`.

        Returns
        -------
        Sealing
            A `concurrent.futures.Future` whose result is the `Seal`.

        Raises
        ------
        SealerFullError
            There was no room in time.  The image was not accepted.
        SealerError
            The sealer is closed.
        ImageError, MetadataError, OptionError, WriteError, KeyFileError
            The image, its options or its target are not possible, as far as can be told at once.
            What shows later (a NaN, a full disk) is the exception of the future.
        TargetExistsError
            Also where an image for the same path is under way.
        """
        if self._key is not None:
            options = {"key": self._key, **options}
        order = Order.check(path, **options)
        array, axes = accept_form(image, order.format)
        remote = is_address(order.target)
        place = order.target if remote else os.path.normcase(os.path.abspath(order.target))
        sealing = Sealing(order.target, options)
        try:
            self._reserve(sealing, place, array.nbytes, timeout)
            if not remote:  # a store may take long to answer: its worker asks
                check_target(order.target, overwrite=order.overwrite)
            copy = self._buffers.copy(array)
            sealing._keep(copy)
            self._workers.submit(self._seal, sealing, copy, place, order, axes)
        except BaseException:
            self._release(sealing, place, array.nbytes, None)
            raise
        return sealing

    def _reserve(self, sealing: Sealing, place: str, size: int, timeout: float | None) -> None:
        """Wait for room, and take it."""
        start = time.monotonic()
        deadline = None if timeout is None else start + timeout
        with self._change:
            try:
                while True:
                    if self._closed:
                        raise SealerError("the sealer is closed, and accepts no more images")
                    if os.getpid() != self._process:
                        raise SealerError(
                            "a sealer does not survive a fork: make one in the new process"
                        )
                    if place in self._under_way:
                        raise TargetExistsError(
                            f"an image is being sealed to {sealing.path!r} already; choose another "
                            "name"
                        )
                    count = len(self._under_way)
                    if not count or (
                        count < self._pending and self._waiting_bytes + size <= self._memory
                    ):
                        break
                    left = None if deadline is None else deadline - time.monotonic()
                    if left is not None and left <= 0:
                        self._counts["refused"] += 1
                        raise SealerFullError(
                            f"{count} images of {self._waiting_bytes:,} bytes wait to be sealed: "
                            f"no room within {timeout} s for {sealing.path!r}, which was not "
                            "accepted"
                        )
                    self._change.wait(left)
            finally:
                now = time.monotonic()
                self._blocked += now - start
            self._first = self._first or now
            self._counts["accepted"] += 1
            self._under_way[place] = sealing
            self._waiting_bytes += size

    def _release(self, sealing: Sealing, place: str, size: int, end: str | None) -> None:
        """Give the room back; ``end`` says how it ended, None that it was not accepted."""
        with self._change:
            if self._under_way.get(place) is not sealing:  # it found no room, or gave it back
                return
            del self._under_way[place]
            self._waiting_bytes -= size
            if end is None:
                self._counts["accepted"] -= 1
            else:
                self._counts[end] += 1
                self._bytes += size if end == "sealed" else 0
                self._last = time.monotonic()
            self._change.notify_all()

    def _seal(
        self, sealing: Sealing, copy: npt.NDArray[Any], place: str, order: Order, axes: str
    ) -> None:
        """Seal one image: what a worker does."""
        end, size = "failed", copy.nbytes
        try:
            with self._cores:
                if not sealing.set_running_or_notify_cancel():
                    end = "cancelled"
                    return
                check_values(copy)
                data, seal = make(order, copy, axes, aside=self._aside and may_share(size))
            write(order.target, data, overwrite=order.overwrite)
            end = "sealed"
            sealing._keep(None)
            self._buffers.release(copy)
            sealing.set_result(seal)
        except BaseException as error:  # noqa: BLE001 - whoever waits for the future is told
            _forget_frames(error)
            sealing.set_exception(error)
            self._fail(sealing, error)
        finally:
            if end == "cancelled":
                sealing._keep(None)
            self._release(sealing, place, size, end)

    def _fail(self, sealing: Sealing, error: BaseException) -> None:
        if self._on_failure is None:
            with self._change:
                if not self._failures:
                    self._failures.append(f"{sealing.path!r}: {error}")
            return
        try:
            with self._cores:  # it may seal the image elsewhere
                self._on_failure(sealing)
        except Exception:  # noqa: BLE001 - the image is accounted for all the same
            _log.exception("on_failure failed itself, for %r", sealing.path)

    def statistics(self) -> SealerStatistics:
        """What was done up to now."""
        with self._change:
            return SealerStatistics(
                **self._counts,
                waiting=len(self._under_way),
                waiting_bytes=self._waiting_bytes,
                bytes=self._bytes,
                seconds=max(0.0, self._last - self._first),
                blocked=self._blocked,
            )

    def flush(self, timeout: float | None = None) -> None:
        """Wait for all images that were accepted before.

        Parameters
        ----------
        timeout : float, optional
            Seconds, at most.

        Raises
        ------
        SealerError
            Some are not done in time; they go on.
        """
        with self._change:
            before = [*self._under_way.items()]

            def under_way() -> int:
                return sum(self._under_way.get(place) is sealing for place, sealing in before)

            if not self._change.wait_for(lambda: not under_way(), timeout):
                raise SealerError(
                    f"{under_way()} images are not sealed after {timeout} s; they go on"
                )

    def close(self, *, timeout: float | None = None) -> None:
        """Accept no more images, and wait for those that were accepted.

        Parameters
        ----------
        timeout : float, optional
            Seconds, at most.

        Raises
        ------
        SealerError
            Some are not done in time; they go on.  Or some could not be sealed, and there is no
            ``on_failure`` that was told of it.
        """
        with self._change:
            self._closed = True
            self._change.notify_all()
        self.flush(timeout)
        self._workers.shutdown()
        if self._failures:
            first, counts = self._failures.pop(), self._counts
            raise SealerError(
                f"{counts['failed']} of {counts['accepted']} images could not be sealed, the first "
                f"of them {first}"
            )

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
        except SealerError as failed:
            if error is None:
                raise
            error.add_note(str(failed))

    def __repr__(self) -> str:
        s: Any = self.statistics()
        return f"<Sealer: {s.sealed} sealed, {s.failed} failed, {s.waiting} waiting>"


def _tell(failures: list[str]) -> None:
    """Tell of images that could not be sealed, at the end of a sealer that nobody closed."""
    if failures and sys.stderr is not None:
        sys.stderr.write(f"napari-seal: a sealer was not closed; could not seal {failures[0]}\n")


def _forget_frames(error: BaseException) -> None:
    """Let go of frames, which would keep all arrays that were worked on, as long as the error."""
    if not isinstance(error, SealError):
        error.add_note(format_exc())  # a bug, and where it is
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
