"""Why a file was not read, on a disk or at an address: a sentence for each cause."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal._verify.reasons import Reason, ReasonCode

if TYPE_CHECKING:
    import os


def because_of(error: OSError | ValueError) -> Reason:
    """What the system said."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Reason(code=ReasonCode.FILE_MISSING, message="There is no such file.")
    if isinstance(error, PermissionError):
        text = "Reading the file is not permitted."
        return Reason(code=ReasonCode.PERMISSION_DENIED, message=text)
    if isinstance(error, IsADirectoryError):
        return Reason(code=ReasonCode.IS_A_DIRECTORY, message="It is a folder, not a file.")
    text = printable(getattr(error, "strerror", None) or error, 300)
    return Reason(code=ReasonCode.IO_ERROR, message=f"The file cannot be read: {text}.")


def no_file(status: os.stat_result) -> Reason:
    """It is none that could be read, or too large a one."""
    if stat.S_ISDIR(status.st_mode):
        return because_of(IsADirectoryError())
    if not stat.S_ISREG(status.st_mode):
        text = "It is a device, a pipe or a socket, not a file."
        return Reason(code=ReasonCode.NOT_A_REGULAR_FILE, message=text)
    return too_large(f"{status.st_size:,} bytes")


def too_large(found: str | None) -> Reason:
    """It is larger than files may be."""
    text = f"The file is larger than the limit of {limits.FILE_BYTES:,} bytes."
    return Reason(code=ReasonCode.LIMIT_EXCEEDED, message=text, found=found)


def changed(found: str | None, expected: str | None = None) -> Reason:
    """At the end it was not what it had been at the beginning."""
    text = "The file was written to while it was being read; check it again."
    code = ReasonCode.CHANGED_WHILE_READING
    return Reason(code=code, message=text, expected=expected, found=found)


def unlisted(seconds: float) -> Reason:
    """It is a folder that did not answer for so long."""
    text = f"Listing the folder stood still for {seconds:g} s; the disk or network hangs."
    return Reason(code=ReasonCode.TIMED_OUT, message=text)
