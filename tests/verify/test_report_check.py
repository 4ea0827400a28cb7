"""Checking reports: every damage is found, and no report of ours is called damaged."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from napari_seal import Outcome, ReadError, Reason, ReasonCode, Verdict
from napari_seal._verify.report import page as page_module
from napari_seal._verify.report.page import html_report
from napari_seal._verify.report.report import csv_report, jsonl_report
from napari_seal._verify.report.report_check import check_report
from napari_seal._verify.report.summary import Run

REASON = Reason(code=ReasonCode.RECORD_MISMATCH, message='He said "no",\ntwice.')
VERDICTS = [
    Verdict(path="a.jpg", verdict=Outcome.INTACT),
    Verdict(path="#summary", verdict=Outcome.METADATA_CHANGED, reasons=(REASON,) * 3),
    Verdict(path="bad\udc80\x1b.jpg", verdict=Outcome.UNREADABLE),
    Verdict(path="c.jpg", verdict=Outcome.INTACT, reasons=(REASON,)),
]
COUNTS = {"intact": 2, "metadata-changed": 1, "unreadable": 1}
FORMS = {"jsonl": jsonl_report, "csv": csv_report, "html": html_report}


def write(path: Path, verdicts: list[Verdict], run: Run | None = None) -> Path:
    with FORMS[path.suffix[1:]](str(path), run or Run(paths=["x"])) as watch:
        list(watch(verdicts))
    return path


@pytest.fixture(params=FORMS)
def report(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A report in each form."""
    return write(tmp_path / f"report.{request.param}", VERDICTS)


def test_what_was_written_agrees(report: Path) -> None:
    """Rows, counts and digest of a report of ours, whatever its paths and reasons hold."""
    found = check_report(str(report))
    assert found.problems == []
    assert found.form == report.suffix[1:]
    assert found.counts == COUNTS
    assert found.summary["counts"] == COUNTS
    assert found.summary["complete"] is True
    assert found.summary["paths"] == ["x"]
    assert found.expected == found.found


@pytest.mark.parametrize("form", FORMS)
def test_odd_reports_agree(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One without files; one of a stopped run; one with very long reasons; a page with few rows."""
    path = tmp_path / f"report.{form}"
    assert check_report(str(write(path, []))).problems == []
    run = Run()
    run.stopped = "time limit"
    found = check_report(str(write(path, VERDICTS, run)))
    assert found.problems == []
    assert (found.summary["complete"], found.summary["stopped"]) == (False, "time limit")
    long = Reason(code=ReasonCode.EXIF_TAG_CHANGED, message="x" * 4000)
    many = Verdict(path="a.jpg", verdict=Outcome.METADATA_CHANGED, reasons=(long,) * 500)
    assert check_report(str(write(path, [many]))).problems == []
    monkeypatch.setattr(page_module, "INTACT_ROWS", 1)
    monkeypatch.setattr(page_module, "_BLOCK", 2)
    assert check_report(str(write(path, VERDICTS * 9))).problems == []


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a word is another": lambda b: b.replace(b"unreadable", b"intact", 1),
    "a path is another": lambda b: b.replace(b"c.jpg", b"d.jpg", 1),
    "a count is another": lambda b: re.sub(rb"intact(\W+)2", rb"intact\g<1>3", b),
    "other line ends": lambda b: b.replace(*((b"\r\n", b"\n") if b"\r" in b else (b"\n", b"\r\n"))),
    "cut in the last line": lambda b: b[:-9],
    "cut in the middle": lambda b: b[: b.rindex(b"c.jpg") + 2],
    "without its last lines": lambda b: b[: b.rstrip().rindex(b"\n") + 1],
    "something after its end": lambda b: b + b"\n",
    "twice": lambda b: b + b,
    "the digest is another": lambda b: b[:-20] + (b"1" if b[-20:-19] == b"0" else b"0") + b[-19:],
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found(report: Path, damage: str) -> None:
    """Whatever is done to a report, it does not agree any more, and a sentence says so."""
    before = report.read_bytes()
    report.write_bytes(DAMAGES[damage](before))
    assert report.read_bytes() != before
    assert all(problem.endswith(".") for problem in check_report(str(report)).problems)
    assert check_report(str(report)).problems


def test_every_byte_counts(report: Path) -> None:
    """Any one byte changed is found, wherever it stands."""
    content = report.read_bytes()
    places = {*range(0, len(content), 97), *range(len(content) - 100, len(content))}
    for place in sorted(places):
        changed = bytearray(content)
        changed[place] ^= 1
        report.write_bytes(changed)
        try:
            assert check_report(str(report)).problems, place
        except ReadError:
            assert place < 1000  # it does not even look like one


def test_rows_that_a_new_digest_covers(tmp_path: Path) -> None:
    """Counts that are not those of the rows are found even where the digest is right."""
    from napari_seal._verify.report.digested import Digested

    report = write(tmp_path / "report.jsonl", VERDICTS)
    lines = report.read_bytes().splitlines(keepends=True)
    del lines[1]
    with open(report, "wb") as file:
        out = Digested(file.write, "jsonl")
        out.write_bytes(b"".join(lines)[:-86])
        out.finish()
    found = check_report(str(report))
    assert found.expected == found.found
    assert found.problems == ["The rows are not those that the summary counts."]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xd8\xff\xe0", b"{}", b'{"a": 1}\n', b"path,verdict\n", b"<!DOCTYPE html><p>"],
)
def test_what_is_no_report(content: bytes, tmp_path: Path) -> None:
    """Other files are refused, and so are those that cannot be read."""
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ReadError, match="no report"):
        check_report(str(tmp_path / "x"))
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ReadError, match=re.escape(str(path))):
            check_report(str(path))


HOSTILE = [
    b'{"path": "a", "verdict": ["x"]}\n{"summary": {"counts": {"a": "b"}},"digest": "sha256:%d"}\n',
    b'{"path": "a"}\n{"summary": {"files": [], "counts": {"None": 1}},"digest": "sha256:%d"}\n',
    b'{"summary": {"files": 1, "counts": {"a": %b, "b": %b}},"digest": "sha256:%%d"}\n'
    % (b"9" * 4300, b"9" * 4300),
    b'{"path": "", "x": ' + b"[" * 100_000 + b"\n",
    b"path,verdict,signature,codes,reasons\r\n\xff\xfe,,,,\r\n",
    b'path,verdict,signature,codes,reasons\r\n#summary,,,counts.x,99999999999999999999999999\r\n#digest,,,,"sha256:%d"\r\n',
    b"path,verdict,signature,codes,reasons\r\na,b,c\r\n",
    *(
        b'<!DOCTYPE html>\n<meta name="generator" content="napari-seal 0">\n'
        b'<script type="application/json" class="rows">[\n%b\n]</script>\n' % row
        for row in (b"[]", b"{}", b"7", b"null", b"[[[], 1], {}]", b'["", [], []]', b'["", 99]')
    ),
]


@pytest.mark.parametrize("content", HOSTILE)
def test_hostile_reports_end_with_a_problem(content: bytes, tmp_path: Path) -> None:
    """Whatever stands in a report, the answer is a sentence and not an exception."""
    (tmp_path / "x").write_bytes(content.replace(b"%d", b"0" * 64))
    assert check_report(str(tmp_path / "x")).problems
