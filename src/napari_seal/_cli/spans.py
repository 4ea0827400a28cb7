"""Spans of time on the command line."""

from __future__ import annotations

import re
from typing import Final

import click

_SPAN: Final = r"(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,9}(?:\.[0-9]{1,6})?)s?)?"


class Span(click.ParamType):  # type: ignore[type-arg] # generic only in newer versions of click
    """Seconds, or hours, minutes and seconds, such as ``90``, ``2.5s`` or ``1h30m``."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number of seconds."""
        match = re.fullmatch(_SPAN, str(value).strip().lower())
        hours, minutes, seconds = (float(n or 0) for n in match.groups()) if match else (0, 0, 0)
        span = 3600 * hours + 60 * minutes + seconds
        if span <= 0:
            self.fail(f"{value!r} is no time above 0 such as 90, 2.5s or 1h30m", param, ctx)
        return span
