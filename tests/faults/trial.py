"""One trial: a process of its own does something, and something goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from faults import shim
from faults.shim import Action, Fault, Kind, Plan

from napari_seal import SealError


@dataclass(frozen=True)
class Outcome:
    """How a process ended.

    Parameters
    ----------
    end : str
        ``done``, ``refused`` (by an error of ours), ``killed``, or ``escaped``: any other way.
    text : str
        Of the error; of one that escaped, where it came from.
    value : object
        What was returned, as JSON has it.
    error : str
        Name of the error's class.
    unremoved : bool
        Whether the process was kept from removing a file.
    """

    end: Literal["done", "refused", "killed", "escaped"]
    text: str = ""
    value: Any = None
    error: str = ""
    unremoved: bool = False


class Running:
    """A process that does something."""

    def __init__(self, act: Callable[[], Any], plan: Plan | None = None) -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            _be_the_process(act, plan, writing)
        os.close(writing)
        self._answer = reading

    def wait_until_paused(self) -> bool:
        """Wait until it pauses, or ends: whether it pauses."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        paused = os.WIFSTOPPED(status)
        self._status = None if paused else status
        return paused

    _status: int | None = None

    def go_on(self) -> None:
        """Let it go on after a pause."""
        os.kill(self.pid, signal.SIGCONT)

    def end(self) -> Outcome:
        """Wait for its end."""
        with os.fdopen(self._answer, "rb") as file:
            answer = file.read()
        if self._status is None:
            _, self._status = os.waitpid(self.pid, 0)
        if os.WIFSIGNALED(self._status) and os.WTERMSIG(self._status) == signal.SIGKILL:
            return Outcome("killed")
        if not answer:
            return Outcome("escaped", f"it ended with the status {self._status} and no answer")
        return Outcome(**json.loads(answer))


def _be_the_process(act: Callable[[], Any], plan: Plan | None, writing: int) -> None:
    answer: dict[str, Any]
    try:
        if plan is not None:
            plan.arm()
        answer = {"end": "done", "value": act()}
    except SealError as error:
        answer = {"end": "refused", "text": str(error), "error": type(error).__name__}
    except BaseException:  # noqa: BLE001 - whatever it is, it is told
        answer = {"end": "escaped", "text": traceback.format_exc()}
    finally:
        shim.disarm()
    with os.fdopen(writing, "wb") as file:
        file.write(json.dumps(answer).encode())
    os._exit(0)


@dataclass(frozen=True)
class Scenario:
    """Something that is done to a folder, and what must hold whatever goes wrong.

    Parameters
    ----------
    name : str
    prepare : callable
        Make the folder as it is before.
    act : callable
        What is done.
    judge : callable
        Fails where anything was lost; is given the folder and the outcome.
    failing : str
        What the paths of files begin with, below the folder, of which calls are made to fail.
    """

    name: str
    prepare: Callable[[Path], None]
    act: Callable[[Path], Any]
    judge: Callable[[Path, Outcome], None]
    failing: str = ""


@dataclass
class Row:
    """A line of the table: how often a fault was tried, and what was lost."""

    scenario: str
    fault: str
    calls: int = 0
    tried: int = 0
    losses: list[str] = field(default_factory=list)


class Workshop:
    """Where trials take place: always in one folder, made anew for each.

    Parameters
    ----------
    folder : Path
        For all that is written.
    scenario : Scenario
    """

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        self._scenario = scenario
        self._calls: dict[tuple[Kind, bool], int] = {}
        self._before = folder / "before"
        self.work = folder / "work"
        shutil.rmtree(self._before, ignore_errors=True)
        self.renew()
        scenario.prepare(self.work)
        shutil.copytree(self.work, self._before, symlinks=True)

    def renew(self) -> None:
        """Put the folder as it was before."""
        shutil.rmtree(self.work, ignore_errors=True)
        if self._before.exists():
            shutil.copytree(self._before, self.work, symlinks=True)
        else:
            self.work.mkdir(parents=True)

    def count(self, fault: Fault) -> Plan:
        """Do it without a fault, and count the calls."""
        self.renew()
        plan = self._plan(fault)
        outcome = Running(lambda: self._scenario.act(self.work), plan).end()
        assert outcome.end == "done", outcome.text
        self._scenario.judge(self.work, outcome)
        return plan

    def _plan(self, fault: Fault, when: int = 0) -> Plan:
        below = self._scenario.failing if fault.action is Action.FAIL else ""
        return Plan(self.work / below, fault, when)

    def try_all(self, fault: Fault, every: int = 1, offset: int = 0) -> Row:
        """Do it again and again, with the fault at each call in turn, or at every n-th."""
        same = (fault.kinds, fault.action is Action.FAIL)
        if same not in self._calls:
            self._calls[same] = self.count(fault).count
        row = Row(self._scenario.name, fault.name, self._calls[same])
        for when in range(1 + offset % every, row.calls + 1, every):
            self.renew()
            plan = self._plan(fault, when)
            outcome = Running(lambda: self._scenario.act(self.work), plan).end()
            row.tried += 1
            try:
                if fault.action in _KILLING:
                    assert outcome.end == "killed", f"not killed: {outcome}"
                assert outcome.end != "escaped", outcome.text
                unremoved = any(c.failed and c.kind & Kind.REMOVING for c in plan.calls)
                outcome = replace(outcome, unremoved=unremoved)
                self._scenario.judge(self.work, outcome)
            except Exception as problem:  # noqa: BLE001 - whatever it is, it is told
                row.losses.append(loss(f"{when} {plan.calls[when - 1]}", problem, outcome))
        return row


def loss(where: str, problem: Exception, *outcomes: Outcome) -> str:
    """What was lost, in a line."""
    line = traceback.extract_tb(problem.__traceback__)[-1]
    return f"{where}: {os.path.basename(line.filename)}:{line.lineno} {problem!r} {outcomes}"


_KILLING = {Action.KILL_BEFORE, Action.KILL_AFTER, Action.KILL_HALFWAY}


NONE = Fault("none", Action.NOTHING, Kind.ALL)


def calls_of(folder: Path, scenario: Scenario) -> list[shim.Call]:
    """All calls of a scenario in their order."""
    return Workshop(folder, scenario).count(NONE).calls


def rows_of(folder: Path, scenario: Scenario, faults: tuple[Fault, ...], every: int,
            offset: int) -> Iterator[Row]:  # fmt: skip
    """Try faults on a scenario."""
    workshop = Workshop(folder, scenario)
    for fault in faults:
        yield workshop.try_all(fault, every, offset)
