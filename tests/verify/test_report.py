"""Verdicts as text for other programs."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import PIL
import pytest

from napari_seal import Outcome, Reason, ReasonCode, Verdict, __version__
from napari_seal._verify.report import report
from napari_seal._verify.report.summary import Run

REASON = Reason(code=ReasonCode.RECORD_MISMATCH, message='He said "no", twice.\n')
VERDICTS = [
    Verdict(path="a.jpg", verdict=Outcome.INTACT),
    Verdict(path="ž,b.jpg", verdict=Outcome.METADATA_CHANGED, reasons=(REASON, REASON)),
    Verdict(path="bad\udc80\x1b.jpg", verdict=Outcome.UNREADABLE),
    Verdict(path="=cmd|x.jpg", verdict=Outcome.INTACT),
]
COUNTS = {"intact": 2, "metadata-changed": 1, "unreadable": 1}


def test_json_lines() -> None:
    """One object in ASCII a line, with the exact path."""
    out = io.StringIO()
    report.write_jsonl(VERDICTS, out)
    lines = out.getvalue().splitlines()
    assert out.getvalue().isascii()
    *rows, summary = [json.loads(line) for line in lines]
    assert [row["path"] for row in rows] == [v.path for v in VERDICTS]
    assert rows == [v.as_dict() for v in VERDICTS]
    assert summary["summary"]["counts"] == COUNTS
    assert summary["summary"]["files"] == 4


def test_csv() -> None:
    """A header and a row a file; text is escaped and quoted, formulas are defused."""
    out = io.StringIO(newline="")
    report.write_csv(VERDICTS, out)
    rows = list(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert tuple(rows[0]) == report.CSV_COLUMNS
    assert [row[1] for row in rows[1:5]] == [str(v.verdict) for v in VERDICTS]
    assert {len(row) for row in rows} == {len(report.CSV_COLUMNS)}  # pandas takes no other
    assert {row[0] for row in rows[5:-1]} == {"#summary"}
    assert {row[1] for row in rows[5:]} == {""}  # no word there is counted as a verdict
    summary = {row[4]: row[5] for row in rows[5:-1]}
    assert {(f"counts.{word}", str(number)) for word, number in COUNTS.items()} <= {
        *summary.items()
    }
    assert summary["files"] == "4"
    assert rows[-1][0] == "#digest"
    assert rows[2][0] == "ž,b.jpg"
    assert rows[2][4] == "record-mismatch record-mismatch"
    assert rows[3][0] == r"bad\udc80\x1b.jpg"
    assert rows[4][0] == "'=cmd|x.jpg"
    out.getvalue().encode()


@pytest.mark.parametrize("start", "=+-@#")
def test_every_start_of_a_formula_is_defused(start: str) -> None:
    """A spreadsheet takes none of these paths for a formula, and nobody takes one for a summary."""
    assert report.csv_row(Verdict(path=start + "1", verdict=Outcome.INTACT))[0] == f"'{start}1"


def test_the_run_is_told() -> None:
    """Both forms name paths, options, times in UTC, versions, and whether all was checked."""
    run = Run(paths=["sftp://anna:secret@host/x", *"ab" * 20], options=["--full"])
    lines, table = io.StringIO(), io.StringIO(newline="")
    report.write_jsonl(VERDICTS, lines, run)
    run.stopped = "the time limit"
    report.write_csv(VERDICTS, table, run)
    summary = json.loads(lines.getvalue().splitlines()[-1])["summary"]
    assert summary["complete"] is True
    assert summary["paths"] == ["sftp://host/x", *"ab" * 9, "a"]
    assert summary["paths_named"] == 41
    assert summary["options"] == ["--full"]
    started, ended = (datetime.fromisoformat(summary[key]) for key in ("started", "ended"))
    assert started.tzinfo == ended.tzinfo == UTC
    assert abs((datetime.now(UTC) - started).total_seconds()) < 60
    assert started <= ended
    assert summary["versions"] == {
        "napari-seal": __version__,
        "python": platform.python_version(),
        "pillow": PIL.__version__,
    }
    rows = {row[4]: row[5] for row in csv.reader(io.StringIO(table.getvalue()))}
    assert (rows["complete"], rows["stopped"]) == ("false", "the time limit")
    assert rows["versions.napari-seal"] == __version__
    assert rows["started"] == summary["started"]


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_the_digest_is_checked_with_two_commands(kind: str, tmp_path: Path) -> None:
    """As the documentation says: of all bytes but the last 86, and it stands in these."""
    path = tmp_path / "report"
    with getattr(report, f"{kind}_report")(str(path), Run()) as watch:
        list(watch(VERDICTS))
    content = path.read_bytes()
    assert hashlib.sha256(content[:-86]).hexdigest().encode() in content[-86:]
    if shutil.which("sha256sum"):
        command = f"head -c -86 {path} | sha256sum | cut -c -64; tail -c 86 {path}"
        found, claimed = subprocess.check_output(["sh", "-c", command], text=True).split("\n", 1)
        assert f"sha256:{found}" in claimed


@pytest.mark.usefixtures("leaves_no_files_open")
@pytest.mark.parametrize("make", [report.jsonl_report, report.csv_report])
def test_a_report_appears_whole_or_not_at_all(make: Callable[..., Any], tmp_path: Path) -> None:
    """An interrupted run, or one that is left half-way, keeps the old report and leaves no part."""
    path = tmp_path / "report"
    path.write_text("the report of yesterday")

    def interrupted() -> Iterable[Verdict]:
        yield VERDICTS[0]
        assert len(os.listdir(tmp_path)) == 2
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), make(str(path), Run()) as watch:
        list(watch(interrupted()))
    with make(str(path), Run()) as watch:
        next(watch(VERDICTS))
    assert [p.read_text() for p in tmp_path.iterdir()] == ["the report of yesterday"]
    with make(str(path), Run()) as watch:
        assert list(watch(VERDICTS)) == VERDICTS
    assert "summary" in path.read_text()
    assert os.listdir(tmp_path) == ["report"]


def test_memory_does_not_grow(tmp_path: Path) -> None:
    """50,000 files take no more memory than a few."""
    verdict = Verdict(path="a" * 200, verdict=Outcome.METADATA_CHANGED, reasons=(REASON,) * 5)
    for make in (report.jsonl_report, report.csv_report):
        with make(str(tmp_path / "r"), Run()) as watch:
            list(watch([verdict]))  # what is loaded once
        tracemalloc.start()
        try:
            with make(str(tmp_path / "r"), Run()) as watch:
                for _ in watch(verdict for _ in range(50_000)):
                    pass
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 1_000_000
