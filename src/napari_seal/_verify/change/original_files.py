"""Finding the file that a sealed file was made from, by its name."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final

from napari_seal._images import EXTENSIONS

_SEALED: Final = re.compile(r"(\.sealed)?\.(jpe?g|jpe|jfif|jif|png)$", re.IGNORECASE)
# As this version names planes, and as the first ones did.
_PLANE: Final = re.compile(r"((_[a-z][0-9]+)+|-[0-9]{4,})$")
# The folder of a stack.
_STACK: Final = re.compile(r"\.sealed$", re.IGNORECASE)


def find_original(path: str, named: Sequence[str], folder: str) -> str | None:
    """Return the file in a folder of originals that a sealed file was made from, by its name.

    Parameters
    ----------
    path : str
        The sealed file.
    named : sequence of str
        The folders that were searched: below one of them, the path counts, not only the name.
    folder : str
        Where the originals are, laid out as they were when ``napari-seal seal`` read them.

    Returns
    -------
    str or None
        ``FOLDER/a/b.tif`` for ``a/b.sealed.jpg``, and also for a plane of it, such as
        ``a/b_t3_c0.sealed.jpg`` or ``a/b.sealed/b_t3_c0.sealed.jpg``.
    """
    below = os.path.basename(path)
    for root in named:
        start = root.rstrip(os.sep) + os.sep
        if path.startswith(start):
            below = path[len(start) :]
            break
    stem = os.path.join(folder, _SEALED.sub("", below))
    above = os.path.dirname(stem)
    stacks = [_STACK.sub("", above)] if _STACK.search(above) else []
    stems = dict.fromkeys(way for one in (stem, *stacks) for way in (one, _PLANE.sub("", one)))
    extensions = [spelt for low in EXTENSIONS for spelt in (low, low.upper())]
    candidates = (stem + extension for stem in stems for extension in extensions)
    return next(filter(_is_there, candidates), None)


def _is_there(path: str) -> bool:
    return os.path.isdir(path) if path.lower().endswith(".zarr") else os.path.isfile(path)
