"""A file or folder whose opening hangs, as on a dead network mount: by the kernel itself."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# <linux/fanotify.h> and <linux/fcntl.h>
_CLOEXEC, _CLASS_CONTENT, _MARK_ADD, _OPEN_PERM, _AT_FDCWD = 0x1, 0x4, 0x1, 0x1_0000, -100
_ONDIR = 0x4000_0000


@contextmanager
def hanging(path: Path) -> Iterator[None]:
    """Let whoever opens it wait: Linux asks us for permission, and we never answer."""
    if sys.platform != "linux":
        pytest.skip("needs fanotify, which Linux has")
    libc = ctypes.CDLL(None)
    descriptor = libc.fanotify_init(_CLASS_CONTENT | _CLOEXEC, os.O_RDONLY)
    if descriptor < 0:
        pytest.skip("needs the right to use fanotify, which root has")
    try:
        mask = ctypes.c_uint64(_OPEN_PERM | (_ONDIR if path.is_dir() else 0))
        if libc.fanotify_mark(descriptor, _MARK_ADD, mask, _AT_FDCWD, os.fsencode(path)) < 0:
            pytest.skip("this kernel's fanotify gives no permissions")
        yield
    finally:
        os.close(descriptor)
