"""A function over many items in worker processes: in bounded memory, whatever becomes of a worker.

Not `concurrent.futures`: its workers share one queue for results, and one that is killed while it
writes there (for want of memory, say) blocks all others for ever.  Here each worker has a pipe of
its own, which breaks with it and with nothing else, and a few numbers in shared memory that tell
which item it is at and since when: so a worker that hangs or dies costs one item.
"""

from __future__ import annotations

import itertools
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Final, Generic, TypeVar, cast

from napari_seal._workers import AT, SINCE, STOP, Batch, Pool, Task

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Items a task: the first tasks are small, until it is known how long an item takes.
_FIRST, _MOST = 1, 1024
#: Tasks that a worker has, with the one that it is at, where a task has this many items or more.
_AHEAD, _QUICK = 3, 16
#: Seconds that a task should take: long against passing it around, and short for people.
_TASK: Final = 0.05
#: Seconds between two looks at the clock and at `stop`.
_TICK: Final = 0.1
#: Seconds that workers have to finish their items, once the run is to stop.
_LAST_CALL: Final = 0.5


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
    pool: Pool[Item, Result] = Pool(work, patience)
    try:
        yield from Run(
            pool, items, jobs=jobs, ordered=ordered, died=died, timeout=timeout,
            timed_out=timed_out or died, stop=stop,
        )  # fmt: skip
    finally:
        pool.close()


class Run(Generic[Item, Result]):
    """One iteration with a pool that is kept: what is to do, under way, and waits to be yielded.

    See `map_items`.  Items are asked for again after they have ended, as long as one is under way.
    """

    def __init__(
        self,
        pool: Pool[Item, Result],
        items: Iterable[Item],
        *,
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
        self._again: deque[Task[Item, Result]] = deque()
        self._batches: deque[Batch[Item, Result]] = deque()
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
        """Give idle workers something to do; where items are quick, busy ones the next task, too.

        So they go on while their results are being looked at.
        """
        while len(self._pool.busy) < self._jobs:
            task = self._next()
            if task is None:
                return
            self._pool.give(task)
        if self._size < _QUICK:
            return
        for connection, worker in self._pool.busy.items():
            if len(worker.tasks) < _AHEAD:
                task = self._next()
                if task is None:
                    return
                if not self._pool.send(connection, task):
                    self._again.append(task)

    def _next(self) -> Task[Item, Result] | None:
        if self._again:
            return self._again.popleft()
        if len(self._batches) >= 4 * self._jobs:
            return None
        items = list(itertools.islice(self._source, self._size))
        if not items:
            return None
        batch: Batch[Item, Result] = Batch(items)
        self._batches.append(batch)
        return Task(batch, 0, len(items))

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
            if worker.is_at and now - worker.beat[SINCE] > self._timeout:
                if connection.poll():  # it has gone on, and nobody listened
                    self._take(connection)
                    continue
                task, number = self._abandon(connection)
                task.batch.results[number] = self._timed_out(task.batch.items[number])
                self._split(task, number)

    def _take(self, connection: Connection) -> None:
        """Take what a worker has to say: results, that it is done, an error, or that it died."""
        worker = self._pool.busy[connection]
        task = worker.tasks[0]
        try:
            results, done = connection.recv()
        except (EOFError, OSError):
            task, number = self._abandon(connection)
            if task.suspect:
                task.batch.results[number] = self._died(task.batch.items[number])
            else:
                self._again.append(Task(task.batch, number, number + 1, suspect=True))
                self._split(task, number)
            return
        if isinstance(results, BaseException):
            self._pool.done(connection)
            raise results
        task.batch.results.update(zip(itertools.count(task.at), results))
        task.at += len(results)
        if done:
            seconds = max(self._pool.done(connection), 1e-6)
            self._size = max(1, min(int(_TASK * task.count / seconds), 4 * self._size, _MOST))

    def _abandon(self, connection: Connection) -> tuple[Task[Item, Result], int]:
        """Have nothing more to do with a worker: the task and the item that it was at.

        Its other tasks go to others, those that wait behind as well as those whose answers did not
        come through.
        """
        worker = self._pool.busy[connection]
        task = worker.task
        number = int(worker.beat[AT]) if worker.is_at else task.at
        self._again.extend(other for other in worker.tasks if other is not task)
        self._pool.abandon(connection)
        return task, number

    def _split(self, task: Task[Item, Result], number: int) -> None:
        """Do again what stands before and behind an item, of which no results came."""
        for start, stop in ((task.at, number), (number + 1, task.stop)):
            if start < stop:
                self._again.append(Task(task.batch, start, stop))

    def _finish(self) -> None:
        """Let workers finish their items, and take the results, but wait for nobody long."""
        deadline = time.monotonic() + _LAST_CALL
        for worker in self._pool.busy.values():
            worker.beat[STOP] = 1
        while self._pool.busy and (left := deadline - time.monotonic()) > 0:
            self._wait(left)
