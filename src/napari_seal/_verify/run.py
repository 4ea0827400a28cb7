"""Checking many files: over worker processes, verdicts streamed in order."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from napari_seal._parallel import available_cores, map_batches
from napari_seal._verify.check import check
from napari_seal._verify.scan import find_images
from napari_seal._verify.verdict import Outcome, Reason, ReasonCode, Verdict
from napari_seal.errors import NothingToCheckError, OptionError

#: Files a task: one file a task costs 6 times as much in passing tasks around.
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
    named = [paths] if isinstance(paths, (str, bytes, os.PathLike)) else list(paths)
    return _check_all(named, jobs or available_cores(), recursive, full)


def _check_all(
    named: list[str | os.PathLike[str]], jobs: int, recursive: bool, full: bool
) -> Iterator[Verdict]:
    found = find_images(named, recursive=recursive)
    first = list(itertools.islice(found, SMALL))
    if len(first) < SMALL and all(os.path.isdir(path) for path in first):
        problems = " ".join(str(check_found(path)) for path in first) or "no path was given"
        raise NothingToCheckError(f"there was not one JPEG file to check: {problems}")
    files = itertools.chain(first, found)
    if jobs == 1 or len(first) < SMALL:
        yield from (check_found(path, full=full) for path in files)
    else:
        work = partial(check_batch, full=full)
        yield from map_batches(work, files, jobs=jobs, batch=BATCH, died=_died)


def check_batch(paths: list[str], full: bool = False) -> list[Verdict]:
    """Check a batch of files; what a worker does."""
    return [check_found(path, full=full) for path in paths]


def check_found(path: str, *, full: bool = False) -> Verdict:
    """Check what `find_images` found: a file, or a folder to complain about."""
    verdict = check(path, full=full)
    if not any(reason.code is ReasonCode.IS_A_DIRECTORY for reason in verdict.reasons):
        return verdict
    try:
        os.scandir(path).close()
    except OSError as error:
        code, message = (
            ReasonCode.PERMISSION_DENIED,
            f"The folder cannot be listed: {error.strerror}.",
        )
    else:
        code, message = ReasonCode.EMPTY_FOLDER, "The folder has no JPEG file in it."
    return replace(verdict, reasons=(Reason(code=code, message=message),))


def _died(path: str) -> Verdict:
    message = "The process that checked the file died; it may have run out of memory."
    reason = Reason(code=ReasonCode.WORKER_DIED, message=message)
    return Verdict(path=path, verdict=Outcome.UNREADABLE, reasons=(reason,))
