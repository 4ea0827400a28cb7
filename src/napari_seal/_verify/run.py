"""Checking many files: batches over worker processes, verdicts streamed in order."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import Final

from napari_seal._verify.check import check
from napari_seal._verify.scan import find_images
from napari_seal._verify.verdict import Outcome, Reason, ReasonCode, Verdict
from napari_seal.errors import NothingToCheckError, OptionError

#: Files a task.  One file a task costs 6 times as much as this in passing tasks around.
BATCH: Final = 128

#: Fewer files than this are checked at once, without starting processes.
SMALL: Final = 64


def check_many(
    paths: Iterable[str | os.PathLike[str]] | str | os.PathLike[str],
    *,
    jobs: int | None = None,
    recursive: bool = True,
    full: bool = False,
) -> Iterator[Verdict]:
    """Check files and folders, and yield a verdict for each file as it comes.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files and folders.
    jobs : int, optional
        Number of worker processes; by default that of the available cores.  1 checks in the calling
        thread.  In a script, call it below ``if __name__ == "__main__":``, as for all processes
        that Python starts.
    recursive : bool, default True
        Search folders in folders.
    full : bool, default False
        See `napari_seal.check`.

    Yields
    ------
    Verdict
        One for each file, in the order of the files.  Memory does not grow with their number.

    Raises
    ------
    NothingToCheckError
        There was not one file in all.
    OptionError
        ``jobs`` is not a number from 1.
    """
    if jobs is not None and (type(jobs) is not int or jobs < 1):
        raise OptionError(f"jobs is a whole number from 1, not {jobs!r}")
    named = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    return _check_all(named, jobs or available_cores(), recursive, full)


def available_cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def _check_all(
    named: list[str | os.PathLike[str]], jobs: int, recursive: bool, full: bool
) -> Iterator[Verdict]:
    found = find_images(named, recursive=recursive)
    first = list(itertools.islice(found, SMALL))
    if len(first) < SMALL and all(os.path.isdir(path) for path in first):
        problems = " ".join(str(_check_found(path, full)) for path in first) or "no path was given"
        raise NothingToCheckError(f"there was not one JPEG file to check: {problems}")
    files = itertools.chain(first, found)
    if jobs == 1 or len(first) < SMALL:
        yield from (_check_found(path, full) for path in files)
    else:
        yield from _in_processes(files, jobs, full)


def check_batch(paths: list[str], full: bool = False) -> list[Verdict]:
    """Check a batch of files; what a worker does."""
    return [_check_found(path, full) for path in paths]


def _check_found(path: str, full: bool) -> Verdict:
    """Check what `find_images` found: a file, or a folder to complain about."""
    verdict = check(path, full=full)
    if not any(reason.code is ReasonCode.IS_A_DIRECTORY for reason in verdict.reasons):
        return verdict
    try:
        os.scandir(path).close()
    except OSError as error:
        code, message = ReasonCode.PERMISSION_DENIED, f"The folder cannot be listed: {error.strerror}."
    else:
        code, message = ReasonCode.EMPTY_FOLDER, "The folder has no JPEG file in it."
    return replace(verdict, reasons=(Reason(code=code, message=message),))


# ------------------------------------------------------------------------------------- processes


def _in_processes(files: Iterator[str], jobs: int, full: bool) -> Iterator[Verdict]:
    """Keep a bounded number of batches under way, and yield their verdicts in order."""
    batches = iter(lambda: list(itertools.islice(files, BATCH)), [])
    executor = _start(jobs)
    pending: deque[tuple[list[str], Future[list[Verdict]]]] = deque()
    try:
        while True:
            while len(pending) < 3 * jobs and (batch := next(batches, None)):
                pending.append((batch, executor.submit(check_batch, batch, full)))
            if not pending:
                return
            batch, future = pending.popleft()
            try:
                yield from future.result()
            except BrokenProcessPool:
                # A worker was killed (out of memory, say).  Its file is not known, so the batches
                # under way are done again, one file a process, and the run goes on.
                executor.shutdown(wait=False, cancel_futures=True)
                for again in [batch, *(b for b, _ in pending)]:
                    yield from _one_by_one(again, full)
                pending.clear()
                executor = _start(jobs)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _one_by_one(batch: list[str], full: bool) -> Iterator[Verdict]:
    executor = _start(1)
    try:
        for path in batch:
            try:
                yield from executor.submit(check_batch, [path], full).result()
            except BrokenProcessPool:
                executor.shutdown(wait=False)
                executor = _start(1)
                message = "The process that checked the file died; it may have run out of memory."
                reason = Reason(code=ReasonCode.WORKER_DIED, message=message)
                yield Verdict(path=path, verdict=Outcome.UNREADABLE, reasons=(reason,))
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _start(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context(_start_method()))


def _start_method() -> str:
    """Fork where it is safe, that is, from a process of one thread; it starts at once."""
    if sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1:
        return "fork"
    return "spawn"
