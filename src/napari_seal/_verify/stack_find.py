"""Finding the index of a stack from what somebody names."""

from __future__ import annotations

import os

from napari_seal._files import is_address
from napari_seal._folders import find, is_folder
from napari_seal._format.names import INDEX_ENDING
from napari_seal._text import printable
from napari_seal.errors import ReadError


def find_index(path: str | os.PathLike[str]) -> str:
    """Return the path of the index of a stack.

    Parameters
    ----------
    path : path-like
        The index, the folder that it is in, or what `seal_stack` was called with.

    Raises
    ------
    ReadError
        There is none, or there are several.
    """
    name = os.fsdecode(path)
    if name.lower().endswith(INDEX_ENDING) and not is_folder(name):
        return name
    folder = name.rstrip("/" if is_address(name) else "/" + os.sep) or name
    if not is_folder(folder):
        folder += ".sealed"
        if not is_folder(folder):
            raise ReadError(f"{printable(name)} is neither the folder nor the index of a stack")
    found = _indexes(folder)
    if len(found) > 1:
        own = os.path.basename(folder).removesuffix(".sealed") + INDEX_ENDING
        found = [file for file in found if os.path.basename(file) == own] or found
    if len(found) != 1:
        problem = f"there are {len(found)} indexes, name one" if found else "there is no index"
        raise ReadError(f"{printable(folder)} is not the folder of a stack: {problem}")
    return found[0]


def _indexes(folder: str) -> list[str]:
    """The indexes in a folder."""
    if is_address(folder):  # `find` gives the folder itself where there is none
        files = find(folder, (INDEX_ENDING,), recursive=False)
        return [file for file in files if file.lower().endswith(INDEX_ENDING)]
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise ReadError(f"{printable(folder)} cannot be listed: {error.strerror}") from error
    return [os.path.join(folder, name) for name in names if name.lower().endswith(INDEX_ENDING)]
