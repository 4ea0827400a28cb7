"""One process at a time writes into the folder of a stack."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Final

from napari_seal._text import printable
from napari_seal.errors import WriteError

#: Another process has the lock; and: there are no locks here, as on some network file systems.
_TAKEN: Final = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES}
_NO_LOCKS: Final = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL, errno.EBADF}


@contextlib.contextmanager
def locked(folder: str) -> Iterator[None]:
    """Keep other processes out of a folder until the end of the block, or of this process.

    The folder itself is locked, so that nothing is left behind by a process that is killed.  Where
    there are no such locks, nothing is kept out: on Windows, and on some network file systems.

    Raises
    ------
    WriteError
        Another process has it.
    OSError
        The folder cannot be opened.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _TAKEN:
                raise WriteError(
                    f"another process is writing into {printable(folder)!r}; wait until it has "
                    "ended, or choose another name"
                ) from error
            if error.errno not in _NO_LOCKS:
                raise
        yield
    finally:
        with contextlib.suppress(OSError):  # it ends the lock whatever it says
            os.close(descriptor)
