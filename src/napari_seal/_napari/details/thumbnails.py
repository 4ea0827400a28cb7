"""The picture as it was sealed beside the picture now, both as means of tiles, drawn alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPen, QPixmap
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_seal._napari.opening.overlays import CASING, EDGE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from napari_seal._verify.change.score_map import ScoreMap

# Two of them and what stands around them fit into a dock of 340 pixels.
_SIDE = 144


class Thumbnails(QWidget):
    """Two small pictures with the changed regions framed, and what they are below them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.before, self.now = QLabel(), QLabel()
        self._caption = QLabel()
        self._now_caption = QLabel("now, reduced alike")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(8)
        for column, (picture, caption) in enumerate(
            ((self.before, self._caption), (self.now, self._now_caption))
        ):
            caption.setWordWrap(True)
            caption.setStyleSheet("padding: 0px; margin: 0px;")
            caption.setAlignment(Qt.AlignmentFlag.AlignTop)
            layout.addWidget(picture, 0, column, Qt.AlignmentFlag.AlignLeft)
            layout.addWidget(caption, 1, column)
        layout.setColumnStretch(2, 1)
        for column in (0, 1):
            layout.setColumnMinimumWidth(column, _SIDE)
        layout.setVerticalSpacing(2)
        self.setVisible(False)

    def show_picture(
        self,
        scores: ScoreMap | None,
        now: npt.NDArray[np.floating] | None,
        shape: Sequence[int],
        regions: Sequence[Sequence[int]],
        *,
        alike: bool = True,
    ) -> None:
        """Draw both pictures, or hide where the seal has no fingerprint to show.

        Parameters
        ----------
        scores : ScoreMap or None
            With the picture as it was sealed.
        now : ndarray or None
            Means of the tiles of the picture as it is, see `tile_means`.
        shape : (int, int)
            Of that picture, in pixels.
        regions : sequence of boxes
            In pixels of the picture.
        alike : bool
            Whether both have the same levels; else each is drawn in its own range.
        """
        import numpy as np

        self.setVisible(scores is not None and bool(scores.sealed.size))
        if scores is None or not scores.sealed.size:
            return
        before = np.nan_to_num(np.asarray(scores.sealed, float)).clip(0, 255)
        rows, columns = before.shape
        if now is None:
            # No places of a picture of another size are shown in this one.
            shape, regions = (rows * scores.size, columns * scores.size), ()
        elif not alike:
            # Most tiles are as they were: they tell how the levels correspond.
            now = _matched(now, before)
        shown = [before] if now is None else [before, now]
        # One range for both: a picture that became brighter must look brighter.
        low, high = min(a.min() for a in shown), max(a.max() for a in shown)
        sharp = self.devicePixelRatioF()
        for label, levels in zip((self.before, self.now), shown, strict=False):
            grey = ((levels - low) * (255 / max(high - low, 1e-6))).round().astype(np.uint8)
            label.setPixmap(_draw(grey, shape, regions, sharp))
        self._caption.setText(f"as sealed, from the fingerprint ({rows} x {columns} tiles)")
        for part in (self.now, self._now_caption):
            part.setVisible(now is not None)


def _matched(
    now: npt.NDArray[np.floating], before: npt.NDArray[np.floating]
) -> npt.NDArray[np.floating]:
    """Levels of 16 bits on the scale of those of the fingerprint, by the tiles in the middle."""
    import numpy as np

    order = np.argsort(before, axis=None)
    low, high = order[len(order) // 10], order[-1 - len(order) // 10]
    (a, b), (c, d) = (x.ravel()[[low, high]] for x in (now, before))
    slope = 1.0 if a == b else (d - c) / (b - a)
    return np.asarray((now - a) * slope + c)


def _draw(
    grey: npt.NDArray[np.uint8],
    shape: Sequence[int],
    boxes: Sequence[Sequence[int]],
    sharp: float,
) -> QPixmap:
    """A picture with boxes; ``sharp`` is the number of the screen's pixels for each of Qt's."""
    rows, columns = grey.shape
    image = QImage(grey.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8)
    per_pixel = _SIDE / max(shape)
    size = QSize(*(max(1, round(side * per_pixel * sharp)) for side in (shape[1], shape[0])))
    picture = QPixmap.fromImage(
        image.scaled(
            size,
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    )
    picture.setDevicePixelRatio(sharp)
    painter = QPainter(picture)
    for y0, x0, y1, x1 in boxes:
        box = QRectF(x0, y0, x1 - x0, y1 - y0)
        box = QRectF(box.topLeft() * per_pixel, box.size() * per_pixel)
        for colour, width in ((CASING, 3.0), (EDGE, 1.5)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawRect(box)
    painter.end()
    return picture
