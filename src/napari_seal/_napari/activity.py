"""Bars in napari's *activity* panel, with a button that ends what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QWidget

from napari_seal._napari.dock_page import show_focus
from napari_seal._napari.main_window import has_window, main_window
from napari_seal._napari.notices import unmarked
from napari_seal._text import printable

if TYPE_CHECKING:
    from napari.utils import cancelable_progress

# Napari shows what stands behind the last stroke. With tqdm's own text, or a long name, the button
# would be beyond the edge.
_SHORT: Final = "{l_bar}{bar}| {n_fmt}/{total_fmt}"
_NAME: Final = 20


def bar_with_button(doing: str, name: str, total: int) -> cancelable_progress:
    """Make a bar.

    Parameters
    ----------
    doing : str
        A word: "Sealing".
    name : str
        Of what.
    total : int
        Number of steps; 0 as long as it is not known.
    """
    from napari.utils import cancelable_progress

    bar = cancelable_progress(
        total=total,
        desc=unmarked(f"{doing} {printable(name, _NAME)}"),
        bar_format=_SHORT if has_window() else None,
        # Else tqdm, after a hundred quick steps, is silent for as many slow ones.
        miniters=1,
    )
    if has_window():
        _next_by_tab(bar)
    return bar


def _next_by_tab(bar: cancelable_progress) -> None:
    """Tab leads from where the keyboard is to the button, and Space presses it.

    It lies on napari's panel, at the end of all that Tab goes through.
    """
    window, here = main_window(), QApplication.focusWidget()
    for part in [] if window is None else window.findChildren(QWidget):
        if getattr(part, "progress", None) is bar:
            show_focus(part)
            if here is not None and here.window() is part.window():
                QWidget.setTabOrder(_stop_of_tab(here), part.cancel_button)


def _stop_of_tab(part: QWidget) -> QWidget:
    """The part itself, or the next one that Tab stops at: what has the canvas in it is none."""
    found = part
    while not found.focusPolicy() & Qt.FocusPolicy.TabFocus:
        found = found.nextInFocusChain()
        if found is part:
            break
    return found
