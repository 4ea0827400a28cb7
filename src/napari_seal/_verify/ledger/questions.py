"""What can be asked of a ledger: nothing here writes into it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from napari_seal._verify.engine import Settings
from napari_seal._verify.ledger import manifest, queries
from napari_seal._verify.ledger.digests import parse_prefix
from napari_seal._verify.ledger.manifest_lines import Manifest
from napari_seal._verify.ledger.whereabouts import Whereabouts
from napari_seal.errors import OptionError, TargetExistsError

if TYPE_CHECKING:
    from napari_seal._format.digest import Digest
    from napari_seal._trust.trusted import Trust
    from napari_seal._verify.ledger.database import Database
    from napari_seal._verify.ledger.entries import (
        LedgerChange,
        LedgerEntry,
        LedgerEvent,
        LedgerRun,
    )
    from napari_seal._verify.ledger.manifest import LedgerFinding
    from napari_seal._verify.ledger.proof import LedgerCheck
    from napari_seal._verify.ledger.statements import LedgerStatement

PathLike: TypeAlias = str | os.PathLike[str]


class Questions:
    """The part of `Ledger` that answers.

    Parameters
    ----------
    database : Database
    root : str, optional
        Where the user says that the archive is.
    """

    def __init__(self, database: Database, root: str | None) -> None:
        self._database = database
        self._where = Whereabouts(database, root)

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

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        list of LedgerEvent
            One for each run that found it in another state than before.

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
        """Files that no run has read for so many days, those of the longest ago first.

        Parameters
        ----------
        days : float
            At least so many; from 0.

        Yields
        ------
        LedgerEntry
            As the ledger has it.

        Raises
        ------
        OptionError
            ``days`` is no number from 0.
        """
        if not days >= 0:  # nor is one that is none
            raise OptionError(f"days is a number from 0, not {days!r}")
        return queries.stale(self._database, self._where.known(), days)

    def diff(self, before: int, after: int) -> Iterator[LedgerChange]:
        """Files that are in another state after one run than after an earlier one.

        Parameters
        ----------
        before, after : int
            Numbers of runs.

        Yields
        ------
        LedgerChange
            One for each such file.

        Raises
        ------
        OptionError
            There is no such run, or the later one was named first.
        """
        return queries.diff(self._database, self._where.known(), before, after)

    def check(
        self,
        *,
        head: str | None = None,
        statement: PathLike | None = None,
        trust: Trust | PathLike | None = None,
        tsa_ca: PathLike | None = None,
    ) -> LedgerCheck:
        """Check whether the ledger is what its runs left, and what was signed of it.

        Parameters
        ----------
        head : str, optional
            The digest of a link of the chain of runs, as it was noted down elsewhere: shows whether
            the last runs were removed.
        statement : path-like, optional
            The file of a statement that was kept elsewhere; its time stamp is looked for beside it.
        trust : Trust or path-like, optional
            The public keys that are trusted; see `napari_seal.check`.
        tsa_ca : path-like, optional
            A PEM file of the certificates by which time stamps are verified.

        Returns
        -------
        LedgerCheck
            What was found.

        Raises
        ------
        LedgerError
            The statement's file cannot be read, or holds none.
        OptionError
            ``head`` is no digest.
        TrustError, KeyFileError
            A list of keys or certificates cannot be loaded.
        """
        from napari_seal._trust.certificates import load_certificates
        from napari_seal._trust.judge import Judge
        from napari_seal._verify.ledger import proof

        authorities = None if tsa_ca is None else load_certificates(tsa_ca)
        return proof.check(
            self._database, Judge(trust), authorities, head=head, statement=statement
        )

    def write_statement(self, path: PathLike, *, overwrite: bool = False) -> LedgerStatement:
        """Write the last statement to a file, and its time stamp beside it, to be kept elsewhere.

        Parameters
        ----------
        path : path-like
            The statement's file.  That of the time stamp has ``.tsr`` appended to its name.
        overwrite : bool, default False
            Replace existing files.

        Returns
        -------
        LedgerStatement
            What was written.

        Raises
        ------
        LedgerError
            There is none.
        TargetExistsError
            A file exists, and ``overwrite`` is not set.
        WriteError
            It cannot be written.
        """
        from napari_seal._verify.ledger import stamping

        return stamping.write(self._database, os.fsdecode(path), overwrite=overwrite)

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
        target = Manifest.named(path, form).to_write()
        if not overwrite and os.path.lexists(target.path):
            raise TargetExistsError(f"{target.path!r} exists; name another file, or overwrite it")
        workers = Settings(jobs=jobs).workers
        return manifest.write_file(self._database, self._where.known(), target, workers)

    def check_manifest(
        self, path: PathLike, *, form: str | None = None, jobs: int | None = None
    ) -> Iterator[LedgerFinding]:
        """Compare a manifest with the files that it names, and with the ledger.

        Parameters
        ----------
        path : path-like
            As ``sha256sum``, its relatives from ``md5sum`` to ``sha512sum``, and BagIt tools write
            it.  Names are relative to the ledger's root, which in a bag is ``data/``.
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
        named = Manifest.named(path, form)
        workers = Settings(jobs=jobs).workers
        return manifest.check_manifest(self._database, self._where.known(), named, workers)
