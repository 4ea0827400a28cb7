"""The pictures of the HTML report: what was changed is marked, beside what was sealed."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from report_page import Page, changed, write

from napari_seal import Outcome, Verdict
from napari_seal._verify.change.score_map import ScoreMap
from napari_seal._verify.report import page as page_module
from napari_seal._verify.report import page_html


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
