"""Reading one file whole, whatever it is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import skip_or_fail

from napari_seal import ReadError, Reason, check, read
from napari_seal._verify.load import load


def test_the_bytes_come_back(tmp_path: Path, leaves_no_files_open: None) -> None:
    """Small, empty and larger files are read whole; links are followed."""
    for size in (0, 1, 3_000_000):
        (tmp_path / "a").write_bytes(b"x" * size)
        assert load(str(tmp_path / "a")) == b"x" * size
    (tmp_path / "link").symlink_to("a")
    assert load(str(tmp_path / "link")) == b"x" * 3_000_000


def _unreadable(path: Path) -> Path:
    if os.geteuid() == 0:
        skip_or_fail("permissions", "root may read every file")
    path.write_bytes(b"\xff\xd8\xff")
    path.chmod(0)
    return path


def _fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _loop(path: Path) -> Path:
    path.symlink_to(path)
    return path


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _huge(path: Path) -> Path:
    with path.open("wb") as file:
        file.truncate(3 << 30)  # no blocks are taken
    return path


@pytest.mark.skipif(os.name != "posix", reason="FIFOs and permissions of POSIX")
@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: path, "file-missing"),
        (lambda path: path / "deeper.jpg", "file-missing"),
        (lambda path: str(path) + "\0", "io-error"),
        (lambda path: str(path) + "\ud800", "io-error"),
        (lambda path: path.with_name("n" * 300), "io-error"),
        (os.fsencode, "file-missing"),
        (_folder, "is-a-directory"),
        (_unreadable, "permission-denied"),
        (_fifo, "not-a-regular-file"),
        (_loop, "io-error"),
        (_huge, "limit-exceeded"),
        (lambda path: "/dev/zero", "not-a-regular-file"),
    ],
)
def test_what_cannot_be_read_is_unreadable(
    make: Callable[[Path], Path], code: str, tmp_path: Path, leaves_no_files_open: None
) -> None:
    """Whatever lies at a path, checking returns at once, with `unreadable` and why."""
    path = make(tmp_path / "a.jpg")
    verdict = check(path)
    assert (verdict.verdict, [str(r.code) for r in verdict.reasons]) == ("unreadable", [code])
    assert isinstance(verdict.path, str)
    with pytest.raises(ReadError):
        read(path)


# Does something to the file between its opening and its first read, by the profiler's event for
# the call of os.read; nothing of the code is replaced.
_CHANGED = """
import os, sys
from napari_seal._verify import load as module
path, action = sys.argv[1:]
size = os.path.getsize(path)
def act():
    if action == "grow":
        with open(path, "ab") as file: file.write(b"more")
    elif action == "shrink":
        os.truncate(path, size // 2)
    elif action == "empty":
        os.truncate(path, 0)
    elif action == "same size":
        with open(path, "r+b") as file: file.write(b"XX")
        os.utime(path, ns=(1, 1))
    elif action == "removed":
        os.unlink(path)
state = []
def tracer(frame, event, argument):
    if event == "c_call" and argument is os.read and not state:
        state.append(1)
        sys.setprofile(None)
        act()
sys.setprofile(tracer)
result = module.load(path)
sys.setprofile(None)
assert state
print(getattr(result, "code", len(result) if isinstance(result, bytes) else result))
"""


@pytest.mark.parametrize("action", ["grow", "shrink", "empty", "same size"])
def test_a_file_that_changes_while_it_is_read(action: str, tmp_path: Path) -> None:
    """Growing, shrinking or being rewritten between open and read is told, not checked."""
    assert _load_while(action, tmp_path) == "changed-while-reading"


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be removed")
def test_a_file_that_is_removed_while_it_is_read(tmp_path: Path) -> None:
    """What was opened is read to its end."""
    assert _load_while("removed", tmp_path) == "100000"


def _load_while(action: str, folder: Path) -> str:
    path = folder / "a.jpg"
    path.write_bytes(b"x" * 100_000)
    command = [sys.executable, "-c", _CHANGED, str(path), action]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_reason_is_no_content(tmp_path: Path) -> None:
    """The two answers of `load` cannot be mixed up."""
    assert isinstance(load(str(tmp_path)), Reason)
