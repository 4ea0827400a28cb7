"""The picture as it was sealed beside the picture now, both as means of tiles, drawn alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPen, QPixmap
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_seal._napari.overlays import CASING, EDGE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from napari_seal._verify.score_map import ScoreMap

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
        data: Any,
        regions: Sequence[Sequence[int]],
        *,
        alike: bool = True,
    ) -> None:
        """Draw both pictures, or hide where the seal has no fingerprint to show.

        Parameters
        ----------
        scores : ScoreMap or None
            With the picture as it was sealed.
        data : (Y, X) or (Y, X, 3) ndarray
            The picture now.
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
        now = tile_means(data, scores.size, before.shape)
        if now is not None and not alike:
            # Most tiles are as they were: they tell how the levels correspond.
            now = _matched(now, before)
        shown = [before] if now is None else [before, now]
        # One range for both: a picture that became brighter must look brighter.
        low, high = min(a.min() for a in shown), max(a.max() for a in shown)
        rows, columns = before.shape
        shape = data.shape[:2] if now is not None else (rows * scores.size, columns * scores.size)
        boxes = regions if now is not None else ()
        self.before.setPixmap(_draw(before, low, high, shape, boxes))
        self._caption.setText(f"as sealed, from the fingerprint ({rows} x {columns} tiles)")
        for part in (self.now, self._now_caption):
            part.setVisible(now is not None)
        if now is not None:
            self.now.setPixmap(_draw(now, low, high, shape, boxes))


def tile_means(data: Any, size: int, shape: tuple[int, ...]) -> npt.NDArray[np.floating] | None:
    """Return the mean level of each tile.

    Parameters
    ----------
    data : (Y, X) or (Y, X, 3) array-like
        A picture.
    size : int
        Side of a tile in pixels; those of the last row and column reach to the picture's edge.
    shape : (int, int)
        Number of rows and columns of tiles.

    Returns
    -------
    (rows, columns) ndarray or None
        None where the picture is not of the size that has so many tiles.
    """
    import numpy as np

    data = np.asarray(data)
    rows, columns = shape
    for side, number in zip(data.shape[:2], shape, strict=True):
        if not (number - 1) * size < side < (number + 1) * size:
            return None
    ys, xs = np.arange(rows) * size, np.arange(columns) * size
    sums = np.add.reduceat(data, ys, axis=0, dtype=np.float32)
    sums = np.add.reduceat(sums, xs, axis=1, dtype=np.float64)
    if sums.ndim == 3:
        sums = sums[..., :3] @ np.array([0.299, 0.587, 0.114])
    counts = np.outer(np.diff([*ys, data.shape[0]]), np.diff([*xs, data.shape[1]]))
    return np.asarray(sums / counts)


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
    levels: npt.NDArray[np.floating],
    low: float,
    high: float,
    shape: Sequence[int],
    boxes: Sequence[Sequence[int]],
) -> QPixmap:
    import numpy as np

    grey = ((levels - low) * (255 / max(high - low, 1e-6))).round().astype(np.uint8)
    rows, columns = grey.shape
    image = QImage(grey.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8)
    per_pixel = _SIDE / max(shape)
    size = QSize(*(max(1, round(side * per_pixel)) for side in (shape[1], shape[0])))
    picture = QPixmap.fromImage(
        image.scaled(
            size,
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    )
    painter = QPainter(picture)
    for y0, x0, y1, x1 in boxes:
        box = QRectF(x0, y0, x1 - x0, y1 - y0)
        box = QRectF(box.topLeft() * per_pixel, box.size() * per_pixel)
        for colour, width in ((CASING, 3.0), (EDGE, 1.5)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawRect(box)
    painter.end()
    return picture
