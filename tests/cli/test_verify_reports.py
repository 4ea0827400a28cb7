"""The reports of ``napari-seal verify``, printed and written: JSON, CSV and HTML."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support import rows_of


def test_json_lines(run, archive):
    """``--jsonl`` prints one object a file with path, verdict, reasons and signature."""
    result = run("verify", archive, "--jsonl")
    lines = rows_of(result)
    assert [Path(line["path"]).name for line in lines] == [
        "a.sealed.jpg",
        "c.sealed.jpg",
        "b.sealed.jpg",
    ]
    assert [line["verdict"] for line in lines] == ["intact", "metadata-changed", "intact"]
    assert [reason["code"] for reason in lines[1]["reasons"]] == [
        "metadata-key-changed",
        "record-mismatch",
    ]
    assert {line["signature"] for line in lines} == {"none"}
    last = json.loads(result.stdout.splitlines()[-1])
    assert last["summary"]["counts"] == {"intact": 2, "metadata-changed": 1}
    assert last["summary"]["paths"] == [str(archive)]
    assert last["digest"].startswith("sha256:")


def test_json(run, archive):
    """``--json`` prints one object whose counts are those of its files."""
    content = json.loads(run("verify", archive, "--json").stdout)
    assert content["counts"] == {"intact": 2, "metadata-changed": 1}
    assert len(content["files"]) == 3


def test_csv(run, archive, tmp_path):
    """``--csv`` writes a line for each file."""
    assert run("verify", archive, "--csv", tmp_path / "report.csv").exit_code == 1
    with open(tmp_path / "report.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["verdict"] for row in rows[:3]] == ["intact", "metadata-changed", "intact"]
    assert {row["path"] for row in rows[3:]} == {"#summary", "#digest"}
    assert rows[1]["codes"] == "metadata-key-changed record-mismatch"


@pytest.mark.parametrize("option", ["--csv", "--jsonl-file", "--html"])
def test_a_report_never_overwrites_an_image(run, archive, option):
    """A report is not written over a file whose name is not that of one."""
    image = archive / "a.sealed.jpg"
    before = image.read_bytes()
    assert run("verify", archive, option, image).exit_code == 2
    assert image.read_bytes() == before


def test_json_lines_in_a_file(run, archive, tmp_path):
    """``--jsonl-file`` writes what ``--jsonl`` prints, beside what is printed."""
    result = run("verify", archive, "--jsonl-file", tmp_path / "report.jsonl")
    assert "3 files: 2 intact, 1 metadata-changed" in result.output
    written = (tmp_path / "report.jsonl").read_text().splitlines()
    assert written[:-1] == run("verify", archive, "--jsonl").stdout.splitlines()[:-1]
    assert json.loads(written[-1])["summary"]["files"] == 3


def test_every_report_is_what_was_written(run, archive, tmp_path):
    """``report check`` agrees with each form, printed or written, and all tell the same options."""
    files = [tmp_path / f"report.{kind}" for kind in ("jsonl", "csv", "html")]
    options = zip(("--jsonl-file", "--csv", "--html"), files, strict=True)
    arguments = [part for option in options for part in option]
    printed = run("verify", archive, "--full", "--jsonl", *arguments)
    (tmp_path / "printed.jsonl").write_bytes(printed.stdout_bytes)
    for file in (*files, tmp_path / "printed.jsonl"):
        result = run("report", "check", file)
        assert result.exit_code == 0, result.output
        assert "3 files: 2 intact, 1 metadata-changed" in result.output
        assert "--full" in result.output


def test_html(run, archive, tmp_path):
    """``--html`` writes a page beside what is printed, and the exit code is as without."""
    result = run("verify", archive, "--full", "--html", tmp_path / "report.html")
    assert result.exit_code == 1
    assert "3 files: 2 intact, 1 metadata-changed" in result.output
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "1 of 3 files is not intact" in page
    assert "--full" in page
    assert all(f"{name}.sealed.jpg" in page for name in "abc")
    assert run("verify", archive / "below", "--html", tmp_path / "report.htm").exit_code == 0


def test_html_shows_a_changed_picture(run, archive, tmp_path, tracks):
    """A picture that was edited and saved again with its seal is in the page."""
    from PIL import Image

    path = archive / "a.sealed.jpg"
    with Image.open(path) as image:
        levels = np.array(image)
        levels[40:80, 40:80] = 255
        Image.fromarray(levels).save(path, quality=90, exif=image.info["exif"])
    assert run("verify", archive, "--html", tmp_path / "report.html").exit_code == 1
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '<article class="picture" id="picture-1">' in page
    assert "now: 160 x 200 pixels, 1 changed region marked" in page
    assert "as sealed (from the fingerprint, 20 x 25 tiles)" in page


def test_html_beside_other_reports(run, archive, tmp_path):
    """``--html`` goes with ``--jsonl`` and ``--csv``, and all of them have every file."""
    page, table = tmp_path / "report.html", tmp_path / "report.csv"
    result = run("verify", archive, "--jsonl", "--csv", table, "--html", page)
    assert result.exit_code == 1
    assert len(rows_of(result)) == 3
    assert sum(not line.startswith("#") for line in table.read_text().splitlines()) == 4
    assert "1 of 3 files" in page.read_text(encoding="utf-8")


def test_html_that_cannot_be_written(run, archive, tmp_path):
    """A page that has no place, or would replace an image, is refused before the run begins."""
    image = archive / "a.sealed.jpg"
    before = image.read_bytes()
    table = tmp_path / "report.csv"
    for target in (image, tmp_path / "nowhere" / "report.html", "report.html.jpg"):
        result = run("verify", archive, "--csv", table, "--html", target)
        assert result.exit_code == 2
        assert "Usage:" in result.output
        assert "sealed.jpg" not in result.stdout
        assert not table.exists()
    assert (
        "cannot be written"
        in run("verify", archive, "--html", tmp_path / "nowhere" / "report.html").output
    )
    assert image.read_bytes() == before


def test_nothing_to_check_leaves_the_old_page(run, tmp_path):
    """Where there was nothing to check, the page of an earlier run stays."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "report.html").write_text("the report of yesterday")
    assert run("verify", tmp_path / "empty", "--html", tmp_path / "report.html").exit_code == 2
    assert (tmp_path / "report.html").read_text() == "the report of yesterday"


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_a_report_that_cannot_be_written(archive, tmp_path):
    """A full disk under a report gives the exit code 2 and one line, and leaves the old report."""
    report = tmp_path / "report.csv"
    report.write_text("the report of yesterday")
    # As full as a disk gets without being root: no file may have a byte.
    command = 'ulimit -f 0; exec "$0" -m napari_seal verify "$1" --csv "$2"'
    result = subprocess.run(
        ["sh", "-c", command, sys.executable, archive, report],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 2
    assert "File too large" in result.stderr
    assert "Traceback" not in result.stderr
    assert report.read_text() == "the report of yesterday"
    assert sorted(os.listdir(tmp_path)) == ["archive", "report.csv"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_device_is_no_place_for_a_report(run, archive, tmp_path):
    """What would be replaced by a file is refused where it is none."""
    (tmp_path / "report.csv").symlink_to("/dev/full")
    result = run("verify", archive, "--csv", tmp_path / "report.csv")
    assert result.exit_code == 2
    assert "a device" in result.output
