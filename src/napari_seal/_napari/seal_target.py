"""Where a sealed layer is written: what is proposed, what is typed, what a dialog agreed to."""

from __future__ import annotations

import os
from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_seal._napari.flag import plain_name
from napari_seal._napari.writer import EXTENSION, complete_name
from napari_seal._text import printable
from napari_seal.errors import OptionError

# Characters that one or another file system refuses.
_NOT_IN_NAMES = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))


def suggest_path(layer_name: str, folder: str) -> str:
    """Return a path in ``folder`` that every file system takes, named after the layer."""
    name = plain_name(layer_name).translate(_NOT_IN_NAMES).strip(" .") or "image"
    return os.path.abspath(complete_name(os.path.join(folder, name)))


def full_path(typed: str, near: str) -> str:
    """Return the path of the file that is meant, with its extension completed.

    Parameters
    ----------
    typed : str
        As in the field.
    near : str
        Folder for a name without one: the folder that napari was started from is seldom known.

    Returns
    -------
    str
        Absolute; empty where nothing is typed.

    Raises
    ------
    OptionError
        If it is a folder.
    """
    if not typed:
        return ""
    path = os.path.abspath(os.path.join(near, os.path.expanduser(typed)))
    separators = tuple(filter(None, (os.sep, os.altsep)))
    if typed.endswith(separators) or os.path.isdir(path):
        raise OptionError(f"{printable(path)} is a folder. Add a file name to it.")
    target = complete_name(path)
    if os.path.isdir(target):
        raise OptionError(f"{printable(target)} is a folder. Choose another name.")
    return target


def ask_for_path(parent: QWidget, near: str, proposed: str) -> tuple[str, bool]:
    """Ask in a dialog for the file to write.

    Parameters
    ----------
    parent : QWidget
        Over which it opens.
    near, proposed : str
        Folder in which it opens, and the file that is filled in, if there is one.

    Returns
    -------
    path : str
        Empty where the dialog was cancelled.
    replace : bool
        Whether exactly this file exists, so that the dialog asked before it closed, and the answer
        was yes.
    """
    dialog = QFileDialog(parent, "Seal as", near, f"Sealed JPEG (*{EXTENSION})")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    # So that the question is about the completed name.
    dialog.setDefaultSuffix(EXTENSION.removeprefix("."))
    if proposed:
        dialog.setDirectory(os.path.dirname(proposed))
        dialog.selectFile(os.path.basename(proposed))
    accepted = dialog.exec()
    chosen = dialog.selectedFiles()
    dialog.deleteLater()
    if not accepted or not chosen:
        return "", False
    path = str(Path(chosen[0]))
    return path, os.path.exists(path) and complete_name(path) == path
