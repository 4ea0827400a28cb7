"""One run over a folder, in one thread, without a single widget.

The thread puts verdicts into a queue and the window's timer takes them out: no signal can reach a
widget that is gone, and closing the window needs no more than an event to be set.

A thread, not worker processes: forking a process in which Qt runs is unsafe, and spawning runs the
user's script a second time.  Digests are computed outside the interpreter lock.
"""

from __future__ import annotations

import dataclasses
import os
import threading
from collections import deque
from collections.abc import Sequence

from napari_seal._verify.verdict import Verdict


class VerifyJob:
    """Look for images, then check each of them, until done or cancelled.

    Parameters
    ----------
    paths : sequence of str
        Files and folders.
    recursive : bool
        Whether folders are searched with their subfolders.

    Attributes
    ----------
    folder : str
        In which everything is that is checked; empty where there is no such folder.
    found : int
        Files found up to now.
    searching : bool
        Whether more may be found: as long as this is true, `found` is no total.
    done : bool
        Whether the thread has finished; the queue may still hold verdicts.
    failure : str or None
        Why the run ended early, where it did so by an error.
    """

    def __init__(self, paths: Sequence[str], *, recursive: bool) -> None:
        self._paths = list(paths)
        self._recursive = recursive
        self._queue: deque[Verdict] = deque()
        self._cancelled = threading.Event()
        self.folder = ""
        self.found = 0
        self.searching = True
        self.done = False
        self.failure: str | None = None

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the thread to end after the file that it is reading."""
        self._cancelled.set()

    def take(self, limit: int) -> list[Verdict]:
        """Return up to ``limit`` verdicts that were not taken yet."""
        return [self._queue.popleft() for _ in range(min(limit, len(self._queue)))]

    @property
    def waiting(self) -> bool:
        """Whether there are verdicts to take."""
        return bool(self._queue)

    def run(self) -> None:
        """Search and check; runs in the worker thread."""
        try:
            self._run()
        except Exception as error:  # noqa: BLE001 - shown in the window; a lost thread would look like a hang
            self.failure = f"{type(error).__name__}: {error}"
        finally:
            self.searching = False
            self.done = True

    def _run(self) -> None:
        from napari_seal._verify.run import check_found
        from napari_seal._verify.scan import find_images

        self.folder = _common_folder(self._paths)
        files = []
        # First the whole list: only then is there an honest total.
        for path in find_images(self._paths, recursive=self._recursive):
            if self.cancelled:
                return
            files.append(path)
            self.found = len(files)
        self.searching = False
        for path in files:
            if self.cancelled:
                return
            verdict = check_found(path)
            # Without the seal, whose metadata may be 60 kB a file.
            self._queue.append(dataclasses.replace(verdict, seal=None))


def _common_folder(paths: Sequence[str]) -> str:
    folders = [path if os.path.isdir(path) else os.path.dirname(path) for path in paths]
    if len(set(folders)) == 1:
        return folders[0]  # as it was written: what is found in it begins with the same letters
    try:
        common = os.path.commonpath(folders)
    except ValueError:  # on two drives, or one of them relative
        return ""
    return "" if os.path.dirname(common) == common else common
