"""ExifTool alone verifies a folder: what the script tells, and what it does not see."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from damage_edits import double_dqt, halve_height, swap_dht_symbols
from mutators import cut, in_scan, resave, tag, text
from support import nuclear_tracks, sealed_bytes

from napari_seal import check

SCRIPT = Path(__file__).parents[2] / "docs" / "interchange" / "scripts" / "verify_with_exiftool.sh"
if not SCRIPT.is_file() or shutil.which("sh") is None:
    pytest.skip("the documentation, or a shell, is not here", allow_module_level=True)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(exiftool: list[str], tmp_path: Path) -> Run:
    """Run the script over a folder, by its path."""
    command = tmp_path / "exiftool"
    command.write_text(f'#!/bin/sh\nexec {" ".join(exiftool)} "$@"\n')
    command.chmod(0o755)

    def start(folder: Path, name: Path | str = command) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(SCRIPT), str(folder)], capture_output=True, text=True, timeout=120,
            env={"EXIFTOOL": str(name), "PATH": "/usr/bin:/bin"}, check=False,
        )  # fmt: skip

    return start


@pytest.fixture
def folder(tmp_path: Path, sealed: dict[str, bytes]) -> Path:
    """Sealed files of both formats, some with odd names."""
    folder = tmp_path / "a folder"
    (folder / "below").mkdir(parents=True)
    for name in ("a.jpg", "#b.JPG", "-c.jpeg", "below/ö d .jpg", "$Error.jfif"):
        (folder / name).write_bytes(sealed["gray"])
    (folder / "below" / "e.png").write_bytes(sealed_bytes(nuclear_tracks(), name="e.png"))
    (folder / "rgb.jpg").write_bytes(sealed["rgb"])
    return folder


def test_a_folder_that_is_as_it_was(run, folder) -> None:
    """Exit code 0, and not a word."""
    done = run(folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_each_file_that_is_not_proven_is_told(run, folder, sealed) -> None:
    """Changed, unsealed and unreadable files are kept apart, beside many that are good."""
    data = sealed["gray"]
    (folder / "flipped.jpg").write_bytes(in_scan(0.5)(data))
    (folder / "cut.jpg").write_bytes(cut(0.7)(data))
    (folder / "saved anew.jpg").write_bytes(resave(quality=80)(data))
    png = folder / "below" / "e.png"
    (folder / "below" / "f.png").write_bytes(png.read_bytes()[:-60])
    stripped = data[:20] + data[data.index(b"\xff\xdb") :]
    (folder / "below" / "stripped.jpg").write_bytes(stripped)
    (folder / "text.jpg").write_text("no image")
    (folder / "empty.png").write_bytes(b"")
    (folder / "broken.jpg").symlink_to(folder / "nowhere.jpg")
    done = run(folder)
    assert done.returncode == 1
    told = dict(reversed(line.split(None, 1)) for line in done.stdout.splitlines())
    assert told == {
        "./flipped.jpg": "changed", "./cut.jpg": "changed", "./saved anew.jpg": "unsealed",
        "./below/f.png": "changed", "./below/stripped.jpg": "unsealed", "./text.jpg": "unsealed",
        "./empty.png": "unreadable", "./broken.jpg": "unreadable",
    }  # fmt: skip


UNSEEN = {
    "quantisation table": double_dqt,
    "Huffman table": swap_dht_symbols,
    "height": halve_height,
    "metadata": text(b"TDR 12", b"TDR 21"),
    "Exif tag": tag("0th", 0x010F, b"Leica"),
}


@pytest.mark.parametrize("damage", UNSEEN)
def test_what_it_does_not_see(damage, run, folder, sealed) -> None:
    """What the page says: `check` sees it, and ExifTool's digest does not."""
    path = folder / "edited.jpg"
    path.write_bytes(UNSEEN[damage](sealed["gray"]))
    assert not check(path).intact
    assert run(folder).returncode == 0


def test_nothing_to_check_is_no_success(run, tmp_path, folder) -> None:
    """No folder, no image, no ExifTool, one that is too old, and a name that would mislead."""
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").write_text("none")
    assert run(empty).returncode == 2
    assert run(tmp_path / "nowhere").returncode == 2
    assert run(folder, "/no/such/exiftool").returncode == 2
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\necho 12.57\n")
    old.chmod(0o755)
    done = run(folder, old)
    assert (done.returncode, "older than 12.63" in done.stderr) == (2, True)
    (folder / "line\nbreak").mkdir()
    assert run(folder).returncode == 2
