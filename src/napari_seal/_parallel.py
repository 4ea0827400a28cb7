"""A function over many items in worker processes: in order, and in bounded memory."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


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
        Taken as needed: at most three batches a worker are under way.
    jobs : int
        Number of processes.
    batch : int
        Items a task.
    died : callable
        The result for an item whose process died (killed for want of memory, say).
    """
    source = iter(items)
    batches = iter(lambda: list(itertools.islice(source, batch)), [])
    executor = _start(jobs)
    pending: deque[tuple[list[Item], Future[list[Result]]]] = deque()
    try:
        while True:
            while len(pending) < 3 * jobs and (taken := next(batches, None)):
                pending.append((taken, _submit(executor, work, taken)))
            if not pending:
                return
            taken, future = pending.popleft()
            try:
                results = future.result()
            except BrokenProcessPool:
                # Which item it was is not known, so the batches under way are done again, one item
                # a process, and the run goes on.
                executor.shutdown(wait=False, cancel_futures=True)
                again = [taken, *(other for other, _ in pending)]
                pending.clear()
                yield from _one_by_one(work, itertools.chain.from_iterable(again), died)
                executor = _start(jobs)
            else:
                yield from results
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _submit(
    executor: ProcessPoolExecutor, work: Callable[[list[Item]], list[Result]], taken: list[Item]
) -> Future[list[Result]]:
    try:
        return executor.submit(work, taken)
    except BrokenProcessPool as error:  # broken since the last result: told with the next one
        future: Future[list[Result]] = Future()
        future.set_exception(error)
        return future


def _one_by_one(
    work: Callable[[list[Item]], list[Result]],
    items: Iterable[Item],
    died: Callable[[Item], Result],
) -> Iterator[Result]:
    executor = _start(1)
    try:
        for item in items:
            try:
                results = executor.submit(work, [item]).result()
            except BrokenProcessPool:
                executor.shutdown(wait=False)
                executor = _start(1)
                results = [died(item)]
            yield from results
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _start(jobs: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context(_start_method())
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_leave_interrupts_to_parent)


def _leave_interrupts_to_parent() -> None:
    # Control-C goes to the whole group of processes; the parent ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _start_method() -> str:
    """Fork where it is safe, that is, from a process of one thread: it starts at once."""
    if sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1:
        return "fork"
    return "spawn"
