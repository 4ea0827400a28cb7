"""Asking a time-stamp authority over HTTP (RFC 3161, section 3.4): one query, one reply.

Whatever answers, the call ends: the size of a reply and the time for it are limited, and it does
not follow anywhere else.
"""

from __future__ import annotations

import http.client
import queue
import threading
import urllib.error
import urllib.request
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from napari_seal._format import limits
from napari_seal._text import printable, without_credentials
from napari_seal.errors import OptionError, TimestampError

#: Seconds for the whole exchange.
TIMEOUT: Final = 30.0

_SILENT: Final = "it did not answer within {:g} seconds"


def authority_at(url: str, *, timeout: float = TIMEOUT) -> partial[bytes]:
    """What sends queries to the authority at an address; see `timestamp.ask`.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://``.  The reply is signed, so that either will do.
    timeout : float
        Seconds for the whole exchange.

    Raises
    ------
    OptionError
        This is no such address.
    """
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        known = False
    if not known or "@" in parts.netloc:
        raise OptionError(
            "the address of a time-stamp authority begins with http:// or https:// and has no "
            f"user name in it; this is {printable(without_credentials(url), 200)!r}"
        )
    return partial(_post, url, timeout)


def _post(url: str, timeout: float, query: bytes) -> bytes:
    """Send a query.  In a thread that is left behind where the other side only keeps it waiting."""
    answers: queue.SimpleQueue[bytes | str] = queue.SimpleQueue()

    def ask() -> None:
        answers.put(_exchange(url, timeout, query))

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=timeout)
    except queue.Empty:
        answer = _SILENT.format(timeout)
    if isinstance(answer, str):
        raise TimestampError(f"no time stamp from {printable(url, 200)}: {answer}")
    return answer


def _exchange(url: str, timeout: float, query: bytes) -> bytes | str:
    """The reply; or a text on why there is none."""
    headers = {"Content-Type": "application/timestamp-query", "User-Agent": "napari-seal"}
    request = urllib.request.Request(url, query, headers)  # noqa: S310 - the scheme was looked at
    try:
        with _opener().open(request, timeout=timeout) as reply:
            content: bytes = reply.read(limits.TIMESTAMP_BYTES + 1)
    except urllib.error.HTTPError as error:
        error.close()
        to = f"; it refers to {printable(error.headers['Location'], 200)}"
        return f"it answered {error.code} {printable(error.reason, 100)}" + (
            to if error.headers["Location"] else ""
        )
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, TimeoutError):
            return _SILENT.format(timeout)
        return printable(getattr(reason, "strerror", None) or reason, 200)
    if len(content) > limits.TIMESTAMP_BYTES:
        return f"its reply is far too long: over {limits.TIMESTAMP_BYTES:,} bytes"
    return content


def _opener() -> urllib.request.OpenerDirector:
    """No files, no FTP, and no redirection: HTTP alone, through the proxy of the environment."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener
