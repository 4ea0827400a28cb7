"""The HTML report: one file, safe against what is in it, complete, and replaced in one step."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import tracemalloc
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support import skip_or_fail

from napari_seal import Outcome, Reason, ReasonCode, Signature, Verdict, __version__
from napari_seal._text import printable
from napari_seal._verify.change.score_map import ScoreMap
from napari_seal._verify.looks import COLOURS, Tone
from napari_seal._verify.report import page as page_module
from napari_seal._verify.report import page_html
from napari_seal._verify.report.page import html_report
from napari_seal._verify.report.summary import Run
from napari_seal._verify.verdict import Box

NASTY = "</script><!--<script>\u2028\u2029\u202e&amp;\"'><img src=x onerror=alert(1)>]]>\x1b\udcff"
REASON = Reason(code=ReasonCode.PIXELS_MISMATCH, message="Other pixels.", expected="a", found="b")


class Page(HTMLParser):
    """What a browser makes of a report: elements with their attributes, and their text."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.source = path.read_bytes().decode("utf-8")
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.contents: list[tuple[str, str]] = []  # of the innermost element
        self.text = ""
        self._inside = ""
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        if tag in ("script", "style"):
            self.contents.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            tag, content = self.contents.pop()
            self.contents.append((tag, content + data))
        else:
            self.text += data

    def all(self, name: str, **attributes: str) -> list[dict[str, str | None]]:
        wanted = attributes.items()
        return [attrs for tag, attrs in self.elements if tag == name and wanted <= attrs.items()]

    @property
    def rows(self) -> list[Any]:
        scripts = [content for tag, content in self.contents if tag == "script"]
        kinds = self.all("script")
        assert len(scripts) == len(kinds)
        blocks = [s for s, kind in zip(scripts, kinds, strict=True) if kind.get("class") == "rows"]
        return [row for block in blocks for row in json.loads(block)]

    @property
    def summary(self) -> Any:
        line = self.source.partition(page_html.SUMMARY.decode())[2]
        return json.loads(line.partition("</script>")[0])

    @property
    def counts(self) -> list[int]:
        numbers = re.findall(r'<td class="number">([\d,]+)</td>', self.source)
        return [int(number.replace(",", "")) for number in numbers]


def write(path: Path, verdicts: Iterable[Verdict], **options: Any) -> Page:
    with html_report(str(path), Run(**options)) as watch:
        for _ in watch(verdicts):
            pass
    return Page(path)


def image_of(page: Page, name: str) -> tuple[np.ndarray, dict[str, str | None]]:
    """The picture in the first drawing of a kind, and the element that shows it."""
    at = next(
        i for i, (_, attributes) in enumerate(page.elements) if attributes.get("class") == name
    )
    tag, attributes = page.elements[at + 1]
    assert tag == "image"
    content = str(attributes["href"]).partition(";base64,")[2]
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        return np.asarray(image), attributes


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A (400, 640) JPEG file, dark with a bright square."""
    image = np.full((400, 640), 40, np.uint8)
    image[160:200, 320:400] = 220
    Image.fromarray(image).save(tmp_path / "picture.jpg", quality=95)
    return tmp_path / "picture.jpg"


def changed(path: Path, *regions: Box, scores: ScoreMap | None = None) -> Verdict:
    return Verdict(
        path=str(path),
        verdict=Outcome.IMAGE_CHANGED,
        reasons=(REASON,),
        regions=regions,
        scores=scores,
    )


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


# ------------------------------------------------------------------------------------- pictures


def test_a_changed_region_is_marked(tmp_path: Path, picture: Path) -> None:
    """A box of the picture is drawn where it lies, twice over, with its number."""
    page = write(tmp_path / "report.html", [changed(picture, (160, 320, 200, 400), (0, 0, 1, 1))])
    boxes = page.all("rect")
    place = [float(str(boxes[0][name])) for name in ("x", "y", "width", "height")]
    assert place == [160, 80, 40, 20]  # 640 pixels are drawn as 320
    assert len(boxes) == 4
    assert boxes[0] == boxes[1]
    assert [float(str(boxes[2][name])) for name in ("x", "y")] == [0, 0]
    assert float(str(boxes[2]["width"])) >= 4  # one pixel, and still seen
    assert len(page.all("text")) == 2
    assert "now: 400 x 640 pixels, 2 changed regions marked" in page.text
    (svg,) = page.all("svg")
    assert svg["viewbox"] == "0 0 320.0 200.0"
    assert svg["aria-label"] == "now: 400 x 640 pixels, 2 changed regions marked"
    image, _ = image_of(page, "now")
    assert image.shape == (200, 320)
    assert abs(int(image[90, 180]) - 220) < 9
    assert abs(int(image[20, 20]) - 40) < 9
    assert page.rows[0][4] == 1
    assert page.all("article", id="picture-1")


def test_as_sealed_beside_now(tmp_path: Path, picture: Path) -> None:
    """The fingerprint is drawn tile by tile where the tiles lie, with the same boxes."""
    tiles = np.arange(8 * 13, dtype=np.float32).reshape(8, 13)  # of 48 pixels, the last ones of 64
    scores = ScoreMap(size=48, scores=tiles * 0, sealed=tiles)
    page = write(tmp_path / "report.html", [changed(picture, (0, 0, 48, 48), scores=scores)])
    levels, _ = image_of(page, "sealed")
    assert levels.shape == (200, 320)
    heights, widths = [24] * 7 + [32], [24] * 12 + [32]
    assert np.array_equal(levels, tiles.repeat(heights, axis=0).repeat(widths, axis=1))
    assert [svg["class"] for svg in page.all("svg")] == ["sealed", "now"]
    assert {svg["viewbox"] for svg in page.all("svg")} == {"0 0 320.0 200.0"}
    assert len(page.all("rect")) == 4
    assert "as sealed (from the fingerprint, 8 x 13 tiles)" in page.text


def test_the_original_beside_now(tmp_path: Path, picture: Path) -> None:
    """Where the file was compared with its original, that is shown, as small as the other."""
    levels = np.full((400, 640), 77, np.uint8)
    scores = ScoreMap(size=1, scores=levels, sealed=levels, exact=True)
    page = write(tmp_path / "report.html", [changed(picture, (0, 0, 48, 48), scores=scores)])
    shown, _ = image_of(page, "sealed")
    assert shown.shape == (200, 320)
    assert (shown == 77).all()
    assert "the original: 400 x 640 pixels" in page.text
    assert len(page.all("rect")) == 4


@pytest.mark.parametrize(
    ("shape", "frame"),
    [((20, 10), "160.0 320.0"), ((25, 10), "128.0 320.0"), ((10, 40), "320.0 80.0")],
)
def test_a_fingerprint_of_another_size_stands_alone(
    tmp_path: Path, picture: Path, shape: tuple[int, int], frame: str
) -> None:
    """Of a picture that had another height or width, no box is drawn where it would be wrong."""
    tiles = np.full(shape, np.nan, np.float32)
    scores = ScoreMap(size=16, scores=tiles, sealed=tiles)
    page = write(tmp_path / "report.html", [changed(picture, (0, 0, 48, 48), scores=scores)])
    assert [svg["viewbox"] for svg in page.all("svg")] == [f"0 0 {frame}", "0 0 320.0 200.0"]
    assert len(page.all("rect")) == 2


def test_boxes_that_are_not_in_the_picture(tmp_path: Path, picture: Path) -> None:
    """A box is cut to the picture; one outside is not drawn; and their number is bounded."""
    odd = [(500, 0, 600, 10), (5, 5, 5, 9), (-50, -50, 999_999, 999_999)]
    page = write(tmp_path / "report.html", [changed(picture, *odd)])
    first, _ = page.all("rect")
    place = [float(str(first[name])) for name in ("x", "y", "width", "height")]
    assert place == [0, 0, 320, 200]
    page = write(tmp_path / "report.html", [changed(picture, *[(0, 0, 9, 9)] * 120)])
    assert len(page.all("text")) == 99
    assert "the first 99 of 120 changed regions" in page.text


@pytest.mark.parametrize("shape", [(1, 3000), (3000, 1), (8, 8), (50, 60, 3), (50, 60, 4)])
def test_pictures_of_every_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """Strips, tiny pictures, colour and CMYK are drawn in a frame that can be seen."""
    mode = {3: "RGB", 4: "CMYK"}.get(shape[-1] if len(shape) == 3 else 1, "L")
    Image.fromarray(np.full(shape, 99, np.uint8), mode).save(tmp_path / "odd.jpg")
    page = write(tmp_path / "report.html", [changed(tmp_path / "odd.jpg", (0, 0, 1, 1))])
    (svg,) = page.all("svg")
    width, height = (float(str(svg[side])) for side in ("width", "height"))
    assert max(width, height) == 320
    assert min(width, height) >= 16
    assert len(page.all("rect")) == 2


def test_which_files_have_a_picture(tmp_path: Path, picture: Path) -> None:
    """Files whose picture changed have one, and those that cannot be decoded are counted."""
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xd9")
    (tmp_path / "other.jpg").write_bytes(b"GIF89a")
    files = [picture, tmp_path / "broken.jpg", tmp_path / "other.jpg", tmp_path / "gone.jpg"]
    verdicts = [Verdict(path=str(path), verdict=o) for path in files for o in Outcome]
    page = write(tmp_path / "report.html", verdicts)
    drawn = [row[1] for row in page.rows if not isinstance(row, str) and row[4]]
    assert [page_html.OUTCOMES[place] for place in drawn] == ["image-changed", "truncated"]
    assert "6 changed files have no picture that can be decoded." in page.text
    assert "where it changed is not known" in page.text
    assert "what is left" in page.text


def test_pictures_past_the_limit_are_counted(
    tmp_path: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page has so many pictures and no more, and says how many it leaves out."""
    monkeypatch.setattr(page_module, "PICTURES", 2)
    page = write(tmp_path / "report.html", [changed(picture)] * 5)
    assert len(page.all("article")) == 2
    assert [row[4] for row in page.rows] == [1, 2, 0, 0, 0]
    assert "first 2 changed files are shown; those of 3 more were left out." in page.text


# ------------------------------------------------------------------------------------- the file


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


# ------------------------------------------------------------------------------------- a browser

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)


@pytest.fixture
def browser() -> str:
    """The command of a browser that runs without a window."""
    if not BROWSER:
        skip_or_fail("browser", "there is no Chromium")
    return BROWSER


def rendered(path: Path) -> str:
    """The page after its script has run, as HTML."""
    command = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={path.parent / 'browser'}", "--virtual-time-budget=10000"]
    run = subprocess.run(
        [*command, path.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    return run.stdout


@pytest.mark.usefixtures("browser")
def test_a_browser_shows_the_table(tmp_path: Path, picture: Path) -> None:
    """The policy lets the script run; of very many files, a hundred are elements, gravest first."""
    verdicts = [Verdict(path=f"{n:05}.jpg", verdict=Outcome.INTACT) for n in range(20_000)]
    hostile = picture.rename(tmp_path / "<img src=x>.jpg")
    why = Reason(code=ReasonCode.NO_SEAL_FOUND, message=NASTY, expected=NASTY, found=NASTY)
    verdicts += [
        changed(hostile, (0, 0, 9, 9)),
        Verdict(path=NASTY, verdict=Outcome.NO_SEAL, reasons=(why, why)),
    ]
    write(tmp_path / "report.html", verdicts)
    shown = rendered(tmp_path / "report.html")
    assert "1 to 100 of 20,002" in shown
    body = shown.rpartition("<tbody>")[2].partition("</tbody>")[0]
    words = re.findall(r"<td[^>]*>. ([a-z-]+)</td>", body)
    assert words == ["image-changed", "no-seal", *["intact"] * 98]
    assert 'href="#picture-1"' in body
    assert body.count("<svg") == 1
    assert "<img" not in shown


ACTIONS = """
document.querySelector('button[data-outcome="{place}"]').click();
const status = () => document.getElementById("status").textContent;
const first = () => document.querySelector("#files tbody th").textContent;
const log = [status()];
document.querySelector('button[data-outcome=""]').click();
document.querySelector('button[data-turn="last"]').click();
log.push(status());
document.querySelectorAll("#files thead button")[1].click();
log.push(first());
document.querySelectorAll("#files thead button")[1].click();
log.push(first(), document.querySelector('[aria-sort="descending"]').textContent);
const search = document.getElementById("search");
search.value = "OTHER pix";
search.dispatchEvent(new Event("input"));
setTimeout(() => {{
  log.push(status());
  document.body.append("LOG" + JSON.stringify(log) + "GOL");
}}, 1000);
"""


@pytest.mark.usefixtures("browser")
def test_a_reader_filters_sorts_and_turns_pages(tmp_path: Path) -> None:
    """Verdicts and text narrow the table, columns sort it, and its pages are all there."""
    verdicts = [Verdict(path=f"{n:05}.jpg", verdict=Outcome.INTACT) for n in range(250)]
    verdicts += [Verdict(path="bad.jpg", verdict=Outcome.TRUNCATED, reasons=(REASON,))]
    page = write(tmp_path / "report.html", verdicts)
    actions = ACTIONS.format(place=page_html.OUTCOMES.index(Outcome.TRUNCATED))
    source = re.sub(r"<meta http-equiv[^>]*>", "", page.source)
    driven = tmp_path / "driven.html"
    driven.write_text(source.replace("</body>", f"<script>{actions}</script></body>"))
    log = json.loads(rendered(driven).rpartition("LOG")[2].partition("GOL")[0])
    assert log == [
        "1 to 1 of 1 (filtered from 251)",
        "201 to 251 of 251",
        "00000.jpg",
        "bad.jpg",
        "File",
        "1 to 1 of 1 (filtered from 251)",
    ]
