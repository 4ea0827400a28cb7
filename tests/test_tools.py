"""What other people's programs do to sealed files: one row is one edit and the verdict on it.

``python tests/test_tools.py`` writes the tables of ``docs/tools.md`` anew from the rows.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from mutators import moedal_file
from PIL import Image, ImageCms
from support import nuclear_tracks, skip_or_fail
from tool_rows import LEADS, OK, PROGRAMS, PYTHON, Row
from tool_rows import ROWS as JPEG_ROWS
from tool_rows_png import ROWS as PNG_ROWS

from napari_seal import check, seal

PAGE = Path(__file__).parents[1] / "docs" / "tools.md"
BEGIN, END = "<!-- tables: begin -->\n", "<!-- tables: end -->\n"
METADATA = {"detector": "TDR 12", "dose": 1.5, "operator": "Žofie", "run": {"id": 2**63}}
EXIF = {"Make": "Zeiss", "DateTimeOriginal": "2024:05:06 07:08:09", "ExposureTime": (1, 250)}
ROWS = JPEG_ROWS + PNG_ROWS


# ------------------------------------------------------------------------------------------ tests


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each kind of file: ``image.jpg``, and what the lines use beside it."""
    tracks = nuclear_tracks((320, 400))
    levels = (tracks >> 8).astype(np.uint8)
    colour = np.stack([levels, np.roll(levels, 9, 0), levels // 2], axis=-1)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    folders = {}
    for kind, image in {"gray": tracks, "rgb": colour, "moedal": tracks}.items():
        folder = folders[kind] = tmp_path_factory.mktemp(kind)
        seal(image, folder / "image.jpg", metadata=METADATA, exif=EXIF)
        seal(np.roll(image, 50, 1), folder / "other.jpg", metadata=METADATA, exif=EXIF)
        with Image.open(folder / "other.jpg") as other:
            small = other.resize((64, 48))
        small.save(folder / "small.jpg", subsampling=0)
        small.save(folder / "image-thumb.jpg")  # exiv2 goes by the name, here and below
        (folder / "image.icc").write_bytes(profile)
    (folders["moedal"] / "image.jpg").write_bytes(moedal_file(tracks, METADATA))
    for kind, image in {"deep": tracks, "colour": colour}.items():
        folder = folders[kind] = tmp_path_factory.mktemp(kind)
        seal(image, folder / "image.png", metadata=METADATA, exif=EXIF)
        seal(np.roll(image, 50, 1), folder / "other.png", metadata=METADATA, exif=EXIF)
        (folder / "image.icc").write_bytes(profile)
    return folders


def exiftool() -> list[str]:
    """The command of ExifTool; for edits, any version will do."""
    found = os.environ.get("EXIFTOOL") or shutil.which("exiftool")
    if found is None:
        skip_or_fail("exiftool", "ExifTool is not installed (set EXIFTOOL to its path)")
    with Path(found).open("rb") as file:
        return ["perl", found] if b"perl" in file.readline() else [found]


def run_in_shell(command: str, folder: Path) -> None:
    """Run a line of a table, or skip where a program that it needs is missing."""
    needed = PROGRAMS & set(re.findall(r"[\w-]+", command))
    if "-autorot" in command:
        needed.add("jpegtran")  # jhead calls it
    for program in ["sh", *sorted(needed - {"exiftool"})]:
        if shutil.which(program) is None:
            skip_or_fail("tools", f"{program} is not installed")
    alias = f'exiftool() {{ {shlex.join(exiftool())} "$@"; }}\n' if "exiftool" in needed else ""
    done = subprocess.run(
        ["sh", "-c", alias + command], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def run_in_python(package: str, line: str) -> None:
    """Run a line of Python, or skip where the package is missing."""
    if package.endswith("OpenCV"):
        names = {"cv2": pytest.importorskip("cv2", reason="OpenCV is not installed")}
    else:
        names = {"Image": Image}
    exec(line, names)


CASES = [(row, kind) for row in ROWS for kind in row.kinds]


@pytest.mark.parametrize(
    ("row", "kind"), CASES, ids=[f"{row.tool}-{row.edit}-{kind}" for row, kind in CASES]
)
def test_every_edit_gets_its_verdict(
    row: Row,
    kind: str,
    folders: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A real program edits a real sealed file: one verdict, and reasons that say what it did."""
    folder = tmp_path / "folder"
    shutil.copytree(folders[kind], folder)
    if row.tool in PYTHON:
        monkeypatch.chdir(folder)
        run_in_python(row.tool, row.command)
    else:
        run_in_shell(row.command, folder)
    before = "image.png" if row.tool.startswith("PNG") else "image.jpg"
    written = [name for name in ("out.jpg", "out.png") if name in row.command]
    result = folder / (written[0] if written else before)
    verdict = check(result)
    codes = {reason.code for reason in verdict.reasons}
    assert verdict.verdict == row.verdict, str(verdict)
    assert row.says <= codes, str(verdict)
    if not says_anything(row):
        assert not codes, str(verdict)
    else:
        assert result.read_bytes() != (folders[kind] / before).read_bytes()


def says_anything(row: Row) -> bool:
    """Whether the row is of an edit that is noticed."""
    return bool(row.says) or row.verdict != OK


# --------------------------------------------------------------------------------------- the page


#: Rows of one kind of file, where the others of the table are for all.
NAMES = {
    ("gray",): " (gray file)",
    ("rgb",): " (RGB file)",
    ("deep",): " (16 bits)",
    ("colour",): " (RGB)",
}


def tables() -> Iterator[str]:
    """The tables of the page, line by line."""
    for tool, group in groupby(ROWS, key=lambda row: row.tool):
        yield f"## {tool}\n"
        if tool in LEADS:
            yield f"{LEADS[tool]}\n"
        yield "| what was done | verdict | reasons, among others | by |"
        yield "|---|---|---|---|"
        for row in group:
            few = NAMES if tool in ("jpegtran", "PNG: Pillow") else {}
            command = row.command.replace("|", "\\|")
            says = " ".join(f"`{code}`" for code in sorted(row.says))
            what = row.edit + few.get(row.kinds, "")
            yield f"| {what} | `{row.verdict}` | {says} | `{command}` |"
        yield ""


def page() -> str:
    """The page with its tables made anew."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join([before + BEGIN, *tables(), END]).removesuffix("\n") + after


@pytest.mark.skipif(not PAGE.is_file(), reason="the documentation is not here")
def test_the_page_prints_the_rows() -> None:
    """``docs/tools.md`` says what is tested here, row by row."""
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/test_tools.py"


def test_no_row_stands_twice() -> None:
    """One edit of one kind of file has one verdict."""
    seen = [(row.tool, row.command, kind) for row, kind in CASES]
    assert len(seen) == len(set(seen))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
