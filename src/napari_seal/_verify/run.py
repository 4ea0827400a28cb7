"""Checking many files: found as they are needed, spread over processes, verdicts streamed."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_seal._files import check_address, is_address
from napari_seal._folders import is_folder
from napari_seal._trust.judge import Judge
from napari_seal._verify.checking import Checking, Originals, check_found
from napari_seal._verify.engine import Engine, Settings, Stop
from napari_seal._verify.load import Unlisted
from napari_seal._verify.patience import find_patiently
from napari_seal._verify.scan import count_images
from napari_seal._verify.verdict import Verdict
from napari_seal.errors import NothingToCheckError, OptionError

if TYPE_CHECKING:
    from threading import Event

    from distributed import Client

    from napari_seal._trust.trusted import Trust
    from napari_seal._verify.progress import Progress

    Paths = Iterable[str | os.PathLike[str]]


def check_many(
    paths: Paths | str | os.PathLike[str],
    *,
    jobs: int | None = None,
    recursive: bool = True,
    full: bool = False,
    against: str | os.PathLike[str] | None = None,
    trust: Trust | str | os.PathLike[str] | None = None,
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
        thread.
    recursive : bool, default True
        Search folders in folders.
    full : bool, default False
        See `napari_seal.check`.
    against : path-like, optional
        A folder with the originals (files that ``napari-seal seal`` reads), laid out like what
        is checked: each file is compared with the one of its name, as `napari_seal.check` does
        with ``source``.
    trust : Trust or path-like, optional
        The public keys that are trusted; see `napari_seal.check`.
    ordered : bool, default True
        Whether verdicts come in the order of the files, or each as soon as it is there.
    timeout : float, optional
        Seconds a file may take: one that takes longer, as on a network mount that does not answer,
        gets the verdict `unreadable`, and the run goes on.  So does a folder of
        which no name comes for so long.  Files are then always checked in worker processes.
    time_limit : float, optional
        Seconds the run may take, whatever hangs.  It then ends early; see `CheckRun.stopped`.
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
    TrustError
        ``trust`` cannot be loaded, or for a cluster the default cannot.

    Examples
    --------
    >>> import os, numpy as np, napari_seal
    >>> os.mkdir("archive")
    >>> image = np.arange(4096, dtype="uint16").reshape(64, 64)
    >>> seal = napari_seal.seal(image, "archive/a.sealed.jpg")
    >>> for verdict in napari_seal.check_many(["archive", "b.sealed.jpg"], jobs=1):
    ...     print(verdict)
    archive/a.sealed.jpg: intact
    b.sealed.jpg: unreadable (There is no such file.)
    """
    settings = Settings(
        jobs=jobs,
        ordered=ordered,
        timeout=timeout,
        time_limit=time_limit,
        cancel=cancel,
        progress=progress,
        client=client,
    )
    return _start(paths, settings, recursive=recursive, full=full, against=against, trust=trust)


def check_without_seals(
    paths: Paths,
    *,
    full: bool,
    against: str | os.PathLike[str] | None,
    trust: Trust | str | os.PathLike[str] | None = None,
    **settings: Any,
) -> CheckRun:
    """The same for those who look at no seal: verdicts `intact` come without it, and sooner."""
    return _start(paths, Settings(**settings), full=full, against=against, trust=trust, seals=False)


def _start(
    paths: Paths | str | os.PathLike[str],
    settings: Settings,
    *,
    full: bool,
    against: str | os.PathLike[str] | None,
    trust: Trust | str | os.PathLike[str] | None,
    recursive: bool = True,
    seals: bool = True,
) -> CheckRun:
    elsewhere, timeout = settings.client is not None, settings.timeout
    named, checking = prepare(paths, full=full, against=against, trust=trust, elsewhere=elsewhere)
    engine = Engine(
        checking._replace(seals=seals),
        settings,
        lambda stop: find_patiently(named, recursive=recursive, timeout=timeout, stop=stop),
        partial(count_images, named, recursive=recursive) if isinstance(named, list) else None,
    )
    return CheckRun(engine, _run(engine))


def _run(engine: Engine[Verdict]) -> Generator[Verdict]:
    yield from engine.run(open_engine(engine))


def open_engine(engine: Engine[Any]) -> list[str]:
    """Take the first files of a run.

    Raises
    ------
    NothingToCheckError
        There is not one.
    """
    first = engine.open()
    if engine.took_all and all(type(path) is Unlisted or is_folder(path) for path in first):
        problems = " ".join(str(check_found(path)) for path in first) or "no path was given"
        raise NothingToCheckError(f"there was not one JPEG or PNG file to check: {problems}")
    return first


def prepare(
    paths: Paths | str | os.PathLike[str],
    *,
    full: bool,
    against: str | os.PathLike[str] | None,
    trust: Trust | str | os.PathLike[str] | None = None,
    elsewhere: bool = False,
) -> tuple[list[str] | Iterator[str], Checking]:
    """What was named, and what is done with each file of it; see `check_many`.

    ``elsewhere`` makes paths absolute, for processes with another working folder, and loads the
    default list of trusted keys here, since that machine may have another.
    """
    if against is not None and not os.path.isdir(against):
        raise OptionError(f"the originals are looked for in a folder; {against!r} is none")
    given: Paths = [paths] if isinstance(paths, (str, bytes, os.PathLike)) else paths
    names = map(os.fsdecode, given)
    if elsewhere:
        names = map(_absolute, names)
    named = names if isinstance(given, Iterator) and against is None else list(names)
    if isinstance(named, list):
        for address in filter(is_address, named):
            check_address(address)
    originals = None
    if against is not None:
        folder = os.fsdecode(against)
        originals = Originals(list(named), os.path.abspath(folder) if elsewhere else folder)
    judge = Judge(trust)
    if elsewhere:
        judge.load()
    return named, Checking(full, originals, judge)


def _absolute(name: str) -> str:
    return name if is_address(name) else os.path.abspath(name)


class CheckRun(Iterator[Verdict]):
    """The verdicts of a run over many files, made by `check_many` and `Ledger.check_many`.

    Attributes
    ----------
    done : int
        Number of files that are done.
    total : int or None
        Number of files, once they are counted: in advance only where there is a ``progress``, and
        what is checked was not named by an iterator.
    stopped : "time-limit", "cancelled" or None
        Why the run ended before all files were checked; None if it did not.
    """

    def __init__(self, engine: Engine[Any], verdicts: Generator[Verdict]) -> None:
        self._engine, self._verdicts = engine, verdicts

    @property
    def done(self) -> int:
        """Number of files that are done."""
        return self._engine.done

    @property
    def total(self) -> int | None:
        """Number of files, once they are counted."""
        return self._engine.total

    @property
    def stopped(self) -> Stop | None:
        """Why the run ended before all files were checked; None if it did not."""
        return self._engine.stopped

    def __next__(self) -> Verdict:
        return next(self._verdicts)

    def close(self) -> None:
        """End the run, and the worker processes."""
        self._verdicts.close()
