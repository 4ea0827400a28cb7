"""Archives that are not as one would wish: names, numbers, links, and files that come and go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from napari_seal import check_many
from napari_seal._cli import main
from napari_seal._verify.scan import find_images

pytestmark = pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are bytes")

NAMES = [
    b"plain.jpg",
    b"line\nbreak.jpg",
    b"tab\tand\rreturn.jpg",
    b"not utf-8 \xff\xfe\xe4.jpg",
    b"lone surrogate \xed\xb3\xbf.jpg",
    "right to left \u202egpj.jpg".encode(),
    b"\x1b[2J\x1b]0;title\x07.jpg",
    b"-rf.jpg",
    b"*?[a].jpg",
    b"'\"`$(reboot);&.jpg",
    b" .jpg",
    b"x" * 251 + b".jpg",
    b"\xc3\xa9" * 125 + b".jpg",
    b"UPPER.JPG",
]


@pytest.fixture
def folder(tmp_path: Path, sealed: dict[str, bytes]) -> bytes:
    """A folder with an intact image under each of the names, also in a folder of such a name."""
    place = os.path.join(os.fsencode(tmp_path), b"odd\n\xff")
    os.mkdir(place)
    for name in NAMES:
        with open(os.path.join(place, name), "wb") as file:
            file.write(sealed["gray"])
    return place


@pytest.mark.parametrize("options", [{}, {"timeout": 60, "jobs": 2}])
def test_every_name_is_checked(folder: bytes, options: dict[str, int]) -> None:
    """Here and in worker processes; the path of a verdict leads back to the file."""
    verdicts = list(check_many(folder, **options))  # type: ignore[arg-type]
    assert all(verdict.intact for verdict in verdicts)
    found = [os.path.basename(os.fsencode(verdict.path)) for verdict in verdicts]
    assert sorted(found) == sorted(NAMES)


@pytest.mark.parametrize("isolate", ["C", "C.UTF-8"])
def test_json_lines_are_ascii_and_lead_back(folder: bytes, isolate: str) -> None:
    """One line a file whatever the name and the locale; `os.fsencode` gives the name's bytes."""
    done = subprocess.run(
        [sys.executable, "-m", "napari_seal", "verify", "--jsonl", folder],
        env={**os.environ, "LC_ALL": isolate}, capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.isascii()
    *lines, _summary = done.stdout.splitlines()
    assert len(lines) == len(NAMES)
    paths = [os.fsencode(json.loads(line)["path"]) for line in lines]
    assert sorted(paths) == sorted(os.path.join(folder, name) for name in NAMES)


@pytest.mark.parametrize("options", [["--all"], ["--json"], ["--csv", "out.csv"]])
def test_no_name_reaches_the_terminal_as_it_is(
    folder: bytes, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is printed and what a spreadsheet opens holds no control character of a name."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["verify", os.fsdecode(folder), *options])
    assert result.exit_code == 0, result.output
    texts = [result.output]
    if "out.csv" in options:
        texts.append((tmp_path / "out.csv").read_text(encoding="utf-8"))
    for text in texts:
        assert all(c.isprintable() or c in "\r\n" for c in text)


def test_a_hundred_thousand_entries(tmp_path: Path, sealed: dict[str, bytes]) -> None:
    """One folder with very many entries is listed once, in order, and each has its verdict."""
    (tmp_path / "big").mkdir()
    source = tmp_path / "source"
    source.write_bytes(sealed["gray"])
    expected = []
    for number in range(100_000):
        kind = "jpg" if number % 50 == 0 else "txt"  # one in 50 is an image
        name = f"{tmp_path}/big/{number:06}.{kind}"
        os.symlink(source, name) if kind == "jpg" else os.close(os.open(name, os.O_CREAT))
        if kind == "jpg":
            expected.append(name)
    assert list(find_images([tmp_path])) == expected
    verdicts = list(check_many(tmp_path, jobs=2))
    assert [verdict.path for verdict in verdicts] == expected
    assert [str(v.verdict) for v in verdicts] == ["intact"] * 2_000


def test_links_in_circles(folder: bytes) -> None:
    """Links to folders are not followed; a link to itself, or to nothing, is unreadable."""
    os.symlink(b"..", os.path.join(folder, b"up"))
    os.symlink(b".", os.path.join(folder, b"self.jpg"))  # a folder by the name of an image
    os.symlink(b"circle.jpg", os.path.join(folder, b"circle.jpg"))
    os.symlink(b"nothing", os.path.join(folder, b"dangling.jpg"))
    verdicts = list(check_many(folder))
    assert len(verdicts) == len(NAMES) + 2
    codes = {os.path.basename(v.path): str(v.reasons[0].code) for v in verdicts if not v.intact}
    assert codes == {"circle.jpg": "io-error", "dangling.jpg": "file-missing"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_files_that_come_and_go(jobs: int, tmp_path: Path, sealed: dict[str, bytes]) -> None:
    """Files are deleted, cut, rewritten and replaced during the run: each that was found has a
    verdict, none that was left alone has another than `intact`, and the run ends well.
    """
    for number in range(600):
        (tmp_path / f"{number:03}.jpg").write_bytes(sealed["gray"])
    stopped = threading.Event()

    def disturb() -> None:
        number = 599
        while not stopped.is_set() and number > 300:
            path = tmp_path / f"{number:03}.jpg"
            if number % 4 == 0:
                path.unlink()
            elif number % 4 == 1:
                os.truncate(path, 500)
            elif number % 4 == 2:
                path.write_bytes(sealed["gray"])
            else:
                (tmp_path / "new").write_bytes(sealed["rgb"])
                os.replace(tmp_path / "new", path)
            number -= 1

    run = check_many(tmp_path, jobs=jobs)
    verdicts = [next(run)]  # all names are known from here on
    thread = threading.Thread(target=disturb)
    thread.start()
    verdicts += run
    stopped.set()
    thread.join()
    assert [os.path.basename(v.path) for v in verdicts] == [f"{n:03}.jpg" for n in range(600)]
    assert all(verdict.intact for verdict in verdicts[:300])
    words = {str(verdict.verdict) for verdict in verdicts}
    assert words <= {"intact", "unreadable", "truncated", "not-an-image", "seal-malformed"}


def test_a_folder_that_goes(tmp_path: Path, sealed: dict[str, bytes]) -> None:
    """A folder that is deleted before it is listed has a verdict of its own."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").write_bytes(sealed["gray"])
    found = find_images([tmp_path])
    paths = [next(found)]
    (tmp_path / "b" / "1.jpg").unlink()
    (tmp_path / "b").rmdir()
    paths += found
    assert paths == [f"{tmp_path}/a/1.jpg", f"{tmp_path}/b"]
    assert [str(v.verdict) for v in check_many(paths)] == ["intact", "unreadable"]
