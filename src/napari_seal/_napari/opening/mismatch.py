"""What becomes of a file that is not intact when it is opened, as set in Preferences."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from napari_seal._napari.preferences import on_mismatch
from napari_seal._text import printable
from napari_seal.errors import ReadError

if TYPE_CHECKING:
    from napari_seal import Verdict


def check_agreed(path: str, verdict: Verdict) -> None:
    """Let a file be shown, or not.

    Parameters
    ----------
    path : str
        The file.
    verdict : Verdict
        On it; of a stack, on its index.

    Raises
    ------
    ReadError
        It is not to be shown.
    """
    if verdict.intact:
        return
    wanted = on_mismatch()
    if wanted == "flag" or (wanted == "ask" and _ask(path, verdict)):
        return
    why = "as you answered" if wanted == "ask" else "as set in Preferences > napari-seal"
    raise ReadError(
        f"{printable(os.path.basename(path))} is {verdict.verdict} and not shown, {why}"
    )


def _ask(path: str, verdict: Verdict) -> bool:
    """Ask whether to show a file; without a window there is nobody to ask, and it is flagged."""
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QApplication, QMessageBox

    from napari_seal._napari.dock_page import show_focus
    from napari_seal._napari.main_window import main_window

    if QApplication.instance() is None:
        return True
    # Over the window, whose theme it has then.
    box = QMessageBox(main_window())
    box.setWindowTitle("Not intact")
    box.setIcon(QMessageBox.Icon.Warning)
    reasons = " ".join(reason.message for reason in verdict.reasons[:2])
    # Never markup: it is from a file.
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(
        f"{printable(os.path.basename(path), 100)}: {verdict.verdict}\n\n"
        f"{verdict.verdict.meaning} {reasons}\n\nShow it nevertheless?"
    )
    buttons = QMessageBox.StandardButton
    box.setStandardButtons(buttons.Yes | buttons.No)
    box.setDefaultButton(buttons.No)
    show_focus(box)
    return bool(box.exec() == buttons.Yes)
