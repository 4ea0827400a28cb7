"""The ledger as others see it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Self

from napari_seal._trust.judge import Judge
from napari_seal._verify.engine import Settings
from napari_seal._verify.ledger import accepting
from napari_seal._verify.ledger.database import open_database
from napari_seal._verify.ledger.manifest_lines import Manifest
from napari_seal._verify.ledger.questions import PathLike, Questions
from napari_seal._verify.ledger.runs import Kind, Request, engine_of, verify_into, waiting
from napari_seal._verify.run import CheckRun, prepare
from napari_seal.errors import (
    LedgerError,
)

if TYPE_CHECKING:
    from threading import Event
    from types import TracebackType

    from distributed import Client

    from napari_seal._trust.keys import SigningKey
    from napari_seal._trust.trusted import Trust
    from napari_seal._verify.ledger.entries import LedgerRun
    from napari_seal._verify.ledger.statements import LedgerStatement
    from napari_seal._verify.progress import Progress


def _named(paths: Iterable[PathLike] | PathLike) -> list[str]:
    given = [paths] if isinstance(paths, (str, bytes, os.PathLike)) else paths
    return [os.fsdecode(path) for path in given]


class Ledger(Questions):
    """What is known of an archive's files from one run to the next: one SQLite file.

    Open it with `Ledger.open`, best in a ``with`` statement.

    Examples
    --------
    >>> import os, numpy as np, napari_seal
    >>> os.mkdir("archive")
    >>> image = np.arange(4096, dtype="uint16").reshape(64, 64)
    >>> seal = napari_seal.seal(image, "archive/a.sealed.jpg")
    >>> with napari_seal.Ledger.open("ledger.db", create=True) as ledger:
    ...     for verdict in ledger.check_many("archive", jobs=1):
    ...         print(verdict)
    archive/a.sealed.jpg: intact
    """

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
            again; the list of trusted keys must be the same.  Their verdicts come first, and from
            the ledger: without `Verdict.seal` and `Verdict.scores`, which it does not keep;
            `napari_seal.check` of the file has them.

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
        trust: Trust | PathLike | None = None, kind: Kind = "verify",
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
            against=against, trust=checking.judge.identity(), resume=resume,
            kind=kind,
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
        trust: Trust | PathLike | None = None,
    ) -> LedgerRun | None:
        """The run that `check_many` with ``resume`` would go on with; None if it would begin one.

        Parameters
        ----------
        paths, recursive, full, against, trust
            As for `check_many`: a run is gone on with only by one over the same.

        Returns
        -------
        LedgerRun or None
            The last run, if it did not finish and was over the same.

        Raises
        ------
        LedgerError
            A path is outside the root.
        TrustError
            ``trust`` cannot be loaded.
        """
        named = _named(paths)
        if self.root is None or not named:
            return None
        root = self._where.of(named)
        request = Request(
            about=[], named=named, recursive=recursive, full=full, against=against,
            trust=Judge(trust).identity(), resume=True,
        )  # fmt: skip
        number = waiting(self._database, root, request)
        return next((run for run in self.runs() if run.number == number), None)

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

    def import_manifest(
        self, path: PathLike, *, form: str | None = None, base: PathLike | None = None
    ) -> LedgerRun:
        """Make the digests in a manifest a reference: runs compare the whole files with them.

        Of all lines, or of none.  No file is read; the next run does.  From then on a file that is
        intact by itself, or has no seal, and is not the one that is listed, is ``substituted``; one
        that is listed and not there is ``missing``; one that is there and not listed is ``extra``.
        Lines of files that are not named like JPEG or PNG images are counted, and not taken.

        Parameters
        ----------
        path : path-like
            A manifest; see `check_manifest`.
        form : str, optional
            ``"sha256sum"`` or ``"bagit"``; by default what the name says.
        base : path-like, optional
            The folder to which names are relative, in the ledger's root.  By default the root; of a
            new ledger, the folder of the manifest, or ``data/`` in it, which then is the root.

        Returns
        -------
        LedgerRun
            Under which it is written down: ``counts`` has the lines that are ``listed`` now, those
            that are ``known`` from an earlier import, and those ``not-an-image``.

        Raises
        ------
        LedgerError
            A line cannot be taken or disagrees with another or with an earlier import; there is
            none of an image; or another run goes on.
        OptionError
            There is no such format, or no such folder.
        ReadError
            The manifest cannot be read.
        """
        from napari_seal._verify.ledger import importing

        named = Manifest.named(path, form)
        folder = importing.base_of(named, base, self.root)
        root = self._where.of([folder])
        about = self._where.about(root)
        number = importing.import_manifest(self._database, root, about, named, folder)
        return next(run for run in self.runs() if run.number == number)

    def sign(self, key: SigningKey | PathLike) -> LedgerStatement:
        """Sign what the ledger knows, and all of its runs so far.

        The statement is kept in the ledger; see `write_statement`.

        Parameters
        ----------
        key : SigningKey or path-like
            A private key, or the PEM file of one without a passphrase.

        Returns
        -------
        LedgerStatement
            What was signed.

        Raises
        ------
        LedgerError
            A run is unfinished or goes on, there is none, or the chain of runs is broken.
        KeyFileError, MissingPackageError
            The key cannot be used.
        """
        from napari_seal._trust.judge import signer_of
        from napari_seal._verify.ledger import statements

        return statements.make(self._database, signer_of(key))

    def timestamp(
        self,
        url: str,
        tsa_ca: PathLike,
        *,
        key: SigningKey | PathLike | None = None,
        timeout: float = 30.0,
    ) -> LedgerStatement:
        """Have the last statement about the ledger time-stamped (RFC 3161).

        If a run was finished since, there is no statement, or a key is given, one is made first.
        The authority learns a digest, and nothing else.  Its reply is kept in the ledger.

        Parameters
        ----------
        url : str
            The address of a time-stamp authority.
        tsa_ca : path-like
            A PEM file of the certificates by which its reply is verified.
        key : SigningKey or path-like, optional
            With which the statement is signed; see `sign`.
        timeout : float
            Seconds that the authority may take.

        Returns
        -------
        LedgerStatement
            With its time stamp.

        Raises
        ------
        TimestampError
            There is no time stamp: no answer, a refusal, or what came does not verify.
        LedgerError, KeyFileError, MissingPackageError
            See `sign`.
        OptionError
            This is no address.
        """
        from napari_seal._trust.judge import signer_of
        from napari_seal._verify.ledger import stamping

        return stamping.stamp(self._database, url, tsa_ca, signer_of(key), timeout)
