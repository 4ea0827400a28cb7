"""Time and memory of commands: run in turn, so that a machine that drifts drifts for all."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

# Installed packages have their bytecode; without it, each start would compile them anew.
_ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True, slots=True)
class Command:
    """What is run, and where."""

    arguments: Sequence[str] | str  # a text is run by the shell
    folder: str

    def start(self) -> subprocess.Popen[bytes]:
        """Start it, and print nothing of what it prints."""
        shell = isinstance(self.arguments, str)
        return subprocess.Popen(
            self.arguments,
            shell=shell,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            env=_ENVIRONMENT,
        )

    def run(self) -> Times:
        """Run it, and time it."""
        before, start = _processor(), time.perf_counter()
        process = self.start()
        if process.wait():
            raise RuntimeError(f"{self.arguments} ended with {process.returncode}")
        return Times(time.perf_counter() - start, _processor() - before)


class Times(NamedTuple):
    """Seconds on the clock, and seconds of all processors together.

    On a machine that others use as well, the second is what holds.
    """

    clock: float
    processor: float


def _processor() -> float:
    used = os.times()
    return used.children_user + used.children_system


def in_turn(commands: Mapping[str, Command], rounds: int) -> dict[str, Times]:
    """Median times of each command; a first round, which is not counted, fills the page cache."""
    times: dict[str, list[Times]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            taken = command.run()
            if number:
                times[name].append(taken)
    return {
        name: Times(*(statistics.median(part) for part in zip(*values, strict=True)))
        for name, values in times.items()
    }


def peak_memory(command: Command) -> float:
    """Megabytes that a command and all its processes need together, at most (Linux only).

    Pages that processes share are counted once (PSS), and looked at 50 times a second.
    """
    process = command.start()
    peak = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, sum(map(_pss, _tree(process.pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.wait()
    done.set()
    watcher.join()
    return peak / 1e6


def _tree(root: int) -> list[int]:
    """A process and its descendants."""
    found = [root]
    for process in found:
        try:
            for task in os.listdir(f"/proc/{process}/task"):
                with open(f"/proc/{process}/task/{task}/children", encoding="ascii") as file:
                    found += map(int, file.read().split())
        except OSError:
            continue
    return found


def _pss(process: int) -> int:
    try:
        with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return 1024 * int(line.split()[1])
    except OSError:  # it has ended
        pass
    return 0
