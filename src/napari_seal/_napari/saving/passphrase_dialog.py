"""The dialog that asks for the passphrase of a private key."""

from __future__ import annotations

import os
from typing import NamedTuple

from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from napari_seal._napari.dock_page import show_focus
from napari_seal._napari.theme import is_dark
from napari_seal._text import printable
from napari_seal._verify.looks import COLOURS, Tone


class Answer(NamedTuple):
    """What was typed, and whether the system's keyring is to keep it."""

    passphrase: str
    remember: bool


class PassphraseDialog(QDialog):
    """One line, masked, and a tick.

    Parameters
    ----------
    path : str
        File of the key.
    keyring : str
        Name of the keyring that can keep it; empty for none, and then there is no tick.
    problem : str
        What was wrong with the last one.
    parent : QWidget, optional
        Over which the dialog appears.
    """

    def __init__(
        self, path: str, *, keyring: str = "", problem: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Passphrase of the signing key")
        self.told = QLabel(f"Passphrase of {printable(os.path.basename(path), 60)}:")
        self.told.setToolTip(printable(path))
        self.line = QLineEdit()
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.line.setAccessibleName("Passphrase")
        self.problem = QLabel(f"⚠ {problem}")
        # Over a window, a dialog has the window's theme before it is shown.
        colour = COLOURS[Tone.BAD].on(dark=is_dark(self if parent is None else parent))
        self.problem.setStyleSheet(f"color: {colour};")
        self.problem.setWordWrap(True)
        self.problem.setVisible(bool(problem))
        self.remember = QCheckBox("remember it in the system's keyring")
        self.remember.setToolTip(printable(keyring, 100))
        self.remember.setVisible(bool(keyring))
        self._keyring = bool(keyring)
        note = QLabel("It is asked for once, until napari is closed.")
        buttons = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(buttons.Ok | buttons.Cancel)
        accept = self.buttons.button(buttons.Ok)
        accept.setText("Sign")
        accept.setEnabled(False)
        self.line.textChanged.connect(lambda text: accept.setEnabled(bool(text)))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for part in (self.told, self.line, self.problem, self.remember, note, self.buttons):
            column.addWidget(part)
        self.setMinimumWidth(380)
        show_focus(self)

    def ask(self) -> Answer | None:
        """Show it; None where it was cancelled."""
        accepted = self.exec() == QDialog.DialogCode.Accepted
        answer = Answer(self.line.text(), self._keyring and self.remember.isChecked())
        self.line.clear()
        self.deleteLater()
        return answer if accepted else None
