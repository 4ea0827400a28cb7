"""Try faults on scenarios, and print what came of it as JSON; started with the shim loaded."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from faults import clock, order, real, together
from faults.files import FILES, STACKS
from faults.ledgers import CHECKING, LEDGERS, REPORTING
from faults.shim import ERRORS, KILLS
from faults.trial import Row, Scenario, rows_of, say

FAULTS = {"kills": KILLS, "errors": ERRORS}
SCENARIOS = {"files": FILES, "stacks": STACKS, "ledgers": LEDGERS, "reports": REPORTING, "checks": CHECKING}
OTHERS = ("together", "clock", "order", "real")


def main() -> None:
    """Try the faults that were named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("scenarios", choices=[*SCENARIOS, *OTHERS])
    parser.add_argument("faults", choices=[*FAULTS, "others"])
    parser.add_argument("--rounds", type=int, default=10, help="of several processes at once")
    parser.add_argument("--every", type=int, default=1, help="only at every n-th call")
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        for row in _rows(Path(folder), given):
            say(f"{row.scenario}, {row.fault}: {row.tried} of {row.calls}, {len(row.losses)} lost")
            for l in row.losses[:3]: say("     "+l[:900])
            sys.stdout.write(json.dumps(asdict(row)) + "\n")


def _rows(folder: Path, given: argparse.Namespace) -> Iterator[Row]:
    every, offset = given.every, given.offset
    if given.scenarios == "together":
        yield from together.rows_of(folder, every, offset, given.rounds, given.only)
    elif given.scenarios == "clock":
        yield from clock.rows_of(folder, every, offset)
    elif given.scenarios == "order":
        yield from order.rows_of(folder)
    elif given.scenarios == "real":
        yield from real.rows_of(folder, every)
    if given.scenarios in OTHERS:
        return
    for scenario in SCENARIOS[given.scenarios]:
        if given.only in scenario.name:
            yield from rows_of(folder, scenario, FAULTS[given.faults], every, offset)


if __name__ == "__main__":
    main()
