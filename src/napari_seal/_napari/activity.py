"""Bars in napari's *activity* panel, with a button that ends what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_seal._napari.main_window import has_window
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

    return cancelable_progress(
        total=total,
        desc=unmarked(f"{doing} {printable(name, _NAME)}"),
        bar_format=_SHORT if has_window() else None,
        # Else tqdm, after a hundred quick steps, is silent for as many slow ones.
        miniters=1,
    )
