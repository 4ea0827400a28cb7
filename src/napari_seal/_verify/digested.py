"""The digest that a report carries of itself, in the last 86 bytes whatever its form.

So two standard commands check it: ``head -c -86 FILE | sha256sum`` and ``tail -c 86 FILE``.  It
finds a report that was cut, edited or saved again by a spreadsheet.  Like every digest without a
key it does not stop somebody who makes a new one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Final

#: Bytes that the digest does not cover: itself, and what encloses it.
TAIL: Final = 86

#: What encloses the digest, by form of report.
ENCLOSED: Final = {
    "jsonl": (b',"digest": "', b'"}\n'),
    # Of the row's beginning, "#", which is one byte too many.
    "csv": (b'digest,,,,,"', b'"\r\n'),
    "html": (b"<!--digest ", b"-->\n"),
}
#: The same in reports of before, which had no column for signers.
_BEFORE: Final = {"csv": b'#digest,,,,"'}

_TAILS: Final = {
    form: re.compile(
        rb"(?:%b|%b)(sha256:[0-9a-f]{64})%b\Z"
        % tuple(map(re.escape, (before, _BEFORE.get(form, before), after)))
    )
    for form, (before, after) in ENCLOSED.items()
}


class Digested:
    """Pass bytes on to a file, and their digest at the end.

    Parameters
    ----------
    write : callable
        Takes bytes.
    form : str
        A key of `ENCLOSED`.
    """

    def __init__(self, write: Callable[[bytes], object], form: str) -> None:
        self._write = write
        self._form = form
        self._sha256 = hashlib.sha256()

    def write(self, text: str) -> None:
        """Write text, as UTF-8."""
        self.write_bytes(text.encode())

    def write_bytes(self, content: bytes) -> None:
        """Write bytes."""
        self._sha256.update(content)
        self._write(content)

    def finish(self) -> None:
        """Write the digest of all that was written."""
        before, after = ENCLOSED[self._form]
        self._write(before + b"sha256:" + self._sha256.hexdigest().encode() + after)


def read_digest(end: bytes, form: str) -> str | None:
    """Return the digest at the end of a report, or None where there is none."""
    match = _TAILS[form].search(end)
    return match[1].decode() if match else None
