"""Opening what is no ledger, or was made to harm; full disks, and media that cannot be written."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from older_ledgers import TO_VERSION_1, TO_VERSION_2, TO_VERSION_3, TO_VERSION_4

import napari_seal
from napari_seal import Ledger, LedgerError
from napari_seal._verify.ledger import schema

SOURCE = Path(napari_seal.__file__).parents[1]


@pytest.fixture
def filled(archive: Path, tmp_path: Path) -> Path:
    """The file of a closed ledger with two runs and some history."""
    path = tmp_path / "filled.db"
    with Ledger.open(path, create=True) as ledger:
        list(ledger.check_many(archive, jobs=1))
        data = (archive / "a.jpg").read_bytes()
        (archive / "a.jpg").write_bytes(data[:-300])
        list(ledger.check_many(archive, jobs=1))
    assert sorted(p.name for p in tmp_path.glob("filled*")) == ["filled.db", "filled.db-lock"]
    return path


def edit(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def read_all(path: Path, archive: Path) -> None:
    """Ask a ledger all there is to ask."""
    with Ledger.open(path, read_only=True) as ledger:
        ledger.runs()
        list(ledger.duplicates())
        list(ledger.missing())
        list(ledger.diff(1, 2))
        list(ledger.stale(0))
        ledger.history(archive / "a.jpg")
        seal = napari_seal.check(archive / "b.jpg").seal
        assert isinstance(seal, napari_seal.Seal)
        for digits in ("0000", "8000", "ffff", str(seal.codestream), seal.identity):
            list(ledger.find(digits))


def test_a_ledger_says_what_it_is(filled):
    """Its header has the application's number and the schema's version, for other programs."""
    header = filled.read_bytes()[:100]
    assert header[68:72] == b"nSeL"
    assert int.from_bytes(header[60:64]) == schema.VERSION


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("none.db", lambda p: None, "there is no ledger"),
        ("folder.db", lambda p: p.mkdir(), "is a folder"),
        ("image.jpg", lambda p: p.write_bytes(b"\xff\xd8\xff"), "name of an image"),
        ("text.db", lambda p: p.write_text("no database, though long enough" * 99), "not a ledger"),
        ("empty.db", lambda p: p.touch(), "not a ledger"),
        ("other.db", lambda p: edit(p, "CREATE TABLE places (x)"), "not a ledger of napari-seal"),
        (
            "app.db",
            lambda p: edit(p, "PRAGMA application_id = 252006674", "CREATE TABLE t (x)"),
            "not a ledger of napari-seal",
        ),
    ],
)
def test_what_is_no_ledger(name, make, message, tmp_path):
    """A clear error for each, and the file stays as it is."""
    path = tmp_path / name
    make(path)
    before = path.read_bytes() if path.is_file() else None
    for options in ({}, {"read_only": True}):
        with pytest.raises(LedgerError, match=message):
            Ledger.open(path, **options)
    if name not in ("none.db", "empty.db"):
        with pytest.raises(LedgerError, match=message):
            Ledger.open(path, create=True)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_no_folder_for_a_new_ledger(tmp_path):
    """It is not made silently."""
    with pytest.raises(LedgerError, match="no such folder"):
        Ledger.open(tmp_path / "nowhere" / "ledger.db", create=True)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc")
def test_a_folder_that_takes_no_file_is_told(tmp_path):
    """And what a ledger needs there."""
    with pytest.raises(LedgerError, match=r"cannot be opened; .*to make files beside it"):
        Ledger.open("/proc/ledger.db", create=True)


def test_an_empty_ledger_has_nothing_to_tell(tmp_path):
    """Before its first run it has no root, and says so."""
    with Ledger.open(tmp_path / "new.db", create=True) as ledger:
        assert ledger.runs() == []
        assert ledger.root is None
        with pytest.raises(LedgerError, match="empty"):
            list(ledger.find("0000"))


def test_a_newer_version_is_refused(filled, archive):
    """A ledger of a version to come is not touched."""
    edit(filled, f"PRAGMA user_version = {schema.VERSION + 1}")
    before = filled.read_bytes()
    for options in ({}, {"create": True}, {"read_only": True}):
        with pytest.raises(LedgerError, match="use a newer one"):
            Ledger.open(filled, **options)
    assert filled.read_bytes() == before


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER UPDATE ON files BEGIN DELETE FROM history; END",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TABLE more (x)",
        "DROP TABLE history",
        "ALTER TABLE files ADD COLUMN x",
        "CREATE INDEX slow ON files (abs(randomblob(1000000000)))",
    ],
)
def test_other_tables_are_refused(statement, filled):
    """Nothing that others put into the schema is ever run."""
    try:
        edit(filled, statement)
    except sqlite3.OperationalError:
        pytest.skip("SQLite itself refuses this")
    for options in ({}, {"read_only": True}):
        with pytest.raises(LedgerError, match="altered"):
            Ledger.open(filled, **options)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE files SET path = CAST('../../etc/passwd' AS BLOB) WHERE id = 1",
        "UPDATE files SET path = CAST('/etc/passwd' AS BLOB) WHERE id = 1",
        "UPDATE files SET path = 'text' WHERE id = 1",
        "UPDATE files SET verdict = x'05'",
        "UPDATE files SET why = '[[[' WHERE why IS NOT NULL",
        "UPDATE files SET why = '{\"reasons\": [1]}' WHERE why IS NOT NULL",
        "UPDATE files SET why = replace(hex(zeroblob(500000)), '0', '[') WHERE why IS NOT NULL",
        "UPDATE files SET codestream = 'x', record = 1, source = x'ff', pixels = 2.0",
        "UPDATE files SET checked = 'never'",
        "UPDATE files SET checked = -9223372036854775808",
        "UPDATE history SET digests = x'05'",
        "UPDATE history SET verdict = x'05'",
        "UPDATE runs SET counts = 'x'",
        "UPDATE runs SET begun = 9223372036854775807",
        "UPDATE about SET value = 7",
        "INSERT INTO seen VALUES (1, 9, 'x', 'never')",
        "INSERT INTO seen VALUES (1, 'x', 2, 9223372036854775807)",
        "UPDATE files SET why = zeroblob(3000000) WHERE why IS NOT NULL",
    ],
)
def test_rows_that_no_run_has_written(statement, filled, archive):
    """Values of the wrong kind, paths that lead out of the root: an error of ours, in any case."""
    edit(filled, statement)
    with pytest.raises(LedgerError, match=r"damaged|does not know"):
        read_all(filled, archive)


def test_flipped_bytes(filled, archive, tmp_path):
    """Whatever is damaged, the answer is a result or an error of ours, and it comes soon."""
    good = filled.read_bytes()
    rng = random.Random(7)
    path = tmp_path / "flipped.db"
    refused = 0
    for _ in range(150):
        data = bytearray(good)
        for _ in range(rng.choice((1, 3, 30))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data[: rng.choice((len(data), rng.randrange(len(data))))])
        try:
            read_all(path, archive)
        except LedgerError:
            refused += 1
        except napari_seal.OptionError:  # a run's number was hit: there is no such run
            pass
        shutil.copy(path, tmp_path / "written.db")
        try:
            with Ledger.open(tmp_path / "written.db") as ledger:
                list(ledger.check_many(archive, jobs=1))
        except LedgerError:
            pass
        for beside in tmp_path.glob("written.db*"):
            beside.unlink()
    assert 10 < refused < 150


def test_two_runs_at_once(archive, tmp_path):
    """The second says that the first is going on; readers are let in; nothing is lost."""
    path = tmp_path / "ledger.db"
    with Ledger.open(path, create=True) as first, Ledger.open(path) as second:
        run = first.check_many(archive, jobs=1)
        next(run)
        with pytest.raises(LedgerError, match="another run is writing"):
            next(second.check_many(archive, jobs=1))
        with Ledger.open(path, read_only=True) as reader:
            assert [r.state for r in reader.runs()] == ["unfinished"]
        assert len(list(run)) == 2
        assert len(list(second.check_many(archive, jobs=1))) == 3
        assert [r.counts for r in first.runs()] == [{"intact": 3}] * 2


def test_a_file_in_place_of_the_lock(archive, tmp_path):
    """What is not a lock is left alone, and named."""
    beside = tmp_path / "ledger.db-lock"
    beside.write_text("something of somebody's, and long enough to look like a database" * 9)
    with (
        Ledger.open(tmp_path / "ledger.db", create=True) as ledger,
        pytest.raises(LedgerError, match="db-lock is in the way"),
    ):
        list(ledger.check_many(archive, jobs=1))
    assert beside.read_text().startswith("something")


def test_a_ledger_in_use_is_waited_for(archive, tmp_path, monkeypatch):
    """Where another program holds the file for long, the error says so."""
    from napari_seal._verify.ledger import database

    monkeypatch.setattr(database, "PATIENCE", 0.2)
    path = tmp_path / "ledger.db"
    with Ledger.open(path, create=True) as ledger:
        list(ledger.check_many(archive, jobs=1))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with Ledger.open(path) as late, pytest.raises(LedgerError, match="in use"):
            list(late.check_many(archive, jobs=1))
        other.execute("ROLLBACK")
        other.close()
        assert len(list(ledger.check_many(archive, jobs=1))) == 3


def test_for_reading_only(filled, archive):
    """What was opened for reading is not written to."""
    before = filled.read_bytes()
    with Ledger.open(filled, read_only=True) as ledger:
        with pytest.raises(LedgerError, match="reading only"):
            list(ledger.check_many(archive, jobs=1))
        with pytest.raises(LedgerError, match="reading only"):
            ledger.accept(archive / "b.jpg")
    assert filled.read_bytes() == before


IN_A_SMALL_DISK = """
set -e
mount -t tmpfs -o size=$SIZE tmpfs "$DISK"
if [ -n "$LEDGER" ]; then cp "$LEDGER" "$DISK/ledger.db"; mount -o remount,ro "$DISK"; fi
exec "$PYTHON" -c "$CODE"
"""


def run_on_a_disk_of_its_own(tmp_path: Path, code: str, size: str, ledger: Path | None) -> str:
    """Run Python in a mount namespace, with a small or read-only disk; its output."""
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare to mount a disk with")
    probe = ["unshare", "-rm", "sh", "-c", f"mount -t tmpfs tmpfs {tmp_path}"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("mounting a disk is not permitted here")
    disk = tmp_path / "disk"
    disk.mkdir()
    variables = {
        "DISK": str(disk), "SIZE": size, "LEDGER": str(ledger or ""), "PYTHON": sys.executable,
        "CODE": code, "PYTHONPATH": str(SOURCE), "ARCHIVE": str(tmp_path / "archive"),
    }  # fmt: skip
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", IN_A_SMALL_DISK],
        env=os.environ | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


DISK_FULL = """
import os
from napari_seal import Ledger, LedgerError
path = os.environ["DISK"] + "/ledger.db"
with Ledger.open(path, create=True) as ledger:
    try:
        list(ledger.check_many(os.environ["ARCHIVE"], jobs=1))
    except LedgerError as error:
        print(error)
with Ledger.open(path, read_only=True) as ledger:
    print([run.state for run in ledger.runs()], sum(ledger.runs()[0].counts.values()) > 0)
    print(ledger._database.connection.execute("PRAGMA integrity_check").fetchone())
"""


def test_a_full_disk(archive, images, tmp_path):
    """The error says so, and what was written before is whole, to go on with."""
    (tmp_path / "good.jpg").write_bytes(images["d"][:2000])
    for number in range(3000):  # long names fill a small disk
        os.link(tmp_path / "good.jpg", archive / f"{'long' * 50}{number:05}.jpg")
    printed = run_on_a_disk_of_its_own(tmp_path, DISK_FULL, "1m", None).splitlines()
    assert "disk is full" in printed[0]
    assert "--resume" in printed[0]
    assert printed[1:] == ["['unfinished'] True", "('ok',)"]


READ_ONLY = """
import os
from napari_seal import Ledger, LedgerError
path = os.environ["DISK"] + "/ledger.db"
with Ledger.open(path, read_only=True) as ledger:
    print(len(ledger.runs()), len(ledger.history(os.environ["ARCHIVE"] + "/a.jpg")))
try:
    with Ledger.open(path) as ledger:
        list(ledger.check_many(os.environ["ARCHIVE"], jobs=1))
except LedgerError as error:
    print(error)
"""


def test_a_disk_that_cannot_be_written_to(filled, archive, tmp_path):
    """Looking things up works, and a run says that it cannot write."""
    printed = run_on_a_disk_of_its_own(tmp_path, READ_ONLY, "9m", filled).splitlines()
    assert printed[0] == "2 2"
    assert "cannot be" in printed[1]


def test_migrations_lead_to_the_schema(tmp_path):
    """Each step is taken from where the last ended, and is whole or not at all."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for version, step in enumerate(schema.MIGRATIONS):
            assert schema.objects(connection) == schema.expected_objects(version)
            step(connection)
        assert schema.objects(connection) == schema.expected_objects(schema.VERSION)


@pytest.mark.parametrize("steps", [TO_VERSION_1, TO_VERSION_2, TO_VERSION_3, TO_VERSION_4])
def test_a_ledger_of_an_older_version(steps, filled, archive):
    """It is brought to the present version, with all that it knows, by the next run alone."""
    edit(filled, *steps)
    with pytest.raises(LedgerError, match=f"will bring it to version {schema.VERSION}"):
        Ledger.open(filled, read_only=True)
    (archive / "below" / "c.jpg").unlink()
    with Ledger.open(filled) as ledger:
        verdicts = {Path(v.path).name: str(v.verdict) for v in ledger.check_many(archive, jobs=1)}
        assert verdicts == {"a.jpg": "truncated", "b.jpg": "intact", "c.jpg": "missing"}
        assert len(ledger.runs()) == 3
        assert [e.verdict for e in ledger.history(archive / "a.jpg")] == ["intact", "truncated"]
    read_all(filled, archive)


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(filled, monkeypatch):
    """A step to a next version that breaks off is undone, and the ledger can be used as before."""

    def breaks(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE half (x)")
        connection.execute("no such statement")

    def works(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE runs ADD COLUMN host TEXT")

    steps = schema.MIGRATIONS
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*steps, breaks))
        patch.setattr(schema, "VERSION", schema.VERSION + 1)
        with pytest.raises(LedgerError, match="syntax"):
            Ledger.open(filled)
        with pytest.raises(LedgerError, match=f"will bring it to version {schema.VERSION}"):
            Ledger.open(filled, read_only=True)
    with Ledger.open(filled) as ledger:
        assert len(ledger.runs()) == 2
    schema.expected_objects.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*steps, works))
        patch.setattr(schema, "VERSION", schema.VERSION + 1)
        with Ledger.open(filled) as ledger:
            assert len(ledger.runs()) == 2
    schema.expected_objects.cache_clear()
    with pytest.raises(LedgerError, match="use a newer one"):
        Ledger.open(filled)
