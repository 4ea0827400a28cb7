"""Writing: the old file or the new one, never a part, and no litter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import PATIENCE

from napari_seal import TargetExistsError, WriteError
from napari_seal._seal import write as module
from napari_seal._seal.write import PART_PREFIX, PART_SUFFIX, write

OLD, NEW = b"old" * 1000, b"new" * 1000


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(os.listdir(folder))


def test_a_file_is_written_whole(tmp_path: Path, leaves_no_files_open: None) -> None:
    """The bytes are there, and nothing else."""
    write(str(tmp_path / "a.jpg"), NEW, overwrite=False)
    assert (tmp_path / "a.jpg").read_bytes() == NEW
    assert names(tmp_path) == ["a.jpg"]


def test_a_large_file_is_read_back_block_by_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that ends with a block; a byte that is another, too few or too many are noticed."""
    monkeypatch.setattr(module, "_BLOCK", 1000)
    for data in (NEW, NEW[:2500], b""):
        write(str(tmp_path / "a.jpg"), data, overwrite=True)
        assert (tmp_path / "a.jpg").read_bytes() == data
        for wrong in (data + b"x", data[:-1], data[:-1] + b"x"):
            with open(tmp_path / "a.jpg", "rb", buffering=0) as file:
                assert module._holds(file, wrong) is (wrong == data)


def test_the_working_folder_can_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name without a folder is in the working folder."""
    monkeypatch.chdir(tmp_path)
    write("a.jpg", NEW, overwrite=False)
    assert names(tmp_path) == ["a.jpg"]


def test_an_existing_file_is_kept_unless_asked(tmp_path: Path) -> None:
    """Files, links and broken links are not overwritten silently; on request they are."""
    for name in ("file", "link", "broken"):
        target = tmp_path / f"{name}.jpg"
        if name == "file":
            target.write_bytes(OLD)
        else:
            target.symlink_to(tmp_path / ("file.jpg" if name == "link" else "nowhere"))
        with pytest.raises(TargetExistsError, match="exists"):
            write(str(target), NEW, overwrite=False)
    assert (tmp_path / "file.jpg").read_bytes() == OLD
    (tmp_path / "file.jpg").chmod(0o640)
    write(str(tmp_path / "file.jpg"), NEW, overwrite=True)
    assert (tmp_path / "file.jpg").read_bytes() == NEW
    assert (tmp_path / "file.jpg").stat().st_mode & 0o777 == 0o640
    assert len(names(tmp_path)) == 3


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("missing/a.jpg", "does not exist"),
        ("folder.jpg", "is a folder"),
        ("file/a.jpg", "does not exist"),
        ("n" * 300 + ".jpg", "could not be written"),
        ("null\0.jpg", "could not be written"),
    ],
)
def test_impossible_targets(tmp_path: Path, target: str, says: str, overwrite: bool) -> None:
    """A folder, a missing folder or an impossible name is an error, and nothing is left."""
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match=says):
        write(str(tmp_path / target), NEW, overwrite=overwrite)
    assert names(tmp_path) == ["file", "folder.jpg"]


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=2 * PATIENCE
    )


_APPEARS = """
import os, sys
from napari_seal import TargetExistsError
from napari_seal._seal import write as module
from napari_seal._seal.write import PART_PREFIX, write
def appear(event, arguments):
    if event == "open" and PART_PREFIX in str(arguments[0]) and not os.path.exists(sys.argv[1]):
        with open(sys.argv[1], "wb") as file:
            file.write(b"somebody else's")
sys.addaudithook(appear)
try:
    write(sys.argv[1], b"new", overwrite=False)
except TargetExistsError as error:
    print(error)
"""


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    """Between the first look and the last step somebody else may write the same name."""
    done = run(_APPEARS, str(tmp_path / "a.jpg"))
    assert "appeared while it was being sealed" in done.stdout, done.stderr
    assert (tmp_path / "a.jpg").read_bytes() == b"somebody else's"
    assert names(tmp_path) == ["a.jpg"]


_FULL = """
import resource, signal, sys
from napari_seal import WriteError, seal
import numpy as np
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    seal(np.arange(40_000, dtype="u2").reshape(200, 200), sys.argv[1], overwrite=len(sys.argv) > 2)
except WriteError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no resource limits")
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, overwrite: bool) -> None:
    """Where a file cannot grow, the error says so, the old file stays and no part is left."""
    target = tmp_path / "a.jpg"
    if overwrite:
        target.write_bytes(OLD)
    done = run(_FULL, str(target), *["overwrite"] * overwrite)
    assert "could not be written: File too large" in done.stdout, done.stderr
    assert names(tmp_path) == (["a.jpg"] if overwrite else [])
    assert not overwrite or target.read_bytes() == OLD


# Kills the process before its n-th system call on a name in the folder.
_KILLED = """
import os, signal, sys
target, overwrite, last = sys.argv[1], sys.argv[2] == "True", int(sys.argv[3])
from napari_seal._seal.write import write
count = 0
def killer(event, arguments):
    global count
    if event.startswith(("open", "os.", "shutil.")) and os.path.dirname(target) in str(arguments):
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(killer)
write(target, b"new" * 1000, overwrite=overwrite)
print("done")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_kill_at_any_step_leaves_old_or_new(tmp_path: Path, overwrite: bool) -> None:
    """Killed at each of its steps, writing leaves a whole file, and parts that can be told."""
    kills = 0
    for step in range(1, 40):
        folder = tmp_path / str(step)
        folder.mkdir()
        target = folder / "a.jpg"
        if overwrite:
            target.write_bytes(OLD)
        done = run(_KILLED, str(target), str(overwrite), str(step))
        left = [name for name in names(folder) if name != "a.jpg"]
        assert all(n.startswith(PART_PREFIX) and n.endswith(PART_SUFFIX) for n in left)
        if target.exists():
            assert target.read_bytes() in ((OLD, NEW) if overwrite else (NEW,))
        else:
            assert not overwrite
        write(str(target), NEW, overwrite=True)  # what is left is in nobody's way
        if "done" in done.stdout:
            assert left == []
            break
        kills += 1
    assert kills >= 3, done.stderr


_SLOWLY = """
import os, sys
from napari_seal._seal.write import write
print("ready", flush=True)
while True:
    write(sys.argv[1], os.urandom(1) * 3_000_000, overwrite=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    """Killed at odd moments while it overwrites a file again and again, one of them is there."""
    target = tmp_path / "a.jpg"
    for delay in (0.003, 0.011, 0.017, 0.029):
        command = [sys.executable, "-c", _SLOWLY, str(target)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            while not target.exists():
                assert process.poll() is None
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(delay)
            process.kill()
        data = target.read_bytes()
        assert (len(data), len(set(data))) == (3_000_000, 1)
