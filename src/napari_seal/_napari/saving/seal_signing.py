"""The part of the widget "Seal layer..." that says who signs, and lets another key be chosen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_seal._napari import signature_preferences
from napari_seal._napari.notices import unmarked
from napari_seal._napari.saving.new_key_dialog import NewKeyDialog
from napari_seal._napari.saving.signing import key_problem, name_of, signing_key, unlocked_key
from napari_seal._text import printable

if TYPE_CHECKING:
    from napari_seal import SigningKey

_FILES = "Private keys in PEM (*.pem *.key);;All files (*)"
_NONE = "not signed: no key is chosen"
# Characters beside the tick; the tooltip has all.
_LONGEST = 32


class SigningPart(QWidget):
    """A tick with the signer, and a button that chooses the key in Preferences.

    Parameters
    ----------
    parent : QWidget, optional
        Owner, in Qt's sense.

    Attributes
    ----------
    changed : Signal
        Another key was chosen, or the tick was set or taken away.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = ""
        self.sign = QCheckBox()
        self.button = QPushButton("Key…")
        self.button.setToolTip("What is chosen here is kept in Preferences > napari-seal")
        self.button.setVisible(signature_preferences.can_be_set())
        self.menu = QMenu(self.button)
        self.choose = self.menu.addAction("Choose a private key…")
        self.new_key = self.menu.addAction("Make a key…")
        self.no_key = self.menu.addAction("No key: save without signatures")
        self.sign.toggled.connect(self.changed)
        self.choose.triggered.connect(self._choose)
        self.new_key.triggered.connect(self._make)
        self.no_key.triggered.connect(lambda: signature_preferences.set_key(""))
        self.button.setMenu(self.menu)
        self.problem = QLabel()
        self.problem.setTextFormat(Qt.TextFormat.PlainText)  # a path may look like markup
        self.problem.setWordWrap(True)
        self.problem.setMinimumWidth(1)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.sign, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(row)
        column.addWidget(self.problem)
        signature_preferences.follow(self.look)
        self.look()

    def look(self, _event: Any = None) -> None:
        """Show who signs, as set in Preferences and as the key's file is now."""
        path, before = signature_preferences.load_signature_preferences().key, self._path
        if path != before:
            self._path = path
            self.sign.setChecked(bool(path))
        self.sign.setEnabled(bool(path))
        signs = _signs(path) if path else _NONE
        # The dock would have to be as wide as a long name.
        self.sign.setText(signs if len(signs) <= _LONGEST else f"{signs[: _LONGEST - 1]}…")
        self.sign.setToolTip(unmarked(f"{signs}: {printable(path)}") if path else "")
        self.no_key.setEnabled(bool(path))
        problem = key_problem(path) if path else ""
        self.problem.setText(f"⚠ {problem}")
        self.problem.setVisible(bool(problem))
        if path != before:
            self.changed.emit()

    def key(self) -> SigningKey | None:
        """Return the key to sign with, after a question if need be; None where none is ticked.

        Raises
        ------
        KeyFileError, PassphraseError, MissingPackageError
            See `signing.signing_key`.
        """
        if not self._path or not self.sign.isChecked():
            return None
        try:
            return signing_key(self._path)
        finally:
            self.look()

    def let_go(self) -> None:
        """Follow Preferences no more."""
        signature_preferences.unfollow(self.look)

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Choose a private key", os.path.dirname(self._path), _FILES
        )
        if path:
            signature_preferences.set_key(path)

    def _make(self) -> None:
        NewKeyDialog(os.path.dirname(self._path), parent=self).exec()


def _signs(path: str) -> str:
    key = unlocked_key(path)
    if key is not None:
        return f"sign as {name_of(key.public)}"
    return f"sign with the key {printable(os.path.basename(path), 100)}"
