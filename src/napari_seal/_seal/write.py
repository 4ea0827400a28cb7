"""Writing a file so that a crash leaves the old file or the new one, never a part."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from typing import Final

from napari_seal._files import is_address
from napari_seal.errors import TargetExistsError, WriteError

#: What the name of an unfinished file begins and ends with.  Such a file may be deleted.
PART_PREFIX: Final = ".napari-seal-"
PART_SUFFIX: Final = ".part"

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
        from napari_seal._seal.write_address import check_target_address

        check_target_address(path, overwrite=overwrite)
        return
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise WriteError(f"the folder {folder!r} does not exist; create it first")
    if os.path.isdir(path):
        raise WriteError(f"{path!r} is a folder; give the name of a file")
    if os.path.lexists(path) and not overwrite:
        raise TargetExistsError(
            f"{path!r} exists and was not overwritten; choose another name, or ask for overwriting"
        )


def write(path: str, data: bytes, *, overwrite: bool) -> None:
    """Write a file through a temporary one in the same folder, re-read and synchronised.

    Raises
    ------
    TargetExistsError
        There is a file, and ``overwrite`` is not set.
    WriteError
        The disk is full, the folder is read-only, what was read back is not what was written, ...
    """
    if is_address(path):
        from napari_seal._seal.write_address import write_address

        write_address(path, data, overwrite=overwrite)
        return
    check_target(path, overwrite=overwrite)
    folder = os.path.dirname(path) or "."
    part = os.path.join(folder, f"{PART_PREFIX}{secrets.token_hex(8)}{PART_SUFFIX}")
    try:
        try:
            _write_part(part, data)
            if overwrite:
                _keep_mode(path, part)
                os.replace(part, path)
            else:
                _move_without_replacing(part, path)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(part)
        _synchronise_folder(folder)
    except FileExistsError as error:
        raise TargetExistsError(
            f"{path!r} appeared while it was being sealed; it was kept"
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        problem = getattr(error, "strerror", None) or error
        raise WriteError(f"{path!r} could not be written: {problem}") from error


def _write_part(part: str, data: bytes) -> None:
    descriptor = os.open(
        part, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
    )
    with open(descriptor, "r+b", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        file.seek(0)
        if file.read(len(data) + 1) != data:
            raise OSError(errno.EIO, "what was read back is not what was written")
        os.fsync(file.fileno())


def _keep_mode(path: str, part: str) -> None:
    with contextlib.suppress(OSError):
        shutil.copymode(path, part)


def _move_without_replacing(part: str, path: str) -> None:
    try:
        os.link(part, path)  # atomic, and fails where the name is taken
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "exists", path) from error
        os.rename(part, path)


def _synchronise_folder(folder: str) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # a file system that has nothing to synchronise
                raise
        finally:
            os.close(descriptor)
