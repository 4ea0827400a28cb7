"""A report that appears whole or not at all, in the place of an earlier one."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

# As those that `napari-seal seal` leaves when it is killed: such a file may be deleted.
_PART: Final = (".napari-seal-", ".part")


class Part:
    """An unfinished file.

    Parameters
    ----------
    file : binary file
        Where its content goes.

    Attributes
    ----------
    complete : bool
        To be set when all is written: only then does the file get its name.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.complete = False


@contextmanager
def replacing(path: str) -> Iterator[Part]:
    """Write a file under another name, and give it its own when it is complete and on the disk.

    Parameters
    ----------
    path : str
        Its name.  Of a link, the file behind it is replaced.

    Raises
    ------
    OSError
        It cannot be written.  What can be known beforehand is raised before anything is done.
    """
    import secrets
    import shutil

    path = os.path.realpath(path)
    check_target(path)
    part = os.path.join(os.path.dirname(path), secrets.token_hex(8).join(_PART))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(part, flags, 0o666)
    try:
        with open(descriptor, "wb") as file:
            unfinished = Part(file)
            yield unfinished
            if not unfinished.complete:
                return
            file.flush()
            os.fsync(descriptor)
        with contextlib.suppress(OSError):
            shutil.copymode(path, part)
        os.replace(part, path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(part)


def check_target(path: str) -> None:
    """Refuse what cannot be replaced by a file.

    Raises
    ------
    OSError
        It is a folder, a device or a pipe, or must not be written to.
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a folder, a device or a pipe, not a file", path)
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def nameless(path: str) -> IO[bytes]:
    """A temporary file without a name, on the disk of ``path``."""
    import tempfile

    folder = os.path.dirname(path)
    return tempfile.TemporaryFile(dir=folder, prefix=_PART[0], suffix=_PART[1])
