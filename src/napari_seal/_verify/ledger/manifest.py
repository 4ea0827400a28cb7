"""Manifests for other tools: written from files that are what the ledger knows, and compared.

A manifest holds digests of whole files, a ledger digests of what is in them.  So each file is read,
checked, and digested at once: what enters a manifest is what was found intact.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

from napari_seal._parallel import map_items
from napari_seal._text import printable
from napari_seal._verify.check import check_bytes
from napari_seal._verify.engine import SMALL, lost_worker
from napari_seal._verify.ledger.changes import COLUMNS, Row
from napari_seal._verify.ledger.digests import NO_DIGESTS, NUMBERS, Digests, digest_of, unpack
from napari_seal._verify.ledger.facts import digests_of
from napari_seal._verify.ledger.judge import judge
from napari_seal._verify.ledger.manifest_lines import Line, Manifest, dump_line
from napari_seal._verify.ledger.manifest_table import load_table
from napari_seal._verify.load import load
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.replace import replacing
from napari_seal._verify.scan import EXTENSIONS
from napari_seal._verify.verdict import Outcome, Verdict
from napari_seal.errors import FormatError, WriteError

if TYPE_CHECKING:
    from napari_seal._verify.ledger.database import Database
    from napari_seal._verify.ledger.roots import Root

#: Files that are judged at once, and rows that are read at once.
_TASK: Final = 32
_PAGE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFinding:
    """One file of a manifest, or of a ledger, and how the two and the file itself agree.

    Parameters
    ----------
    path : str
        The file; or the manifest and the number of a line that is none.
    word : str
        ``agrees``, or what is wrong: a verdict on the file, or ``differs`` (from the manifest),
        ``not-in-ledger``, ``not-in-manifest``, ``bad-line``, ``bad-name``.
    message : str
        A sentence, where there is more to say.
    """

    path: str
    word: str
    message: str = ""

    @property
    def agrees(self) -> bool:
        """Whether there is nothing wrong."""
        return self.word == "agrees"

    def as_dict(self) -> dict[str, str]:
        """The finding as a JSON object."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class _Read(NamedTuple):
    """What a worker found out about one file."""

    key: bytes
    verdict: Verdict
    digests: Digests
    whole: bytes | None


def write_file(
    database: Database, root: Root, target: Manifest, jobs: int
) -> Iterator[LedgerFinding]:
    """Write a manifest to a file, which appears whole, after the last finding, or not at all."""
    try:
        with replacing(target.path) as part:
            yield from write_manifest(database, root, part.file, target.form, jobs)
            part.complete = True
    except OSError as error:
        shown = printable(target.path)
        raise WriteError(f"{shown} cannot be written: {error.strerror or error}") from error


def write_manifest(
    database: Database, root: Root, file: IO[bytes], form: str, jobs: int
) -> Iterator[LedgerFinding]:
    """Write a line for each file of the ledger that is intact now, and tell about each file."""
    files = _pages(database, "SELECT path, path FROM files WHERE path > ? AND expected")
    rows = ((key, NUMBERS["sha256"]) for key, _ in files)
    for key, verdict, whole in _judged(database, _read(root, rows, jobs)):
        path = root.path(key)
        if verdict is None or not verdict.intact or whole is None:
            yield _not_intact(path, verdict)
            continue
        try:
            file.write(dump_line(Line(key, whole[:-1]), form))
            yield LedgerFinding(path=path, word="agrees")
        except FormatError as error:
            yield LedgerFinding(path=path, word="bad-name", message=f"{error}.")


def check_manifest(
    database: Database, root: Root, manifest: Manifest, jobs: int
) -> Iterator[LedgerFinding]:
    """Compare a manifest with the files and with the ledger, in both directions."""
    for number, problem in load_table(database, root, manifest):
        yield LedgerFinding(path=f"line {number}", word="bad-line", message=f"{problem}.")
    known = _pages(database, "SELECT path, digest FROM temp.manifest WHERE path > ?")
    for key, verdict, whole in _judged(database, _read(root, known, jobs)):
        with database.reading() as connection:
            (expected,) = connection.execute(
                "SELECT digest FROM temp.manifest WHERE path = ?", (key,)
            ).fetchone()
        path = root.path(key)
        if whole is None:
            yield _not_intact(path, verdict)
        elif whole != expected:
            text = f"The manifest has {unpack(expected).hex}, the file {unpack(whole).hex}."
            yield LedgerFinding(path=path, word="differs", message=text)
        elif verdict is None and path.lower().endswith(EXTENSIONS):
            text = "The manifest agrees with the file, and the ledger does not know it."
            yield LedgerFinding(path=path, word="not-in-ledger", message=text)
        elif verdict is not None and not verdict.intact:
            yield _not_intact(path, verdict)
        else:
            yield LedgerFinding(path=path, word="agrees")
    for key, _ in _pages(
        database,
        "SELECT path, path FROM files WHERE path > ? AND expected "
        "AND path NOT IN (SELECT path FROM temp.manifest)",
    ):
        text = "The ledger has the file, the manifest has not."
        yield LedgerFinding(path=root.path(key), word="not-in-manifest", message=text)


def _not_intact(path: str, verdict: Verdict | None) -> LedgerFinding:
    if verdict is None:
        return LedgerFinding(path=path, word="unreadable", message="The file cannot be read.")
    why = " ".join(reason.message for reason in verdict.reasons)
    return LedgerFinding(path=path, word=str(verdict.verdict), message=why)


def _pages(database: Database, sql: str) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of their first column, page by page; the parameter is where one begins."""
    after: object = b""
    while True:
        with database.reading() as connection:
            rows = connection.execute(f"{sql} ORDER BY 1 LIMIT {_PAGE}", (after,)).fetchall()
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


def _read(root: Root, rows: Iterable[tuple[Any, ...]], jobs: int) -> Iterator[_Read]:
    """Read, digest and check files, in several processes; a row has a path and a packed digest.

    Of that digest only the algorithm counts here.
    """
    found = ((row[0], root.path(row[0]), unpack(row[1]).algorithm) for row in rows)
    first = list(itertools.islice(found, SMALL))
    items = itertools.chain(first, found)
    if jobs == 1 or len(first) < SMALL:
        return map(_read_one, items)
    return (read for _, read in map_items(_read_one, items, jobs=jobs, died=_died))


def _died(item: tuple[bytes, str, str]) -> _Read:
    return _Read(item[0], lost_worker(item[1]), NO_DIGESTS, None)


def _read_one(item: tuple[bytes, str, str]) -> _Read:
    """Read a file once; what a worker does."""
    key, path, algorithm = item
    data = load(path)
    if isinstance(data, Reason):
        gone = data.code is ReasonCode.FILE_MISSING
        outcome = Outcome.MISSING if gone else Outcome.UNREADABLE
        return _Read(key, Verdict(path=path, verdict=outcome, reasons=(data,)), NO_DIGESTS, None)
    verdict = check_bytes(data, path)
    return _Read(key, verdict, digests_of(verdict.seal), digest_of(data, algorithm))


def _judged(
    database: Database, reads: Iterator[_Read]
) -> Iterator[tuple[bytes, Verdict | None, bytes | None]]:
    """Each file with its verdict against the ledger, which is None where that has not its path."""
    while page := list(itertools.islice(reads, _TASK)):
        marks = ",".join("?" * len(page))
        with database.reading() as connection:
            sql = f"SELECT {COLUMNS} FROM files WHERE path IN ({marks})"  # noqa: S608 - marks only
            found = connection.execute(sql, [read.key for read in page])
            rows = {row.path: row for row in (Row._make(values).sound() for values in found)}
        for read in page:
            row = rows.get(read.key)
            if row is None:
                yield read.key, None if read.whole else read.verdict, read.whole
            else:
                reference = row.digests if row.referenced else None
                yield read.key, judge(read.verdict, read.digests, reference), read.whole
