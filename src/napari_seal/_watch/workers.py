"""Worker processes that are kept while there is nothing to do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from napari_seal._parallel import Run
from napari_seal._watch.look import Place
from napari_seal._watch.sealing import Result, Task, died, seal_file, timed_out
from napari_seal._workers import Pool

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_seal._seal.from_files import FileOptions


class Workers:
    """Processes that seal files; see `napari_seal._parallel`.

    Parameters
    ----------
    options : FileOptions
    out : Place
        The folder of sealed images.
    jobs : int
        Number of processes.
    timeout : float
        Seconds that a file may take.
    patience : float
        Seconds that files under way have in the end.
    """

    def __init__(
        self, options: FileOptions, out: Place, *, jobs: int, timeout: float, patience: float
    ) -> None:
        self._pool: Pool[Task, Result] = Pool(
            partial(seal_file, options=options, out=out), patience
        )
        self._jobs, self._timeout = jobs, timeout

    def run(self, tasks: Iterator[Task], stop: Callable[[], bool]) -> Iterator[tuple[Task, Result]]:
        """Yield tasks with what became of them, until there are none and none is under way.

        Parameters
        ----------
        tasks : iterator of Task
            Asked again after it has ended, as long as a task is under way: more may have come.
        stop : callable
            Whether not to wait for tasks that are under way.
        """
        yield from Run(
            self._pool, tasks, jobs=self._jobs, ordered=False, died=died, timeout=self._timeout,
            timed_out=timed_out, stop=stop,
        )  # fmt: skip

    def close(self) -> None:
        """End the processes."""
        self._pool.close()
