"""Try faults on scenarios, and print what came of it, a line of JSON for each row of the table.

It is started with the shim loaded: by `table.py`, or by the tests.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from faults import careless, clock, files, ledgers, order, real, together
from faults.shim import ERRORS, KILLS
from faults.trial import Row, rows_of

SCENARIOS = {
    "files": files.FILES,
    "stacks": files.STACKS,
    "ledgers": ledgers.LEDGERS,
    "reports": ledgers.REPORTING,
    "checks": ledgers.CHECKING,
    "careless": careless.CARELESS,
}
FAULTS = {"kills": KILLS, "errors": ERRORS}
OTHERS: dict[str, Callable[[Path, Any], Iterator[Row]]] = {
    "together": lambda folder, given: together.rows_of(
        folder, given.every, given.offset, given.rounds
    ),
    "clock": lambda folder, given: clock.rows_of(folder, given.every, given.offset),
    "order": lambda folder, given: order.rows_of(folder),
    "unsynchronised": lambda folder, given: iter(
        [order.row(folder, careless.UNSYNCHRONISED, order.check_names)]
    ),
    "real": lambda folder, given: real.rows_of(folder, given.every),
}


def main() -> None:
    """Try what was named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", help="such as files:kills, stacks:errors or together")
    parser.add_argument("--every", type=int, default=1, help="only at every n-th call")
    parser.add_argument("--offset", type=int, default=0, help="from this one on")
    parser.add_argument("--rounds", type=int, default=10, help="of several processes at once")
    given = parser.parse_args()
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        for row in _rows(Path(folder), given):
            sys.stdout.write(json.dumps(asdict(row)) + "\n")
            sys.stdout.flush()


def _rows(folder: Path, given: argparse.Namespace) -> Iterator[Row]:
    if given.what in OTHERS:
        yield from OTHERS[given.what](folder, given)
        return
    scenarios, _, faults = given.what.partition(":")
    for scenario in SCENARIOS[scenarios]:
        yield from rows_of(folder, scenario, FAULTS[faults], given.every, given.offset)


if __name__ == "__main__":
    main()
