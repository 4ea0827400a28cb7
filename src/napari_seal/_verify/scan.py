"""From what a user names to the files to check, streamed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from napari_seal._files import is_address
from napari_seal._folders import find
from napari_seal._format.names import INDEX_ENDING

#: Names of files in folders that are checked.  A file that is named itself is checked in any case.
EXTENSIONS: Final = (".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".png")
_FOUND: Final = (*EXTENSIONS, INDEX_ENDING)


def find_images(
    paths: Iterable[str | os.PathLike[str]], *, recursive: bool = True
) -> Iterator[str]:
    """Yield the files to check, in the order given and by name within a folder.

    Parameters
    ----------
    paths : iterable of path-like
        Files, which are yielded as they are, and folders, which are searched for `EXTENSIONS` and
        for indexes of stacks.  Of the index of a stack that is named, the planes follow.
    recursive : bool, default True
        Also search the folders in folders.  Links to folders are not followed, so that no search
        runs in circles.

    Yields
    ------
    str
        A file; or a folder that cannot be listed or that was named and has no image in it: checking
        it gives the verdict `unreadable`, so that nothing is passed over in silence.
        Planes of a stack, also those that are missing, are each a `PlanePath`.
    """
    for path in paths:
        yield from Search(os.fsdecode(path), recursive)


class Search(Iterator[str]):
    """The search through one path that was named.

    Attributes
    ----------
    pending : list of str
        What is still to be searched; the last is what the search is at.
    since : float
        When it began with that, or last got a name out of it (`time.monotonic`).
    """

    def __init__(self, name: str, recursive: bool) -> None:
        self.pending = [name]
        self.since = time.monotonic()
        self._recursive = recursive
        self._files = self._find(name)

    def __next__(self) -> str:
        return next(self._files)

    def going_on(self, pending: list[str]) -> Search:
        """A search for what is pending, in place of this one, which may never come back."""
        rest = Search("", self._recursive)
        rest.pending = pending
        rest._files = rest._walk()
        return rest

    def _find(self, name: str) -> Iterator[str]:
        if name.lower().endswith(INDEX_ENDING) and not os.path.isdir(name):
            yield from _stack(name)
            return
        if is_address(name):  # fsspec lists it
            found_there = find(name, _FOUND, recursive=self._recursive)
            for _, files in groupby(found_there, lambda file: file.rpartition("/")[0]):
                yield from _with_planes(files)
            return
        if not os.path.isdir(name):
            yield name
            return
        empty = True
        for found in self._walk():
            empty = False
            yield found
        if empty:
            yield name

    def _walk(self) -> Iterator[str]:
        while self.pending:
            self.since = time.monotonic()
            current = self.pending[-1]
            # Names, not paths: a million of them in one folder have to fit the memory.
            files: list[str] = []
            folders: list[str] = []
            try:
                for is_image, entry in _images_and_folders(current, self._recursive):
                    self.since = time.monotonic()
                    (files if is_image else folders).append(entry.name)
            except OSError:
                folders = []
                yield current
            else:
                files.sort()
                start = os.path.join(current, "")
                found = (start + name for name in files)
                if any(name.lower().endswith(INDEX_ENDING) for name in files):
                    yield from _with_planes(found)
                else:
                    yield from found
            folders.sort(reverse=True)
            self.pending[-1:] = [os.path.join(current, name) for name in folders]


def count_images(paths: Iterable[str | os.PathLike[str]], *, recursive: bool = True) -> int:
    """Number of files that `find_images` yields, without keeping their names."""
    total = 0
    for path in paths:
        name = os.fsdecode(path)
        if not os.path.isdir(name):
            low = name.lower()
            # At an address, what is not named like an image may be a folder.
            there = is_address(name) and not low.endswith(EXTENSIONS)
            is_more = there or low.endswith(INDEX_ENDING)
            total += sum(1 for _ in Search(name, recursive)) if is_more else 1
            continue
        before = total
        pending = [name]
        while pending:
            folder = pending.pop()
            images, folders = 0, []
            has_stack = False
            try:
                for is_image, entry in _images_and_folders(folder, recursive):
                    if is_image:
                        images += 1
                        has_stack |= entry.name.lower().endswith(INDEX_ENDING)
                    else:
                        folders.append(entry.path)
            except OSError:
                total += 1  # the folder itself, to complain about
                continue
            # Of a stack, planes that are missing count, too.
            total += sum(1 for _ in Search(folder, False)) if has_stack else images
            pending += folders
        total += total == before
    return total


def _with_planes(files: Iterable[str]) -> Iterator[str]:
    from napari_seal._verify.stack_files import with_planes  # which few archives need

    return with_planes(files)


def _stack(index: str) -> Iterator[str]:
    """The index of a stack, and its planes."""
    from napari_seal._verify.stack_files import stack_files

    def beside() -> Iterator[str]:
        return find_images([os.path.dirname(index) or "."], recursive=False)

    return stack_files(index, beside)


def _images_and_folders(folder: str, recursive: bool) -> Iterator[tuple[bool, os.DirEntry[str]]]:
    """Entries of a folder: images, and the folders to search as well."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.lower().endswith(_FOUND) and not _is_folder(entry, True):
                yield True, entry
            elif recursive and _is_folder(entry, False):
                yield False, entry


def _is_folder(entry: os.DirEntry[str], follow: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=follow)
    except OSError:
        return False
