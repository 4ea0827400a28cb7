"""The file of the HTML report: written while verdicts pass, and replaced in one step."""

from __future__ import annotations

import os
import stat
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pytest
from report_page import REASON, write

from napari_seal import Outcome, Verdict
from napari_seal._verify.report.page import html_report
from napari_seal._verify.report.summary import Run

INTACT = Verdict(path="a.jpg", verdict=Outcome.INTACT)


def test_verdicts_pass_at_once(tmp_path: Path) -> None:
    """A verdict is handed on when it comes, not when all are there."""
    taken = []

    def source() -> Iterable[Verdict]:
        for number in range(3):
            taken.append(number)
            yield INTACT

    with html_report(str(tmp_path / "report.html"), Run()) as watch:
        passing = watch(source())
        assert next(passing) is INTACT
        assert taken == [0]
        assert list(passing) == [INTACT, INTACT]
        assert os.listdir(tmp_path) == []
    assert os.listdir(tmp_path) == ["report.html"]


@pytest.mark.usefixtures("leaves_no_files_open")
@pytest.mark.parametrize("old", [None, "the report of yesterday"])
def test_a_run_that_fails_leaves_what_was_there(tmp_path: Path, old: str | None) -> None:
    """An interrupted run, or one that stops half-way, replaces nothing and leaves no litter."""
    report = tmp_path / "report.html"
    if old is not None:
        report.write_text(old)

    def interrupted() -> Iterable[Verdict]:
        yield INTACT
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), html_report(str(report), Run()) as watch:
        list(watch(interrupted()))
    with html_report(str(report), Run()) as watch:
        next(watch([INTACT, INTACT]))
    assert [p.read_text() for p in tmp_path.iterdir()] == ([] if old is None else [old])


@pytest.mark.usefixtures("leaves_no_files_open")
def test_a_page_that_cannot_be_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the last step fails, the unfinished file is taken away."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "report.html", [INTACT])
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")
def test_a_page_is_replaced_where_it_is(tmp_path: Path) -> None:
    """The file behind a link is replaced and keeps its mode; a new page has the usual one."""
    target = tmp_path / "target.html"
    target.write_text("old")
    target.chmod(0o640)
    (tmp_path / "report.html").symlink_to("target.html")
    write(tmp_path / "report.html", [INTACT])
    assert (tmp_path / "report.html").is_symlink()
    assert "intact" in target.read_text()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    umask = os.umask(0o022)
    try:
        write(tmp_path / "new.html", [INTACT])
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "new.html").stat().st_mode) == 0o644


def test_what_is_no_place_for_a_page(tmp_path: Path) -> None:
    """A folder, a missing folder and a pipe are refused before anything passes."""
    (tmp_path / "folder.html").mkdir()
    places = [tmp_path / "folder.html", tmp_path / "nowhere" / "report.html"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.html")
        places.append(tmp_path / "pipe.html")
    for place in places:
        with pytest.raises(OSError, match=r".") as caught, html_report(str(place), Run()):
            pytest.fail("it began")
        assert caught.value.strerror


def test_memory_does_not_grow(tmp_path: Path) -> None:
    """20,000 files with reasons take no more memory than a few."""
    verdict = Verdict(path="a" * 200, verdict=Outcome.METADATA_CHANGED, reasons=(REASON,) * 5)
    write(tmp_path / "report.html", [verdict])  # what is loaded once
    tracemalloc.start()
    try:
        with html_report(str(tmp_path / "report.html"), Run()) as watch:
            for _ in watch(verdict for _ in range(20_000)):
                pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "report.html").stat().st_size > 8_000_000
    assert peak < 2_000_000
