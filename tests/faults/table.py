"""Try all faults at all calls, and print the tables of ``docs/faults.md``.

It takes the better part of an hour on two cores, and one call in two hundred a minute::

    python tests/faults/table.py [--every 200]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from faults.shim import build, why_not  # noqa: E402

#: What is tried, by the column of the table.
COLUMNS = {"files": "one file", "stacks": "a stack", "ledgers": "a ledger", "reports": "reports"}
TRIALS = [f"{what}:{fault}" for fault in ("kills", "errors") for what in COLUMNS]
OTHERS = ("checks:errors", "order", "together", "clock", "real")


def run(what: str, library: Path, *options: str) -> list[dict[str, Any]]:
    """Try one group of faults in a process with the shim."""
    places = [str(HERE.parents[1] / "src"), str(HERE.parent)]
    if inherited := os.environ.get("PYTHONPATH"):
        places.insert(0, inherited)
    done = subprocess.run(
        [sys.executable, "-m", "faults.run", what, *options],
        env=os.environ
        # OpenBLAS would begin threads, and a process with threads must not fork.
        | {"LD_PRELOAD": str(library), "OPENBLAS_NUM_THREADS": "1"}
        | {"PYTHONPATH": os.pathsep.join(places), "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def by_fault(rows: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    """Faults by what they were tried on."""
    tried: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    lost: dict[str, int] = defaultdict(int)
    for what, row in rows:
        tried[row["fault"]][what] += row["tried"]
        lost[row["fault"]] += len(row["losses"])
    yield f"| fault | {' | '.join(COLUMNS.values())} | lost |"
    yield "|---" + "|--:" * len(COLUMNS) + "|---|"
    for fault, numbers in tried.items():
        cells = " | ".join(f"{numbers[what]:,}" for what in COLUMNS)
        yield f"| {fault} | {cells} | {lost[fault] or 'nothing'} |"


def by_scenario(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """What was tried otherwise, each fault with all that was done."""
    tried: dict[str, int] = defaultdict(int)
    lost: dict[str, int] = defaultdict(int)
    done: dict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        fault = row["fault"]
        tried[fault] += row["tried"]
        lost[fault] += len(row["losses"])
        done[fault][row["scenario"]] = None
    yield "| fault | what was done | times tried | lost |"
    yield "|---|---|--:|---|"
    for fault, number in tried.items():
        what = "; ".join(done[fault])
        yield f"| {fault} | {what} | {number:,} | {lost[fault] or 'nothing'} |"


def main() -> None:
    """Try everything, or every n-th."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--every", type=int, choices=range(1, 1001), default=1, metavar="N",
        help="only every n-th call of each fault",
    )  # fmt: skip
    every = parser.parse_args().every
    if (why := why_not()) is not None:
        raise SystemExit(f"no faults can be injected: {why}")
    with tempfile.TemporaryDirectory() as folder:
        library = build(Path(folder))
        pairs = []
        for what in TRIALS:
            rows = run(what, library, f"--every={every}")
            pairs += [(what.partition(":")[0], row) for row in rows]
        options = (f"--every={every}", f"--rounds={max(50 // every, 1)}")
        others = [row for what in OTHERS for row in run(what, library, *options)]
        for row in others:
            if row["scenario"] == "check an archive":
                row["fault"] = "any of these errors"
    lines = [*by_fault(pairs), "", *by_scenario(others)]
    sys.stdout.write("\n".join(lines) + "\n")
    losses = [loss for row in [*(row for _, row in pairs), *others] for loss in row["losses"]]
    sys.stderr.writelines(loss + "\n" for loss in losses)
    sys.exit(1 if losses else 0)


if __name__ == "__main__":
    main()
