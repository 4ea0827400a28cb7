"""``napari-seal report check``."""

from __future__ import annotations


def test_what_agrees_and_what_does_not(run, archive, tmp_path):
    """0 for a report as it was written, 1 for one that was edited, 2 for what is none."""
    path = tmp_path / "report.jsonl"
    run("verify", archive, "--jobs", 1, "--jsonl-file", path)
    result = run("report", "check", path)
    assert result.exit_code == 0
    assert "The report is what was written" in result.output
    assert "--jobs 1" in result.output
    path.write_text(path.read_text().replace("metadata-changed", "intact", 1))
    result = run("report", "check", path)
    assert result.exit_code == 1
    assert "its digest is another" in result.output
    assert "rows are not those" in result.output
    result = run("report", "check", archive / "a.sealed.jpg")
    assert result.exit_code == 2
    assert "is no report" in result.output
    assert run("report", "check", "nowhere").exit_code == 2


def test_text_from_a_report_is_escaped(run, tmp_path):
    """Terminal escapes in a report do not reach the terminal."""
    (tmp_path / "x.jsonl").write_text(
        '{"path": "", "verdict": "\\u001b[2J"}\n{"summary": {"\\u001b[1m": {"\\u001b[2m": 3}}}\n'
    )
    result = run("report", "check", "x.jsonl")
    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert r"\x1b[2J" in result.output
