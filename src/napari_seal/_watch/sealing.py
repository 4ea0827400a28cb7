"""What a worker does with one raw file: seals all that it holds, or nothing."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import StrEnum
from functools import partial
from multiprocessing import parent_process
from typing import Final, NamedTuple

from napari_seal._disk import make_folder
from napari_seal._images import open_images
from napari_seal._seal.from_files import FileOptions, Target, seal_target, targets
from napari_seal._text import printable
from napari_seal._watch.look import Look, Place, look_at
from napari_seal._watch.recognise import Standing, standing_of
from napari_seal.errors import SealError, TargetExistsError, WriteError

#: Names that are tried for a file, if those before are taken: ``a``, ``a_r2``, ``a_r3``…
_NAMES: Final = 1000
#: Times that what stands under a name is looked at, if it is another each time.
_LOOKS: Final = 3
#: Seconds between two looks at a file of many planes, while it is read.
_BETWEEN: Final = 1.0
#: What is wrong with the disk that is written to, whichever file it is.
_OF_THE_DISK: Final = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOTCONN,
    errno.ESTALE, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ETIMEDOUT,
}  # fmt: skip
#: What is said of a folder of sealed images that is none any more.
GONE_PLACE: Final = "not there, or another disk is mounted there"


class Ending(StrEnum):
    """What became of a task."""

    SEALED = "sealed"
    #: What it holds was sealed before, under this name.
    KNOWN = "known"
    #: It is not what it was when it was handed out.
    CHANGED = "changed"
    GONE = "gone"
    #: It cannot be read, or not be sealed as it is.
    REFUSED = "refused"
    #: Another process is at it: one that a killed watch has left behind.
    BUSY = "busy"
    #: It could not be written, for want of room or for another reason that all files share.
    BLOCKED = "blocked"


class Task(NamedTuple):
    """A file to seal.

    Parameters
    ----------
    key : bytes
        Its path below the folder that is watched.
    source : str
        Its path.
    stem : str
        Path of the sealed images without their endings.
    look : Look
        How it looked when it had settled.
    begun : Look, tuple of (size, mtime) or None
        How it looked when it was begun before, if it was.
    """

    key: bytes
    source: str
    stem: str
    look: Look
    begun: tuple[int, ...] | None = None


class Result(NamedTuple):
    """What became of a task.

    Parameters
    ----------
    ending : Ending
    targets : tuple of str
        Paths of the sealed images; of a stack, its index.
    images : int
        How many were written.
    why : str
        What was wrong.
    look : Look, optional
        As the file looks now, if it changed.
    seconds : float
    """

    ending: Ending
    targets: tuple[str, ...] = ()
    images: int = 0
    why: str = ""
    look: Look | None = None
    seconds: float = 0.0


class _ChangedError(Exception):
    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look


class _OrphanError(Exception):
    """The watch was killed, and this process is left."""


class _TakenError(Exception):
    """Something else has the name."""


def seal_file(task: Task, *, options: FileOptions, out: Place) -> Result:
    """Seal a file, once."""
    begun = time.monotonic()
    try:
        if not out.is_there():
            return Result(Ending.BLOCKED, why=f"{printable(out.path)} is {GONE_PLACE}")
        done = _under_a_free_name(task, options)
    except _ChangedError as change:
        return Result(Ending.CHANGED, look=change.look)
    except FileNotFoundError as error:
        if error.filename == task.source:
            return Result(Ending.GONE)
        return Result(Ending.REFUSED, why=_words(error))
    except OSError as error:
        return Result(_kind_of(error), why=_words(error))
    except WriteError as error:
        return Result(_kind_of(error.__cause__), why=printable(error))
    except SealError as error:
        return Result(Ending.REFUSED, why=printable(error))
    except MemoryError:
        return Result(Ending.REFUSED, why="there is not enough memory for it")
    except Exception as error:  # noqa: BLE001 - one file must not end a watch, whatever is in it
        return Result(Ending.REFUSED, why=f"it cannot be sealed: {printable(repr(error), 300)}")
    return done._replace(seconds=time.monotonic() - begun)


def died(task: Task) -> Result:  # noqa: ARG001
    """The result for a file at which the process has died, twice."""
    text = "the process that sealed it died; it may have run out of memory"
    return Result(Ending.REFUSED, why=text)


def timed_out(task: Task) -> Result:  # noqa: ARG001
    """The result for a file that took too long."""
    return Result(Ending.REFUSED, why="it took longer than --timeout allows")


def _kind_of(cause: BaseException | None) -> Ending:
    number = cause.errno if isinstance(cause, OSError) else None
    if number in _OF_THE_DISK:
        return Ending.BLOCKED
    return Ending.BUSY if number in (errno.EAGAIN, errno.EWOULDBLOCK) else Ending.REFUSED


def _words(error: OSError) -> str:
    where = f"{printable(os.fsdecode(error.filename))}: " if error.filename else ""
    return where + (error.strerror or printable(error, 300))


def _under_a_free_name(task: Task, options: FileOptions) -> Result:
    guard = _Guard(task)
    guard()
    if not os.path.exists(task.source):
        return Result(Ending.REFUSED, why="it is a link that leads nowhere")
    mode = os.stat(task.source).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # opening a pipe would wait for ever
        return Result(Ending.REFUSED, why="it is neither a file nor a folder")
    make_folder(os.path.dirname(task.stem))
    for number in range(1, _NAMES + 1):
        stem = task.stem if number == 1 else f"{task.stem}_r{number}"
        for _ in range(_LOOKS):
            try:
                return _Attempt(task, options, guard).seal(stem)
            except TargetExistsError:
                continue  # another process was quicker: look at what it has made
            except _TakenError:
                break
    text = f"{_NAMES} files of this name are sealed, all of them others"
    return Result(Ending.REFUSED, why=text)


class _Guard:
    """Raises where the file is not as it was, so that no half of it is sealed."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._last = 0.0

    def __call__(self) -> None:
        look = look_at(self._task.source)
        if look != self._task.look:
            raise _ChangedError(look)
        self._last = time.monotonic()

    def now_and_then(self) -> None:
        if time.monotonic() - self._last > _BETWEEN:
            self()


class _Attempt:
    """The attempt to seal all that a file holds under one name.

    What it has written is removed again where it does not come to its end; but for a stack that
    waits for room on the disk, and is gone on with.
    """

    def __init__(self, task: Task, options: FileOptions, guard: _Guard) -> None:
        self._task, self._options, self._guard = task, options, guard
        self._made: list[str] = []
        self._begun: str | None = None

    def seal(self, stem: str) -> Result:
        found: list[str] = []
        written = 0
        try:
            with open_images(self._task.source) as images:
                for target in targets(images, stem, self._options):
                    standing = standing_of(target, self._options)
                    if standing is Standing.OTHER:
                        raise _TakenError
                    if standing is not Standing.SAME:
                        written += self._write(target, standing)
                    found.append(_named(target))
                self._guard()
        except BaseException as error:
            cause = error if isinstance(error, OSError) else error.__cause__
            blocked = isinstance(error, (OSError, WriteError)) and (
                _kind_of(cause) is not Ending.REFUSED
            )
            self._discard(keep_stack=blocked or isinstance(error, _OrphanError))
            raise
        ending = Ending.SEALED if written else Ending.KNOWN
        return Result(ending, tuple(found), written)

    def _write(self, target: Target, standing: Standing) -> int:
        if target.plane is not None:
            self._guard()  # all of the plane has been read: what is sealed is what was there
            written = seal_target(target, self._options)
            self._made.append(target.path)
            return written
        seal = partial(seal_target, target, self._options, self._while_sealing(target))
        if standing is not Standing.UNFINISHED:
            written = seal()
        elif self._task.begun is None:
            raise _TakenError  # not ours
        elif self._task.begun != self._task.look[: len(self._task.begun)]:
            written = seal(overwrite=True)
        else:
            try:
                written = seal(resume=True)
            except WriteError as error:
                if error.__cause__ is not None:
                    raise
                written = seal(overwrite=True)  # it was begun with other options
        self._made.append(target.path)
        self._begun = None
        return written

    def _while_sealing(self, target: Target) -> Callable[[int, int], None]:
        count = 1
        for size in target.image.leading.values():
            count *= size

        parent, last = parent_process(), -1

        def progress(done: int, total: int) -> None:
            nonlocal last
            told, last = last, done  # within a plane, the same more than once
            if done > total - count:  # a plane is written: the folder is this process's
                self._begun = target.path
            if parent is not None and not parent.is_alive():
                raise _OrphanError
            # Before the index: that which is there before the first plane, and the last one.
            if done % count == 0 and done != told:
                self._guard()
            else:
                self._guard.now_and_then()

        return progress

    def _discard(self, *, keep_stack: bool) -> None:
        if self._begun is not None and not keep_stack:
            self._made.append(self._begun)
        for path in self._made:
            with suppress(OSError):
                if os.path.isdir(folder := path + ".sealed"):
                    shutil.rmtree(folder)
                else:
                    os.unlink(path)


def _named(target: Target) -> str:
    """The file by which a target is checked."""
    if target.plane is not None:
        return target.path
    name = os.path.basename(target.path)
    return os.path.join(target.path + ".sealed", name + ".sealed.json")


def files_of(result: Result) -> Iterator[str]:
    """The sealed images, for people: of a stack, its folder."""
    for path in result.targets:
        yield os.path.dirname(path) if path.endswith(".sealed.json") else path
