"""Talking to systemd, as sd_notify(3) describes: texts to a socket that it names."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress


class Service:
    """The service manager; silent where there is none."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        ours = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = 0
        with suppress(ValueError):
            microseconds = int(os.environ.get("WATCHDOG_USEC", "0")) if ours else 0
        # Twice as often as it asks for, and once more for good measure.
        self._every = microseconds / 3e6 if microseconds > 0 else 0.0
        self._last, self._status = 0.0, ""

    def ready(self) -> None:
        """Say that the work has begun."""
        self._send("READY=1")

    def stopping(self) -> None:
        """Say that the work ends."""
        self._send("STOPPING=1")

    def alive(self, status: str) -> None:
        """Say that the process does not hang, and what it does; to be called often."""
        now = time.monotonic()
        if self._every and now - self._last >= self._every:
            self._last = now
            self._send("WATCHDOG=1")
        if status != self._status:
            self._status = status
            self._send(f"STATUS={status}")

    def _send(self, text: str) -> None:
        if self._address[:1] not in ("/", "@"):
            return
        address = self._address.replace("@", "\0", 1) if self._address[0] == "@" else self._address
        # A service manager that does not listen is no reason not to seal.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.settimeout(1)
            channel.sendto(text.encode("utf-8", "replace"), address)
