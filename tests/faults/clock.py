"""Scenarios in which the clock of the day is set back, between runs or at any reading of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from faults import ledgers
from faults.shim import clock_readings, shift_clock
from faults.trial import Outcome, Row, Running, loss

from napari_seal import Ledger
from napari_seal._verify.report.summary import Run, summarise

BACK = -30 * 86_400


def _runs(folder: Path, when: int) -> dict[str, Any]:
    """Two runs with a change between them and a report; back goes the clock at one reading."""
    shift_clock(1, at=when or 10**9, later=BACK)
    ledgers.run(folder)
    ledgers._change(folder / ledgers.ARCHIVE)
    run = Run()
    seen: list[float] = []
    with Ledger.open(folder / ledgers.LEDGER) as ledger:
        checked = ledger.check_many(
            folder / ledgers.ARCHIVE,
            jobs=1,
            time_limit=3600,
            progress=lambda p: seen.extend((p.seconds, p.files_per_second, p.seconds_left or 0)),
        )
        told = {Path(v.path).name: str(v.verdict) for v in checked}
        assert checked.stopped is None
        runs = [(r.number, r.state, r.begun, r.ended) for r in ledger.runs()]
        history = [event.run for event in ledger.history(folder / ledgers.ARCHIVE / "f5.jpg")]
        changed = sorted(Path(change.path).name for change in ledger.diff(1, 2))
    summary = summarise({}, run)
    return {
        "told": told, "runs": runs, "history": history, "changed": changed,
        "seen": seen, "summary": summary, "seconds": run.seconds, "readings": clock_readings(),
    }  # fmt: skip


def _judge(calm: dict[str, Any], outcome: Outcome) -> None:
    assert outcome.end == "done", outcome.text
    found = outcome.value
    for what in ("told", "history", "changed"):
        assert found[what] == calm[what], what
    assert [(number, state) for number, state, *_ in found["runs"]] == [
        (1, "complete"),
        (2, "complete"),
    ]
    assert all(begun <= ended for _, _, begun, ended in found["runs"]), found["runs"]
    assert all(value >= 0 for value in found["seen"])
    assert 0 <= found["seconds"] < 3600
    started, ended = (datetime.fromisoformat(found["summary"][k]) for k in ("started", "ended"))
    assert started <= ended


def rows_of(folder: Path, every: int, offset: int) -> Iterator[Row]:
    """The clock goes back at each reading of it."""

    def attempt(when: int) -> Outcome:
        work = folder / f"clock {when}"
        work.mkdir(parents=True)
        ledgers._archive(work)
        return Running(partial(_runs, work, when)).end()

    calm = attempt(0)
    assert calm.end == "done", calm.text
    yield _tried(attempt, calm.value, every, offset)
    yield _future(folder)


def _tried(attempt: Callable[[int], Outcome], calm: Any, every: int, offset: int) -> Row:
    row = Row("two runs into a ledger", "clock set back 30 days, at each reading", calm["readings"])
    for when in range(1 + offset % every, row.calls + 1, every):
        outcome = attempt(when)
        row.tried += 1
        try:
            _judge(calm, outcome)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is told
            row.losses.append(loss(f"reading {when}", problem, outcome))
    return row


def _in_the_future(folder: Path) -> None:
    shift_clock(365 * 86_400)
    ledgers.run(folder)


def _future(folder: Path) -> Row:
    """A run while the clock was a year fast: what it read counts as not read since then."""
    row = Row("a run while the clock was fast", "clock set back a year, after it", 1, 1)
    work = folder / "fast"
    work.mkdir(parents=True)
    ledgers._archive(work)
    outcome = Running(partial(_in_the_future, work)).end()
    try:
        assert outcome.end == "done", outcome.text
        for expected in (ledgers.FILES, 0):
            with Ledger.open(work / ledgers.LEDGER) as ledger:
                assert len(list(ledger.stale(30))) == expected
            ledgers.run(work)
    except Exception as problem:  # noqa: BLE001 - whatever it is, it is told
        row.losses.append(loss("afterwards", problem, outcome))
    return row
