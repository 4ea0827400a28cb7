"""Having events of the folder that is there now, if there are any."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from napari_seal._watch.events import Events
    from napari_seal._watch.log import Log
    from napari_seal._watch.look import Place
    from napari_seal._watch.scanner import Scanner

    StartEvents: TypeAlias = Callable[[str, Scanner, Callable[[str], None]], Events]


class Listening:
    """Begins to listen anew where a folder was unmounted and is back: no event would come of it.

    Parameters
    ----------
    raw : str
        The folder.
    scanner : Scanner
    start : callable, optional
        `napari_seal._watch.events.start_events`, if events are to be used.
    log : Log
    """

    def __init__(self, raw: str, scanner: Scanner, start: StartEvents | None, log: Log) -> None:
        self._raw, self._scanner, self._start, self._log = raw, scanner, start, log
        self._events: Events | None = None
        self._place: Place | None = None
        self._failure = ""

    def look_after(self) -> None:
        """Begin to listen, where that is needed; to be called often."""
        if self._failure:
            why, self._failure = self._failure, ""
            self._log.say(
                f"no events for now: {why}; what is new is found a little later", "warning"
            )
        place = self._scanner.place
        if self._start is None or place is None or place == self._place:
            return
        self.stop()
        self._place = place
        self._events = self._start(self._raw, self._scanner, self._fail)

    def stop(self) -> None:
        """Listen no more."""
        if self._events is not None:
            self._events.stop()
            self._events = None

    def _fail(self, why: str) -> None:
        self._failure = why
