"""How files look from outside: which are taken, and whether they changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from napari_seal._images.names import FOLDER_EXTENSIONS, ZARR_FILES

#: What programs append to the names of files, or of their stems, that they have not finished.
_PARTS: Final = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload")
#: Folders of file systems and file servers.
_SYSTEM: Final = frozenset(("lost+found", "system volume information", "$recycle.bin", "@eadir"))
#: The same, and how the names of sealed images and of their folders end.
_NOT_RAW: Final = (*_PARTS, ".sealed")


class Look(NamedTuple):
    """What tells that a file changed; of a folder that is one image, over all files in it.

    Parameters
    ----------
    size : int
        In bytes.
    mtime, ctime : int
        Nanoseconds since 1970; the latest.
    inode : int
        Of a folder, the number of files instead.
    """

    size: int
    mtime: int
    ctime: int
    inode: int


class Place(NamedTuple):
    """A folder, and which one it is: where a disk was unmounted, another has its name."""

    path: str
    device: int
    inode: int

    @classmethod
    def of(cls, path: str) -> Place:
        """The folder of today."""
        found = os.stat(path)
        return cls(path, found.st_dev, found.st_ino)

    def is_there(self) -> bool:
        """Whether it still is what it was."""
        try:
            return Place.of(self.path) == self
        except OSError:
            return False


def look_at(path: str) -> Look:
    """How a file looks.

    Raises
    ------
    OSError
        It is gone, or cannot be looked at.
    """
    try:
        found = os.stat(path)
    except FileNotFoundError:
        found = os.lstat(path)  # a link that leads nowhere: there, and not readable
    if not stat.S_ISDIR(found.st_mode):
        return Look(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
    size, mtime, ctime, count = 0, found.st_mtime_ns, found.st_ctime_ns, 0
    pending = [path]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                about = entry.stat(follow_symlinks=False)
                mtime, ctime = max(mtime, about.st_mtime_ns), max(ctime, about.st_ctime_ns)
                if stat.S_ISDIR(about.st_mode):
                    pending.append(entry.path)
                else:
                    size, count = size + about.st_size, count + 1
    return Look(size, mtime, ctime, count)


def is_left_alone(name: str) -> bool:
    """Whether a file or folder is none to be sealed, whatever is in it.

    Hidden ones, parts of files that a program has not finished, folders of the system, and what is
    sealed already.
    """
    low = name.lower()
    stem = os.path.splitext(low)[0]
    return (
        low.startswith((".", "~"))
        or low in _SYSTEM
        or any(part.endswith(_NOT_RAW) for part in (low, stem))
    )


def has_image_name(name: str) -> bool:
    """Whether a file is taken from a folder."""
    return name.lower().endswith(FOLDER_EXTENSIONS)


def walk(
    raw: str,
    below: str,
    unlisted: Callable[[str, OSError], None],
    answered: Callable[[], None] = lambda: None,
) -> Iterator[tuple[bytes, Look]]:
    """Yield the files to seal with their looks, by name within a folder.

    Links to folders are not followed, so that no search runs in circles.

    Parameters
    ----------
    raw : str
        The folder that is watched.
    below : str
        Where in it to begin; empty for all of it.
    unlisted : callable
        Told of folders, and of files, that cannot be looked at; not of those that are gone.
    answered : callable
        Told of each folder that was listed.

    Yields
    ------
    key : bytes
        The path below ``raw``.
    look : Look

    Raises
    ------
    OSError
        ``raw`` itself cannot be listed.
    """
    pending = [below]
    while pending:
        folder = pending.pop()
        try:
            files, folders = _list(os.path.join(raw, folder))
            answered()
        except OSError as error:
            if folder == "":
                raise
            if not isinstance(error, FileNotFoundError):
                unlisted(folder, error)
            continue
        if folder and is_one_image(folder, files):
            files, folders, folder = [os.path.basename(folder)], [], os.path.dirname(folder)
        else:
            files = sorted(filter(has_image_name, files))
        for name in files:
            path = os.path.join(folder, name)
            try:
                yield os.fsencode(path), look_at(os.path.join(raw, path))
            except FileNotFoundError:
                continue  # it has another name by now, or is gone
            except OSError as error:
                unlisted(path, error)
        pending += [os.path.join(folder, name) for name in sorted(folders, reverse=True)]


def is_one_image(folder: str, files: list[str]) -> bool:
    """Whether a folder with these files in it is one image in many files, as of OME-Zarr."""
    return folder.lower().endswith(".zarr") or not set(ZARR_FILES).isdisjoint(files)


def _list(folder: str) -> tuple[list[str], list[str]]:
    """Names of the files and of the folders in a folder."""
    files, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name in ZARR_FILES:
                files.append(entry.name)
            elif is_left_alone(entry.name):
                continue
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif not entry.is_symlink() or not os.path.isdir(entry.path):
                files.append(entry.name)
    return files, folders
