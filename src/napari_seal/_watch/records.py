"""What was sealed goes into the ledger, portion by portion."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from napari_seal._text import printable
from napari_seal._watch.recording import Recorded, Recording

if TYPE_CHECKING:
    from napari_seal._watch.journal import Journal
    from napari_seal._watch.log import Log

#: Raw files whose sealed images are recorded in one run of the ledger, and seconds that they wait
#: for it: a run a minute, where a run for each file would make millions.
_PORTION: Final = 1000
_AFTER: Final = 60.0
_TICK: Final = 0.05


class Records:
    """What the ledger has, and what it is still to have.

    Parameters
    ----------
    journal : Journal
        Remembers it.
    recording : Recording
    out : str
        The folder of sealed images.
    log : Log

    Attributes
    ----------
    left : int
        Raw files that the ledger is still to have.
    bad : int
        Sealed images that were not intact when they were recorded.
    """

    def __init__(self, journal: Journal, recording: Recording, out: str, log: Log) -> None:
        self._journal, self._recording, self._out, self._log = journal, recording, out, log
        self._since = time.monotonic()
        self.left = journal.unrecorded_count
        self._problem = ""
        self.bad = 0

    def add(self) -> None:
        """Know that the journal has one more."""
        self.left += 1

    def look_after(self, now: float) -> None:
        """Take in what was recorded, and record more once it is time; to be called often."""
        done = self._recording.take()
        if done is not None:
            self._since = now
            self._take(done)
        if now - self._since > _AFTER or (self.left >= _PORTION and not self._problem):
            self._start()

    def finish(self, seconds: float, alive: Callable[[], None]) -> None:
        """Record what is left, within some seconds, and say what had no time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not (self._problem and self._recording.is_idle):
            self._start()
            done = self._recording.take(_TICK)
            if done is not None:
                self._take(done)
            if self._recording.is_idle and not self.left:
                return
            alive()
        self._recording.stop()
        done = self._recording.take(wait=1)
        if done is not None:
            self._take(done)
        if self.left:
            what = "1 sealed file is" if self.left == 1 else f"{self.left:,} sealed files are"
            self._log.say(f"{what} not in the ledger yet; the next start records what is left")

    def _start(self) -> None:
        if not self.left or not self._recording.is_idle:
            return
        self._recording.start(
            [
                (key, [os.path.join(self._out, os.fsdecode(target)) for target in targets])
                for key, targets in self._journal.unrecorded(_PORTION)
            ]
        )

    def _take(self, done: Recorded) -> None:
        self._journal.recorded(done.keys)
        self.left = self._journal.unrecorded_count
        for path, verdict in done.bad:
            self.bad += 1
            text = f"{printable(path)} is {verdict}, just after it was sealed"
            self._log.say(text, "error")
        if done.problem and done.problem != self._problem:
            self._log.say(f"not recorded yet: {done.problem}", "warning")
        self._problem = done.problem
