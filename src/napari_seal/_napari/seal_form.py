"""The fields of the widget "Seal layer...", and how they lie."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, Container, FileEdit, PushButton, SpinBox
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton

from napari_seal._napari.metadata_table import MetadataTable
from napari_seal._napari.preferences import FORMATS, IMAGE_WINDOWS, STACK_WINDOWS, Preferences
from napari_seal._napari.seal_signing import SigningPart

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
        # A line of text that folds: superqt's fold draws its arrow black on the dark theme.
        self.advanced = QPushButton(_FOLDED)
        self.advanced.setCheckable(True)
        self.advanced.setFlat(True)
        self.advanced.setStyleSheet("text-align: left; border: none; background: transparent;")
        self.advanced.toggled.connect(self.show_advanced)
        self.is_stack = False
        self._black = QLabel("Black to white")
        layout = self.native.layout()
        parts = [
            QLabel("Metadata (sealed with the image)"),
            self.table,
            self.overwrite.native,
            self.advanced,
            self._black,
            self.window.native,
            self.stack_window.native,
            self.moedal.native,
            self.signing,
            self.seal_button.native,
            self.result,
            self.problem,
        ]
        for part in parts:
            layout.addWidget(part, 1 if part is self.table else 0)
        self.native.setMinimumWidth(340)
        self.show_advanced()

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
        """Let the fields be edited, or not while a stack is written."""
        for part in (self.layer, self.format, self.target, self.overwrite, self.window,
                     self.stack_window, self.moedal):  # fmt: skip
            part.enabled = enabled
        self.quality.enabled = enabled and self.format_name == "jpeg"
        self.table.setEnabled(enabled)
        self.signing.setEnabled(enabled)


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
