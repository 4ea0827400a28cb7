"""Memory that is used again: right copies, and never one that somebody looks at."""

from __future__ import annotations

import numpy as np

from napari_seal._seal.buffers import Buffers


def test_copies_are_equal_whatever_the_layout() -> None:
    """Of any type, byte order and strides, the copy holds the same values, in C order."""
    buffers = Buffers()
    image = np.arange(120).reshape(10, 12)
    for kind in ("u1", ">u2", "f4", "?"):
        for array in (image.astype(kind), image.astype(kind)[::2, ::-1], image.astype(kind).T):
            copy = buffers.copy(array)
            assert np.array_equal(copy, array)
            assert copy.dtype == array.dtype
            assert copy.flags.c_contiguous
            assert not np.shares_memory(copy, array)
            buffers.release(copy)


def test_memory_is_used_again_once_it_was_released() -> None:
    """Two copies at a time lie apart; one that was released is written over."""
    buffers = Buffers()
    array = np.zeros((4, 5), np.uint16)
    first, second = buffers.copy(array), buffers.copy(array + 1)
    assert not np.shares_memory(first, second)
    buffers.release(first)
    third = buffers.copy(array + 2)
    assert np.shares_memory(first, third)
    assert second.max() == 1


def test_memory_of_another_size_is_let_go() -> None:
    """What lies idle never adds up: an image of another size takes its place."""
    buffers = Buffers()
    for size in range(1, 40):
        buffers.release(buffers.copy(np.zeros((size, size), np.uint8)))
    assert len(buffers._idle) == 1
    for _ in range(9):
        buffers.release(np.zeros(5, np.uint8))
    assert len(buffers._idle) <= 4
