"""From what a user names to the files to check, streamed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Final

from napari_seal._files import is_address
from napari_seal._folders import find

#: Names of files in folders that are checked.  A file that is named itself is checked in any case.
EXTENSIONS: Final = (".jpg", ".jpeg", ".jpe", ".jfif", ".jif")


def find_images(
    paths: Iterable[str | os.PathLike[str]], *, recursive: bool = True
) -> Iterator[str]:
    """Yield the files to check, in the order given and by name within a folder.

    Parameters
    ----------
    paths : iterable of path-like
        Files, which are yielded as they are, and folders, which are searched for `EXTENSIONS`.
    recursive : bool, default True
        Also search the folders in folders.  Links to folders are not followed, so that no search
        runs in circles.

    Yields
    ------
    str
        A file; or a folder that cannot be listed or that was named and has no image in it: checking
        it gives the verdict `unreadable`, so that nothing is passed over in silence.
    """
    for path in paths:
        name = os.fsdecode(path)
        if is_address(name):  # fsspec lists it
            yield from find(name, EXTENSIONS, recursive=recursive)
            continue
        if not os.path.isdir(name):
            yield name
            continue
        empty = True
        for found in _walk(name, recursive):
            empty = False
            yield found
        if empty:
            yield name


def _walk(folder: str, recursive: bool) -> Iterator[str]:
    pending = [folder]
    while pending:
        current = pending.pop()
        files: list[str] = []
        folders: list[str] = []
        try:
            with os.scandir(current) as entries:
                for entry in entries:
                    if entry.name.lower().endswith(EXTENSIONS) and not _is_folder(entry, True):
                        files.append(entry.path)
                    elif recursive and _is_folder(entry, False):
                        folders.append(entry.path)
        except OSError:
            yield current
            continue
        yield from sorted(files)
        pending += sorted(folders, reverse=True)


def _is_folder(entry: os.DirEntry[str], follow: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=follow)
    except OSError:
        return False
