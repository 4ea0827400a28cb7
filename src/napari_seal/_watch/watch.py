"""The watch: what is found waits, is sealed, is written down, and is recorded."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from napari_seal._seal.from_files import stem_of
from napari_seal._text import printable
from napari_seal._watch.journal import BEGUN, FAILED, SEALED, Journal
from napari_seal._watch.listening import Listening
from napari_seal._watch.look import Look, Place
from napari_seal._watch.recording import Recording
from napari_seal._watch.records import Records
from napari_seal._watch.scanner import Found, Scanner
from napari_seal._watch.sealing import GONE_PLACE, Ending, Result, Task, files_of
from napari_seal._watch.service import Service
from napari_seal._watch.waiting import Waiting, WaitingRoom
from napari_seal._watch.workers import Workers
from napari_seal.errors import OptionError, ReadError, WriteError

if TYPE_CHECKING:
    from napari_seal._watch.listening import StartEvents
    from napari_seal._watch.log import Log
    from napari_seal._watch.settings import Settings

#: Seconds between two looks around, and between two at an idle disk.
_TICK: Final = 0.1
#: Files that wait at once; more of them are taken from the scanner when these are done.
_ROOM: Final = 20_000
#: Seconds to the first and the longest wait for another try of a file that cannot be read.
_FIRST, _LONGEST = 1.0, 60.0
#: The same of one that was given up, and of a disk that cannot be written to.
_FIRST_OF_FAILED, _LONGEST_OF_FAILED = 600.0, 6 * 3600.0
_FIRST_OF_DISK, _LONGEST_OF_DISK = 2.0, 60.0
#: Seconds that files under way, and the ledger, have in the end.
_GRACE: Final = 5.0
#: Seconds that those have which have not ended then.
_FAREWELL: Final = 1.0
#: Seconds that the ledger has in the end, where nobody has said that it is to end.
_LONGEST_RECORD: Final = 3600.0
#: Seconds without an answer after which it is said.
_SILENCE: Final = 60.0
#: Times that a file may change, or be another process's, while a watch that is to end waits for it.
_CHANGES: Final = 3
_PATIENCE: Final = 30


class Watch:
    """One watch; see `run`.

    Parameters
    ----------
    settings : Settings
    log : Log
    start_events : callable, optional
        `napari_seal._watch.events.start_events`, if events are to be used.

    Attributes
    ----------
    stopping : bool
        Set it, from a signal handler, to have the watch end.
    sealed, images : int
        Files that were sealed, and images that were made of them.

    Raises
    ------
    WriteError
        Another watch writes there, or the journal cannot be used.
    LedgerError
        The ledger cannot be used.
    """

    def __init__(
        self, settings: Settings, log: Log, start_events: StartEvents | None = None
    ) -> None:
        self.stopping = False
        self._settings, self._log = settings, log
        self.journal = Journal(settings.out, settings.raw)
        recording = Recording(settings.ledger, settings.out)
        try:
            self._records = Records(self.journal, recording, settings.out, log)
            self._scanner = Scanner(settings.raw, settings.rescan)
            self._listening = Listening(settings.raw, self._scanner, start_events, log)
            self._place = Place.of(settings.out)
        except BaseException:
            self.journal.close()
            raise
        self._workers = Workers(
            settings.options, self._place, jobs=settings.jobs, timeout=settings.timeout,
            patience=_FAREWELL,
        )  # fmt: skip
        self._service = Service()
        # Where a file is: it waits, it is ready to be sealed, or it is being sealed.
        self._room = WaitingRoom(settings.settle)
        self._ready: list[tuple[bytes, Waiting]] = []
        self._flying: dict[bytes, tuple[Waiting, Look]] = {}
        self._failed: set[bytes] = set()
        self._scanned = False
        self._around = 0.0
        self._stopped_at: float | None = None
        self._blocked_until, self._blocked, self._blocks, self._probing = 0.0, "", 0, False
        self._problem, self._silent = "", False
        self._unlisted: set[tuple[str, str]] = set()
        self.sealed = self.images = 0

    def run(self) -> None:
        """Watch until told to stop, or until all is sealed that is there.

        Raises
        ------
        ReadError
            The disk was exchanged, or a watch that is to end cannot write its journal.
        OptionError
            There is nothing to look at, in a watch that is to end.
        """
        raw, out = printable(self._settings.raw), printable(self._settings.out)
        self._log.say(f"watching {raw}, sealing into {out}; {self.journal.count:,} sealed before")
        self._scanner.start()
        self._service.ready()
        try:
            while not self._is_done():
                for task, result in self._workers.run(self, self._must_stop):
                    self._take(task, result)
                self._look_around()
                time.sleep(_TICK)
        finally:
            self._service.stopping()
            self._listening.stop()
            self._workers.close()
            seconds = _GRACE if self.stopping else _LONGEST_RECORD
            self._records.finish(seconds, lambda: self._service.alive(self._status()))
            self.journal.close()

    # ------------------------------------------------------------------------ handing out tasks

    def __iter__(self) -> Iterator[Task]:
        return self

    def __next__(self) -> Task:
        """The next task that is due; asked often while others are under way."""
        if time.monotonic() - self._around > _TICK:
            self._look_around()
        if self.stopping or not self._ready or (self._probing and self._flying):
            raise StopIteration
        key, file = self._ready.pop()
        try:
            known = self.journal.known([key]).get(key)
            self.journal.begin(key, file.look)
        except WriteError as error:
            self._block(key, file, str(error))
            raise StopIteration from error
        begun = None if known is None or known.state == SEALED else (known.size, known.mtime)
        self._flying[key] = (file, file.look)
        below = os.fsdecode(key)
        source = os.path.join(self._settings.raw, below)
        return Task(key, source, stem_of(self._settings.out, below), file.look, begun)

    def _must_stop(self) -> bool:
        """Whether not to wait any longer for what is under way."""
        if not self.stopping:
            return False
        if self._stopped_at is None:
            self._stopped_at = time.monotonic()
        return time.monotonic() - self._stopped_at > _GRACE

    def _is_done(self) -> bool:
        if self.stopping:
            return not self._flying or self._must_stop()
        waits = self._ready or self._flying or len(self._room) or not self._scanner.found.empty()
        return self._settings.once and self._scanned and not waits

    def _look_around(self) -> None:
        """Take in what was found, and see what is due."""
        now = self._around = time.monotonic()
        while len(self._room) < _ROOM:
            try:
                self._take_in(self._scanner.found.get_nowait())
            except queue.Empty:
                break
            except WriteError:  # the journal: what was found will be found again
                self._scanner.look_at_everything()
                break
        if now >= self._blocked_until and not self._ready:
            self._probing = bool(self._blocked)
            self._ready = [*self._room.take(now)]
            self._ready.reverse()  # the first is popped first
        self._see_silence()
        self._listening.look_after()
        with suppress(WriteError):  # the journal; it is tried again
            self._records.look_after(now)
        status = self._status()
        self._log.status(status)
        self._service.alive(status)

    def _take_in(self, found: Found) -> None:
        if found.problem != self._problem:
            self._problem = found.problem
            raw = printable(self._settings.raw)
            if found.problem and self._settings.once:
                raise OptionError(f"{raw} cannot be looked at: {found.problem}")
            if found.problem:
                self._log.say(f"waiting for {raw}: {found.problem}", "warning")
            else:
                self._log.say(f"{raw} is back")
        for told in set(found.unlisted) - self._unlisted:
            path, why = map(printable, told)
            self._log.say(f"not looked at: {path}: {why}", "warning")
        if found.ended:
            self._unlisted = set(found.unlisted)
            self._scanned = True
        if found.files:
            self._compare(found.files)

    def _compare(self, files: list[tuple[bytes, Look]]) -> None:
        """Have files wait that the journal does not know as they look now."""
        known = self.journal.known(key for key, _ in files)
        now = time.monotonic()
        ready = {key for key, _ in self._ready}
        for key, look in files:
            entry = known.get(key)
            if key in self._flying:
                self._flying[key] = (self._flying[key][0], look)
            elif key in ready:
                continue  # whoever seals it looks at it first
            elif entry is None or entry.state == BEGUN or not entry.is_of(look):
                self._room.see(key, look, now)
            elif entry.state == FAILED and entry.retry <= time.time():
                self._room.see(key, look, now, retried=entry.tries)
            elif entry.state == SEALED:
                self._room.drop(key)

    # -------------------------------------------------------------------------- what came of them

    def _take(self, task: Task, result: Result) -> None:
        file, latest = self._flying.pop(task.key)
        self._failed.discard(task.key)
        now = time.monotonic()
        try:
            match result.ending:
                case Ending.SEALED | Ending.KNOWN:
                    self._take_sealed(task, result)
                    if latest != task.look:
                        self._room.see(task.key, latest, now)
                case Ending.CHANGED if result.look is not None:
                    self._put_back(task, file, result.look, now)
                case Ending.GONE:
                    self.journal.forget(task.key)
                    self._log.sealed(f"gone before it was sealed: {_shown(task)}")
                case Ending.BLOCKED:
                    self._take_blocked(task, file, result)
                case Ending.BUSY if file.tries < _PATIENCE or not self._settings.once:
                    file.tries += 1
                    self._room.put_off(task.key, file, now + _FIRST)
                case _:
                    self._take_refused(task, file, result, now)
        except WriteError as error:
            # The journal; what is sealed will be recognised when its turn comes again.
            self._block(task.key, file, str(error))

    def _take_sealed(self, task: Task, result: Result) -> None:
        below = [os.path.relpath(path, self._settings.out) for path in result.targets]
        self.journal.sealed(task.key, task.look, map(os.fsencode, below))
        if self._blocked and self._probing:  # not by one that was under way before
            self._log.say(f"{printable(self._settings.out)} can be written to again")
            self._blocked_until, self._blocked, self._blocks, self._probing = 0.0, "", 0, False
        self._records.add()
        self.sealed += result.ending is Ending.SEALED
        self.images += result.images
        shown = [printable(os.path.relpath(p, self._settings.out)) for p in files_of(result)]
        more = f" and {len(shown) - 1:,} more" if len(shown) > 1 else ""
        if result.ending is Ending.KNOWN:
            self._log.sealed(f"was sealed before: {_shown(task)} as {shown[0]}{more}")
            return
        planes = f", {result.images:,} planes" if result.images > len(shown) else ""
        took = f"{result.seconds:.1f} s"
        self._log.sealed(f"sealed {_shown(task)} as {shown[0]}{more} ({took}{planes})")

    def _put_back(self, task: Task, file: Waiting, look: Look, now: float) -> None:
        """Wait for a file that has changed; but not for ever, where the watch is to end."""
        file.look, file.since, file.tries = look, now, 0
        file.changes += 1
        if self._settings.once and file.changes > _CHANGES:
            self._fail(task, file, "it is still being written")
        else:
            self._room.put_off(task.key, file, now + self._settings.settle)

    def _take_refused(self, task: Task, file: Waiting, result: Result, now: float) -> None:
        """A file that cannot be read may not be whole yet: wait, but not for ever."""
        file.tries += 1
        age = max(now - file.since, time.time() - file.look.mtime / 1e9)
        if self._settings.once or file.retried or age >= self._settings.give_up:
            self._fail(task, file, result.why)
        else:
            wait = min(_FIRST * 2 ** min(file.tries - 1, 9), _LONGEST)
            self._room.put_off(task.key, file, now + wait)

    def _fail(self, task: Task, file: Waiting, why: str) -> None:
        known = self.journal.known([task.key]).get(task.key)
        tries = file.retried + 1
        wait = min(_FIRST_OF_FAILED * 2 ** min(file.retried, 9), _LONGEST_OF_FAILED)
        self.journal.failed(task.key, task.look, why, tries, wait)
        self._failed.add(task.key)
        # One that goes on tells it once, also over its starts; of one that ends, each is told.
        if self._settings.once or known is None or known.why != why:
            self._log.say(f"not sealed: {_shown(task)}: {why}", "error")

    def _take_blocked(self, task: Task, file: Waiting, result: Result) -> None:
        if self._settings.once:
            self._fail(task, file, result.why)
            return
        is_back = GONE_PLACE in result.why and os.path.exists(self.journal.path)
        if is_back and not self._place.is_there():
            raise ReadError(
                f"{printable(self._settings.out)} was unmounted and is another disk now, or the "
                "same one mounted anew; start the watch again"
            )
        self._block(task.key, file, result.why)

    def _block(self, key: bytes, file: Waiting, why: str) -> None:
        """The disk cannot be written to: try again later, with one file first."""
        if self._settings.once:
            raise ReadError(why)
        now = time.monotonic()
        if now >= self._blocked_until:  # else it is one of several that were under way
            self._blocks += 1
            wait = min(_FIRST_OF_DISK * 2 ** min(self._blocks - 1, 9), _LONGEST_OF_DISK)
            self._blocked_until = now + wait
        self._room.put_off(key, file, self._blocked_until)
        for other, waiting in self._ready:
            self._room.put(other, waiting)
        self._ready = []
        if not self._blocked:
            self._log.say(f"cannot write: {why}; nothing is lost, it is tried again", "error")
        self._blocked = why

    def _see_silence(self) -> None:
        silent = self._scanner.silent > _SILENCE
        if silent != self._silent:
            self._silent = silent
            state = "does not answer" if silent else "answers again"
            self._log.say(f"{printable(self._settings.raw)} {state}", "warning")

    @property
    def failures(self) -> int:
        """Number of files that cannot be sealed as they are."""
        return len(self._failed)

    @property
    def all_well(self) -> bool:
        """Whether every file that was seen is sealed, and in the ledger, and intact."""
        bad = self._failed or self._unlisted or self.stopping or self._records.bad
        return not (bad or self._records.left)

    def _status(self) -> str:
        waiting = len(self._room) + len(self._ready) + len(self._flying)
        text = f"{self.sealed:,} sealed, {waiting:,} waiting, {self.failures:,} failed"
        if self._blocked:
            return f"{text}; cannot write: {self._blocked}"
        return f"{text}; waiting for the folder: {self._problem}" if self._problem else text


def _shown(task: Task) -> str:
    return printable(os.fsdecode(task.key))
