"""The dialogs in which is chosen what to verify."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from qtpy.QtWidgets import QFileDialog, QWidget

_IMAGES: Final = "Images (*.jpg *.jpeg *.jpe *.jfif *.png *.JPG *.JPEG *.PNG);;All files (*)"


def ask_for_folder(parent: QWidget, chosen: Sequence[str]) -> list[str]:
    """Ask for a folder; nothing where the dialog was cancelled.

    Parameters
    ----------
    parent : QWidget
        Over which the dialog appears.
    chosen : sequence of str
        What is chosen now, near which it begins.
    """
    folder = QFileDialog.getExistingDirectory(parent, "Verify a folder", _near(chosen))
    return [folder] if folder else []


def ask_for_files(parent: QWidget, chosen: Sequence[str]) -> list[str]:
    """Ask for files; see `ask_for_folder`."""
    files, _ = QFileDialog.getOpenFileNames(parent, "Verify files", _near(chosen), _IMAGES)
    return list(files)


def _near(chosen: Sequence[str]) -> str:
    return os.path.dirname(chosen[0]) if chosen else ""
