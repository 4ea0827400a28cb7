"""Whether a ledger is what its runs left, and what was signed of it.

::

    SQLite's own check ─┐
    chain of runs ──────┼──▶ problems, in sentences
    statements ─────────┤
    time stamps ────────┘
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal._verify.ledger import chain, contents, statements
from napari_seal._verify.ledger.database import Database, translated
from napari_seal._verify.ledger.statements import LedgerStatement
from napari_seal.errors import LedgerError, MissingPackageError, OptionError, TimestampError

if TYPE_CHECKING:
    from napari_seal._trust.certificates import Certificates
    from napari_seal._trust.judge import Judge
    from napari_seal._trust.timestamp import Timestamp

#: So many problems of SQLite's are told.
_TOLD: Final = 5

_DIGEST: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCheck:
    """Whether a ledger is what its runs left.

    Parameters
    ----------
    ledger : str
        Its identity: 32 hexadecimal digits.
    runs : int
        How many runs are linked.
    head : str, optional
        The digest of the last link: note it down elsewhere.
    late : int
        How many of the runs ended before there was a chain.
    unfinished : int, optional
        The number of a run that has not ended, and is not linked.
    files : int
        How many entries there are.
    problems : tuple of str
        What does not agree, in sentences; what does not agree with a statement stands there.
    statements : tuple of LedgerStatement
        All that the ledger keeps, the last one last.
    """

    ledger: str = ""
    runs: int = 0
    head: str | None = None
    late: int = 0
    unfinished: int | None = None
    files: int = 0
    problems: tuple[str, ...] = ()
    statements: tuple[LedgerStatement, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether there is no problem, with the statements neither."""
        return not self.problems and not any(found.problems for found in self.statements)

    def as_dict(self) -> dict[str, Any]:
        """All of it as a JSON object."""
        names = ("ledger", "runs", "head", "late", "unfinished", "files")
        return {
            **{name: getattr(self, name) for name in names},
            "problems": list(self.problems),
            "statements": [found.as_dict() for found in self.statements],
        }


def check(
    database: Database,
    judge: Judge,
    authorities: Certificates | None,
    *,
    head: str | None = None,
    statement: str | os.PathLike[str] | None = None,
) -> LedgerCheck:
    """Check a ledger.

    Parameters
    ----------
    database : Database
    judge : Judge
        Of signatures.
    authorities : list of Certificate, optional
        By which time stamps are verified; None if they are not to be.
    head : str, optional
        The digest of a link, noted down elsewhere.
    statement : path-like, optional
        The file of a statement that was kept elsewhere, perhaps with its time stamp beside it.

    Raises
    ------
    OptionError
        ``head`` is no digest.
    LedgerError
        The statement's file cannot be read, or holds none.
    """
    noted = None if head is None else _noted(head)
    kept = None if statement is None else _read_file(statement, judge)
    checking = _Checking(database, judge, authorities)
    with database.reading() as connection:
        connection.execute("BEGIN")  # so that all of it is of one moment
        try:
            return checking.check(connection, noted, kept)
        finally:
            connection.execute("ROLLBACK")


@dataclass(slots=True)
class _Checking:
    """One check, and what it has found so far."""

    database: Database
    judge: Judge
    authorities: Certificates | None
    problems: list[str] = field(default_factory=list)
    head: chain.Head = chain.START
    entries: tuple[int, str] = (0, "")
    unfinished: int | None = None
    ledger: str = ""
    late: int = 0

    def check(
        self,
        connection: sqlite3.Connection,
        noted: str | None,
        kept: tuple[LedgerStatement, list[bytes]] | None,
    ) -> LedgerCheck:
        found: list[LedgerStatement] = []
        for step in (self._look_at_database, self._look_at_chain):
            self._try(step, connection)
        if noted is not None and not self._has(connection, noted):
            self.problems.append(
                f"The head {noted} is none of this ledger's: runs were removed, or something "
                "altered them."
            )
        for text, tokens in self._kept(connection):
            try:
                read = statements.read(text, self.judge)
            except LedgerError as error:
                self.problems.append(f"A statement in the ledger is none: {error}.")
                continue
            found.append(self._compare(connection, read, tokens))
        if kept is not None:
            found.append(self._compare(connection, *kept))
        return LedgerCheck(
            ledger=self.ledger,
            runs=self.head.number,
            head=self.head.digest,
            late=self.late,
            unfinished=self.unfinished,
            files=self.entries[0],
            problems=tuple(self.problems),
            statements=tuple(found),
        )

    def _try(self, step: Any, connection: sqlite3.Connection) -> None:
        """Take a step; what is damaged is a problem of the ledger, and no failure of ours."""
        try:
            with translated(self.database.path):
                step(connection)
        except LedgerError as error:
            text = str(error)
            self.problems.append(f"{text[:1].upper()}{text[1:]}.")

    def _look_at_database(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute(f"PRAGMA integrity_check({_TOLD})").fetchall()
        self.problems += [
            f"SQLite says: {printable(text, 200)}." for (text,) in rows if text != "ok"
        ]

    def _look_at_chain(self, connection: sqlite3.Connection) -> None:
        self.ledger = chain.identity(connection)
        self.problems += chain.problems(connection)
        self.late = chain.late(connection)
        self.head = chain.head(connection)
        self.entries = contents.entries(connection)
        self.unfinished = chain.unfinished(connection)

    def _has(self, connection: sqlite3.Connection, digest: str) -> bool:
        texts = connection.execute("SELECT text FROM links")
        return any(chain.digest_of(str(text)) == digest for (text,) in texts)

    def _kept(self, connection: sqlite3.Connection) -> Iterator[tuple[str, list[bytes]]]:
        rows = connection.execute("SELECT number, text FROM statements ORDER BY number").fetchall()
        for number, text in rows:
            tokens = connection.execute(
                "SELECT token FROM stamps WHERE statement = ? ORDER BY number", (number,)
            ).fetchall()
            yield str(text), [token if type(token) is bytes else b"" for (token,) in tokens]

    def _compare(
        self, connection: sqlite3.Connection, read: LedgerStatement, tokens: list[bytes]
    ) -> LedgerStatement:
        """A statement beside the ledger, with its time stamps verified."""
        problems = list(read.problems)
        if read.ledger != self.ledger:
            problems.append(f"The statement is about another ledger, {read.ledger}.")
        elif chain.digest_at(connection, read.runs) != read.head:
            problems.append(
                f"The ledger does not continue what was stated: its first {read.runs:,} runs are "
                "not those of then, or some were removed."
            )
        elif (
            read.runs == self.head.number
            and self.unfinished is None
            and (read.files, read.contents) != self.entries
        ):
            problems.append(
                "What the ledger knows of its files is not what was stated, and no run has written "
                "since."
            )
        stamps: list[Timestamp] = []
        if self.authorities is None:
            return replace(read, problems=tuple(problems), unverified=len(tokens))
        from napari_seal._trust.timestamp import verify

        for token in tokens:
            try:
                stamps.append(verify(token, read.text.encode(), self.authorities))
            except (TimestampError, MissingPackageError) as error:
                problems.append(f"A time stamp cannot be relied on: {error}.")
        return replace(read, problems=tuple(problems), timestamps=tuple(stamps))


def _noted(head: str) -> str:
    match = _DIGEST.fullmatch(head)
    if match is None:
        raise OptionError(
            f"the head of a chain is a digest of 64 hexadecimal digits, not {printable(head, 80)!r}"
        )
    return f"sha256:{match[1].lower()}"


def _read_file(path: str | os.PathLike[str], judge: Judge) -> tuple[LedgerStatement, list[bytes]]:
    """A statement from its file, and the time stamp that lies beside it."""
    name = os.fsdecode(path)
    try:
        with open(name, "rb") as file:
            content = file.read(limits.STATEMENT_BYTES + 1)
        tokens = []
        if os.path.exists(f"{name}.tsr"):
            with open(f"{name}.tsr", "rb") as file:
                tokens = [file.read(limits.TIMESTAMP_BYTES + 1)]
    except OSError as error:
        raise LedgerError(
            f"the statement {printable(name)} cannot be read: {error.strerror or error}"
        ) from error
    return statements.read(content.decode("latin-1"), judge), tokens
