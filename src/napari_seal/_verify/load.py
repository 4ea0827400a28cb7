"""Reading one file whole, safely: whatever it is, the answer is bytes or a reason."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final, Self

from napari_seal._files import is_address, local_path
from napari_seal._format import limits

if TYPE_CHECKING:
    from napari_seal._verify.reasons import Reason

# A FIFO would block the run, a terminal would become ours.
_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class Unlisted(str):
    """A folder that was given up; `load` knows it, and does not touch it."""

    __slots__ = ("seconds",)

    seconds: float

    def __new__(cls, path: str, seconds: float) -> Self:
        """A path, and how long it took too long."""
        new = super().__new__(cls, path)
        new.seconds = seconds
        return new

    def __reduce__(self) -> tuple[type[Unlisted], tuple[str, float]]:
        return type(self), (str(self), self.seconds)

    @property
    def reason(self) -> Reason:
        """Why nothing is known of what is in it."""
        from napari_seal._verify.not_read import unlisted

        return unlisted(self.seconds)


def load(path: str) -> bytes | Reason:
    """Read a file, or say why it cannot be read."""
    if "://" in path and is_address(path):
        local = local_path(path)
        if local is None:  # fsspec reads it
            from napari_seal._verify.load_address import load_address

            return load_address(path)
        path = local
    if type(path) is Unlisted:
        return path.reason
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        return _because_of(error)
    try:
        before = os.fstat(descriptor)
        size = before.st_size
        if not stat.S_ISREG(before.st_mode) or size > limits.FILE_BYTES:
            from napari_seal._verify.not_read import no_file

            return no_file(before)
        # One byte more than it should have tells of a file that grows.
        data = os.read(descriptor, size + 1)
        while 0 < len(data) < size:
            more = os.read(descriptor, size + 1 - len(data))
            if not more:
                break
            data += more
        after = os.fstat(descriptor)
    except OSError as error:
        return _because_of(error)
    finally:
        try:  # noqa: SIM105 - every file comes here, and `suppress` costs as much as `close`
            os.close(descriptor)
        except OSError:  # nothing was written through it
            pass
    if not len(data) == size == after.st_size or before.st_mtime_ns != after.st_mtime_ns:
        from napari_seal._verify.not_read import changed

        found = max(len(data), after.st_size)
        return changed(f"{found:,} bytes", expected=f"{size:,} bytes")
    return data


def _because_of(error: OSError | ValueError) -> Reason:
    from napari_seal._verify.not_read import because_of  # which no file that can be read needs

    return because_of(error)
