"""What makes names in folders survive a power failure, as `os.fsync` does for contents."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Final

#: What the name of an unfinished file begins and ends with.  Such a file may be deleted.
PART_PREFIX: Final = ".napari-seal-"
PART_SUFFIX: Final = ".part"


@contextlib.contextmanager
def opened_folder(folder: str) -> Iterator[int | None]:
    """A folder that can be synchronised; opened before anything is written, so that this may fail.

    None on Windows, and of a folder that may be written to and not be read.
    """
    descriptor = None
    if os.name == "posix":
        with contextlib.suppress(PermissionError):
            descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            with contextlib.suppress(OSError):  # nothing was written through it
                os.close(descriptor)


def synchronise(descriptor: int | None) -> None:
    """Wait until the disk has the names that were given in a folder.

    Raises
    ------
    OSError
        It does not confirm them.
    """
    try:
        if descriptor is not None:
            os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that has nothing to synchronise
            text = f"the disk did not confirm it ({error.strerror}); check it before you rely on it"
            raise OSError(error.errno, text) from error


def make_folder(path: str) -> None:
    """Make a folder, and those above it, so that they survive a power failure as files do.

    Raises
    ------
    OSError
        It cannot be made, or there is something else.
    """
    if os.path.isdir(path):
        return
    above = os.path.dirname(os.path.abspath(path))
    make_folder(above)
    try:
        os.mkdir(path)
    except FileExistsError:
        if not os.path.isdir(path):  # else another process was quicker
            raise
    with opened_folder(above) as descriptor:
        synchronise(descriptor)
