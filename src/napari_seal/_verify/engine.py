"""A run over many files: here, in worker processes or on a cluster, and for how long.

What is done with a file is `Work`: `napari_seal._verify.checking` checks it, and a ledger also
keeps facts about it.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, Protocol, TypeVar

from napari_seal._verify.patience import SearchStopped, answers
from napari_seal._verify.verdict import Outcome, Verdict
from napari_seal.errors import NothingToCheckError, OptionError

if TYPE_CHECKING:
    from threading import Event

    from distributed import Client

    from napari_seal._verify.progress import Progress
    from napari_seal._verify.reasons import ReasonCode

    Answer_co = TypeVar("Answer_co", covariant=True)

    class Work(Protocol[Answer_co]):
        """What is done with each file; its objects travel to other processes."""

        def check(self, path: str) -> tuple[Answer_co, int]:
            """The answer, and how many bytes were read."""

        def pack(self, path: str) -> tuple[Any, int]:
            """The same, as small as it can be sent from one process to another."""

        def unpack(self, path: str, packed: Any) -> Answer_co:
            """The answer that was packed."""

        def give_up(self, verdict: Verdict) -> Answer_co:
            """The answer for a file of which only this is known."""


Answer = TypeVar("Answer")
Stop = Literal["time-limit", "cancelled"]

#: Fewer files than this are done at once, without starting processes.
SMALL: Final = 64
#: Files a task on a cluster: one file a task costs 6 times as much in passing tasks around.
BATCH: Final = 128
#: Seconds between two reports of progress.
_INTERVAL: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Settings:
    """How a run goes; see `napari_seal.check_many`.

    Raises
    ------
    OptionError
        A value is of the wrong type, or two do not go together.
    """

    jobs: int | None = None
    ordered: bool = True
    timeout: float | None = None
    time_limit: float | None = None
    cancel: Event | Callable[[], bool] | None = None
    progress: Callable[[Progress], None] | None = None
    client: Client | None = None

    def __post_init__(self) -> None:
        if self.jobs is not None and (type(self.jobs) is not int or self.jobs < 1):
            raise OptionError(f"jobs is a whole number from 1, not {self.jobs!r}")
        for name, seconds in (("timeout", self.timeout), ("time_limit", self.time_limit)):
            if seconds is not None and not _is_span(seconds):
                raise OptionError(f"{name} is a number of seconds above 0, not {seconds!r}")
        if self.client is not None and not (
            self.jobs is self.timeout is None and hasattr(self.client, "submit")
        ):
            raise OptionError("client is a distributed.Client, and goes without jobs and timeout")

    @property
    def workers(self) -> int:
        """Number of worker processes."""
        from napari_seal._parallel import available_cores

        return self.jobs or available_cores()

    def is_cancelled(self) -> bool:
        """Whether the run is to end because somebody said so."""
        asked: Any = getattr(self.cancel, "is_set", self.cancel)
        return asked is not None and bool(asked())

    def expect_answer(self, paths: list[str]) -> None:
        """Touch paths once, before they are touched without a thought of time.

        Raises
        ------
        NothingToCheckError
            They did not answer in time.
        """
        seconds = min(filter(None, (self.timeout, self.time_limit)), default=None)
        if not answers(lambda: [*map(os.path.isdir, paths)], seconds, self.is_cancelled):
            raise NothingToCheckError(
                "nothing was checked: the disk or network did not answer when it was asked what "
                "is to be checked"
            )


def _is_span(seconds: object) -> bool:
    return isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and seconds > 0


class Engine(Generic[Answer]):
    """One run.

    Parameters
    ----------
    work : Work
    settings : Settings
    find : callable
        The files, from the first.  It is given a function that says whether the run is to stop, and
        raises `SearchStopped` then.
    count : callable, optional
        Their number, found out while the run goes on; importable by name.

    Attributes
    ----------
    done : int
        Files with an answer.
    stopped : "time-limit", "cancelled" or None
        Why the run ended early.
    """

    def __init__(
        self,
        work: Work[Answer],
        settings: Settings,
        find: Callable[[Callable[[], bool]], Iterator[str]],
        count: Callable[[], int] | None = None,
    ) -> None:
        self.stopped: Stop | None = None
        self._work, self._settings = work, settings
        self._count = count if settings.progress is not None else None
        self._files = _Files(find(self._is_to_stop))
        self._meter = _Meter(settings.progress)
        self._deadline: float | None = None

    @property
    def done(self) -> int:
        """Number of files with an answer."""
        return self._meter.done

    @property
    def total(self) -> int | None:
        """Number of files, once they are counted."""
        return self._meter.total()

    def open(self) -> list[str]:
        """Begin to measure time, and take the first files."""
        limit = self._settings.time_limit
        self._deadline = None if limit is None else time.monotonic() + limit
        return list(itertools.islice(self._files, SMALL))

    @property
    def took_all(self) -> bool:
        """Whether there are no more files than those that were taken."""
        return self._files.ended

    def run(
        self,
        first: list[str],
        *,
        without: Callable[[Iterator[str]], Iterator[str]] = iter,
        before: int = 0,
    ) -> Iterator[Answer]:
        """Yield the answers.

        Parameters
        ----------
        first : list of str
            What `open` has returned.
        without : callable
            From the files to those that are to be done: an earlier run did the others.
        before : int
            How many these are.
        """
        settings, few = self._settings, self._files.ended
        here = settings.timeout is settings.client is None and (few or settings.jobs == 1)
        files = without(itertools.chain(first, self._files))
        counter = None
        self._meter.begin(before)
        if few:
            self._meter.total = lambda: len(first)
        elif self._count is not None:
            from napari_seal._verify.progress import Counter

            counter = Counter(self._count, process=not here)
            self._meter.total = lambda: self._files.number if self._files.ended else counter.total
        try:
            if settings.client is not None:
                answers = self._on_cluster(settings.client, files)
            else:
                answers = self._here(files) if here else self._spread_out(files)
            for answer, size in answers:
                self._meter.add(size)
                yield answer
            if self._files.ended and self.done == self._files.number:
                self.stopped = None  # it was to stop when nothing was left to do
            self._meter.tell()
        finally:
            if counter is not None:
                counter.close()

    def _here(self, files: Iterable[str]) -> Iterator[tuple[Answer, int]]:
        for path in files:
            if self._is_to_stop():
                return
            yield self._work.check(path)

    def _spread_out(self, files: Iterable[str]) -> Iterator[tuple[Answer, int]]:
        from napari_seal._parallel import map_items

        settings = self._settings
        results = map_items(
            self._work.pack,
            files,
            jobs=settings.workers,
            died=_died,
            ordered=settings.ordered,
            timeout=settings.timeout,
            timed_out=partial(_timed_out, settings.timeout),
            stop=self._is_to_stop,
        )
        for path, (packed, size) in results:
            if isinstance(packed, _Lost):
                yield self._work.give_up(packed.verdict), 0
            else:
                yield self._work.unpack(path, packed), size

    def _on_cluster(self, client: Client, files: Iterable[str]) -> Iterator[tuple[Answer, int]]:
        from napari_seal._dask import map_on_cluster

        work: Callable[[list[str]], list[Any]] = partial(_check_batch, self._work)
        for answer, size in map_on_cluster(work, files, client=client, batch=BATCH, died=_died):
            yield (
                (self._work.give_up(answer.verdict) if isinstance(answer, _Lost) else answer),
                size,
            )
            if self._is_to_stop():
                return

    def _is_to_stop(self) -> bool:
        if self._settings.is_cancelled():
            self.stopped = "cancelled"
        elif self._deadline is not None and time.monotonic() >= self._deadline:
            self.stopped = "time-limit"
        return self.stopped is not None


def _check_batch(work: Work[Answer], paths: list[str]) -> list[tuple[Answer, int]]:
    """Do a batch of files: a task on a cluster."""
    return [work.check(path) for path in paths]


class _Lost:
    """In place of what a worker would have answered."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict


def _died(path: str) -> tuple[_Lost, int]:
    return _Lost(lost_worker(path)), 0


def lost_worker(path: str) -> Verdict:
    """The verdict on a file with which worker processes died."""
    from napari_seal._verify.reasons import ReasonCode

    message = "The process that checked the file died; it may have run out of memory."
    return _unreadable(path, ReasonCode.WORKER_DIED, message)


def _timed_out(seconds: float | None, path: str) -> tuple[_Lost, int]:
    from napari_seal._verify.reasons import ReasonCode

    message = f"Checking the file took longer than {seconds:g} s; the disk or network hangs."
    return _Lost(_unreadable(path, ReasonCode.TIMED_OUT, message)), 0


def _unreadable(path: str, code: ReasonCode, message: str) -> Verdict:
    from napari_seal._verify.reasons import Reason

    reason = Reason(code=code, message=message)
    return Verdict(path=path, verdict=Outcome.UNREADABLE, reasons=(reason,))


class _Meter:
    """Counts what is done, and tells `progress` now and then."""

    def __init__(self, progress: Callable[[Progress], None] | None) -> None:
        self._progress = progress
        self.done = self.before = self.bytes = 0
        self.total: Callable[[], int | None] = lambda: None
        self.begin(0)

    def begin(self, before: int) -> None:
        """Measure from now on; so many files are done already."""
        self._start = self._next = time.monotonic()
        self.done = self.before = before

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
        self._progress(
            Progress(
                done=self.done,
                before=self.before,
                total=self.total(),
                bytes=self.bytes,
                seconds=now - self._start,
            )
        )


class _Files(Iterator[str]):
    """The files of a run, counted as they are taken."""

    def __init__(self, found: Iterator[str]) -> None:
        self._found = found
        self.number = 0
        self.ended = self.left = False

    def __next__(self) -> str:
        try:
            path = next(self._found)
        except StopIteration:
            self.ended = not self.left
            raise
        except SearchStopped:
            self._found = iter(())
            self.left = True
            raise StopIteration from None
        self.number += 1
        return path
