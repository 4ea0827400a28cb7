"""A function over many items in worker processes: in order, and in bounded memory.

Not `concurrent.futures`: its workers share one queue for results, and one that is killed while it
writes there (for want of memory, say) blocks all others for ever.  Here each worker has a pipe of
its own, which breaks with it and with nothing else.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final, Generic, TypeVar, cast

Item = TypeVar("Item")
Result = TypeVar("Result")

#: How long a worker may take to finish what it is doing, once nobody waits for it any more.
_PATIENCE: Final = 5.0


def available_cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def map_batches(
    work: Callable[[list[Item]], list[Result]],
    items: Iterable[Item],
    *,
    jobs: int,
    batch: int,
    died: Callable[[Item], Result],
) -> Iterator[Result]:
    """Yield the results of ``work`` in the order of the items.

    Parameters
    ----------
    work : callable
        From a list of items to as many results; importable by name, for the workers.
    items : iterable
        Taken as needed: the results of at most four batches a worker wait for an earlier one.
    jobs : int
        Number of processes.
    batch : int
        Items a task.
    died : callable
        The result for an item whose process died.
    """
    source = iter(items)
    batches = enumerate(iter(lambda: list(itertools.islice(source, batch)), []))
    pool: _Pool[Item, Result] = _Pool(work)
    finished: dict[int, list[Result]] = {}
    following = 0  # the batch to yield next
    try:
        while True:
            while len(pool.busy) < jobs and len(pool.busy) + len(finished) < 4 * jobs:
                task = next(batches, None)
                if task is None:
                    break
                pool.give(*task)
            if not pool.busy and not finished:
                return
            while following not in finished:
                number, taken, results = pool.take()
                # A worker died, and which item it was is not known: one item a process, then.
                finished[number] = _one_by_one(work, taken, died) if results is None else results
            yield from finished.pop(following)
            following += 1
    finally:
        pool.close()


def _one_by_one(
    work: Callable[[list[Item]], list[Result]], items: list[Item], died: Callable[[Item], Result]
) -> list[Result]:
    pool: _Pool[Item, Result] = _Pool(work)
    results: list[Result] = []
    try:
        for item in items:
            pool.give(0, [item])
            _, _, result = pool.take()
            results += [died(item)] if result is None else result
    finally:
        pool.close()
    return results


@dataclass(slots=True)
class _Task(Generic[Item]):
    """What a busy worker is doing."""

    number: int
    items: list[Item]
    process: BaseProcess


class _Pool(Generic[Item, Result]):
    """Worker processes, each with a pipe to it and one task at a time."""

    def __init__(self, work: Callable[[list[Item]], list[Result]]) -> None:
        self._work = work
        self._idle: dict[Connection, BaseProcess] = {}
        self.busy: dict[Connection, _Task[Item]] = {}

    def give(self, number: int, items: list[Item]) -> None:
        """Hand a task to an idle worker, or to a new one."""
        while True:
            connection, process = self._idle.popitem() if self._idle else self._start()
            try:
                connection.send(items)
            except OSError:  # it died while it was idle
                _end(connection, process)
                continue
            self.busy[connection] = _Task(number, items, process)
            return

    def take(self) -> tuple[int, list[Item], list[Result] | None]:
        """Wait for a task to be done; without results if its worker died."""
        connection = cast("Connection", wait(list(self.busy))[0])
        task = self.busy.pop(connection)
        try:
            answer = connection.recv()
        except (EOFError, OSError):
            _end(connection, task.process)
            return task.number, task.items, None
        self._idle[connection] = task.process
        if isinstance(answer, BaseException):
            raise answer
        return task.number, task.items, answer

    def close(self) -> None:
        """Let the workers finish what they are doing, and end them."""
        processes = [*self._idle.values(), *(task.process for task in self.busy.values())]
        for connection in (*self._idle, *self.busy):
            connection.close()
        for process in processes:
            process.join(_PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()
        self._idle.clear()
        self.busy.clear()

    def _start(self) -> tuple[Connection, BaseProcess]:
        context: Any = multiprocessing.get_context(_start_method())
        ours, theirs = context.Pipe()
        # A forked worker inherits our ends of all pipes, and would keep them open after our death.
        forked = context.get_start_method() == "fork"
        inherited = [ours, *self._idle, *self.busy] if forked else []
        process = context.Process(target=_serve, args=(theirs, inherited, self._work), daemon=True)
        process.start()
        theirs.close()
        return ours, process


def _end(connection: Connection, process: BaseProcess) -> None:
    connection.close()
    process.kill()
    process.join()


def _serve(
    connection: Connection,
    inherited: list[Connection],
    work: Callable[[list[Item]], list[Result]],
) -> None:
    """Do tasks until the other end of the pipe is closed: the life of a worker."""
    # Control-C goes to the whole group of processes; the parent ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in inherited:
        other.close()
    try:
        while True:
            items = connection.recv()
            try:
                answer: Any = work(items)
            except Exception as error:  # noqa: BLE001 - raised again in the parent
                answer = error
            connection.send(answer)
    except (EOFError, OSError):
        return


def _start_method() -> str:
    """Fork where it is safe, that is, from a process of one thread: it starts at once."""
    if sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1:
        return "fork"
    return "spawn"
