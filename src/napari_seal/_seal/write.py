"""Writing a file so that a crash leaves the old file or the new one, never a part."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import shutil
import stat
from collections.abc import Callable
from typing import Final

from napari_seal._disk import PART_PREFIX, PART_SUFFIX, opened_folder, synchronise
from napari_seal._files import is_address, local_path
from napari_seal.errors import TargetExistsError, WriteError

# Bytes that are read back in one go: other threads run between two of them.
_BLOCK: Final = 1 << 20
# A target that cannot be linked to: file systems without hard links.
_NO_LINKS: Final = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def check_target(path: str, *, overwrite: bool) -> None:
    """Refuse a target that cannot be written, before any work is done.

    Raises
    ------
    TargetExistsError
        There is a file, and ``overwrite`` is not set.
    WriteError
        There is something else, or no folder to write into.
    """
    if is_address(path):
        local = local_path(path)
        if local is None:
            from napari_seal._seal.write_address import check_target_address

            check_target_address(path, overwrite=overwrite)
            return
        path = local
    check_folder(os.path.dirname(path) or ".", path)
    try:
        if _is_folder(path):
            raise WriteError(f"{path!r} is a folder; give the name of a file")
        if os.path.lexists(path) and not overwrite:
            raise TargetExistsError(
                f"{path!r} exists and was not overwritten; choose another name, or ask for "
                "overwriting"
            )
    except (OSError, ValueError) as error:
        raise _not_written(path, error) from error


def check_folder(folder: str, path: str) -> None:
    """Refuse a folder that ``path`` cannot be written into.

    Raises
    ------
    WriteError
        It does not exist, or cannot be looked at.
    """
    try:
        if not _is_folder(folder):
            raise WriteError(f"the folder {folder!r} does not exist; create it first")
    except (OSError, ValueError) as error:
        raise _not_written(path, error) from error


def write(
    path: str, data: bytes, *, overwrite: bool, ready: Callable[[], None] | None = None
) -> None:
    """Write a file through a temporary one in the same folder, re-read and synchronised.

    Parameters
    ----------
    path : str
        Target, which may be an address.
    data : bytes
    overwrite : bool
        Whether an existing file may be replaced.
    ready : callable, optional
        Called once only the file's place is left to be taken; at an address, before anything is
        sent.  What it raises leaves everything as it was.

    Raises
    ------
    TargetExistsError
        There is a file, and ``overwrite`` is not set.
    WriteError
        The disk is full, the folder is read-only, what was read back is not what was written, ...
    """
    if is_address(path):
        local = local_path(path)
        if local is None:
            from napari_seal._seal.write_address import write_address

            if ready is not None:
                ready()
            write_address(path, data, overwrite=overwrite)
            return
        path = local
    check_target(path, overwrite=overwrite)
    folder = os.path.dirname(path) or "."
    part = os.path.join(folder, f"{PART_PREFIX}{secrets.token_hex(8)}{PART_SUFFIX}")
    try:
        with opened_folder(folder) as descriptor:
            try:
                write_part(part, data)
                if ready is not None:
                    ready()
                if overwrite:
                    _keep_mode(path, part)
                    os.replace(part, path)
                else:
                    move_without_replacing(part, path)
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(part)
            _confirm(descriptor, path)
    except FileExistsError as error:
        raise TargetExistsError(
            f"{path!r} appeared while it was being sealed; it was kept"
        ) from error
    except (OSError, ValueError) as error:
        raise _not_written(path, error) from error


def _not_written(path: str, error: OSError | ValueError) -> WriteError:
    # ValueError: a null character in the name.
    problem = getattr(error, "strerror", None) or error
    return WriteError(f"{path!r} could not be written: {problem}")


def _is_folder(path: str) -> bool:
    """Whether there is a folder; unlike `os.path.isdir`, it does not take an error for a no."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return False
        raise


def write_part(part: str, data: bytes) -> None:
    """Write a new file, read it back and synchronise it."""
    descriptor = os.open(
        part, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
    )
    with open(descriptor, "r+b", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        file.seek(0)
        if not _holds(file, data):
            raise OSError(errno.EIO, "what was read back is not what was written")
        os.fsync(descriptor)


def _holds(file: io.FileIO, data: bytes) -> bool:
    """Whether a file holds just these bytes from where it stands."""
    at, size = 0, min(_BLOCK, len(data) + 1)
    while block := file.read(size):
        if block != data[at : at + len(block)]:
            return False
        at += len(block)
    return at == len(data)


def _keep_mode(path: str, part: str) -> None:
    with contextlib.suppress(OSError):
        shutil.copymode(path, part)


def move_without_replacing(part: str, path: str) -> None:
    """Give a file its name, unless it is taken."""
    try:
        os.link(part, path)  # atomic, and fails where the name is taken
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "exists", path) from error
        os.rename(part, path)


def _confirm(descriptor: int | None, path: str) -> None:
    try:
        synchronise(descriptor)
    except OSError as error:
        raise WriteError(f"{path!r} was written, but {error.strerror}") from error
