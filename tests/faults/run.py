"""Try faults on scenarios, and print what came of it as JSON; started with the shim loaded."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from faults.files import FILES, STACKS
from faults.ledgers import LEDGERS
from faults.shim import ERRORS, KILLS
from faults.trial import Row, Scenario, rows_of, say

FAULTS = {"kills": KILLS, "errors": ERRORS}
SCENARIOS = {"files": FILES, "stacks": STACKS, "ledgers": LEDGERS}


def main() -> None:
    """Try the faults that were named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("scenarios", choices=SCENARIOS)
    parser.add_argument("faults", choices=FAULTS)
    parser.add_argument("--every", type=int, default=1, help="only at every n-th call")
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        for scenario in SCENARIOS[given.scenarios]:
            if given.only not in scenario.name: continue
            for row in rows_of(Path(folder), scenario, FAULTS[given.faults], given.every, given.offset):
                say(f"{row.scenario}, {row.fault}: {row.tried} of {row.calls}, {len(row.losses)} lost")
                for l in row.losses[:3]: say("     "+l[:900])
                sys.stdout.write(json.dumps(asdict(row)) + "\n")


if __name__ == "__main__":
    main()
