"""How long a run will still take, in words that do not jump about."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from napari_seal._verify.progress import Progress

#: Seconds in which nothing is said: too little is known.
_TOO_SOON: Final = 2.0
#: Seconds for which a text stays at least.
_STAYS: Final = 2.0
#: By so much longer a time must become to be told as longer.
_NEWS: Final = 1.3


class TimeLeft:
    """The rate and the time left of one run."""

    def __init__(self) -> None:
        self._text = ""
        self._seconds = math.inf
        self._said = -math.inf

    def text(self, progress: Progress) -> str:
        """Return what to say behind the numbers; empty where nothing is known, or left."""
        left = progress.seconds_left
        if left is None or progress.seconds < _TOO_SOON or progress.done == progress.total:
            return ""
        if progress.seconds - self._said >= _STAYS:
            self._said = progress.seconds
            # A little more than was said is no news; less always is.
            if not self._seconds <= left <= _NEWS * self._seconds:
                self._seconds = left
            self._text = f"· {rate(progress.files_per_second)}, {in_words(self._seconds)} left"
        return self._text


def rate(files_per_second: float) -> str:
    """Return a rate with two digits, which is all that holds for a while: ``1,200 files/s``."""
    if files_per_second < 1:
        return f"{max(1, round(60 * files_per_second)):,} files/min"
    digits = math.floor(math.log10(files_per_second))
    return f"{round(files_per_second, min(0, 1 - digits)):,.0f} files/s"


def in_words(seconds: float) -> str:
    """Return a time as people say it: the longer, the rougher."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 55:
        return f"about {10 * math.ceil(seconds / 10 - 0.5)} seconds"
    for name, size, most in (("minute", 60, 59.5), ("hour", 3600, 35.5), ("day", 86_400, math.inf)):
        number = seconds / size
        if number < most:
            whole = max(1, round(number))
            return f"about {whole} {name}{'s' * (whole > 1)}"
    raise AssertionError("every time is short enough for days")
