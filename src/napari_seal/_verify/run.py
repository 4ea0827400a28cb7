"""Checking many files: over worker processes, verdicts streamed."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from napari_seal._files import check_address, is_address
from napari_seal._folders import is_folder, list_folder
from napari_seal._text import printable
from napari_seal._verify.check import check, check_bytes
from napari_seal._verify.load import load
from napari_seal._verify.quick import proven_record
from napari_seal._verify.scan import count_images, find_images
from napari_seal._verify.verdict import Outcome, Reason, ReasonCode, Verdict, intact
from napari_seal.errors import NothingToCheckError, OptionError

if TYPE_CHECKING:
    from threading import Event

    from distributed import Client

    from napari_seal._verify.progress import Progress

    Paths = Iterable[str | os.PathLike[str]]

#: Fewer files than this are checked at once, without starting processes.
SMALL: Final = 64
#: Files a task on a cluster: one file a task costs 6 times as much in passing tasks around.
BATCH: Final = 128
#: Seconds between two reports of progress.
_INTERVAL: Final = 0.2


def check_many(
    paths: Paths | str | os.PathLike[str],
    *,
    jobs: int | None = None,
    recursive: bool = True,
    full: bool = False,
    against: str | os.PathLike[str] | None = None,
    ordered: bool = True,
    timeout: float | None = None,
    time_limit: float | None = None,
    cancel: Event | Callable[[], bool] | None = None,
    progress: Callable[[Progress], None] | None = None,
    client: Client | None = None,
) -> CheckRun:
    """Check files and folders, and yield a verdict for each file as it comes.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files and folders, or addresses of such for fsspec (``s3://bucket/plates``).  An iterator is
        read as the run goes on, and need not fit the memory.
    jobs : int, optional
        Number of worker processes; by default that of the available cores.  1 checks in the calling
        thread.  In a script, call it below ``if __name__ == "__main__":``, as for all processes
        that Python starts.
    recursive : bool, default True
        Search folders in folders.
    full : bool, default False
        See `napari_seal.check`.
    against : path-like, optional
        A folder with the originals (TIFF, PNG, NumPy), laid out like the folder that is checked:
        each file is compared with the one of its name, as `napari_seal.check` does with ``source``.
    ordered : bool, default True
        Whether verdicts come in the order of the files, or each as soon as it is there.
    timeout : float, optional
        Seconds a file may take: one that takes longer, as on a network mount that does not answer,
        gets the verdict `unreadable`, and the run goes on.  Files are then always checked in worker
        processes.  Folders are listed by the calling process, without a time-out.
    time_limit : float, optional
        Seconds the run may take.  It then ends early; see `CheckRun.stopped`.
    cancel : threading.Event or callable, optional
        Set it, or return True, to end the run early, within a second.
    progress : callable, optional
        Called with a `Progress` up to five times a second while verdicts are taken, and at the end.
    client : distributed.Client, optional
        Check on the workers of this Dask cluster, which must reach the files by the same paths.
        Relative paths are made absolute.  It goes without ``jobs`` and ``timeout``, and keeps the
        order.

    Returns
    -------
    CheckRun
        An iterator over the verdicts: one for each file.  Memory does not grow with their number.

    Raises
    ------
    NothingToCheckError
        There was not one file in all; raised when the first verdict is asked for.
    OptionError
        ``jobs`` is not a number from 1, a time is no number above 0, ``against`` is no folder,
        nothing that is installed reaches an address, or the cluster cannot be used.
    """
    if jobs is not None and (type(jobs) is not int or jobs < 1):
        raise OptionError(f"jobs is a whole number from 1, not {jobs!r}")
    for name, seconds in (("timeout", timeout), ("time_limit", time_limit)):
        if seconds is not None and not _is_span(seconds):
            raise OptionError(f"{name} is a number of seconds above 0, not {seconds!r}")
    if against is not None and not os.path.isdir(against):
        raise OptionError(f"the originals are looked for in a folder; {against!r} is none")
    named: Paths = [paths] if isinstance(paths, (str, bytes, os.PathLike)) else paths
    if not isinstance(named, Iterator):
        named = list(named)
        for address in filter(is_address, map(os.fsdecode, named)):
            check_address(address)
    if client is not None:
        if jobs is not None or timeout is not None or not hasattr(client, "submit"):
            raise OptionError("client is a distributed.Client, and goes without jobs and timeout")
        named, against = _absolute(named), against and os.path.abspath(against)
    options: dict[str, Any] = {"full": full}
    if against is not None:
        named = list(named)
        options["originals"] = Originals([os.fsdecode(n) for n in named], os.fsdecode(against))
    cancelled = getattr(cancel, "is_set", cancel)
    return CheckRun(
        named if isinstance(named, Iterator) else list(named),
        recursive=recursive,
        options=options,
        jobs=jobs,
        ordered=ordered,
        timeout=timeout,
        time_limit=time_limit,
        cancelled=cancelled if callable(cancelled) else lambda: False,
        progress=progress,
        client=client,
    )


def _is_span(seconds: object) -> bool:
    return isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and seconds > 0


def _absolute(named: Paths) -> Paths:
    """Paths that mean the same to a process with another working folder."""
    names = map(os.fsdecode, named)
    found = (name if is_address(name) else os.path.abspath(name) for name in names)
    return found if isinstance(named, Iterator) else list(found)


class Originals(NamedTuple):
    """Where the originals of checked files are; see `find_original`."""

    named: list[str]
    folder: str


class CheckRun(Iterator[Verdict]):
    """The verdicts of a run over many files, made by `check_many`.

    Attributes
    ----------
    done : int
        Number of verdicts so far.
    total : int or None
        Number of files, once they are counted.  They are only where there is a ``progress``.
    stopped : "time-limit", "cancelled" or None
        Why the run ended before all files were checked; None if it did not.
    """

    def __init__(
        self,
        named: list[str | os.PathLike[str]] | Iterator[str | os.PathLike[str]],
        *,
        recursive: bool,
        options: dict[str, Any],
        jobs: int | None,
        ordered: bool,
        timeout: float | None,
        time_limit: float | None,
        cancelled: Callable[[], bool],
        progress: Callable[[Progress], None] | None,
        client: Client | None,
    ) -> None:
        self.stopped: Literal["time-limit", "cancelled"] | None = None
        self._count = partial(count_images, named, recursive=recursive)
        self._countable = progress is not None and isinstance(named, list)
        self._options, self._jobs, self._ordered = options, jobs, ordered
        self._client = client
        self._timeout, self._time_limit, self._cancelled = timeout, time_limit, cancelled
        self._meter = _Meter(progress)
        self._files = _Files(find_images(named, recursive=recursive))
        self._verdicts = self._run()

    @property
    def done(self) -> int:
        """Number of verdicts so far."""
        return self._meter.done

    @property
    def total(self) -> int | None:
        """Number of files, once they are counted."""
        return self._meter.total()

    def __next__(self) -> Verdict:
        verdict: Verdict = next(self._verdicts)
        return verdict

    def close(self) -> None:
        """End the run, and the worker processes."""
        self._verdicts.close()

    def _run(self) -> Any:
        first = list(itertools.islice(self._files, SMALL))
        few = self._files.ended
        if few and all(is_folder(path) for path in first):
            problems = " ".join(str(check_found(path)) for path in first) or "no path was given"
            raise NothingToCheckError(f"there was not one JPEG file to check: {problems}")
        here = self._timeout is None and self._client is None and (few or self._jobs == 1)
        files = itertools.chain(first, self._files)
        counter = None
        if few:
            self._meter.total = lambda: len(first)
        elif self._countable:
            from napari_seal._verify.progress import Counter

            counter = Counter(self._count, process=not here)
            self._meter.total = lambda: self._files.number if self._files.ended else counter.total
        limit = self._time_limit
        self._deadline = None if limit is None else time.monotonic() + limit
        try:
            if self._client is not None:
                checked = self._on_cluster(self._client, files)
            else:
                checked = self._here(files) if here else self._spread_out(files)
            for verdict, size in checked:
                self._meter.add(size)
                yield verdict
            if self._files.ended and self.done == self._files.number:
                self.stopped = None  # it was to stop when nothing was left to do
            self._meter.tell()
        finally:
            if counter is not None:
                counter.close()

    def _here(self, files: Iterable[str]) -> Iterator[tuple[Verdict, int]]:
        for path in files:
            if self._is_to_stop():
                return
            yield check_sized(path, **self._options)

    def _spread_out(self, files: Iterable[str]) -> Iterator[tuple[Verdict, int]]:
        from napari_seal._parallel import available_cores, map_items

        results = map_items(
            partial(_check_packed, **self._options),
            files,
            jobs=self._jobs or available_cores(),
            died=_died,
            ordered=self._ordered,
            timeout=self._timeout,
            timed_out=partial(_timed_out, self._timeout),
            stop=self._is_to_stop,
        )
        for path, (packed, size) in results:
            yield (intact(path, packed) if isinstance(packed, bytes) else packed), size

    def _on_cluster(self, client: Client, files: Iterable[str]) -> Iterator[tuple[Verdict, int]]:
        from napari_seal._dask import map_on_cluster

        work = partial(check_batch, **self._options)
        checked = map_on_cluster(work, files, client=client, batch=BATCH, died=_died)
        for answer in checked:
            yield answer
            if self._is_to_stop():
                return

    def _is_to_stop(self) -> bool:
        if self._cancelled():
            self.stopped = "cancelled"
        elif self._deadline is not None and time.monotonic() >= self._deadline:
            self.stopped = "time-limit"
        return self.stopped is not None


class _Meter:
    """Counts what is done, and tells `progress` now and then."""

    def __init__(self, progress: Callable[[Progress], None] | None) -> None:
        self._progress = progress
        self._start = time.monotonic()
        self._next = self._start
        self.done = self.bytes = 0
        self.total: Callable[[], int | None] = lambda: None

    def add(self, size: int) -> None:
        """One file more is done."""
        self.done += 1
        self.bytes += size
        if self._progress is not None and time.monotonic() >= self._next:
            self.tell()

    def tell(self) -> None:
        """Tell how far the run is."""
        if self._progress is None:
            return
        from napari_seal._verify.progress import Progress

        now = time.monotonic()
        self._next = now + _INTERVAL
        seconds = now - self._start
        self._progress(
            Progress(done=self.done, total=self.total(), bytes=self.bytes, seconds=seconds)
        )


class _Files(Iterator[str]):
    """The files of a run, counted as they are taken."""

    def __init__(self, found: Iterator[str]) -> None:
        self._found = found
        self.number = 0
        self.ended = False

    def __next__(self) -> str:
        try:
            path = next(self._found)
        except StopIteration:
            self.ended = True
            raise
        self.number += 1
        return path


def _check_packed(
    path: str, *, full: bool = False, originals: Originals | None = None
) -> tuple[Verdict | bytes, int]:
    """What a worker answers: of a plainly intact file, the record's text says it all."""
    if full or originals is not None:
        return check_sized(path, full=full, originals=originals)
    data = load(path)
    if isinstance(data, Reason):
        return check_found(path), 0
    text = proven_record(data)
    return (check_bytes(data, path) if text is None else text), len(data)


def check_batch(paths: list[str], **options: Any) -> list[tuple[Verdict, int]]:
    """Check a batch of files: a task on a cluster."""
    return [check_sized(path, **options) for path in paths]


def check_sized(
    path: str, *, full: bool = False, originals: Originals | None = None
) -> tuple[Verdict, int]:
    """Check what `find_images` found; also how many bytes were read."""
    if originals is None:
        data = load(path)
        if not isinstance(data, Reason):
            return check_bytes(data, path, full=full), len(data)
    return check_found(path, full=full, originals=originals), 0


def check_found(path: str, *, full: bool = False, originals: Originals | None = None) -> Verdict:
    """Check what `find_images` found: a file, or a folder to complain about."""
    verdict = check(path, full=full) if originals is None else _check_against(path, full, originals)
    if not any(reason.code is ReasonCode.IS_A_DIRECTORY for reason in verdict.reasons):
        return verdict
    try:
        list_folder(path)
    except OSError as error:
        code, message = (
            ReasonCode.PERMISSION_DENIED,
            f"The folder cannot be listed: {error.strerror}.",
        )
    else:
        code, message = ReasonCode.EMPTY_FOLDER, "The folder has no JPEG file in it."
    return replace(verdict, reasons=(Reason(code=code, message=message),))


def _check_against(path: str, full: bool, originals: Originals) -> Verdict:
    from napari_seal._verify.original import coarser, find_original

    original = find_original(path, *originals)
    if original is not None:
        verdict = check(path, full=full, source=original)
        if verdict.scores is None or not verdict.scores.exact:
            return verdict
        return replace(verdict, scores=coarser(verdict.scores))
    message = f"There is no original of this name in {printable(originals.folder)}."
    reason = Reason(code=ReasonCode.ORIGINAL_MISSING, message=message)
    verdict = check(path, full=full)
    return replace(verdict, reasons=(*verdict.reasons, reason))


def _died(path: str) -> tuple[Verdict, int]:
    message = "The process that checked the file died; it may have run out of memory."
    return _unreadable(path, ReasonCode.WORKER_DIED, message), 0


def _timed_out(seconds: float | None, path: str) -> tuple[Verdict, int]:
    message = f"Checking the file took longer than {seconds:g} s; the disk or network hangs."
    return _unreadable(path, ReasonCode.TIMED_OUT, message), 0


def _unreadable(path: str, code: ReasonCode, message: str) -> Verdict:
    reason = Reason(code=code, message=message)
    return Verdict(path=path, verdict=Outcome.UNREADABLE, reasons=(reason,))
