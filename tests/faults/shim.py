"""The fault injector: `shim.c` compiled, and what Python tells it."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import shutil
import subprocess
import sys
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import NamedTuple

_CALLS, _NAME, _PATH = 8192, 16, 160


class Kind(IntFlag):
    """What a call asks of the disk."""

    READING = 1
    WRITING = 2
    MAKING = 4
    DATA_IN = 8
    DATA_OUT = 16
    SYNCING = 32
    NAMING = 64
    REMOVING = 128
    MODE = 256
    LOOKING = 512
    LOCKING = 1024
    MAPPING = 2048
    CLOSING = 4096
    ALL = (1 << 13) - 1


class Action(IntEnum):
    """What happens at a call."""

    NOTHING = 0
    KILL_BEFORE = 1
    KILL_AFTER = 2
    KILL_HALFWAY = 3
    FAIL = 4
    SHORT = 5
    PAUSE = 6


class Fault(NamedTuple):
    """Something that goes wrong, at one of the calls of some kinds or from one on."""

    name: str
    action: Action
    kinds: Kind
    error: int = 0
    lasting: bool = False


_SPACE = Kind.MAKING | Kind.DATA_OUT | Kind.SYNCING | Kind.NAMING | Kind.CLOSING
_RIGHTS = Kind.READING | Kind.WRITING | Kind.MAKING | Kind.NAMING | Kind.REMOVING | Kind.LOOKING
_DEVICE = Kind.ALL & ~Kind.LOCKING
_CHANGING = Kind.WRITING | Kind.MAKING | Kind.NAMING | Kind.REMOVING | Kind.MODE | Kind.DATA_OUT

KILLS = (
    Fault("kill -9 before the call", Action.KILL_BEFORE, Kind.ALL),
    Fault("kill -9 after the call", Action.KILL_AFTER, Kind.ALL),
    Fault("kill -9 in the middle of a write", Action.KILL_HALFWAY, Kind.DATA_OUT),
)
ERRORS = (
    Fault("disk full (ENOSPC), once", Action.FAIL, _SPACE, errno.ENOSPC),
    Fault("disk full (ENOSPC), from then on", Action.FAIL, _SPACE, errno.ENOSPC, True),
    Fault("quota (EDQUOT), from then on", Action.FAIL, _SPACE, errno.EDQUOT, True),
    Fault("I/O error of the device (EIO), once", Action.FAIL, _DEVICE, errno.EIO),
    Fault("I/O error of the device (EIO), from then on", Action.FAIL, _DEVICE, errno.EIO, True),
    Fault("read-only file system (EROFS), from then on", Action.FAIL, _CHANGING, errno.EROFS, True),
    Fault("not permitted (EACCES), once", Action.FAIL, _RIGHTS, errno.EACCES),
    Fault("not permitted (EPERM), from then on", Action.FAIL, _RIGHTS, errno.EPERM, True),
    Fault("no locks (ENOLCK), once", Action.FAIL, Kind.LOCKING, errno.ENOLCK),
    Fault("too many open files (EMFILE), once", Action.FAIL,
          Kind.READING | Kind.WRITING | Kind.MAKING, errno.EMFILE),
    Fault("interrupted by a signal (EINTR), once", Action.FAIL,
          Kind.READING | Kind.WRITING | Kind.MAKING | Kind.DATA_IN | Kind.DATA_OUT | Kind.CLOSING,
          errno.EINTR),
    Fault("half of the bytes read or written", Action.SHORT, Kind.DATA_IN | Kind.DATA_OUT),
)  # fmt: skip


class Call(NamedTuple):
    """One call that was made."""

    name: str
    kind: Kind
    path: str
    other: str
    failed: int

    def __str__(self) -> str:
        names = filter(None, (os.path.basename(self.path), os.path.basename(self.other)))
        return f"{self.name}({', '.join(names)})"


class _Call(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char * _NAME),
        ("kind", ctypes.c_int),
        ("failed", ctypes.c_int),
        ("path", ctypes.c_char * _PATH),
        ("other", ctypes.c_char * _PATH),
    )


class _Plan(ctypes.Structure):
    _fields_ = (
        ("root", ctypes.c_char * _PATH),
        ("kinds", ctypes.c_int),
        ("action", ctypes.c_int),
        ("error", ctypes.c_int),
        ("lasting", ctypes.c_int),
        ("when", ctypes.c_long),
        ("count", ctypes.c_long),
        ("calls", _Call * _CALLS),
    )


class Plan:
    """What is to happen to one process; shared with it, so that it outlives its end.

    Parameters
    ----------
    root : Path
        The folder below which calls count.
    fault : Fault
    when : int
        Number of the call, from 1; 0 only counts.
    """

    def __init__(self, root: Path, fault: Fault, when: int = 0) -> None:
        self._memory = mmap.mmap(-1, ctypes.sizeof(_Plan))
        self._plan = _Plan.from_buffer(self._memory)
        self._plan.root = os.fsencode(root)
        self._plan.kinds, self._plan.action = fault.kinds, fault.action
        self._plan.error, self._plan.lasting = fault.error, fault.lasting
        self._plan.when = when

    def arm(self) -> None:
        """Begin to count, in this process."""
        _library().fault_arm(ctypes.byref(self._plan))

    @property
    def count(self) -> int:
        """Number of calls so far."""
        return int(self._plan.count)

    @property
    def calls(self) -> list[Call]:
        """The calls so far."""
        assert self.count < _CALLS
        return [
            Call(c.name.decode(), Kind(c.kind), os.fsdecode(c.path), os.fsdecode(c.other), c.failed)
            for c in self._plan.calls[: self.count]
        ]


def disarm() -> None:
    """Let all calls of this process pass."""
    _library().fault_arm(None)


def shift_clock(seconds: int, *, at: int = 0, later: int = 0) -> None:
    """Shift the time of day of this process; from the n-th reading on by another time."""
    _library().fault_clock(seconds, at, later)


def clock_readings() -> int:
    """How often this process has read the clock since it was shifted."""
    return int(ctypes.c_long.in_dll(_library(), "clock_readings").value)


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(os.environ["LD_PRELOAD"])
    library.fault_clock.argtypes = [ctypes.c_long] * 3
    return library


def why_not() -> str | None:
    """Why no faults can be injected here; None where they can."""
    if sys.platform != "linux":
        return "calls are intercepted as the linker of Linux does it"
    if shutil.which("cc") is None:
        return "there is no C compiler"
    return None


def build(folder: Path) -> Path:
    """Compile the shim."""
    library = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    command = ["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    subprocess.run([*command, "-o", library, source, "-ldl"], check=True)
    return library
