"""A function over many items in worker processes: in bounded memory, whatever becomes of a worker.

Not `concurrent.futures`: its workers share one queue for results, and one that is killed while it
writes there (for want of memory, say) blocks all others for ever.  Here each worker has a pipe of
its own, which breaks with it and with nothing else, and a few numbers in shared memory that tell
which item it is at and since when: so a worker that hangs or dies costs one item.
"""

from __future__ import annotations

import itertools
import mmap
import multiprocessing
import multiprocessing.process
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final, Generic, TypeVar, cast

from napari_seal._starting import no_script, start_method

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Items a task: the first tasks are small, until it is known how long an item takes.
_FIRST, _MOST = 1, 1024
#: Seconds that a task should take: long against passing it around, and short for people.
_TASK: Final = 0.05
#: Seconds after which a worker hands over what it has, though its task is not done.
_HANDOVER: Final = 0.2
#: Seconds between two looks at the clock and at `stop`.
_TICK: Final = 0.1
#: Seconds that workers have to finish their items, once the run is to stop.
_LAST_CALL: Final = 0.5
#: Seconds that a killed process has to be gone.
_FAREWELL: Final = 0.2

# What the numbers in shared memory are.
_AT, _SINCE, _STOP = range(3)


def available_cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def map_items(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    jobs: int,
    died: Callable[[Item], Result],
    ordered: bool = True,
    timeout: float | None = None,
    timed_out: Callable[[Item], Result] | None = None,
    stop: Callable[[], bool] = lambda: False,
    patience: float = 0.0,
) -> Iterator[tuple[Item, Result]]:
    """Yield each item with the result of ``work``.

    Parameters
    ----------
    work : callable
        From an item to a result; importable by name, for the workers.
    items : iterable
        Taken as needed: the results of at most four tasks a worker wait for an earlier one.
    jobs : int
        Number of processes.
    died : callable
        The result for an item whose process died, twice in a row.
    ordered : bool
        Whether results come in the order of the items, or as they are there.
    timeout : float, optional
        Seconds an item may take.  A worker that takes longer is killed and not waited for: a read
        from a dead network mount cannot even be killed.
    timed_out : callable
        The result for such an item.
    stop : callable
        Asked often; once it says True, items under way are finished if that takes no longer than
        half a second, and the iteration ends early.
    patience : float
        Seconds that workers have to finish when the iteration is left; for work that must not be
        killed in the middle without need.
    """
    pool: _Pool[Item, Result] = _Pool(work, patience)
    try:
        yield from _Run(pool, items, jobs, ordered, died, timeout, timed_out or died, stop)
    finally:
        pool.close()


@dataclass(slots=True)
class _Batch(Generic[Item, Result]):
    """Consecutive items, and those of their results that are there."""

    items: list[Item]
    results: dict[int, Result] = field(default_factory=dict)
    yielded: int = 0


@dataclass(slots=True)
class _Task(Generic[Item, Result]):
    """A range of a batch that one worker is to do; ``at`` is the next result that will come."""

    batch: _Batch[Item, Result]
    at: int
    stop: int
    suspect: bool = False  # its only item may have killed a worker
    given: float = 0.0
    count: int = field(init=False)

    def __post_init__(self) -> None:
        self.count = self.stop - self.at


class _Run(Generic[Item, Result]):
    """One iteration: what is to do, what is under way, what waits to be yielded."""

    def __init__(
        self,
        pool: _Pool[Item, Result],
        items: Iterable[Item],
        jobs: int,
        ordered: bool,
        died: Callable[[Item], Result],
        timeout: float | None,
        timed_out: Callable[[Item], Result],
        stop: Callable[[], bool],
    ) -> None:
        self._pool, self._source = pool, iter(items)
        self._jobs, self._ordered = jobs, ordered
        self._died, self._timeout, self._timed_out, self._stop = died, timeout, timed_out, stop
        self._again: deque[_Task[Item, Result]] = deque()
        self._batches: deque[_Batch[Item, Result]] = deque()
        self._size = _FIRST

    def __iter__(self) -> Iterator[tuple[Item, Result]]:
        while True:
            if self._stop():
                self._finish()
                yield from self._ready(all_of_them=True)
                return
            self._feed()
            yield from self._ready()
            self._feed()  # what was yielded has made room
            if not self._pool.busy:
                return
            self._wait(_TICK)

    def _feed(self) -> None:
        """Give idle workers something to do."""
        while len(self._pool.busy) < self._jobs:
            task = self._again.popleft() if self._again else self._next()
            if task is None:
                return
            task.given = time.monotonic()
            self._pool.give(task)

    def _next(self) -> _Task[Item, Result] | None:
        if len(self._batches) >= 4 * self._jobs:
            return None
        items = list(itertools.islice(self._source, self._size))
        if not items:
            return None
        batch: _Batch[Item, Result] = _Batch(items)
        self._batches.append(batch)
        return _Task(batch, 0, len(items))

    def _ready(self, *, all_of_them: bool = False) -> Iterator[tuple[Item, Result]]:
        """Yield what may be yielded, and forget batches that are done."""
        for batch in [*self._batches]:
            results = batch.results
            if all_of_them or not self._ordered:
                numbers = sorted(results)
            else:
                ahead = itertools.count(batch.yielded)
                numbers = [*itertools.takewhile(results.__contains__, ahead)]
            for number in numbers:
                batch.yielded += 1
                yield batch.items[number], results.pop(number)
            if batch.yielded == len(batch.items):
                self._batches.remove(batch)
            elif self._ordered and not all_of_them:
                return

    def _wait(self, seconds: float) -> None:
        """Wait for workers to say something, and look after those that do not."""
        for connection in wait(list(self._pool.busy), seconds):
            self._take(cast("Connection", connection))
        if self._timeout is None:
            return
        now = time.monotonic()
        for connection, worker in [*self._pool.busy.items()]:
            if worker.is_at and now - worker.beat[_SINCE] > self._timeout:
                if connection.poll():  # it has gone on, and nobody listened
                    self._take(connection)
                    continue
                task, number = worker.task, int(worker.beat[_AT])
                self._pool.abandon(connection)
                task.batch.results[number] = self._timed_out(task.batch.items[number])
                self._split(task, number)

    def _take(self, connection: Connection) -> None:
        """Take what a worker has to say: results, that it is done, an error, or that it died."""
        worker = self._pool.busy[connection]
        task = worker.task
        try:
            results, done = connection.recv()
        except (EOFError, OSError):
            number = int(worker.beat[_AT]) if worker.is_at else task.at
            self._pool.abandon(connection)
            if task.suspect:
                task.batch.results[number] = self._died(task.batch.items[number])
            else:
                self._again.append(_Task(task.batch, number, number + 1, suspect=True))
                self._split(task, number)
            return
        if isinstance(results, BaseException):
            self._pool.rest(connection)
            raise results
        task.batch.results.update(zip(itertools.count(task.at), results))
        task.at += len(results)
        if done:
            self._pool.rest(connection)
            seconds = max(time.monotonic() - task.given, 1e-6)
            self._size = max(1, min(int(_TASK * task.count / seconds), 4 * self._size, _MOST))

    def _split(self, task: _Task[Item, Result], number: int) -> None:
        """Do again what stands before and behind an item, of which no results came."""
        for start, stop in ((task.at, number), (number + 1, task.stop)):
            if start < stop:
                self._again.append(_Task(task.batch, start, stop))

    def _finish(self) -> None:
        """Let workers finish their items, and take the results, but wait for nobody long."""
        deadline = time.monotonic() + _LAST_CALL
        for worker in self._pool.busy.values():
            worker.beat[_STOP] = 1
        while self._pool.busy and (left := deadline - time.monotonic()) > 0:
            self._wait(left)


@dataclass(slots=True, eq=False)
class _Worker(Generic[Item, Result]):
    """A process, what it is doing, and its numbers in shared memory."""

    process: BaseProcess
    beat: Any
    task: _Task[Item, Result]

    @property
    def is_at(self) -> bool:
        """Whether it is at an item."""
        return bool(self.beat[_SINCE])


class _Pool(Generic[Item, Result]):
    """Worker processes, each with a pipe to it and one task at a time."""

    def __init__(self, work: Callable[[Item], Result], patience: float) -> None:
        self._work, self._patience = work, patience
        self._idle: dict[Connection, tuple[BaseProcess, Any]] = {}
        self.busy: dict[Connection, _Worker[Item, Result]] = {}

    def give(self, task: _Task[Item, Result]) -> None:
        """Hand a task to an idle worker, or to a new one."""
        while True:
            if self._idle:
                connection, (process, beat) = self._idle.popitem()
            else:
                beat = _shared_numbers()
                connection, process = start_process(
                    _serve, self._work, beat, inherited=(*self._idle, *self.busy)
                )
            beat[_SINCE] = 0
            try:
                connection.send((task.at, task.batch.items[task.at : task.stop]))
            except OSError:  # it died while it was idle
                connection.close()
                leave(process)
                continue
            self.busy[connection] = _Worker(process, beat, task)
            return

    def rest(self, connection: Connection) -> None:
        """Keep a worker that is done for the next task."""
        worker = self.busy.pop(connection)
        self._idle[connection] = (worker.process, worker.beat)

    def abandon(self, connection: Connection) -> None:
        """Have nothing more to do with a worker that hangs or died."""
        worker = self.busy.pop(connection)
        connection.close()
        leave(worker.process)

    def close(self) -> None:
        """End the workers; those at an item have `patience` seconds to finish it."""
        workers = [*(process for process, _ in self._idle.values())]
        for worker in self.busy.values():
            worker.beat[_STOP] = 1
            workers.append(worker.process)
        for connection in (*self._idle, *self.busy):
            connection.close()
        deadline = time.monotonic() + self._patience
        for process in workers:
            process.join(max(0.0, deadline - time.monotonic()))
        leave(*workers)
        self._idle.clear()
        self.busy.clear()


def start_process(
    serve: Callable[..., None], *arguments: Any, inherited: Iterable[Connection] = ()
) -> tuple[Connection, BaseProcess]:
    """Start a process that calls ``serve(connection, *arguments)``; return the other end."""
    context: Any = multiprocessing.get_context(start_method())
    ours, theirs = context.Pipe()
    # A forked process inherits our ends of all pipes, and would keep them open after our death.
    forked = context.get_start_method() == "fork"
    others = [ours, *inherited] if forked else []
    process = context.Process(target=_live, args=(serve, theirs, others, arguments), daemon=True)
    with nullcontext() if forked else no_script():
        process.start()
    theirs.close()
    return ours, process


def leave(*processes: BaseProcess) -> None:
    """Kill processes, and forget those that this does not end at once.

    One that waits for a dead network mount ends when the mount answers, if ever.  Python would wait
    for it when the program ends, so it is taken off Python's list of children.
    """
    for process in processes:
        process.kill()
    deadline = time.monotonic() + _FAREWELL
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            children: set[BaseProcess] = getattr(multiprocessing.process, "_children", set())
            children.discard(process)


def _live(
    serve: Callable[..., None], connection: Connection, inherited: list[Connection], arguments: Any
) -> None:
    # Control-C goes to the whole group of processes; the parent ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in inherited:
        other.close()
    with suppress(EOFError, OSError):  # the other end of the pipe was closed: an end as planned
        serve(connection, *arguments)


def _serve(connection: Connection, work: Callable[[Item], Result], beat: Any) -> None:
    """Do tasks until the other end of the pipe is closed: the life of a worker."""
    clock = time.monotonic
    while True:
        first, items = connection.recv()
        results: list[Result] = []
        now = sent = clock()
        try:
            for number, item in enumerate(items, first):
                beat[_AT], beat[_SINCE] = number, now
                results.append(work(item))
                now = clock()
                if now - sent > _HANDOVER:
                    beat[_SINCE] = 0
                    connection.send((results, False))
                    results, sent = [], now
                if beat[_STOP]:
                    break
            beat[_SINCE] = 0
            answer: Any = results
        except Exception as error:  # noqa: BLE001 - raised again in the parent
            beat[_SINCE] = 0
            answer = error
        connection.send((answer, True))


def _shared_numbers() -> Any:
    """What a worker tells of itself: `_AT`, `_SINCE` and `_STOP`, as floats."""
    if start_method() == "fork":  # a child has the same pages, and nothing more is to be imported
        return memoryview(mmap.mmap(-1, 24)).cast("d")
    from multiprocessing.sharedctypes import RawArray

    return RawArray("d", 3)
