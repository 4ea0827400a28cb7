"""Faults of a real system: a small disk that fills up, quotas of a process, read-only places."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from faults import files, ledgers
from faults.trial import NONE, Outcome, Row, Running, Scenario, Workshop, loss

_PAGE = 4096
_NOBODY = 65_534


def can_mount(folder: Path) -> bool:
    """Whether this process may mount file systems; root in a container often may not."""
    try:
        with _mounted(folder, _PAGE):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@contextmanager
def _mounted(folder: Path, size: int) -> Iterator[Path]:
    disk = folder / "disk"
    disk.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def _limited(size: int, act: Callable[[], Any]) -> Any:
    """With a limit to the size of files, as a quota gives it."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return act()


def _as_nobody(act: Callable[[], Any]) -> Any:
    if os.geteuid() == 0:
        os.seteuid(_NOBODY)
    try:
        return act()
    finally:
        if os.getuid() == 0:
            os.seteuid(0)


class _Place:
    """A folder in which a scenario is tried again and again."""

    def __init__(self, folder: Path, scenario: Scenario, fault: str) -> None:
        workshop = Workshop(folder, scenario)
        workshop.count(NONE)
        self.work, self.renew, self.scenario = workshop.work, workshop.renew, scenario
        self.row = Row(scenario.name, fault)

    def judge(self, where: str, outcome: Outcome) -> None:
        self.row.tried += 1
        try:
            assert outcome.end in ("done", "refused"), outcome.text
            self.scenario.judge(self.work, outcome)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is told
            self.row.losses.append(loss(where, problem, outcome))


def _full_disk(disk: Path, scenario: Scenario, every: int) -> Row:
    """With room for no page, for one more, and so on, until it fits."""
    place = _Place(disk, scenario, "a full disk (tmpfs), with 0, 1, 2... pages of room")
    filler = disk / "filler"
    for pages in range(0, 400, every):
        place.renew()
        free = os.statvfs(disk).f_bavail
        filler.write_bytes(b"\0" * _PAGE * max(0, free - pages))
        outcome = Running(partial(scenario.act, place.work)).end()
        filler.unlink()
        place.judge(f"{pages} pages", outcome)
        if outcome.end == "done":
            break
    assert outcome.end == "done"
    return place.row


def _quota(folder: Path, scenario: Scenario, every: int) -> Row:
    place = _Place(folder, scenario, "a limit to the size of files (RLIMIT_FSIZE)")
    for size in range(0, 400_000, 512 * every):
        place.renew()
        act = partial(_limited, size, partial(scenario.act, place.work))
        outcome = Running(act).end()
        place.judge(f"{size} bytes", outcome)
        if outcome.end == "done":
            break
    assert outcome.end == "done"
    return place.row


def _read_only_disk(disk: Path, scenario: Scenario) -> Row:
    place = _Place(disk, scenario, "a disk that is mounted read-only")
    place.renew()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    try:
        outcome = Running(partial(scenario.act, place.work)).end()
    finally:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    assert outcome.end == "refused"
    place.judge("at once", outcome)
    return place.row


def _read_only_folder(folder: Path, scenario: Scenario) -> Row:
    place = _Place(folder, scenario, "a folder that must not be written to")
    place.renew()
    scenario.act(place.work)  # here, so that all is imported that a stranger must not read
    place.renew()
    for below in (place.work, *place.work.rglob("*")):
        below.chmod(0o555 if below.is_dir() else 0o444)
    outcome = Running(partial(_as_nobody, partial(scenario.act, place.work))).end()
    for below in (place.work, *place.work.rglob("*")):
        below.chmod(0o755 if below.is_dir() else 0o644)
    assert outcome.end == "refused", outcome
    place.judge("at once", outcome)
    return place.row


def rows_of(folder: Path, every: int) -> Iterator[Row]:
    """All of them, as far as this process may."""
    scenarios = (files.FILES[0], files.FILES[1], files.STACKS[0], files.STACKS[2])
    for scenario in (*scenarios, ledgers.LEDGERS[0], ledgers.LEDGERS[1]):
        yield _quota(folder, scenario, every)
    parents = [parent for parent in folder.parents if os.stat(parent).st_mode & 0o001]
    folder.chmod(0o755)
    if len(parents) == len(folder.parents):
        for scenario in (*scenarios, ledgers.LEDGERS[1]):
            yield _read_only_folder(folder, scenario)
    if can_mount(folder):
        with _mounted(folder, 2 << 20) as disk:
            for scenario in (*scenarios, ledgers.LEDGERS[0], ledgers.LEDGERS[1]):
                yield _full_disk(disk, scenario, every)
                yield _read_only_disk(disk, scenario)
