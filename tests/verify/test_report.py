"""Verdicts as text for other programs."""

from __future__ import annotations

import csv
import io
import json

import pytest

from napari_seal import Outcome, Reason, ReasonCode, Verdict
from napari_seal._verify import report

REASON = Reason(code=ReasonCode.RECORD_MISMATCH, message='He said "no", twice.\n')
VERDICTS = [
    Verdict(path="a.jpg", verdict=Outcome.INTACT),
    Verdict(path="ž,b.jpg", verdict=Outcome.METADATA_CHANGED, reasons=(REASON, REASON)),
    Verdict(path="bad\udc80\x1b.jpg", verdict=Outcome.UNREADABLE),
    Verdict(path="=cmd|x.jpg", verdict=Outcome.INTACT),
]


def test_json_lines() -> None:
    """One object in ASCII a line, with the exact path."""
    out = io.StringIO()
    report.write_jsonl(VERDICTS, out)
    lines = out.getvalue().splitlines()
    assert out.getvalue().isascii()
    assert [json.loads(line)["path"] for line in lines] == [v.path for v in VERDICTS]
    assert [json.loads(line) for line in lines] == [v.as_dict() for v in VERDICTS]


def test_csv() -> None:
    """A header and a row a file; text is escaped and quoted, formulas are defused."""
    out = io.StringIO(newline="")
    report.write_csv(VERDICTS, out)
    rows = list(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert tuple(rows[0]) == report.CSV_COLUMNS
    assert [row[1] for row in rows[1:]] == [str(v.verdict) for v in VERDICTS]
    assert rows[2][0] == "ž,b.jpg"
    assert rows[2][3] == "record-mismatch record-mismatch"
    assert rows[3][0] == r"bad\udc80\x1b.jpg"
    assert rows[4][0] == "'=cmd|x.jpg"
    out.getvalue().encode()


@pytest.mark.parametrize("start", "=+-@")
def test_every_start_of_a_formula_is_defused(start: str) -> None:
    """A spreadsheet takes none of these paths for a formula."""
    assert report.csv_row(Verdict(path=start + "1", verdict=Outcome.INTACT))[0] == f"'{start}1"


def test_counts_add_up() -> None:
    """The numbers are those of the files seen."""
    counts = report.count(iter(VERDICTS))
    assert counts == {Outcome.INTACT: 2, Outcome.METADATA_CHANGED: 1, Outcome.UNREADABLE: 1}
