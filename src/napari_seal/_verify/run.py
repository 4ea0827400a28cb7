"""Checking many files: over worker processes, verdicts streamed in order."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from napari_seal._files import check_address, is_address
from napari_seal._folders import is_folder, list_folder
from napari_seal._parallel import available_cores, map_batches
from napari_seal._text import printable
from napari_seal._verify.check import check
from napari_seal._verify.scan import find_images
from napari_seal._verify.verdict import Outcome, Reason, ReasonCode, Verdict
from napari_seal.errors import NothingToCheckError, OptionError

if TYPE_CHECKING:
    from distributed import Client

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
    against: str | os.PathLike[str] | None = None,
    client: Client | None = None,
) -> Iterator[Verdict]:
    """Check files and folders, and yield a verdict for each file as it comes.

    Parameters
    ----------
    paths : path-like or iterable of path-like
        Files and folders, or addresses of such for fsspec (``s3://bucket/plates``).
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
    client : distributed.Client, optional
        Check on the workers of this Dask cluster, which must reach the files by the same paths.
        Relative paths are made absolute.

    Yields
    ------
    Verdict
        One for each file, in the order of the files.  Memory does not grow with their number.

    Raises
    ------
    NothingToCheckError
        There was not one file in all.
    OptionError
        ``jobs`` is not a number from 1, ``against`` is no folder, nothing that is installed
        reaches an address, or the cluster cannot be used.
    """
    if jobs is not None and (type(jobs) is not int or jobs < 1):
        raise OptionError(f"jobs is a whole number from 1, not {jobs!r}")
    named = [paths] if isinstance(paths, (str, bytes, os.PathLike)) else list(paths)
    for address in filter(is_address, map(os.fsdecode, named)):
        check_address(address)
    if against is not None and not os.path.isdir(against):
        raise OptionError(f"the originals are looked for in a folder; {against!r} is none")
    if client is not None:
        if jobs is not None or not hasattr(client, "submit"):
            raise OptionError("client is a distributed.Client, and goes without jobs")
        named, against = _absolute(named), against and os.path.abspath(against)
    options: dict[str, Any] = {"full": full}
    if against is not None:
        options["originals"] = Originals([os.fsdecode(n) for n in named], os.fsdecode(against))
    return _check_all(named, jobs or available_cores(), recursive, options, client)


def _absolute(named: list[str | os.PathLike[str]]) -> list[str | os.PathLike[str]]:
    """Paths that mean the same to a process with another working folder."""
    names = [os.fsdecode(name) for name in named]
    return [name if is_address(name) else os.path.abspath(name) for name in names]


class Originals(NamedTuple):
    """Where the originals of checked files are; see `find_original`."""

    named: list[str]
    folder: str


def _check_all(
    named: list[str | os.PathLike[str]],
    jobs: int,
    recursive: bool,
    options: dict[str, Any],
    client: Client | None,
) -> Iterator[Verdict]:
    found = find_images(named, recursive=recursive)
    first = list(itertools.islice(found, SMALL))
    if len(first) < SMALL and all(is_folder(path) for path in first):
        problems = " ".join(str(check_found(path)) for path in first) or "no path was given"
        raise NothingToCheckError(f"there was not one JPEG file to check: {problems}")
    files = itertools.chain(first, found)
    if client is not None:
        from napari_seal._dask import map_on_cluster

        work = partial(check_batch, **options)
        yield from map_on_cluster(work, files, client=client, batch=BATCH, died=_died)
    elif jobs == 1 or len(first) < SMALL:
        yield from (check_found(path, **options) for path in files)
    else:
        work = partial(check_batch, **options)
        yield from map_batches(work, files, jobs=jobs, batch=BATCH, died=_died)


def check_batch(paths: list[str], **options: Any) -> list[Verdict]:
    """Check a batch of files; what a worker does."""
    return [check_found(path, **options) for path in paths]


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


def _died(path: str) -> Verdict:
    message = "The process that checked the file died; it may have run out of memory."
    reason = Reason(code=ReasonCode.WORKER_DIED, message=message)
    return Verdict(path=path, verdict=Outcome.UNREADABLE, reasons=(reason,))
