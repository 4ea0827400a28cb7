"""What a watch tells: lines on standard error, and on a terminal one that says how it stands."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from rich.status import Status

#: Lines about sealed files within a span of seconds; those beyond are counted.
_LINES: Final = 20
_SPAN: Final = 10.0
#: The levels of syslog, by which systemd's journal knows what a line is.
_LEVELS: Final = {"info": 6, "warning": 4, "error": 3}
_STYLES: Final = {"info": "", "warning": "yellow", "error": "bold red"}


class WatchLog:
    """Where a watch writes to; see `napari_seal._watch.watch.Log`."""

    def __init__(self) -> None:
        self._levels = _is_journal()
        self._status: Status | None = None
        if sys.stderr.isatty():
            from napari_seal._cli.console import console

            self._status = console(stderr=True).status("looking at what is there")
            self._status.start()
        self._since, self._lines, self._more = 0.0, 0, 0

    def say(self, text: str, level: str = "info") -> None:
        """Print a line."""
        self._tell_of_more()
        self._print(text, level)

    def sealed(self, text: str) -> None:
        """Print a line, or count it, if there are many of the kind."""
        now = time.monotonic()
        if now - self._since > _SPAN:
            self._tell_of_more()
            self._since, self._lines = now, 0
        if self._lines < _LINES:
            self._lines += 1
            self._print(text)
        else:
            self._more += 1

    def status(self, text: str) -> None:
        """Show how it stands, and tell of lines that were counted once their time is over."""
        if self._more and time.monotonic() - self._since > _SPAN:
            self._tell_of_more()
        if self._status is not None:
            from rich.text import Text

            self._status.update(Text(text))

    def close(self) -> None:
        """Print what was counted, and take the line away."""
        self._tell_of_more()
        if self._status is not None:
            self._status.stop()

    def _tell_of_more(self) -> None:
        if self._more:
            more, self._more = self._more, 0
            self._print(f"… and {more:,} more")

    def _print(self, text: str, level: str = "info") -> None:
        if self._status is not None:
            from rich.text import Text

            line = Text.assemble((time.strftime("%H:%M:%S "), "dim"), (text, _STYLES[level]))
            self._status.console.print(line, soft_wrap=True)
        elif self._levels:
            click.echo(f"<{_LEVELS[level]}>{text}", err=True)
        else:
            click.echo(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}", err=True)


def _is_journal() -> bool:
    """Whether standard error goes to systemd's journal, which has its own clock (systemd.exec)."""
    with suppress(OSError, ValueError):
        device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
        found = os.fstat(sys.stderr.fileno())
        return (found.st_dev, found.st_ino) == (int(device), int(inode))
    return False
