"""Worker processes: each with a pipe of its own, and a few numbers in shared memory."""

from __future__ import annotations

import mmap
import multiprocessing
import multiprocessing.process
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from typing import Any, Final, Generic, TypeVar

from napari_seal._starting import no_script, start_method

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Seconds after which a worker hands over what it has, though its task is not done.
_HANDOVER: Final = 0.2
#: Seconds that a killed process has to be gone.
_FAREWELL: Final = 0.2

#: What the numbers in shared memory are: the item that the worker is at, and since when (0: it is
#: at none); whether it is to stop; and how many tasks it has begun.
AT, SINCE, STOP, BEGUN = range(4)


@dataclass(slots=True)
class Batch(Generic[Item, Result]):
    """Consecutive items, and those of their results that are there."""

    items: list[Item]
    results: dict[int, Result] = field(default_factory=dict)
    yielded: int = 0


@dataclass(slots=True)
class Task(Generic[Item, Result]):
    """A range of a batch that one worker is to do; ``at`` is the next result that will come."""

    batch: Batch[Item, Result]
    at: int
    stop: int
    suspect: bool = False  # its only item may have killed a worker
    count: int = field(init=False)

    def __post_init__(self) -> None:
        self.count = self.stop - self.at


@dataclass(slots=True, eq=False)
class Worker(Generic[Item, Result]):
    """A process, its tasks, and its numbers in shared memory.

    ``since`` is when it began with the first task, ``done`` how many it has answered.
    """

    process: BaseProcess
    beat: Any
    since: float
    tasks: deque[Task[Item, Result]] = field(default_factory=deque)
    done: int = 0

    @property
    def is_at(self) -> bool:
        """Whether it is at an item."""
        return bool(self.beat[SINCE])

    @property
    def task(self) -> Task[Item, Result]:
        """The task that it is at: not the first where the answers to others are on their way."""
        ahead = int(self.beat[BEGUN]) - 1 - self.done
        return self.tasks[min(max(ahead, 0), len(self.tasks) - 1)]


class Pool(Generic[Item, Result]):
    """Worker processes, each with a pipe to it, one task at a time, and perhaps the next."""

    def __init__(self, work: Callable[[Item], Result], patience: float) -> None:
        self._work, self._patience = work, patience
        self._idle: dict[Connection, tuple[BaseProcess, Any]] = {}
        self.busy: dict[Connection, Worker[Item, Result]] = {}

    def give(self, task: Task[Item, Result]) -> None:
        """Hand a task to an idle worker, or to a new one."""
        while True:
            if self._idle:
                connection, (process, beat) = self._idle.popitem()
            else:
                beat = _shared_numbers()
                connection, process = start_process(
                    _serve, self._work, beat, inherited=(*self._idle, *self.busy)
                )
            beat[SINCE] = beat[BEGUN] = 0
            self.busy[connection] = Worker(process, beat, time.monotonic())
            if self.send(connection, task):
                return
            self.abandon(connection)  # it died while it was idle

    def send(self, connection: Connection, task: Task[Item, Result]) -> bool:
        """Send a task to a worker; False if that is gone."""
        try:
            connection.send((task.at, task.batch.items[task.at : task.stop]))
        except OSError:
            return False
        self.busy[connection].tasks.append(task)
        return True

    def done(self, connection: Connection) -> float:
        """Note that a worker has done its first task, and return the seconds that it took."""
        worker, now = self.busy[connection], time.monotonic()
        worker.tasks.popleft()
        worker.done += 1
        seconds, worker.since = now - worker.since, now
        if not worker.tasks:
            del self.busy[connection]
            self._idle[connection] = (worker.process, worker.beat)
        return seconds

    def abandon(self, connection: Connection) -> None:
        """Have nothing more to do with a worker that hangs or died."""
        worker = self.busy.pop(connection)
        connection.close()
        leave(worker.process)

    def close(self) -> None:
        """End the workers; those at an item have `patience` seconds to finish it."""
        workers = [*(process for process, _ in self._idle.values())]
        for worker in self.busy.values():
            worker.beat[STOP] = 1
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
    """Do tasks until the other end of the pipe is closed: the life of a worker.

    One thread takes what is sent, and one sends the results: the parent never waits for a worker
    that waits for the parent, nor does a worker wait until the parent has time for it.
    """
    clock = time.monotonic
    tasks: SimpleQueue[Any] = SimpleQueue()
    answers: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_receive, args=(connection, tasks), daemon=True).start()
    sender = threading.Thread(target=_send, args=(connection, answers), daemon=True)
    sender.start()
    while not beat[STOP] and (task := tasks.get()) is not None:
        first, items = task
        beat[BEGUN] += 1
        results: list[Result] = []
        now = sent = clock()
        try:
            for number, item in enumerate(items, first):
                beat[AT], beat[SINCE] = number, now
                results.append(work(item))
                now = clock()
                if now - sent > _HANDOVER:
                    beat[SINCE] = 0
                    answers.put(ForkingPickler.dumps((results, False)))
                    results, sent = [], now
                if beat[STOP]:
                    break
            beat[SINCE] = 0
            answer: Any = results
        except Exception as error:  # noqa: BLE001 - raised again in the parent
            beat[SINCE] = 0
            answer = error
        answers.put(ForkingPickler.dumps((answer, True)))
    answers.put(None)
    sender.join()


def _receive(connection: Connection, tasks: SimpleQueue[Any]) -> None:
    with suppress(EOFError, OSError):
        while True:
            tasks.put(connection.recv())
    tasks.put(None)


def _send(connection: Connection, answers: SimpleQueue[Any]) -> None:
    with suppress(EOFError, OSError):
        while (answer := answers.get()) is not None:
            connection.send_bytes(answer)  # as `Connection.send` does


def _shared_numbers() -> Any:
    """What a worker tells of itself, and `STOP`, as floats."""
    if start_method() == "fork":  # a child has the same pages, and nothing more is to be imported
        return memoryview(mmap.mmap(-1, 32)).cast("d")
    from multiprocessing.sharedctypes import RawArray

    return RawArray("d", 4)
