"""Digests that a second core computes, while the first one scales, encodes and decodes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing import parent_process
from threading import Thread
from typing import Final, TypeVar

from napari_seal._parallel import available_cores

Result = TypeVar("Result")

#: Bytes of an image from which on a thread is worth starting.
_WORTH: Final = 1 << 20


def may_share(size: int) -> bool:
    """Whether an image of this many bytes is sealed faster by two threads.

    Not in a worker process: its like are at work on the other cores.
    """
    return size >= _WORTH and available_cores() > 1 and parent_process() is None


def begin(work: Callable[[], Result], *, aside: bool) -> Callable[[], Result]:
    """Begin what is needed later, and return what waits for it.

    The thread is a new one each time and ends with the work, so that a process has none when it
    forks.

    Parameters
    ----------
    work : callable
        It should leave other threads running, as `hashlib` does.
    aside : bool
        Whether in a thread, if one can be had; else it is done, and raises, before this returns.

    Returns
    -------
    callable
        Gives the result, or raises what the work raised in its thread.
    """
    if aside:
        future: Future[Result] = Future()

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
                future.set_exception(error)

        with suppress(RuntimeError):  # there can be no more threads, as at the program's end
            Thread(target=run, name="napari-seal-digest").start()
            return future.result
    result = work()
    return lambda: result
