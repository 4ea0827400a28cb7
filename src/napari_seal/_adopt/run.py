"""Many files: found as they are needed, adopted in worker processes, told as they are done."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterable, Iterator
from functools import partial
from typing import Any, Final, Literal, NamedTuple

from napari_seal._adopt.adopt import Adopting
from napari_seal._adopt.refusal import Refusal, refuse
from napari_seal._disk import make_folder
from napari_seal._files import is_address
from napari_seal._folders import lies_in
from napari_seal._parallel import available_cores, map_items
from napari_seal._text import printable
from napari_seal._verify.scan import EXTENSIONS, find_images
from napari_seal.errors import AdoptError, OptionError

#: Names of files in folders that are adopted.  A file that is named itself is always looked at.
JPEG_EXTENSIONS: Final = tuple(ending for ending in EXTENSIONS if ending != ".png")

#: Seconds that files which are being adopted have to be done, where a run is interrupted.
_PATIENCE: Final = 5.0

State = Literal["adopted", "sealed", "refused"]


class Task(NamedTuple):
    """A file, and where its sealed copy goes; in place where that is None."""

    path: str
    target: str | None


class Done(NamedTuple):
    """What became of a file: adopted, sealed already, or refused, and why."""

    path: str
    target: str | None
    state: State
    code: str | None = None
    message: str | None = None
    sha244: str | None = None
    forced: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As a JSON object; what says nothing is left out."""
        found = {**self._asdict(), "forced": list(self.forced)}
        return {key: value for key, value in found.items() if value not in (None, [])}


def find_tasks(named: Iterable[str], out: str | None) -> Iterator[Task]:
    """The files of what was named: files as they are, folders with the folders in them.

    Raises
    ------
    OptionError
        The sealed copies would be found by the search, or it is an address.
    """
    for name in named:
        if is_address(name):
            raise OptionError(f"only local files are adopted, and {name!r} is an address")
        if (
            out is not None
            and os.path.isdir(name)
            and lies_in(os.path.realpath(out), os.path.realpath(name))
        ):
            raise OptionError(
                f"the folder for the sealed copies, {printable(out)!r}, is in {printable(name)!r}, "
                "whose files are adopted; name one elsewhere"
            )
        for found in map(str, find_images([name])):
            if found == name and _is_listed(name):
                continue
            is_jpeg = found == name or found.lower().endswith(JPEG_EXTENSIONS)
            if not is_jpeg and not os.path.isdir(found):  # a folder here cannot be listed
                continue
            below = os.path.basename(found) if found == name else os.path.relpath(found, name)
            yield Task(found, None if out is None else os.path.join(out, below))


class AdoptRun(Iterator[Done]):
    """What becomes of files, each told as it is done; a bad one does not end the run.

    A run that was stopped or killed is gone on with by doing it again: files that are sealed are
    left alone.

    Parameters
    ----------
    tasks : iterable of Task
        Taken as needed.
    adopting : Adopting
    jobs : int, optional
        Worker processes; by default one a core.
    time_limit : float, optional
        Seconds after which no further file is begun.
    """

    def __init__(
        self,
        tasks: Iterable[Task],
        adopting: Adopting,
        *,
        jobs: int | None = None,
        time_limit: float | None = None,
    ) -> None:
        self._tasks, self._adopting = iter(tasks), adopting
        self._deadline = None if time_limit is None else time.monotonic() + time_limit
        self._taken = self._done = 0
        self._took_all = False
        self._results = self._run(jobs or available_cores())

    @property
    def complete(self) -> bool:
        """Whether all files are done."""
        return self._took_all and self._taken == self._done

    def __next__(self) -> Done:
        done = next(self._results)
        self._done += 1
        return done

    def close(self) -> None:
        """End the run; files that are being adopted are finished."""
        self._results.close()

    def _take(self) -> Iterator[Task]:
        for task in self._tasks:
            self._taken += 1
            yield task
        self._took_all = True

    def _stop(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _run(self, jobs: int) -> Generator[Done]:
        work = partial(_adopt_one, self._adopting)
        if jobs == 1:
            for task in self._take():
                yield work(task)
                if self._stop():
                    return
            return
        pairs = map_items(
            work,
            self._take(),
            jobs=jobs,
            died=_died,
            ordered=False,
            stop=self._stop,
            patience=_PATIENCE,
        )
        yield from (done for _, done in pairs)


def _adopt_one(adopting: Adopting, task: Task) -> Done:
    """What a worker does."""
    try:
        if task.target is not None and not adopting.dry_run:
            make_folder(os.path.dirname(task.target) or ".")
        adopted = adopting.adopt(task.path, task.target)
    except AdoptError as error:
        return _refused(task, error)
    except OSError as error:
        text = f"the folder for it cannot be made: {error.strerror or error}"
        return _refused(task, refuse(Refusal.NOT_WRITTEN, text))
    except MemoryError:
        return _refused(task, refuse(Refusal.UNREADABLE, "there is not enough memory for it"))
    if not adopted.new:
        return Done(*task, "sealed")
    known = adopted.seal.adopted
    return Done(
        *task,
        "adopted",
        sha244=None if known is None else known.sha244,
        forced=() if known is None else tuple(known.forced),
    )


def _refused(task: Task, error: AdoptError) -> Done:
    return Done(*task, "refused", code=error.code, message=str(error))


def _died(task: Task) -> Done:
    text = "the process that adopted it died; it may have run out of memory"
    return _refused(task, refuse(Refusal.WORKER_DIED, text))


def _is_listed(name: str) -> bool:
    """Whether it is a folder that can be listed: one that has no image in it."""
    try:
        with os.scandir(name):
            return True
    except (OSError, ValueError):  # no folder; ValueError: a null character in the name
        return False
