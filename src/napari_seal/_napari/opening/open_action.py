"""File > IO Utilities > Open and verify...: any JPEG, PNG or stack with its verdict.

The reader claims ``*.sealed.jpg`` and ``*.sealed.png`` only, so that nobody is asked about every
holiday picture.  The archives of older scripts are plain ``.jpg``: they come in through here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from napari_seal._napari.notices import complain, say
from napari_seal._text import printable
from napari_seal.errors import SealError

if TYPE_CHECKING:
    from napari.layers import Image

_FILTER = (
    "Images and stacks (*.jpg *.jpeg *.jpe *.jfif *.png *.JPG *.JPEG *.PNG *.sealed.json)"
    ";;Stacks (*.sealed.json);;All files (*)"
)


def open_and_verify() -> list[Image]:
    """Ask for files and open them in the current viewer, flagged with their verdicts.

    Returns
    -------
    list of napari.layers.Image
        The pictures that were opened; empty where the dialog was cancelled.
    """
    from qtpy.QtWidgets import QFileDialog

    viewer, parent = _viewer_and_window()
    paths, _ = QFileDialog.getOpenFileNames(parent, "Open and verify", "", _FILTER)
    return open_flagged(viewer, paths)


def open_and_verify_stack() -> list[Image]:
    """Ask for the folder of a stack and open it in the current viewer."""
    from qtpy.QtWidgets import QFileDialog

    viewer, parent = _viewer_and_window()
    path = QFileDialog.getExistingDirectory(parent, "Open and verify the folder of a stack")
    return open_flagged(viewer, filter(None, [path]))


def _viewer_and_window() -> tuple[Any, Any]:
    import napari

    viewer = napari.current_viewer()
    if viewer is None:
        raise RuntimeError("Open and verify... needs a napari viewer")
    return viewer, _window_of(viewer)


def _window_of(viewer: Any) -> Any:
    """The viewer's window; None where it has none."""
    viewer = getattr(viewer, "__wrapped__", viewer)  # a widget has a proxy, which keeps it private
    return getattr(getattr(viewer, "window", None), "_qt_window", None)


def open_flagged(viewer: Any, paths: Iterable[str]) -> list[Image]:
    """Add each file to the viewer with its verdict; what cannot be shown is named.

    Several can be cancelled in napari's activity, between one and the next.

    Parameters
    ----------
    viewer : napari.Viewer or napari.components.ViewerModel
        Gets one picture a file, and above a changed one the layers that show where.
    paths : iterable of str
        One bad file does not keep the others from being opened.
    """
    from napari_seal._napari.opening.reader import read_file
    from napari_seal._napari.opening.reading import Cancelled, draw_meanwhile, one_by_one
    from napari_seal._napari.opening.stack_watch import watch_of

    opened = []
    for path in one_by_one(list(paths), _window_of(viewer)):
        try:
            image, *overlays = read_file(path)
        except Cancelled as error:
            say(str(error))
            continue
        except SealError as error:
            # The file's name first: napari cuts a long message off at its end.
            complain(f"Not opened: {_about(path, printable(error))}")
            continue
        opened.append(viewer.add_layer(image))
        watch = watch_of(image)
        if watch is not None:
            watch.attach(viewer)
        for layer in overlays:
            draw_meanwhile()
            viewer.add_layer(layer)
    return opened


def _about(path: str, problem: str) -> str:
    """Say once which file it is, and without its folders: they are longer than a notification."""
    name = printable(os.path.basename(path))
    for named in (printable(path), name):
        if problem.startswith(named):
            return name + problem.removeprefix(named)
    return f"{name}. {problem}"
