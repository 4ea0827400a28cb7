"""What a ledger costs: a run over synthetic rows, and looking things up.

    python benchmarks/ledger_speed.py [--files 1000000] [--folder DIR]

First no image is read: verdicts and facts are made up, so that what remains is the ledger's own
time, in the process that all workers report to; beside it stands what SQLite alone takes for rows
of the same size.  Each look-up is timed in a process of its own, the first
time after the ledger's pages were dropped from the memory, where the system allows that.  At the
end files are verified, with a ledger and without.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from archives import ARCHIVES, DISTINCT, Archive, link, make

from napari_seal import Ledger, Outcome, Verdict
from napari_seal._verify.ledger import runs
from napari_seal._verify.ledger.digests import Digests, pack
from napari_seal._verify.ledger.facts import Facts

Item = tuple[Verdict, Facts]


def digest(text: str) -> bytes | None:
    """A digest in place of one of real data."""
    return pack("sha256", hashlib.sha256(text.encode()).hexdigest())


def item(folder: str, number: int, *, intact: bool = True) -> Item:
    """A file of plates with 1,000 fields each."""
    name = f"plate_{number // 1000:04}/field_{number % 1000:04}.sealed.jpg"
    kinds = ("codestream", "record", "source", "pixels")
    digests = Digests(*(digest(f"{kind} {number}") for kind in kinds))
    outcome = Outcome.INTACT if intact else Outcome.TRUNCATED
    facts = Facts(name.encode(), 30_000 + number, None if intact else number, *digests)
    return Verdict(path=f"{folder}/{name}", verdict=outcome), facts


def chunks(count: int, make: Callable[[int], Item]) -> Iterator[list[Item]]:
    """Batches as a run records them."""
    for start in range(0, count, 500):
        yield [make(number) for number in range(start, min(start + 500, count))]


def run_time(
    ledger: Ledger, folder: str, count: int, make: Callable[[int], Item]
) -> tuple[float, float]:
    """Seconds that one run spends in the ledger, and those on a processor.

    Not those in which the rows are made up.
    """
    database, root = ledger._database, ledger._where.of([folder])
    request = runs.Request(about=ledger._where.about(root), named=[folder], recursive=True)
    places = runs._Places(root, request)
    number, counts, _ = runs._begin(database, request, places)
    recorder = runs.Recorder(database, root, number, runs._covered(database, number), counts)
    spent = used = 0.0
    for batch in chunks(count, make):
        begun, cpu = time.perf_counter(), time.process_time()
        recorder.record(batch)
        spent += time.perf_counter() - begun
        used += time.process_time() - cpu
    begun, cpu = time.perf_counter(), time.process_time()
    for _ in runs._missing(database, root, recorder, places.scopes):
        pass
    runs._finish(database, number)
    return spent + time.perf_counter() - begun, used + time.process_time() - cpu


def bare_time(scratch: str, folder: str, count: int) -> tuple[float, float]:
    """Seconds in which SQLite alone inserts such rows, without an index of digests."""
    connection = sqlite3.connect(os.path.join(scratch, "bare.db"), isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("CREATE TABLE files (path BLOB UNIQUE, size, mtime, a, b, c, d)")
    spent = used = 0.0
    for batch in chunks(count, lambda number: item(folder, number)):
        rows = [(facts.key, facts.size, facts.mtime, *facts.digests) for _, facts in batch]
        begun, cpu = time.perf_counter(), time.process_time()
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
        spent += time.perf_counter() - begun
        used += time.process_time() - cpu
    connection.close()
    return spent, used


VERIFY = """
import resource, sys, time
import napari_seal
folder, path = sys.argv[1:]
begun = time.perf_counter()
if path:
    with napari_seal.Ledger.open(path, create=True) as ledger:
        assert all(v.intact for v in ledger.check_many(folder, jobs=2))
else:
    assert all(v.intact for v in napari_seal.check_many(folder, jobs=2))
print(time.perf_counter() - begun)
for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
    used = resource.getrusage(who)
    print(used.ru_utime + used.ru_stime)
"""


def with_and_without(scratch: str, archive: Archive, count: int, rounds: int = 5) -> None:
    """Verify the same files with two processes, with a ledger and without, in turn."""
    source, folder = (os.path.join(scratch, archive.name + end) for end in ("-source", ""))
    make(archive, source, DISTINCT, "sha256")
    link(source, folder, count)
    path = os.path.join(scratch, f"{archive.name}.db")

    def verify(ledger: str) -> tuple[float, ...]:
        # In a process of its own: beside the threads of NumPy workers could not be forked.
        done = subprocess.run(
            [sys.executable, "-c", VERIFY, folder, ledger],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return tuple(map(float, done.stdout.split()))

    times: dict[str, list[tuple[float, ...]]] = {"plain": [], "first run": [], "later run": []}
    for _ in range(rounds):
        for ending in ("", "-lock"):
            if os.path.exists(path + ending):
                os.unlink(path + ending)
        for what, measured in times.items():
            measured.append(verify("" if what == "plain" else path))
    size = os.path.getsize(os.path.join(source, "000000.jpg"))
    print(f"\n{count:,} files of {size:,} bytes, two processes, medians of {rounds} rounds\n")
    print("| verifying | us a file | times plain | parent on a processor | workers |")
    print("|---|---|---|---|---|")
    plain = 0.0
    for what, measured in times.items():
        middle = [statistics.median(values) / count * 1e6 for values in zip(*measured, strict=True)]
        plain = plain or middle[0]
        print(f"| {what} | {middle[0]:.0f} | {middle[0] / plain:.2f} ", end="")
        print(f"| {middle[1]:.0f} | {middle[2]:.0f} |", flush=True)


LOOK_UP = """
import sys, time
begun = time.perf_counter()
from napari_seal import Ledger
loaded = time.perf_counter()
with Ledger.open(sys.argv[1], read_only=True) as ledger:
    found = {QUERY}
print((time.perf_counter() - loaded) * 1000, (loaded - begun) * 1000, found)
"""


def look_up(path: str, query: str, *arguments: str) -> tuple[float, float, str]:
    """Milliseconds of the first and of the best of five look-ups, and what was found."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    times = []
    for _ in range(6):
        done = subprocess.run(
            [sys.executable, "-c", LOOK_UP.replace("{QUERY}", query), path, *arguments],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        spent, _, found = done.stdout.split()
        times.append(float(spent))
    return times[0], min(times[1:]), found


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--folder", help="where to put the ledger; a temporary one by default")
    parser.add_argument("--real", type=int, help="real files to verify; by default few enough")
    options = parser.parse_args()
    count = options.files
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        folder = os.path.join(scratch, "archive")
        os.mkdir(folder)
        path = os.path.join(scratch, "ledger.db")
        print(f"{count:,} files\n\n| what | us a file | of these on a processor |\n|---|---|---|")
        with Ledger.open(path, create=True) as ledger:

            def row(what: str, make: Callable[[int], Item]) -> None:
                spent, used = (s / count * 1e6 for s in run_time(ledger, folder, count, make))
                print(f"| {what} | {spent:.1f} | {used:.1f} |", flush=True)

            spent, used = (s / count * 1e6 for s in bare_time(scratch, folder, count))
            print(f"| SQLite alone, all rows new | {spent:.1f} | {used:.1f} |", flush=True)
            row("first run, all files new", lambda n: item(folder, n))
            size = Path(path).stat().st_size
            row("second run, all as they were", lambda n: item(folder, n))
            row("third run, 1 of 1,000 changed", lambda n: item(folder, n, intact=n % 1000 > 0))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        later = Path(path).stat().st_size
        print(f"\nThe ledger has {size / count:.0f} bytes a file after the first run, ", end="")
        print(f"{later / count:.0f} after the third. Peak memory: {peak:.0f} MB.\n")
        print("| look-up | first, ms | again, ms | found |\n|---|---|---|---|")
        middle = hashlib.sha256(f"source {count // 2}".encode()).hexdigest()
        field = item(folder, count // 2)[0].path
        for what, query, *arguments in (
            ("by a whole digest", "sum(1 for _ in ledger.find(sys.argv[2]))", middle),
            ("by 12 digits", "sum(1 for _ in ledger.find(sys.argv[2]))", middle[:12]),
            ("history of a file", "len(ledger.history(sys.argv[2]))", field),
            ("runs", "len(ledger.runs())"),
            ("diff 2 3", "sum(1 for _ in ledger.diff(2, 3))"),
            ("duplicates", "sum(1 for _ in ledger.duplicates())"),
            ("missing", "sum(1 for _ in ledger.missing())"),
        ):
            first, again, found = look_up(path, query, *arguments)
            print(f"| {what} | {first:.1f} | {again:.1f} | {found} |", flush=True)
        for archive, most in zip(ARCHIVES, (20_000, 4_000), strict=False):
            with_and_without(scratch, archive, min(count, options.real or most))


if __name__ == "__main__":
    main()
