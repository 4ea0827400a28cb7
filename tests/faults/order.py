"""The order of calls, as a power failure needs it: contents are on the disk before their names.

A power failure takes what was not synchronised, in any order.  So each file must be synchronised
after its last byte and before it gets its name, and the folder after that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from faults import files, ledgers
from faults.shim import Call, Kind
from faults.trial import Row, Scenario, calls_of, loss


def check_names(calls: list[Call]) -> int:
    """Each file that is renamed or linked; their number."""
    renamed = [place for place, call in enumerate(calls) if call.kind is Kind.NAMING]
    for place in renamed:
        part, target = calls[place].path, calls[place].other
        before = [call.kind for call in calls[:place] if call.path == part]
        wanted = [kind for kind in before if kind in (Kind.DATA_OUT, Kind.SYNCING)]
        assert wanted, part
        assert wanted[-1] is Kind.SYNCING, f"{target} has its name before its content"
        _check_folder(calls[place + 1 :], target)
    for place, call in enumerate(calls):
        if call.name.startswith("mkdir"):
            _check_folder(calls[place + 1 :], call.path)
    return len(renamed)


def _check_folder(later: list[Call], target: str) -> None:
    folder = os.path.dirname(target)
    for call in later:
        if call.kind is Kind.SYNCING and call.path == folder:
            return
        assert call.kind is not Kind.NAMING, f"before {target} is safe, another is begun"
    raise AssertionError(f"the name {target} is not synchronised")


def check_ledger(calls: list[Call]) -> int:
    """SQLite's own files, at the end of a run; number of times that its log goes into the ledger.

    A page goes from the log into the ledger when the log is on the disk, and the log is emptied
    when the ledger is.
    """
    waiting = dict.fromkeys(("", "-wal"), False)
    moved = 0
    for call in calls:
        name = os.path.basename(call.path).removeprefix(ledgers.LEDGER)
        if name not in waiting:
            continue
        if call.kind is Kind.DATA_OUT and name == "" and call.name.startswith("pwrite"):
            assert not waiting["-wal"], "a page is in the ledger before it is in the log"
        if call.name.startswith(("ftruncate", "unlink")) and name == "-wal":
            assert not waiting[""], "the log is emptied before the ledger is on the disk"
            moved += 1
            waiting["-wal"] = False
            continue
        if call.kind is Kind.DATA_OUT:
            waiting[name] = True
        if call.kind is Kind.SYNCING:
            waiting[name] = False
    assert not any(waiting.values()), "a run ended before it was on the disk"
    return moved


def rows_of(folder: Path) -> Iterator[Row]:
    """All scenarios that give a name, and those with a ledger."""
    for scenario in (*files.FILES, *files.STACKS, *ledgers.REPORTING):
        yield row(folder, scenario, check_names)
    for scenario in ledgers.LEDGERS:
        yield row(folder, scenario, check_ledger)


def row(folder: Path, scenario: Scenario, check: object) -> Row:
    found = Row(scenario.name, "power failure: order of calls")
    calls = calls_of(folder, scenario)
    found.calls = len(calls)
    try:
        assert callable(check)
        found.tried = check(calls)
        assert found.tried
    except AssertionError as problem:
        found.losses.append(loss("order", problem))
    return found
