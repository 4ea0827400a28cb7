"""Fixtures of the napari side that answer dialogs as a person does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE


@pytest.fixture
def repeated(qtbot: Any) -> Iterator[Callable[[Callable[[], None], int], Any]]:
    """Do something again and again, each time after so many milliseconds, while dialogs are open.

    Returns the timer.  It is stopped when the test ends, if not before.
    """
    from qtpy.QtCore import QTimer

    timers: list[QTimer] = []

    def repeat(look: Callable[[], None], milliseconds: int) -> QTimer:
        timer = QTimer()
        timer.setInterval(milliseconds)
        timer.timeout.connect(look)
        timer.start()
        timers.append(timer)
        return timer

    yield repeat
    for timer in timers:
        timer.stop()


@pytest.fixture
def answer_dialog(repeated: Callable[..., Any]) -> Callable[..., None]:
    """Answer the next file dialog as a person does: choose a filter, type a name, press the button.

    A following question "replace the existing file?" is answered with yes where ``replace`` is set.
    """
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit, QMessageBox

    def answer(path: Path, *, name_filter: str = "", replace: bool = False) -> None:
        state = {"typed": False, "asked": False, "patience": 1000 * PATIENCE / 50}

        def look() -> None:
            state["patience"] -= 1
            dialog = QApplication.activeModalWidget()
            if state["patience"] < 0:
                # The test fails on what it finds; it must not wait for a person.
                if dialog is None:
                    timer.stop()
                else:
                    dialog.close()
            elif isinstance(dialog, QMessageBox):
                state["asked"] = True
                buttons = QMessageBox.StandardButton
                dialog.button(buttons.Yes if replace else buttons.No).click()
            elif isinstance(dialog, QFileDialog) and state["asked"]:
                dialog.reject()  # after a "no" the file dialog is still there
            elif isinstance(dialog, QFileDialog) and not state["typed"]:
                state["typed"] = True
                for known in dialog.nameFilters():
                    if name_filter and name_filter in known:
                        dialog.selectNameFilter(known)
                dialog.findChild(QLineEdit, "fileNameEdit").setText(str(path))
                box = dialog.findChild(QDialogButtonBox)
                accept = box.button(QDialogButtonBox.StandardButton.Save) or box.button(
                    QDialogButtonBox.StandardButton.Open
                )
                # Not from within this timer: a question that follows runs an event loop of its
                # own, and Qt does not let a timer fire inside itself.
                QTimer.singleShot(0, accept.click)
            elif state["typed"] and dialog is None:
                timer.stop()

        timer = repeated(look, 50)

    return answer


@pytest.fixture
def answer_passphrases(qtbot: Any, repeated: Callable[..., Any]) -> Callable[..., list[Any]]:
    """Answer the dialog for a passphrase as often as there are answers; None presses Cancel.

    Returns the list of what each dialog said: its problem, and whether there was a tick.
    """
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication, QDialogButtonBox

    from napari_seal._napari.saving.passphrase_dialog import PassphraseDialog

    timers: list[QTimer] = []

    def answer(*answers: str | None, remember: bool = False) -> list[Any]:
        left, said, seen = list(answers), [], set()
        for earlier in timers:
            earlier.stop()

        def look() -> None:
            dialog = QApplication.activeModalWidget()
            if not isinstance(dialog, PassphraseDialog) or dialog in seen:
                return
            seen.add(dialog)
            problem = dialog.problem.text() if dialog.problem.isVisible() else ""
            said.append((problem, dialog.remember.isVisible()))
            given = left.pop(0) if left else None
            buttons = QDialogButtonBox.StandardButton
            if given is None:
                QTimer.singleShot(0, dialog.buttons.button(buttons.Cancel).click)
                return
            qtbot.keyClicks(dialog.line, given)
            dialog.remember.setChecked(remember)
            QTimer.singleShot(0, dialog.buttons.button(buttons.Ok).click)

        timers.append(repeated(look, 20))
        return said

    return answer
