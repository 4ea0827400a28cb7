"""Scenarios with two processes: one pauses at each of its calls in turn, and the other goes first.

So every place at which they can meet is tried.  Beside this, several begin at the same moment.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from faults import files, ledgers
from faults.shim import Action, Fault, Kind, Plan
from faults.trial import Outcome, Row, Running, loss

import napari_seal
from napari_seal import Ledger

PAUSED = Fault("another process at each call", Action.PAUSE, Kind.ALL)


@dataclass(frozen=True)
class Meeting:
    """Something that several processes do to one folder.

    Parameters
    ----------
    name : str
    prepare : callable
        Make the folder as it is before.
    act : callable
        What each does; is given the folder and its number.
    judge : callable
        Fails where anything was lost; is given the folder and the outcomes.
    """

    name: str
    prepare: Callable[[Path], None]
    act: Callable[[Path, int], Any]
    judge: Callable[[Path, list[Outcome]], None]


def _renew(folder: Path, meeting: Meeting) -> Path:
    before, work = folder / "before", folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    if not before.exists():
        work.mkdir(parents=True)
        meeting.prepare(work)
        shutil.copytree(work, before)
    else:
        shutil.copytree(before, work)
    return work


def pauses(folder: Path, meeting: Meeting, every: int = 1, offset: int = 0) -> Row:
    """Two processes, of which one pauses at each call."""
    work = _renew(folder, meeting)
    counting = Plan(work, PAUSED)
    outcome = Running(partial(meeting.act, work, 0), counting).end()
    assert outcome.end == "done", outcome.text
    row = Row(meeting.name, PAUSED.name, counting.count)
    for when in range(1 + offset % every, row.calls + 1, every):
        _renew(folder, meeting)
        plan = Plan(work, PAUSED, when)
        first = Running(partial(meeting.act, work, 0), plan)
        assert first.wait_until_paused()
        second = Running(partial(meeting.act, work, 1)).end()
        first.go_on()
        _judge(row, meeting, work, [first.end(), second], f"{when} {plan.calls[when - 1]}")
    return row


def rounds(folder: Path, meeting: Meeting, number: int, processes: int = 4) -> Row:
    """Several processes that begin at the same moment, again and again."""
    row = Row(meeting.name, f"{processes} processes at once")
    for count in range(number):
        work = _renew(folder, meeting)
        running = [Running(partial(meeting.act, work, who)) for who in range(processes)]
        _judge(row, meeting, work, [process.end() for process in running], f"round {count}")
    return row


def _judge(row: Row, meeting: Meeting, work: Path, outcomes: list[Outcome], where: str) -> None:
    row.tried += 1
    try:
        for outcome in outcomes:
            assert outcome.end in ("done", "refused"), outcome.text
        meeting.judge(work, outcomes)
    except Exception as problem:  # noqa: BLE001 - whatever it is, it is told
        row.losses.append(loss(where, problem, *outcomes))


# --------------------------------------------------------------------------------------- one file


def _seal(overwrite: bool, folder: Path, who: int) -> int:
    image = files.IMAGE // (who + 1)
    napari_seal.seal(image, folder / "a.jpg", metadata={"who": who}, overwrite=overwrite)
    return who


def _judge_file(overwrite: bool, folder: Path, outcomes: list[Outcome]) -> None:
    done = [outcome.value for outcome in outcomes if outcome.end == "done"]
    assert os.listdir(folder) == ["a.jpg"]
    assert napari_seal.verify(folder / "a.jpg").metadata["who"] in done
    assert len(done) == (len(outcomes) if overwrite else 1)
    assert all(o.error == "TargetExistsError" for o in outcomes if o.end == "refused")


# ---------------------------------------------------------------------------------------- a stack


def _seal_stack(options: dict[str, Any], folder: Path, who: int) -> int:
    data = files.PLANES if options.get("resume") else files.PLANES // (who + 1)
    napari_seal.seal_stack(data, folder / "cells", axes="TYX", metadata={}, **options)
    return who


def _judge_stack(is_same: bool, folder: Path, outcomes: list[Outcome]) -> None:
    """Whoever got it, the stack is whole, and of one of those that say that they are done."""
    done = [outcome.value for outcome in outcomes if outcome.end == "done"]
    assert done
    assert str(napari_seal.check_stack(folder / "cells").verdict) == "intact"
    assert not [name for name in os.listdir(folder / files.STACK) if files.is_part(name)]
    made = files.what_is_there(folder)
    assert made in [_calm(folder, 0 if is_same else who) for who in done]
    for outcome in outcomes:
        if outcome.end == "refused":
            assert outcome.error in ("TargetExistsError", "WriteError")
            assert "cells" in outcome.text


def _calm(folder: Path, who: int) -> dict[str, Any]:
    """What one process writes that is alone."""
    if who not in _CALM:
        calm = folder / f"calm {who}"
        calm.mkdir()
        files.seal_stack(calm, files.PLANES // (who + 1), metadata={})
        _CALM[who] = files.what_is_there(calm)
    return _CALM[who]


_CALM: dict[int, dict[str, Any]] = {}


# --------------------------------------------------------------------------------------- a ledger


def _run(folder: Path, who: int) -> dict[str, str]:
    return ledgers.run(folder)


def _judge_ledger(folder: Path, outcomes: list[Outcome]) -> None:
    """Each run is whole, or says that another goes on; no verdict is lost."""
    done = [outcome.value for outcome in outcomes if outcome.end == "done"]
    assert done
    ledgers.rows(folder / ledgers.LEDGER)
    assert set(os.listdir(folder / ledgers.ARCHIVE)) <= set(done[0])
    assert all(told == done[0] for told in done)
    for outcome in outcomes:
        if outcome.end == "refused":
            assert outcome.error == "LedgerError"
            assert any(says in outcome.text for says in _TAKEN), outcome.text
    with Ledger.open(folder / ledgers.LEDGER) as ledger:
        ended = [run for run in ledger.runs() if run.state == "complete"]
        assert len(ended) >= len(done)
        for run, told in zip(ended[-len(done) :], done, strict=True):
            assert sum(run.counts.values()) == len(told)


_TAKEN = ("another run is writing", "is in use by another process", "could not be locked")

MEETINGS = (
    Meeting("seal to one new file", files._nothing, partial(_seal, False),
            partial(_judge_file, False)),
    Meeting("seal over one file", files._nothing, partial(_seal, True), partial(_judge_file, True)),
    Meeting("seal one new stack", files._nothing, partial(_seal_stack, {}),
            partial(_judge_stack, False)),
    Meeting("seal over one stack", files._old_stack, partial(_seal_stack, {"overwrite": True}),
            partial(_judge_stack, False)),
    Meeting("go on with one stack", files._unfinished_plain, partial(_seal_stack, {"resume": True}),
            partial(_judge_stack, True)),
    Meeting("first runs into one ledger", ledgers._archive, _run, _judge_ledger),
    Meeting("further runs into one ledger", ledgers._second, _run, _judge_ledger),
)  # fmt: skip


def rows_of(folder: Path, every: int, offset: int, number: int, only: str = "") -> Iterator[Row]:
    """All meetings."""
    for place, meeting in enumerate(MEETINGS):
        if only in meeting.name:
            below = folder / str(place)
            yield pauses(below, meeting, every, offset)
            yield rounds(below, meeting, number)
