"""Spans of time on the command line."""

from __future__ import annotations

import re
from typing import Final

import click

_SPAN: Final = re.compile(
    r"(?:(?P<h>\d{1,6})h)?(?:(?P<m>\d{1,6})m)?(?:(?P<s>\d{1,9}(?:\.\d{1,6})?)s?)?", re.ASCII
)


class Span(click.ParamType):  # type: ignore[type-arg] # generic only in newer versions of click
    """Seconds, or hours, minutes and seconds, such as ``90``, ``2.5s`` or ``1h30m``."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number of seconds."""
        match = _SPAN.fullmatch(str(value).strip().lower())
        hours, minutes, seconds = (float(n or 0) for n in match.groups()) if match else (0, 0, 0)
        span = 3600 * hours + 60 * minutes + seconds
        if span <= 0:
            self.fail(f"{value!r} is no time above 0 such as 90, 2.5s or 1h30m", param, ctx)
        return span
