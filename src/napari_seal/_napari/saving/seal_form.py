"""The fields of the widget "Seal layer...", and how they lie."""

from __future__ import annotations

import html
import itertools
from collections.abc import Callable
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, Container, FileEdit, PushButton, SpinBox
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QLabel, QProgressBar, QPushButton, QWidget

from napari_seal._napari.dock_page import scroll
from napari_seal._napari.preferences import FORMATS, IMAGE_WINDOWS, STACK_WINDOWS, Preferences
from napari_seal._napari.saving.metadata_table import MetadataTable
from napari_seal._napari.saving.seal_signing import SigningPart

# Until a label that has appeared has its place.
_SETTLE_MS = 50
# Of the page.
_WIDTH = 340
_FOLDED, _UNFOLDED = "▸ Advanced", "▾ Advanced"


class SealForm(Container[Any]):
    """The fields, filled with what was set in Preferences.

    Parameters
    ----------
    layers : callable
        Returns the layers that are offered.
    preferences : Preferences
        What the fields begin with.
    """

    def __init__(self, layers: Callable[..., Any], preferences: Preferences) -> None:
        self.layer = ComboBox(
            label="Layer", choices=layers, nullable=False, tooltip="The image or labels to seal"
        )
        self.format = ComboBox(
            label="Format",
            choices=list(FORMATS),
            value=next(text for text, name in FORMATS.items() if name == preferences.format),
            tooltip="JPEG keeps 8 bits and loses detail; PNG keeps every value that 16 bits hold",
        )
        self.quality = SpinBox(
            label="JPEG quality",
            value=preferences.quality,
            min=1,
            max=100,
            tooltip="90 keeps what an 8-bit picture of a microscope can show; 100 is largest",
        )
        self.target = FileEdit(
            label="Save as", mode="w", tooltip="Ends in .sealed.jpg or .sealed.png"
        )
        self.overwrite = CheckBox(
            value=False,
            text="replace an existing file",
            tooltip="Holds for the name above, and for one time",
        )
        self.window = ComboBox(
            choices=IMAGE_WINDOWS,
            value=IMAGE_WINDOWS[preferences.type_range],
            tooltip="Intensities that become black and white where the format has fewer levels",
        )
        self.stack_window = ComboBox(
            choices=STACK_WINDOWS,
            value=STACK_WINDOWS[preferences.plane_windows],
            tooltip="Planes with one range stay comparable",
        )
        self.moedal = CheckBox(
            value=False,
            text="also write the key sha244",
            tooltip="For the scripts of the MoEDAL collaboration",
        )
        self.seal_button = PushButton(text="Seal")
        super().__init__(widgets=[self.layer, self.format, self.quality, self.target], labels=True)
        self._lay_out()

    def _lay_out(self) -> None:
        self.table = MetadataTable()
        self.signing = SigningPart()
        self.problem = _label()
        self.result = _label()
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Progress")
        self.progress.setVisible(False)
        # A line of text that folds: superqt's fold draws its arrow black on the dark theme.
        self.advanced = QPushButton(_FOLDED)
        self.advanced.setCheckable(True)
        self.advanced.setFlat(True)
        self.advanced.setStyleSheet("text-align: left; background: transparent;")
        self.advanced.toggled.connect(self.show_advanced)
        self.is_stack = False
        self._black = QLabel("Black to white")
        title = QLabel("Metadata (sealed with the image)")
        title.setBuddy(self.table.rows)
        layout = self.native.layout()
        parts = [
            title,
            self.table,
            self.overwrite.native,
            self.advanced,
            self._black,
            self.window.native,
            self.stack_window.native,
            self.moedal.native,
            self.signing,
            self.seal_button.native,
            self.progress,
            # What holds now stands before what was done last.
            self.problem,
            self.result,
        ]
        for part in parts:
            layout.addWidget(part, 1 if part is self.table else 0)
        self._page = scroll(self.native, _WIDTH)
        self._later = QTimer(self.native)
        self._later.setSingleShot(True)
        self._later.setInterval(_SETTLE_MS)
        self._later.timeout.connect(self._bring_into_view)
        self.seal_button.native.installEventFilter(_OneClick(self.seal_button.native))
        self._name_parts()
        self.show_advanced()

    def _name_parts(self) -> None:
        """Give screen readers a name where the text stands beside a part, and order Tab."""
        for part, name in (
            (self.layer.native, "Layer"),
            (self.format.native, "Format"),
            (self.quality.native, "JPEG quality"),
            (self.target.line_edit.native, "Save as"),
            (self.window.native, "Black to white"),
            (self.stack_window.native, "Black to white"),
        ):
            part.setAccessibleName(name)
        order = [
            *(self.layer.native, self.format.native, self.quality.native),
            *(self.target.line_edit.native, self.target.choose_btn.native, self.table.rows),
            *(self.table.add_button, self.table.remove_button, self.overwrite.native),
            *(self.advanced, self.window.native, self.stack_window.native, self.moedal.native),
            *(self.signing.sign, self.signing.button, self.seal_button.native),
        ]
        for before, after in itertools.pairwise(order):
            QWidget.setTabOrder(before, after)

    # while something is written

    def show_writing(self, writing: bool) -> None:
        """Lock the fields while something is written, and let the button end it."""
        self.enable(not writing)
        self.seal_button.text = "Cancel" if writing else "Seal"
        self.seal_button.enabled = True
        self.progress.setRange(0, 0)
        self.progress.setVisible(writing)
        if writing:
            self.show_problem("")

    def show_progress(self, done: int, total: int) -> None:
        """Show the steps that are done; none where nobody knows how many there are."""
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.progress.setFormat(f"{done:,} of {total:,} steps done" if total else "")

    def show_problem(self, text: str, *, awaited: bool = True) -> None:
        """Show what is wrong, and bring it into view where somebody waits for it."""
        show(self.problem, text)
        if text and awaited:
            self._later.start()

    def show_result(self, text: str) -> None:
        """Show what was written, and bring it into view."""
        show(self.result, text)
        self._later.start()

    def _bring_into_view(self) -> None:
        shown = self.result if self.result.text() else self.problem
        self._page.ensureWidgetVisible(shown)

    def show_advanced(self, _opened: bool = False) -> None:
        """Fold what few need, and of that show what the chosen layer has."""
        opened = self.advanced.isChecked()
        self.advanced.setText(_UNFOLDED if opened else _FOLDED)
        self._black.setVisible(opened)
        self.window.native.setVisible(opened and not self.is_stack)
        self.stack_window.native.setVisible(opened and self.is_stack)
        self.moedal.native.setVisible(opened and not self.is_stack)

    @property
    def format_name(self) -> str:
        """What is chosen: "jpeg" or "png"."""
        return FORMATS[self.format.value]

    def enable(self, enabled: bool) -> None:
        """Let the fields be edited, or not while something is written."""
        for part in (self.layer, self.format, self.target, self.overwrite, self.window,
                     self.stack_window, self.moedal):  # fmt: skip
            part.enabled = enabled
        self.quality.enabled = enabled and self.format_name == "jpeg"
        self.table.setEnabled(enabled)
        self.signing.setEnabled(enabled)


class _OneClick(QObject):
    """Takes a double click for one: the second must not cancel what the first began."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002, N802 - Qt's
        """Let nothing through that comes with the second click."""
        return bool(event.type() == QEvent.Type.MouseButtonDblClick)


def show(label: QLabel, text: str) -> None:
    """Put a text into a label and, where there is none, take the label away."""
    label.setText(text)
    label.setToolTip(f"<p>{html.escape(text)}</p>" if text else "")
    label.setVisible(bool(text))


def _label() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    # A long file name must not push the picture aside; the tooltip has the whole of it.
    label.setMinimumWidth(1)
    return label
