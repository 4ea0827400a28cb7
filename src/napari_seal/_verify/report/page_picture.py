"""Small pictures for a report: what a changed file shows now, and what its fingerprint remembers.

A drawing is SVG in a frame whose long side is `SIDE`; boxes and numbers are drawn by style sheet,
dashed on black, so that they show on any ground and without colour.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from napari_seal._format import container
from napari_seal._verify.load import load
from napari_seal._verify.looks import LOOKS
from napari_seal._verify.reasons import Reason
from napari_seal._verify.report.page_html import text
from napari_seal._verify.verdict import Outcome
from napari_seal.errors import FormatError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from napari_seal._verify.change.score_map import ScoreMap
    from napari_seal._verify.verdict import Box, Verdict

#: Long side of a picture.
SIDE: Final = 320

#: Boxes drawn in a picture; by then they cover it.
BOXES: Final = 99

# A strip 65,500 pixels long and one high must still be seen, and what is inside a box of one pixel.
_LEAST_SIDE: Final = 16
_LEAST_BOX: Final = 14.0

_QUALITY: Final = 80


class _Frame(NamedTuple):
    """The picture's size in pixels, and as it is drawn."""

    height: int
    width: int
    shown_height: float
    shown_width: float

    @classmethod
    def of(cls, height: int, width: int) -> _Frame:
        scale = SIDE / max(height, width)
        return cls(height, width, *(max(side * scale, _LEAST_SIDE) for side in (height, width)))

    def box(self, box: Box) -> tuple[float, float, float, float] | None:
        """Left, top, width and height of a box as it is drawn; None if it is not in the picture."""
        y0, x0, y1, x1 = box
        across = _span(x0, x1, self.width, self.shown_width)
        down = _span(y0, y1, self.height, self.shown_height)
        if across is None or down is None:
            return None
        return across[0], down[0], across[1] - across[0], down[1] - down[0]


def _span(start: int, end: int, size: int, shown: float) -> tuple[float, float] | None:
    start, end = max(start, 0), min(end, size)
    if start >= end:
        return None
    scale = shown / size
    middle, half = (start + end) / 2 * scale, max((end - start) * scale, _LEAST_BOX) / 2
    return max(middle - half, 0), min(middle + half, shown)


def draw(verdict: Verdict, number: int) -> str | None:
    """Draw a changed file, "as sealed" beside "now" where there is a fingerprint.

    Parameters
    ----------
    verdict : Verdict
        Of a file with a picture; it is read and decoded again.
    number : int
        Which picture of the report it is.

    Returns
    -------
    str or None
        HTML; None where there is no picture that can be decoded.
    """
    try:
        image = _decode(verdict.path)
    except (FormatError, MemoryError):
        return None
    if image is None:
        return None
    frame = _Frame.of(*image.shape[:2])
    look = LOOKS[verdict.verdict]
    why = f": {text(verdict.reasons[0].message)}" if verdict.reasons else ""
    figures = [_now(verdict, image, frame)]
    if verdict.scores is not None:
        figures.insert(0, _as_sealed(verdict.scores, verdict.regions, frame))
    return f"""<article class="picture" id="picture-{number}">
<h3>{number}. <bdi class="path">{text(verdict.path)}</bdi></h3>
<p><strong class="{look.tone}">{look.sign} {verdict.verdict}</strong>{why}</p>
<div class="pair">
{"".join(figures)}</div>
</article>
"""


def _decode(path: str) -> npt.NDArray[np.uint8] | None:
    """The picture in 8 bits; of 16, the range that it uses."""
    from napari_seal._format.pixels import shown
    from napari_seal._format.tiles import view

    content = load(path)
    if isinstance(content, Reason):
        return None
    image = shown(container.walk(content))
    return view(image, {"low": int(image.min()), "high": int(image.max())})


def _now(verdict: Verdict, image: npt.NDArray[np.uint8], frame: _Frame) -> str:
    count = len(verdict.regions)
    if not count:
        truncated = verdict.verdict is Outcome.TRUNCATED
        marked = "what is left" if truncated else "where it changed is not known"
    elif count <= BOXES:
        marked = f"{count} changed {'region' if count == 1 else 'regions'} marked"
    else:
        marked = f"the first {BOXES} of {count:,} changed regions marked"
    caption = f"now: {frame.height:,} x {frame.width:,} pixels, {marked}"
    return _figure("now", frame, _photo(image, frame), verdict.regions, caption)


def _as_sealed(scores: ScoreMap, regions: Sequence[Box], frame: _Frame) -> str:
    """The picture as it was sealed; without boxes where its size was another."""
    import numpy as np

    levels = np.clip(np.nan_to_num(scores.sealed), 0, 255).round().astype(np.uint8)
    rows, columns = levels.shape
    # The last tiles reach to the picture's edge.
    fits = levels.shape == tuple(max(n // scores.size, 1) for n in (frame.height, frame.width))
    if not fits:
        frame, regions = _Frame.of(rows * scores.size, columns * scores.size), ()
    if scores.exact:
        caption = f"the original: {rows:,} x {columns:,} pixels"
        return _figure("sealed", frame, _photo(levels, frame), regions, caption)
    caption = f"as sealed (from the fingerprint, {rows} x {columns} tiles)"
    return _figure("sealed", frame, _tiles(levels, scores.size, frame), regions, caption)


def _photo(image: npt.NDArray[np.uint8], frame: _Frame) -> str:
    from PIL import Image

    small = Image.fromarray(image)
    small.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=_QUALITY)
    return _image("jpeg", out.getvalue(), frame, coarse=max(frame.height, frame.width) < SIDE)


def _tiles(levels: npt.NDArray[np.uint8], size: int, frame: _Frame) -> str:
    """Tiles as they lie in the picture, by pixel of the drawing."""
    import numpy as np
    from PIL import Image

    indices = []
    for side, shown, count in zip(frame[:2], frame[2:], levels.shape, strict=True):
        middles = (np.arange(round(shown)) + 0.5) * (side / round(shown))
        indices.append(np.minimum(middles.astype(np.intp) // size, count - 1))
    out = io.BytesIO()
    Image.fromarray(levels[np.ix_(*indices)]).save(out, "PNG")
    return _image("png", out.getvalue(), frame, coarse=False)


def _image(kind: str, content: bytes, frame: _Frame, *, coarse: bool) -> str:
    rendering = ' class="coarse"' if coarse else ""
    return (
        f'<image{rendering} width="{frame.shown_width:.1f}" height="{frame.shown_height:.1f}" '
        f'preserveAspectRatio="none" '
        f'href="data:image/{kind};base64,{base64.b64encode(content).decode()}"/>'
    )


def _figure(name: str, frame: _Frame, picture: str, regions: Sequence[Box], caption: str) -> str:
    height, width = frame.shown_height, frame.shown_width
    return (
        f'<figure><svg class="{name}" role="img" aria-label="{text(caption)}" '
        f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.1f} {height:.1f}">\n'
        f"{picture}\n{_boxes(frame, regions)}</svg>\n"
        f"<figcaption>{text(caption)}</figcaption></figure>\n"
    )


def _boxes(frame: _Frame, regions: Sequence[Box]) -> str:
    """The boxes, each drawn twice, and above them their numbers."""
    boxes, numbers = [], []
    for number, region in enumerate(regions[:BOXES], 1):
        box = frame.box(region)
        if box is None:
            continue
        x, y, width, height = box
        rectangle = (
            f'<rect class="box" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
        )
        boxes.append(f"<g>{rectangle}{rectangle}</g>\n")
        at = min(x, frame.shown_width - 9 * len(str(number)))
        above = y - 5 if y >= 17 else min(y + height + 14, frame.shown_height - 4)
        numbers.append(f'<text x="{at:.1f}" y="{above:.1f}">{number}</text>\n')
    return "".join(boxes + numbers)
