"""What the HTML report tells of a run, and that nothing in it becomes markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from report_page import NASTY, REASON, Page, changed, write

from napari_seal import Outcome, Reason, ReasonCode, Signature, Verdict, __version__
from napari_seal._text import printable
from napari_seal._verify.looks import COLOURS, Tone
from napari_seal._verify.report import page as page_module
from napari_seal._verify.report import page_html
from napari_seal._verify.report.page import html_report
from napari_seal._verify.report.summary import Run

# ------------------------------------------------------------------------------------- content


def test_counts_and_rows(tmp_path: Path) -> None:
    """Every file has a row, in the order of the run, and the counts add up to them."""
    verdicts = [
        Verdict(path="a.jpg", verdict=Outcome.INTACT),
        Verdict(path="ž.jpg", verdict=Outcome.METADATA_CHANGED, reasons=(REASON, REASON)),
        Verdict(path="b.jpg", verdict=Outcome.INTACT, reasons=(REASON,)),
        Verdict(path="c.jpg", verdict=Outcome.INTACT, signature=Signature.NOT_CHECKED),
        Verdict(path="d.jpg", verdict=Outcome.INTACT, signature=Signature.TRUSTED, signer="a<b"),
    ]
    page = write(tmp_path / "report.html", verdicts)
    why = ["pixels-mismatch", "Other pixels.", "a", "b"]
    place = page_html.OUTCOMES.index
    assert page.rows == [
        "a.jpg",
        ["ž.jpg", place(Outcome.METADATA_CHANGED), [why, why], 0, 0, "", ""],
        ["b.jpg", place(Outcome.INTACT), [why], 0, 0, "", ""],
        ["c.jpg", place(Outcome.INTACT), [], 0, 0, "not-checked", ""],
        ["d.jpg", place(Outcome.INTACT), [], 0, 0, "trusted", "a<b"],
    ]
    assert page.counts == [1, 4, 5]
    assert "1 of 5 files is not intact" in page.text


@pytest.mark.parametrize(("number", "words"), [(1, "The one file is"), (3, "All 3 files are")])
def test_all_intact(tmp_path: Path, number: int, words: str) -> None:
    """A page of nothing but intact files says so."""
    verdicts = [Verdict(path=f"{n}.jpg", verdict=Outcome.INTACT) for n in range(number)]
    assert f"{words} intact" in write(tmp_path / "report.html", verdicts).text


def test_every_outcome_has_a_look_and_a_place(tmp_path: Path) -> None:
    """All verdict words can be in a page, the good one last, in the colours of all of us."""
    page = write(tmp_path / "r.html", (Verdict(path=str(o), verdict=o) for o in Outcome))
    assert page.counts == [1] * len(Outcome) + [len(Outcome)]
    assert set(page_html.GRAVEST_FIRST) == set(Outcome)
    assert page_html.GRAVEST_FIRST[-1] is Outcome.INTACT
    (style,) = [content for tag, content in page.contents if tag == "style"]
    for tone in Tone:
        assert f"--{tone}: {COLOURS[tone].on_white};" in style
        assert f"--{tone}: {COLOURS[tone].on_black};" in style
    assert page_html.OUTCOMES[0] is Outcome.INTACT  # a row that is only a path stands for it


def test_the_run_is_described(tmp_path: Path) -> None:
    """Paths, options, date and version stand in the page; of very many paths, the first."""
    paths = [f"folder {n}" for n in range(30)]
    verdicts = [Verdict(path="a.jpg", verdict=Outcome.INTACT)]
    page = write(tmp_path / "r.html", verdicts, paths=paths, options=["--full", "--jobs 2"])
    assert "folder 19" in page.text
    assert "folder 20" not in page.text
    assert "and 10 more" in page.text
    assert "--full --jobs 2" in page.text
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", page.text)
    assert f"napari-seal {__version__}" in page.text
    assert page.all("time")[0]["datetime"] <= page.all("time")[1]["datetime"]
    assert page.summary["complete"] is True
    assert page.summary["paths_named"] == 30
    assert page.summary["counts"] == {"intact": 1}


def test_a_run_that_was_stopped_says_so(tmp_path: Path) -> None:
    """The page of a run that did not get to all files says why."""
    run = Run()
    with html_report(str(tmp_path / "r.html"), run) as watch:
        list(watch([Verdict(path="a.jpg", verdict=Outcome.INTACT)]))
        run.stopped = "time limit of <5> s"
    page = Page(tmp_path / "r.html")
    assert "no: time limit of <5> s" in page.text
    assert (page.summary["complete"], page.summary["stopped"]) == (False, run.stopped)


def test_the_digest_is_of_all_but_the_last_bytes(tmp_path: Path) -> None:
    """What stands in the last 86 bytes, a comment, is the digest of those before them."""
    write(tmp_path / "r.html", [Verdict(path="a.jpg", verdict=Outcome.INTACT)])
    content = (tmp_path / "r.html").read_bytes()
    digest = hashlib.sha256(content[:-86]).hexdigest()
    assert content[-86:].decode() == f"<!--digest sha256:{digest}-->\n"


def test_many_rows_lie_in_several_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of rows are whole JSON documents, whether the last one is full or not."""
    monkeypatch.setattr(page_module, "_BLOCK", 4)
    for number in (3, 4, 5, 8):
        verdicts = [Verdict(path=f"{n}.jpg", verdict=Outcome.INTACT) for n in range(number)]
        page = write(tmp_path / "report.html", verdicts)
        assert page.rows == [v.path for v in verdicts]
        assert len(page.all("script", **{"class": "rows"})) == -(-number // 4)


def test_rows_past_the_limit_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the limit of intact files the others are still listed, and what is missing is told."""
    monkeypatch.setattr(page_module, "INTACT_ROWS", 2)
    monkeypatch.setattr(page_module, "ROWS", 3)
    verdicts = [Verdict(path=f"{n}.jpg", verdict=Outcome.INTACT) for n in range(4)]
    verdicts += [Verdict(path=f"bad{n}.jpg", verdict=Outcome.NO_SEAL) for n in range(2)]
    page = write(tmp_path / "report.html", verdicts)
    assert [row if isinstance(row, str) else row[0] for row in page.rows] == [
        "0.jpg",
        "1.jpg",
        "bad0.jpg",
    ]
    assert page.counts == [2, 4, 6]
    assert "3 files, which the counts include" in page.text


def test_reasons_are_bounded(tmp_path: Path) -> None:
    """A file with very many or very long reasons does not blow up the page."""
    long = Reason(code=ReasonCode.EXIF_TAG_CHANGED, message="x" * 9000, found="y" * 9000)
    verdict = Verdict(path="a.jpg", verdict=Outcome.METADATA_CHANGED, reasons=(long,) * 100)
    (row,) = write(tmp_path / "report.html", [verdict]).rows
    assert len(row[2]) == 20
    assert row[3] == 80
    assert all(len(text) <= 501 for reason in row[2] for text in reason)


# ------------------------------------------------------------------------------------- safety


def test_nothing_from_a_file_becomes_markup(tmp_path: Path, picture: Path) -> None:
    """Hostile paths, reasons and options are text everywhere, with hidden characters escaped."""
    folder = tmp_path / '"><img src=x onerror=alert(1)><' / "b>"
    folder.mkdir(parents=True)
    hostile = folder / "\u202e<script>alert(1)<\u2028.jpg"
    shutil.copy(picture, hostile)
    reason = Reason(code=ReasonCode.PIXELS_MISMATCH, message=NASTY, expected=NASTY, found=NASTY)
    verdicts = [
        Verdict(path=NASTY, verdict=Outcome.INTACT),
        Verdict(path=NASTY, verdict=Outcome.NO_SEAL, reasons=(reason,)),
        Verdict(path=str(hostile), verdict=Outcome.IMAGE_CHANGED, reasons=(reason,)),
    ]
    page = write(tmp_path / "report.html", verdicts, paths=[NASTY], options=[NASTY])
    harmless = write(tmp_path / "harmless.html", [
        Verdict(path="a", verdict=Outcome.INTACT),
        Verdict(path="a", verdict=Outcome.NO_SEAL, reasons=(REASON,)),
        changed(picture),
    ], paths=["a"], options=["a"])  # fmt: skip
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in harmless.elements]
    shown = printable(NASTY)
    assert page.rows[0] == shown
    assert page.rows[1][2] == [["pixels-mismatch", shown, shown, shown]]
    assert page.text.count(shown) == 3  # the path, the options, the reason beside the picture
    assert printable(hostile) in page.text
    for character in "\u2028\u2029\u202e\x1b":
        assert character not in page.source


def test_rows_have_no_character_that_html_knows(tmp_path: Path) -> None:
    """A block of rows cannot end its element or open a comment, whatever parser reads it."""
    verdict = Verdict(path=NASTY, verdict=Outcome.INTACT)
    source = write(tmp_path / "report.html", [verdict]).source
    block = source.partition('class="rows">')[2].partition("</script>")[0]
    assert json.loads(block) == [printable(NASTY)]
    assert not set(block) & set("<>&")
    assert block.isascii()


def test_the_policy_allows_this_page_and_nothing_else(tmp_path: Path, picture: Path) -> None:
    """Style and script have the digests that the policy names, and nothing is inline or outside."""
    page = write(tmp_path / "report.html", [changed(picture, (0, 0, 9, 9))])
    (meta,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    policy = dict(part.strip().split(" ", 1) for part in str(meta["content"]).split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["img-src"] == "data:"
    assert policy["base-uri"] == policy["form-action"] == "'none'"
    run = [content for tag, content in page.contents if tag == "script"][-1]
    (style,) = [content for tag, content in page.contents if tag == "style"]
    for name, content in (("script-src", run), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert policy[name] == f"'sha256-{digest}'"
    assert "\r" not in page.source
    assert page.source.index("Content-Security-Policy") < page.source.index("<style")
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        for name in ("src", "href"):
            address = attributes.get(name)
            assert address is None or address.startswith(("#", "data:image/"))
    assert "://" not in page.source
