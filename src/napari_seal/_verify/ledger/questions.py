"""What can be asked of a ledger: nothing here writes into it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from napari_seal._verify.ledger import queries
from napari_seal._verify.ledger.digests import parse_prefix
from napari_seal._verify.ledger.whereabouts import Whereabouts
from napari_seal.errors import OptionError

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
