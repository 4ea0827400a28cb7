"""A report that appears whole or not at all, in the place of an earlier one."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from napari_seal._disk import PART_PREFIX, PART_SUFFIX, opened_folder, synchronise


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
    folder = os.path.dirname(path)
    part = os.path.join(folder, PART_PREFIX + secrets.token_hex(8) + PART_SUFFIX)
    with opened_folder(folder) as names:
        try:
            with io.BufferedWriter(_Named(part, "x", path)) as file:
                unfinished = Part(file)
                yield unfinished
                if not unfinished.complete:
                    return
                with _named(path):
                    file.flush()
                    os.fsync(file.fileno())
            with contextlib.suppress(OSError):
                shutil.copymode(path, part)
            with _named(path):
                os.replace(part, path)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(part)
        with _named(path):
            synchronise(names)


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Errors say what the user calls the file."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = path, None
        raise


class _Named(io.FileIO):
    """A file whose errors say what the user calls it."""

    def __init__(self, file: str | int, mode: str, target: str) -> None:
        super().__init__(file, mode)
        self._target = target

    def write(self, data: Any) -> int:
        """Write bytes."""
        with _named(self._target):
            return super().write(data)


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
    with tempfile.TemporaryFile(
        dir=folder, prefix=PART_PREFIX, suffix=PART_SUFFIX, buffering=0
    ) as file:
        return io.BufferedRandom(_Named(os.dup(file.fileno()), "r+", path))
