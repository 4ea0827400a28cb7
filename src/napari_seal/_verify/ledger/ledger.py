"""The ledger as others see it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Self, TypeAlias

from napari_seal._verify.engine import Settings
from napari_seal._verify.ledger import accepting, manifest, queries
from napari_seal._verify.ledger.database import Database, open_database
from napari_seal._verify.ledger.digests import parse_prefix
from napari_seal._verify.ledger.manifest_lines import resolve
from napari_seal._verify.ledger.runs import Request, engine_of, verify_into, waiting
from napari_seal._verify.ledger.whereabouts import Whereabouts
from napari_seal._verify.run import CheckRun, prepare
from napari_seal.errors import (
    LedgerError,
    OptionError,
    TargetExistsError,
)

if TYPE_CHECKING:
    from threading import Event
    from types import TracebackType

    from distributed import Client

    from napari_seal._format.digest import Digest
    from napari_seal._trust.trusted import Trust
    from napari_seal._verify.ledger.entries import (
        LedgerChange,
        LedgerEntry,
        LedgerEvent,
        LedgerRun,
    )  # fmt: skip
    from napari_seal._verify.ledger.manifest import LedgerFinding
    from napari_seal._verify.progress import Progress

PathLike: TypeAlias = str | os.PathLike[str]


def _named(paths: Iterable[PathLike] | PathLike) -> list[str]:
    given = [paths] if isinstance(paths, (str, bytes, os.PathLike)) else paths
    return [os.fsdecode(path) for path in given]


class Ledger:
    """What is known of an archive's files from one run to the next: one SQLite file.

    Open it with `Ledger.open`, best in a ``with`` statement.

    Examples
    --------
    >>> import napari_seal
    >>> with napari_seal.Ledger.open("ledger.db", create=True) as ledger:
    ...     for verdict in ledger.check_many("archive"):
    ...         print(verdict)
    """

    def __init__(self, database: Database, root: str | None) -> None:
        self._database = database
        self._where = Whereabouts(database, root)

    @classmethod
    def open(
        cls,
        path: PathLike,
        *,
        create: bool = False,
        read_only: bool = False,
        root: PathLike | None = None,
    ) -> Ledger:
        """Open a ledger.

        Parameters
        ----------
        path : path-like
            The file.
        create : bool, default False
            Make a new ledger where there is no file.
        read_only : bool, default False
            For looking things up; works on media that cannot be written to, and beside a run.
        root : path-like, optional
            Where the archive is now, if it is not where it was; for a new ledger, the folder that
            it is about.  By default that is the folder which its first run checks.

        Raises
        ------
        LedgerError
            There is no such ledger, or it is none, damaged, of a newer version, or in use.
        """
        if root is not None and not os.path.isdir(root):
            raise LedgerError(f"the root of a ledger is a folder; {os.fspath(root)!r} is none")
        database = open_database(
            os.fsdecode(path), create=create and not read_only, write=not read_only
        )
        return cls(database, None if root is None else os.fsdecode(root))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @property
    def path(self) -> str:
        """The ledger's file."""
        return self._database.path

    @property
    def files(self) -> int:
        """Number of files that are expected to be there."""
        return queries.count(self._database)

    @property
    def root(self) -> str | None:
        """The folder that the ledger is about; None before its first run."""
        roots = self._where.all()
        return roots[0].folder if roots else None

    def check_many(
        self,
        paths: Iterable[PathLike] | PathLike,
        *,
        jobs: int | None = None,
        recursive: bool = True,
        full: bool = False,
        against: PathLike | None = None,
        trust: Trust | PathLike | None = None,
        ordered: bool = True,
        timeout: float | None = None,
        time_limit: float | None = None,
        cancel: Event | Callable[[], bool] | None = None,
        progress: Callable[[Progress], None] | None = None,
        client: Client | None = None,
        resume: bool = False,
    ) -> CheckRun:
        """Check files and folders, compare them with the ledger, and write down what is found.

        As `napari_seal.check_many`, and: a file that is intact by itself and is not what was
        recorded at its path is ``substituted``, ``metadata-changed``, ``reencoded`` or
        ``image-changed``; at the end come the files that are ``missing``.  What was recorded when a
        file was first intact is never overwritten.

        Parameters
        ----------
        paths : path-like or iterable of path-like
            Files and folders within the ledger's root.
        jobs, recursive, full, against, trust
            See `napari_seal.check_many`.
        ordered, timeout, time_limit, cancel, progress, client
            See there.  A run that ends early can be gone on with.
        resume : bool, default False
            Go on with the last run, if it did not finish: files that it has checked are not checked
            again.  Their verdicts come first, and from the ledger: without `Verdict.seal` and
            `Verdict.scores`, which it does not keep; `napari_seal.check` of the file has them.

        Returns
        -------
        CheckRun
            An iterator over the verdicts: one for each file, and for each that is missing.

        Raises
        ------
        NothingToCheckError, OptionError, TrustError
            See `napari_seal.check_many`.
        LedgerError
            A path is outside the root, another run goes on, or the ledger cannot be written.
        """
        settings = Settings(
            jobs=jobs, ordered=ordered, timeout=timeout, time_limit=time_limit, cancel=cancel,
            progress=progress, client=client,
        )  # fmt: skip
        return self._run(
            paths, settings, recursive=recursive, full=full, against=against, trust=trust,
            resume=resume,
        )  # fmt: skip

    def _run(
        self, paths: Iterable[PathLike] | PathLike, settings: Settings, *, full: bool,
        against: PathLike | None, resume: bool, recursive: bool = True, seals: bool = True,
        trust: Trust | PathLike | None = None,
    ) -> CheckRun:  # fmt: skip
        given = [paths] if isinstance(paths, (str, bytes, os.PathLike)) else list(paths)
        found, checking = prepare(
            given, full=full, against=against, trust=trust, elsewhere=settings.client is not None
        )
        named = list(found)
        settings.expect_answer(named)
        root = self._where.of(named)
        request = Request(
            about=self._where.about(root), named=named, recursive=recursive, full=full,
            against=against, resume=resume,
        )  # fmt: skip
        checking = checking._replace(seals=seals)
        engine = engine_of(self._database, root, request, checking, settings)
        return CheckRun(engine, verify_into(self._database, root, request, engine))

    def unfinished(
        self,
        paths: Iterable[PathLike] | PathLike,
        *,
        recursive: bool = True,
        full: bool = False,
        against: PathLike | None = None,
    ) -> LedgerRun | None:
        """The run that `check_many` with ``resume`` would go on with; None if it would begin one.

        Parameters
        ----------
        paths, recursive, full, against
            As for `check_many`: a run is gone on with only by one over the same.

        Raises
        ------
        LedgerError
            A path is outside the root.
        """
        named = _named(paths)
        if self.root is None or not named:
            return None
        root = self._where.of(named)
        request = Request(
            about=[], named=named, recursive=recursive, full=full, against=against, resume=True
        )
        number = waiting(self._database, root, request)
        return next((run for run in self.runs() if run.number == number), None)

    def runs(self) -> list[LedgerRun]:
        """All runs, from the first."""
        return queries.runs(self._database)

    def find(self, digest: str | Digest) -> Iterator[LedgerEntry]:
        """Which stored image is this?  The files one of whose digests begins so.

        Parameters
        ----------
        digest : str or Digest
            At least four hexadecimal digits of the codestream, record, source or pixel digest or of
            the ImageUniqueID, with or without the algorithm: ``"sha256:ab12"``.

        Yields
        ------
        LedgerEntry
            Once for each digest that fits; ``matched`` says which.

        Raises
        ------
        OptionError
            This is no beginning of a digest.
        """
        prefix = parse_prefix(str(digest))
        if prefix is None:
            raise OptionError(
                f"a digest is searched by 4 or more hexadecimal digits, not by {str(digest)[:80]!r}"
            )
        return queries.find(self._database, self._where.known(), prefix)

    def history(self, path: PathLike) -> list[LedgerEvent]:
        """The states of a file from the first on, to see when it changed.

        Raises
        ------
        LedgerError
            The ledger does not know the file.
        """
        name = os.fsdecode(path)
        root = self._where.of([name])
        return queries.history(self._database, root, root.key(name))

    def duplicates(self) -> Iterator[tuple[Digest, list[LedgerEntry]]]:
        """Images that are there more than once: each identity, with its files."""
        return queries.duplicates(self._database, self._where.known())

    def missing(self) -> Iterator[LedgerEntry]:
        """Files that were not there when they were last looked for."""
        return queries.missing(self._database, self._where.known())

    def stale(self, days: float) -> Iterator[LedgerEntry]:
        """Files that no run has read for so many days, those of the longest ago first."""
        return queries.stale(self._database, self._where.known(), days)

    def diff(self, before: int, after: int) -> Iterator[LedgerChange]:
        """Files that are in another state after one run than after an earlier one.

        Raises
        ------
        OptionError
            There is no such run, or the later one was named first.
        """
        return queries.diff(self._database, self._where.known(), before, after)

    def accept(self, paths: Iterable[PathLike] | PathLike, note: str = "") -> int:
        """Make today's state the reference of files: for good, and with a line in the history.

        Parameters
        ----------
        paths : path-like or iterable of path-like
            Files that are intact by themselves; or that are gone, and are then no longer expected.
        note : str, optional
            Why.

        Returns
        -------
        int
            The number of the run under which it is written down.

        Raises
        ------
        LedgerError
            A file is unknown or is not intact by itself.  Then none is accepted.
        """
        named = _named(paths)
        return accepting.accept(self._database, self._where.of(named), named, note)

    def write_manifest(
        self,
        path: PathLike,
        *,
        form: str | None = None,
        jobs: int | None = None,
        overwrite: bool = False,
    ) -> Iterator[LedgerFinding]:
        """Write a manifest that ``sha256sum -c`` or BagIt tools read.

        All files of the ledger are read, checked, and digested.  Those that are intact get a line.
        The manifest is put in place after the last.

        Parameters
        ----------
        path : path-like
            The manifest.
        form : str, optional
            ``"sha256sum"``: names below the ledger's root.  ``"bagit"``: below ``data/``, which is
            the root.  By default what the name says: BagIt's is ``manifest-sha256.txt``.
        jobs : int, optional
            Number of worker processes; by default that of the available cores.
        overwrite : bool, default False
            Replace an existing file.

        Yields
        ------
        LedgerFinding
            One for each file: it ``agrees``, or its verdict says why it got no line.

        Raises
        ------
        OptionError
            There is no such format, or ``jobs`` is not a number from 1.
        TargetExistsError
            The file exists, and ``overwrite`` is not set.
        WriteError
            It cannot be written.
        """
        target, chosen = resolve(path, form)
        if not overwrite and os.path.lexists(target):
            raise TargetExistsError(f"{target!r} exists; name another file, or overwrite it")
        return manifest.write_file(
            self._database, self._where.known(), target, chosen, Settings(jobs=jobs).workers
        )

    def check_manifest(
        self, path: PathLike, *, form: str | None = None, jobs: int | None = None
    ) -> Iterator[LedgerFinding]:
        """Compare a manifest with the files that it names, and with the ledger.

        Parameters
        ----------
        path : path-like
            A manifest of SHA-256, as ``sha256sum`` or BagIt tools write it.  Names are relative to
            the ledger's root, which in a bag is ``data/``.
        form : str, optional
            ``"sha256sum"`` or ``"bagit"``; by default what the name says.
        jobs : int, optional
            Number of worker processes; by default that of the available cores.

        Yields
        ------
        LedgerFinding
            One for each line, and for each file of the ledger that has none.

        Raises
        ------
        OptionError
            There is no such format, or ``jobs`` is not a number from 1.
        ReadError
            The manifest cannot be read.
        """
        source, chosen = resolve(path, form)
        return manifest.check_file(
            self._database,
            self._where.known(),
            source,
            chosen,
            Settings(jobs=jobs).workers,
        )
