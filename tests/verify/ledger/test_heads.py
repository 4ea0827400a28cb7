"""The index of digests: what is found by it, whenever and wherever it was written."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from napari_seal import Ledger, LedgerError
from napari_seal._verify.ledger import heads, schema
from napari_seal._verify.ledger.digests import Digests

FILES = 100
COLUMNS = "SELECT files.id FROM files"


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """The tables of a ledger, empty."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.migrate(connection, 0)
        yield connection


def digests_of(number: int) -> Digests:
    """Those of a file; the source of every tenth file is that of the one before."""
    kinds = ("codestream", "record", "source", "pixels")
    numbers = (number, number, number - (number % 10 == 0), number)
    texts = [f"{kind} {n}".encode() for kind, n in zip(kinds, numbers, strict=True)]
    digests = Digests(*(hashlib.sha256(text).digest() + b"\2" for text in texts))
    return digests._replace(source=None) if number % 7 == 0 else digests


def add_files(connection: sqlite3.Connection, first: int, last: int) -> None:
    """Write rows of files into the ledger."""
    connection.executemany(
        "INSERT INTO files (id, path, first_run, last_run, checked, since, verdict, codestream, "
        "record, source, pixels) VALUES (?, ?, 1, 1, 1, 1, 'intact', ?, ?, ?, ?)",
        [(number, b"%d" % number, *digests_of(number)) for number in range(first, last + 1)],
    )


def found(connection: sqlite3.Connection, low: bytes) -> list[int]:
    """Numbers of the files that the index brings up."""
    return sorted(number for (number,) in heads.candidates(connection, COLUMNS, low))


@pytest.mark.parametrize("portion", [1, 7, 50, 1000])
@pytest.mark.parametrize("length", [2, 3, 8])
def test_every_file_is_found_by_each_digest(connection, monkeypatch, portion, length):
    """Whether it is in the index, in however many portions, or still waits."""
    monkeypatch.setattr(heads, "PORTION", portion)
    add_files(connection, 1, 30)
    heads.add_waiting(connection)
    add_files(connection, 31, 60)
    heads.add_waiting(connection)
    add_files(connection, 61, FILES)
    every = {n: [d for d in digests_of(n) if d is not None] for n in range(1, FILES + 1)}
    for number, digests in every.items():
        for digest in digests:
            low = digest[:length]
            begin_so = [n for n, ds in every.items() if any(d.startswith(low) for d in ds)]
            assert number in begin_so
            assert found(connection, low) == begin_so


def test_nothing_is_indexed_twice(connection):
    """Without files that wait nothing is written, and a file waits once."""
    add_files(connection, 1, 30)
    heads.add_waiting(connection)
    before = connection.total_changes
    heads.add_waiting(connection)
    assert connection.total_changes == before
    entries = connection.execute("SELECT sum(length(entries)) FROM buckets").fetchone()[0]
    assert entries == 16 * sum(d is not None for n in range(1, 31) for d in digests_of(n))


def test_doubled_digests(connection, monkeypatch):
    """Those of two files, in one portion, in two, or by what a known file became."""
    monkeypatch.setattr(heads, "PORTION", 10)
    add_files(connection, 1, 30)
    heads.add_waiting(connection)
    heads.add(connection, [(5, digests_of(6))])
    sources = {digests_of(number).source for number in (10, 20, 30)}
    expected = {*sources, *digests_of(6)}
    assert [*heads.doubled(connection)] == sorted(digest[:8] for digest in expected)


def test_the_ends_of_the_range(connection):
    """Digests that begin with zeros or ones are found, though no bucket is before or behind."""
    values = [b"\0" * 32 + b"\2", b"\xff" * 32 + b"\2"]
    sql = "UPDATE files SET codestream = ? WHERE id = ?"
    add_files(connection, 1, 2)
    connection.executemany(sql, [(values[0], 1), (values[1], 2)])
    for _ in ("waiting", "in the index"):
        assert found(connection, b"\0" * 8) == [1]
        assert found(connection, b"\xff" * 8) == [2]
        heads.add_waiting(connection)


def test_an_index_of_version_2():
    """What an older ledger holds in its table is found as before, beside what comes later."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for step in schema.MIGRATIONS[:2]:
        step(connection)
    connection.execute("PRAGMA user_version = 2")
    add_files(connection, 1, 30)
    heads.add(connection, [(number, digests_of(number)) for number in range(1, 31)])
    connection.execute("INSERT INTO about (key, value) VALUES ('indexed', 30)")
    schema.migrate(connection, 2)
    add_files(connection, 31, 60)
    heads.add_waiting(connection)
    for number in range(1, 61):
        assert all(found(connection, d[:8]) for d in digests_of(number) if d is not None)
    sources = {digests_of(number).source for number in (10, 20, 30, 40, 60)}  # file 49 has none
    assert {*heads.doubled(connection)} == {digest[:8] for digest in sources if digest}
    connection.close()


def test_a_run_indexes_as_it_goes(archive, tmp_path, monkeypatch):
    """Once enough files wait: in the transaction that writes the last of them."""
    monkeypatch.setattr(heads, "PORTION", 2)
    monkeypatch.setattr("napari_seal._verify.ledger.runs.BATCH", 1)
    with Ledger.open(tmp_path / "ledger.db", create=True) as ledger:
        run = ledger.check_many(archive, jobs=1)
        for _ in range(3):
            next(run)
        run.close()
        with ledger._database.reading() as connection:
            assert connection.execute("SELECT DISTINCT place >> 12 FROM buckets").fetchall() == [
                (2,)
            ]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE files SET source = 'text'; DELETE FROM about WHERE key = 'indexed'",
        "UPDATE buckets SET entries = 'text that holds all digits'",
        "UPDATE buckets SET entries = entries || x'00'",
        "UPDATE buckets SET entries = zeroblob(16000)",
        "INSERT INTO heads SELECT x'0000000000000000', -5; DELETE FROM buckets",
        "INSERT INTO heads SELECT 'x', id FROM files",
        "UPDATE buckets SET place = -place; UPDATE about SET value = 'x' WHERE key = 'indexed'",
        "UPDATE files SET id = 9223372036854775807 WHERE id = 3",
        "UPDATE files SET id = 4611686018427387904 WHERE id = 3",
    ],
)
def test_a_damaged_index(check, ledger, archive, images, damage):
    """It is told, or finds too little: no error but a `LedgerError` comes of it."""
    check()
    with ledger._database.reading() as connection:
        connection.executescript(damage)
    (archive / "d.jpg").write_bytes(images["d"])
    for ask in (
        lambda: list(ledger.find("0000")),
        lambda: list(ledger.duplicates()),
        check,
    ):
        with suppress(LedgerError):
            ask()
