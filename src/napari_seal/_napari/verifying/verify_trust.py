"""The part of the dock in which it is chosen whose signatures are trusted, and must be there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_seal._napari import signature_preferences
from napari_seal._napari.notices import breakable
from napari_seal._napari.signature_preferences import load_signature_preferences
from napari_seal._napari.task import Task, when_done
from napari_seal._text import printable

if TYPE_CHECKING:
    from napari_seal import Trust

_FILES: Final = "Public keys and lists of them (*.pem *.toml);;All files (*)"


class TrustChoice(QWidget):
    """A tick that a trusted signature must be there, and a button that chooses whom to trust.

    Parameters
    ----------
    parent : QWidget, optional
        Owner, in Qt's sense.

    Attributes
    ----------
    changed : Signal
        Other keys are trusted, or the tick was set or taken away.
    path : str
        Folder or file of the trusted keys, as set in Preferences; empty for the user's own list.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        chosen = load_signature_preferences()
        self.path = chosen.trust
        self._shown = False
        self._look: Task[Trust] | None = None
        self.required = QCheckBox("require a trusted signature")
        self.required.setToolTip("Every file without one counts as a failure")
        self.required.setChecked(chosen.required)
        self.required.toggled.connect(self._toggled)
        self.button = QPushButton("Trusted keys…")
        self.button.setToolTip(
            "Public keys of those whose signatures are trusted; what is chosen here is kept in "
            "Preferences > napari-seal"
        )
        self.button.setVisible(signature_preferences.can_be_set())
        menu = QMenu(self.button)
        self.folder = menu.addAction("Those in a folder…")
        self.file = menu.addAction("Those in a file…")
        self.own = menu.addAction("Your own list")
        self.folder.triggered.connect(self._choose_folder)
        self.file.triggered.connect(self._choose_file)
        self.own.triggered.connect(lambda: signature_preferences.set_trust(""))
        self.button.setMenu(menu)
        self.told = QLabel()
        self.told.setTextFormat(Qt.TextFormat.PlainText)  # a path may look like markup
        self.told.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.required, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(row)
        column.addWidget(self.told)
        # Fixed would keep it as high as the texts are before a narrow dock breaks them.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        signature_preferences.follow(self._set)
        self.look()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least width: a long path must not make the dock wide."""
        return QSize(0, super().sizeHint().height())

    def set_running(self, running: bool) -> None:
        """Let no other keys be chosen while a run is under way."""
        self.button.setEnabled(not running)

    def show_told(self, shown: bool) -> None:
        """Say which keys are trusted, where it matters; what is wrong with them is always said."""
        self._shown = shown
        self._show()

    def look(self) -> None:
        """Find out, in a thread, which keys there are."""
        from napari_seal import Trust

        path = self.path
        task = Task[Trust](lambda _: Trust.load(path) if path else Trust.default())
        self._look = task
        task.start()
        when_done(self, task, self._show)

    def let_go(self) -> None:
        """Follow Preferences no more."""
        signature_preferences.unfollow(self._set)

    def _set(self, _event: Any = None) -> None:
        path = load_signature_preferences().trust
        if path != self.path:
            self.path = path
            self.look()
            self.changed.emit()

    def _toggled(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        task = self._look
        if task is None or not task.done:
            return
        where = printable(self.path) if self.path else "your own list"
        if task.result is None:
            text = f"⚠ {printable(task.complaint)}. Choose others with the button above."
        elif task.result.keys:
            number = len(task.result.keys)
            text = f"{number:,} trusted key{'s' if number > 1 else ''}: {where}"
        else:
            text = "No key is trusted yet: choose those of the signers you know."
        self.told.setText(breakable(text))
        wanted = self._shown or self.required.isChecked() or task.result is None
        self.told.setVisible(wanted)

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "A folder of public keys", self._start_in())
        if path:
            signature_preferences.set_trust(path)

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "A public key, or a list of them", self._start_in(), _FILES
        )
        if path:
            signature_preferences.set_trust(path)

    def _start_in(self) -> str:
        return self.path if os.path.isdir(self.path) else os.path.dirname(self.path)
