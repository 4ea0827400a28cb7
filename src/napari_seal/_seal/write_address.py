"""Writing a sealed file to an address, such as ``s3://bucket/a.jpg``."""

from __future__ import annotations

from napari_seal._files import exists
from napari_seal._files import write as put
from napari_seal._folders import is_folder
from napari_seal._text import printable
from napari_seal.errors import TargetExistsError, WriteError


def check_target_address(address: str, *, overwrite: bool) -> None:
    """Refuse a target that cannot be written, before any work is done.

    Raises
    ------
    TargetExistsError
        There is a file, and ``overwrite`` is not set.
    WriteError
        There is a folder, or it cannot be found out.
    """
    shown = repr(printable(address))
    try:
        if not exists(address):
            return
    except OSError as error:
        raise WriteError(f"{shown} could not be looked at: {error.strerror or error}") from error
    if is_folder(address):
        raise WriteError(f"{shown} is a folder; give the name of a file")
    if not overwrite:
        raise _exists(shown)


def write_address(address: str, data: bytes, *, overwrite: bool) -> None:
    """Write a file as its store allows: whole or not at all, read back.

    Raises
    ------
    TargetExistsError
        There is a file, and ``overwrite`` is not set.
    WriteError
        It cannot be written, or is not what was written.
    """
    shown = repr(printable(address))
    try:
        put(address, data, overwrite=overwrite)
    except FileExistsError as error:
        raise _exists(shown) from error
    except OSError as error:
        raise WriteError(f"{shown} could not be written: {error.strerror or error}") from error


def _exists(shown: str) -> TargetExistsError:
    return TargetExistsError(
        f"{shown} exists and was not overwritten; choose another name, or ask for overwriting"
    )
