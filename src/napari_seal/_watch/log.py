"""Where a watch tells what it does; the command has one for terminals and for services."""

from __future__ import annotations

from typing import Protocol


class Log(Protocol):
    """Lines, and a text that says how it stands."""

    def say(self, text: str, level: str = "info") -> None:
        """Tell something; the levels are ``info``, ``warning`` and ``error``."""

    def sealed(self, text: str) -> None:
        """Tell of one of possibly very many files."""

    def status(self, text: str) -> None:
        """Tell how it stands; called often."""
