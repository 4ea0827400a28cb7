"""The dialog that makes a pair of keys, and chooses the private one to sign with."""

from __future__ import annotations

import getpass
import os
from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QApplication,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_seal import SigningKey
from napari_seal._napari import signature_preferences
from napari_seal._napari.dock_page import show_focus
from napari_seal._napari.notices import breakable
from napari_seal._napari.saving.signing import keep_unlocked
from napari_seal._napari.theme import is_dark
from napari_seal._text import printable
from napari_seal._trust.key_files import key_paths, write_key_files
from napari_seal._trust.trusted import VARIABLE, default_folder, trust_here
from napari_seal._verify.looks import COLOURS, Tone
from napari_seal.errors import KeyFileError, MissingPackageError, PassphraseError

_NOTE: Final = (
    "Whoever has the private key and its passphrase can sign in your name. Without a passphrase, "
    "whoever can read the file can."
)


class NewKeyDialog(QDialog):
    """Name, folder and passphrase; then what was made, and what to do with it.

    Parameters
    ----------
    folder : str
        Where the files go, if no other folder is chosen; empty for the home folder.
    parent : QWidget, optional
        Over which the dialog appears.
    """

    def __init__(self, folder: str = "", *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Make a key to sign with")
        self._fingerprint = ""
        self.name = QLineEdit(_user())
        self.folder = QLineEdit(folder or os.path.expanduser("~"))
        self.browse = QPushButton("Folder…")
        self.passphrase, self.again = QLineEdit(), QLineEdit()
        for line in (self.passphrase, self.again):
            line.setEchoMode(QLineEdit.EchoMode.Password)
        place = default_folder() if _uses_own_list() else None
        self.trust = QCheckBox("trust it on this computer")
        self.trust.setToolTip(f"Its public key goes to {printable(place)}")
        self.trust.setChecked(place is not None)
        self.trust.setVisible(place is not None)
        note = QLabel(_NOTE)
        note.setWordWrap(True)
        self._form = QWidget()
        form = QFormLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        folders = QHBoxLayout()
        folders.addWidget(self.folder, 1)
        folders.addWidget(self.browse)
        form.addRow("Name", self.name)
        form.addRow("Folder", folders)
        form.addRow("Passphrase", self.passphrase)
        form.addRow("The same again", self.again)
        form.addRow(self.trust)
        form.addRow(note)
        self.folder.setAccessibleName("Folder")
        self.told = QLabel()
        self.told.setTextFormat(Qt.TextFormat.PlainText)  # a path may look like markup
        self.told.setWordWrap(True)
        self.told.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.told.hide()
        self.problem = QLabel()
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        # Over a window, a dialog has the window's theme before it is shown.
        colour = COLOURS[Tone.BAD].on(dark=is_dark(self if parent is None else parent))
        self.problem.setStyleSheet(f"color: {colour};")
        self.problem.setWordWrap(True)
        self.problem.hide()
        kinds = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        self.make = self.buttons.button(kinds.Ok)
        self.make.setText("Make")
        self.copy = QPushButton("Copy fingerprint")
        self.buttons.addButton(self.copy, QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.hide()
        self.browse.clicked.connect(self._browse)
        self.copy.clicked.connect(self._copy)
        self.make.clicked.connect(self._make)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for part in (self._form, self.told, self.problem, self.buttons):
            column.addWidget(part)
        self.setMinimumWidth(480)
        self.name.selectAll()
        show_focus(self)

    def _make(self) -> None:
        passphrase = self.passphrase.text()
        try:
            if passphrase != self.again.text():
                raise PassphraseError("The two passphrases are not the same.")
            private, public = key_paths(self.folder.text(), self.name.text())
            key = SigningKey.generate()
            write_key_files(key, private, public, passphrase or None)
        except (KeyFileError, PassphraseError, MissingPackageError) as error:
            self._complain(f"No key was made: {error}")
            return
        self.passphrase.clear()
        self.again.clear()
        keep_unlocked(private, key)
        problem = ""
        if self.trust.isVisible() and self.trust.isChecked():
            try:
                trust_here(key.public, self.name.text())
            except (KeyFileError, MissingPackageError) as error:
                problem = f"It is not trusted on this computer: {error}"
        signature_preferences.set_key(private)
        self._fingerprint = key.public.fingerprint
        self._tell(private, public, problem)

    def _tell(self, private: str, public: str, problem: str) -> None:
        """Show what was made, in place of the questions."""
        self.told.setText(
            f"✓ The key was made, and signs what you save from now on.\n\n"
            f"Private key: {breakable(printable(private))}\n"
            f"Public key: {breakable(printable(public))}\n"
            f"Fingerprint: {breakable(self._fingerprint)}\n\n"
            "Give the public key to whoever verifies your images, and compare the fingerprint by "
            "telephone or face to face. Keep a copy of the private key in a safe place, and none "
            "beside the images."
        )
        self._form.hide()
        self.told.show()
        self._complain(problem)
        self.make.hide()
        self.copy.show()
        close = self.buttons.button(QDialogButtonBox.StandardButton.Cancel)
        close.setText("Close")
        close.setFocus()

    def _complain(self, problem: str) -> None:
        self.problem.setText(f"⚠ {problem}")
        self.problem.setVisible(bool(problem))
        self.layout().activate()
        self.resize(self.width(), max(self.height(), self.heightForWidth(self.width())))

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of the key", self.folder.text())
        if folder:
            self.folder.setText(folder)

    def _copy(self) -> None:
        QApplication.clipboard().setText(self._fingerprint)


def _user() -> str:
    """The name under which somebody is logged in; it may be anything, and is only proposed."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "my key"


def _uses_own_list() -> bool:
    """Whether signatures are judged by the user's own list, and no other was chosen."""
    chosen = signature_preferences.load_signature_preferences().trust
    return not chosen and not os.environ.get(VARIABLE)
