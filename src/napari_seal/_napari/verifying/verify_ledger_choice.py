"""The part of the dock in which a ledger is chosen, and its unfinished run gone on with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

from qtpy.QtCore import QSize, Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_seal._napari.notices import breakable
from napari_seal._napari.task import Task, when_done
from napari_seal._napari.verifying.verify_ledger import (
    FILES,
    LedgerState,
    files_done,
    go_on_text,
    look_at,
)
from napari_seal._napari.verifying.verify_text import typed_paths
from napari_seal._text import printable

# Typing waits for a pause: each letter would open a file.
_PAUSE_MS: Final = 400


class LedgerChoice(QWidget):
    """A line for the ledger's file, what is known about it, and the tick that resumes.

    Parameters
    ----------
    parent : QWidget, optional
        Owner, in Qt's sense.

    Attributes
    ----------
    changed : Signal
        Another ledger was chosen, or more is known about it.
    duplicates_wanted : Signal
        The button was pressed.
    """

    changed = Signal()
    duplicates_wanted = Signal()
    #: The file that was used last, for docks that are opened later in this session.
    remembered = ""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = LedgerState()
        self._chosen: list[str] = []
        self._recursive, self._trust = True, ""
        self._look: Task[LedgerState] | None = None
        self._make_widgets()
        self._lay_out()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.look)
        self.line.textChanged.connect(self._typed)
        self.open_button.clicked.connect(self._choose)
        self.new_button.clicked.connect(self._name)
        self.duplicates_button.clicked.connect(self.duplicates_wanted)
        self.go_on.toggled.connect(self.changed)
        self.line.setText(LedgerChoice.remembered)
        self.look()

    def _make_widgets(self) -> None:
        self.line = QLineEdit()
        self.line.setPlaceholderText("none: own seals only")
        self.line.setClearButtonEnabled(True)
        self.line.setAccessibleName("Ledger")
        self.line.setToolTip(
            "A file that remembers the archive: with it, files that are missing, moved or replaced "
            "by others are found, and a run that was stopped can be gone on with."
        )
        self.open_button = QPushButton("Open…")
        self.open_button.setToolTip("Choose a ledger that there is")
        self.new_button = QPushButton("New…")
        self.new_button.setToolTip("Name a ledger that the next run will make")
        self.duplicates_button = QPushButton("Duplicates…")
        self.duplicates_button.setToolTip("Images that the ledger has more than once")
        self.told = QLabel()
        self.told.setTextFormat(Qt.TextFormat.PlainText)  # a path may look like markup
        self.told.setWordWrap(True)
        self.go_on = QCheckBox()
        self.go_on.setToolTip("Files that it has checked are not checked again")
        self.go_on.setVisible(False)

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(6)
        first.addWidget(QLabel("Ledger"))
        first.addWidget(self.line, 1)
        first.addWidget(self.open_button)
        first.addWidget(self.new_button)
        second = QHBoxLayout()
        second.addWidget(self.told, 1)
        second.addWidget(self.duplicates_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addWidget(self.go_on)
        # Fixed would keep it as high as the texts are before a narrow dock breaks them.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least width: a long path must not make the dock wide."""
        return QSize(0, super().sizeHint().height())

    # what the widget reads

    @property
    def path(self) -> str:
        """The ledger's file; empty for none."""
        paths = typed_paths(self.line.text())
        return os.path.abspath(paths[0]) if paths else ""

    @property
    def resume(self) -> bool:
        """Whether to go on with the unfinished run."""
        return self.state.unfinished is not None and self.go_on.isChecked()

    @property
    def done_before(self) -> int:
        """How many files the run that is gone on with has checked."""
        run = self.state.unfinished
        return 0 if run is None or not self.resume else files_done(run)

    @property
    def looking(self) -> bool:
        """Whether it is not yet known what the ledger is."""
        return self._look is not None or self._pause.isActive()

    # what the widget says

    def set_chosen(self, paths: Sequence[str], *, recursive: bool, trust: str) -> None:
        """Tell what will be checked, by which keys: whether a run waits depends on it."""
        if (list(paths), recursive, trust) != (self._chosen, self._recursive, self._trust):
            self._chosen, self._recursive, self._trust = list(paths), recursive, trust
            if self.path:
                self._pause.start()

    def set_running(self, running: bool) -> None:
        """Let nothing be chosen while a run is under way; look again when it is over."""
        for widget in (self.line, self.open_button, self.new_button, self.go_on):
            widget.setEnabled(not running)
        if running:
            self.duplicates_button.setEnabled(False)
        else:
            self._show()

    def look(self) -> None:
        """Find out, in a thread, what there is."""
        self._pause.stop()
        path, chosen = self.path, list(self._chosen)
        options: Any = {"recursive": self._recursive, "trust": self._trust}
        LedgerChoice.remembered = path
        if not path:
            self._look = None
            self._known(LedgerState())
            return
        task = Task[LedgerState](lambda _: look_at(path, chosen, **options))
        self._look = task
        task.start()
        when_done(self, task, lambda: self._looked(task))

    def _looked(self, task: Task[LedgerState]) -> None:
        if task is self._look:  # else it is about another file by now
            self._look = None
            self._known(task.result or LedgerState(text=f"⚠ {task.complaint}", usable=False))

    def _known(self, state: LedgerState) -> None:
        before, self.state = self.state.unfinished, state
        if state.unfinished is not None:
            self.go_on.setText(go_on_text(state.unfinished))
            if before is None or before.number != state.unfinished.number:
                self.go_on.setChecked(True)
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self.told.setText(breakable(self.state.text))
        self.told.setVisible(bool(self.state.text))
        self.go_on.setVisible(self.state.unfinished is not None)
        self.duplicates_button.setVisible(self.state.exists)
        self.duplicates_button.setEnabled(self.state.usable)

    # choosing

    def _typed(self) -> None:
        self._pause.start()
        self.changed.emit()

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Choose a ledger", self._start_in(), FILES)
        self._take(path)

    def _name(self) -> None:
        start = os.path.join(self._start_in(), "ledger.db")
        options = QFileDialog.Option.DontConfirmOverwrite  # it is never overwritten
        path, _ = QFileDialog.getSaveFileName(
            self, "Name a new ledger", start, FILES, options=options
        )
        if path and not os.path.splitext(path)[1] and not os.path.exists(path):
            path += ".db"
        self._take(path)

    def _take(self, path: str) -> None:
        if path:
            self.line.setText(path)
            self.line.setToolTip(f"<p>{_escaped(path)}</p>")
            self.look()

    def _start_in(self) -> str:
        if self.path:
            return os.path.dirname(self.path)
        if not self._chosen:
            return ""
        first = os.path.abspath(self._chosen[0])
        # Beside the folder that it is about, not among the images.
        return os.path.dirname(first)


def _escaped(path: str) -> str:
    import html

    return html.escape(printable(path))
