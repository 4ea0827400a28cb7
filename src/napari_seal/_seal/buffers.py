"""Copies of images in memory that is used again: fresh pages cost more than copying into them."""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import numpy as np
import numpy.typing as npt

#: Buffers that lie idle, at most.
_IDLE: Final = 4


class Buffers:
    """Memory for copies of images, which mostly are all of one size.

    Threads may share it: what they change at a time, Python changes in one step.
    """

    def __init__(self) -> None:
        self._idle: deque[npt.NDArray[np.uint8]] = deque(maxlen=_IDLE)

    def copy(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A copy in C order."""
        try:
            buffer = self._idle.pop()
        except IndexError:
            buffer = None
        if buffer is None or buffer.nbytes != array.nbytes:  # of another size: let go of it
            buffer = np.empty(array.nbytes, np.uint8)
        out = buffer.view(array.dtype).reshape(array.shape)
        np.copyto(out, array)
        return out

    def release(self, copy: npt.NDArray[Any]) -> None:
        """Take back the memory of a copy that nobody looks at any more."""
        self._idle.append(copy.reshape(-1).view(np.uint8))
