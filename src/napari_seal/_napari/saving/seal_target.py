"""Where a sealed layer is written: what is proposed or typed, what is there, what was agreed to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_seal._napari.layers.names import (
    EXTENSION,
    LOSSLESS,
    complete_name,
    safe_name,
    stack_folder,
)
from napari_seal._text import printable
from napari_seal.errors import OptionError, SealError

if TYPE_CHECKING:
    from napari_seal._format.stack import Stack


def suggest_path(layer_name: str, folder: str, extension: str = EXTENSION) -> str:
    """Return a path in ``folder`` that every file system takes, named after the layer."""
    return os.path.abspath(complete_name(os.path.join(folder, safe_name(layer_name)), extension))


def full_path(typed: str, near: str, extension: str = EXTENSION, *, stack: bool = False) -> str:
    """Return the path of the file that is meant, with its extension completed.

    Parameters
    ----------
    typed : str
        As in the field.
    near : str
        Folder for a name without one: the folder that napari was started from is seldom known.
    extension : str
        Of sealed files, where none is typed.
    stack : bool
        Whether it becomes a folder, so that the folder of a stack may be named.

    Returns
    -------
    str
        Absolute, with the extension of a file; empty where nothing is typed.

    Raises
    ------
    OptionError
        If it is a folder.
    """
    if not typed:
        return ""
    path = os.path.abspath(os.path.join(near, os.path.expanduser(typed)))
    separators = tuple(filter(None, (os.sep, os.altsep)))
    is_folder = typed.endswith(separators) or os.path.isdir(path)
    if is_folder and not (stack and path.endswith(".sealed")):
        raise OptionError(f"{printable(path)} is a folder. Add a file name to it.")
    target = complete_name(path, extension)
    if os.path.isdir(target):
        raise OptionError(f"{printable(target)} is a folder. Choose another name.")
    return target


def unfinished(folder: str) -> Stack | None:
    """Return what a folder holds of a stack that was begun and not finished."""
    import napari_seal

    if not os.path.isdir(folder):
        return None
    try:
        stack = napari_seal.open_stack(folder).stack
    except SealError:
        return None
    return None if stack.complete else stack


def is_taken(target: str, *, stack: bool) -> bool:
    """Whether something stands in the place that has to be replaced first."""
    if not stack:
        return os.path.lexists(target)
    folder = stack_folder(target)
    if os.path.isdir(folder):
        return bool(os.listdir(folder)) and unfinished(folder) is None
    return os.path.lexists(folder)


def ask_for_path(
    parent: QWidget, near: str, proposed: str, extension: str = EXTENSION
) -> tuple[str, bool]:
    """Ask in a dialog for the file to write.

    Parameters
    ----------
    parent : QWidget
        Over which it opens.
    near, proposed : str
        Folder in which it opens, and the file that is filled in, if there is one.
    extension : str
        Of the format that is chosen first.

    Returns
    -------
    path : str
        Empty where the dialog was cancelled.
    replace : bool
        Whether exactly this file exists, so that the dialog asked before it closed, and the answer
        was yes.
    """
    filters = {f"Sealed JPEG (*{EXTENSION})": EXTENSION, f"Sealed PNG (*{LOSSLESS})": LOSSLESS}
    dialog = QFileDialog(parent, "Seal as", near, ";;".join(filters))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)

    def end_with(chosen: str) -> None:
        # So that the question is about the completed name.
        dialog.setDefaultSuffix(filters[chosen].removeprefix("."))

    dialog.filterSelected.connect(end_with)
    first = next(text for text, ending in filters.items() if ending == extension)
    dialog.selectNameFilter(first)
    end_with(first)
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
