"""The part of the dock widget "Seal details" that is about a stack: how far, and which planes."""

from __future__ import annotations

import html
from collections import Counter
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from napari_seal._napari.flag import FLAGS
from napari_seal._napari.layers.stack_values import place_text
from napari_seal._napari.opening.stack_position import go_to_plane

if TYPE_CHECKING:
    from napari_seal._napari.opening.stack_watch import Index, StackWatch

#: Planes in the list; of more, their number is said.
MOST: Final = 1000
# In view without scrolling.
_ROWS: Final = 8
_INDEX = Qt.ItemDataRole.UserRole


class StackPart(QWidget):
    """How far the check of the whole is, and the planes that are not intact.

    A click on a plane moves the sliders there.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._watch: StackWatch | None = None
        self.progress = QLabel()
        self.progress.setWordWrap(True)
        # napari's theme gives labels a margin.
        self.progress.setStyleSheet("padding: 0px; margin: 0px;")
        self.progress.setIndent(0)
        self.button = QPushButton()
        self.button.clicked.connect(self._press)
        self.planes = QListWidget()
        self.planes.setAccessibleName("Planes that are not intact")
        self.planes.setToolTip("Click a plane to go there")
        self.planes.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.planes.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.planes.itemClicked.connect(self._go)
        self.planes.itemActivated.connect(self._go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.progress)
        column.addWidget(self.planes)
        column.addWidget(self.button)

    def show_stack(self, watch: StackWatch | None) -> None:
        """Show a stack and follow what is found out about it; None takes the part away.

        Parameters
        ----------
        watch : StackWatch or None
            Of the selected layer.
        """
        if watch is not self._watch:
            self.let_go()
            self._watch = watch
            if watch is not None:
                watch.changed.connect(self._show_planes)
                watch.progressed.connect(self._show_progress)
        self.setVisible(watch is not None)
        self._show_planes()

    def let_go(self) -> None:
        """Follow no stack any more."""
        if self._watch is not None:
            self._watch.changed.disconnect(self._show_planes)
            self._watch.progressed.disconnect(self._show_progress)
        self._watch = None

    def _show_progress(self) -> None:
        watch = self._watch
        if watch is None:
            return
        count, task = watch.opened.stack.count, watch.task
        checked = 0 if task is None else task.checked
        running = task is not None and task.running
        if watch.final:
            text = f"All {count:,} planes were checked."
            if not watch.opened.stack.complete:
                text = f"{checked:,} of {count:,} planes are there, and were checked."
        elif running:
            text = f"Checking all planes: {checked:,} of {count:,}."
        else:
            text = f"{checked:,} of {count:,} planes were checked; the others when they are shown."
        self.progress.setText(text)
        self.button.setText("Cancel" if running else "Check all planes again")
        self.button.setVisible(watch.viewer is not None)

    def _show_planes(self) -> None:
        self._show_progress()
        watch = self._watch
        self.planes.clear()
        if watch is None:
            return
        bad = sorted(watch.bad)
        for index in bad[:MOST]:
            item = QListWidgetItem(self._line(watch, index))
            item.setData(_INDEX, index)
            item.setToolTip(f"<p>{html.escape(self._why(watch, index))}</p>")
            self.planes.addItem(item)
        if len(bad) > MOST:
            self.planes.addItem(f"and {len(bad) - MOST:,} more")
        self.planes.setVisible(bool(bad))
        rows = min(self.planes.count(), _ROWS)
        height = max(self.planes.sizeHintForRow(0), 1) * rows
        self.planes.setFixedHeight(height + 2 * self.planes.frameWidth() + 2)

    def _line(self, watch: StackWatch, index: Index) -> str:
        outcome = watch.bad[index]
        text = f"{FLAGS[outcome].symbol} {place_text(watch.opened.stack.plane_axes, index)}"
        verdict = watch.verdicts.get(index)
        number = 0 if verdict is None else len(verdict.regions)
        where = f", {number} region{'s' if number > 1 else ''}" if number else ""
        return f"{text}:  {outcome}{where}"

    def _why(self, watch: StackWatch, index: Index) -> str:
        verdict = watch.verdicts.get(index)
        if verdict is None:
            return watch.bad[index].meaning
        return " ".join(reason.message for reason in verdict.reasons)

    def _go(self, item: QListWidgetItem) -> None:
        watch, index = self._watch, item.data(_INDEX)
        if watch is None or index is None:
            return
        viewer, layer = watch.viewer, watch.layer
        if viewer is not None and layer is not None:
            go_to_plane(viewer, layer, index)

    def _press(self) -> None:
        watch = self._watch
        if watch is None:
            return
        if watch.task is not None and watch.task.running:
            watch.stop()
        else:
            watch.check_again()
        self._show_progress()


def where_text(watch: StackWatch) -> str:
    """Return how many planes are not intact, by verdict.

    Examples
    --------
    "2 image-changed, 1 missing"
    """
    counts = Counter(watch.bad.values())
    return ", ".join(f"{number:,} {outcome}" for outcome, number in counts.most_common())
