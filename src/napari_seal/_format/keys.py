"""Check values of the user's keys: which key was changed, and what its value was like.

A check value reads ``s8:1a2b3c4d``: a kind, a size, and the first 8 hex digits of SHA-256 over the
value's JSON text as the record holds it.  The proof is the record digest; check values name.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from napari_seal.errors import FormatError

_TEXT: Final = re.compile(r"([snao](?=0:|[1-9])|[bl](?=0:))([0-9]{1,9}):([0-9a-f]{8})")
_KINDS: Final = {
    "s": ("a text of {} character", "a text of {} characters"),
    "n": ("a number of one digit", "a number of {} characters"),
    "b": ("true or false",) * 2,
    "l": ("null",) * 2,
    "a": ("a list of {} item", "a list of {} items"),
    "o": ("an object of {} key", "an object of {} keys"),
}


class KeyCheck(NamedTuple):
    """What the seal tells about the value of one key.

    Parameters
    ----------
    kind : str
        ``s`` text, ``n`` number, ``b`` true or false, ``l`` null, ``a`` list, ``o`` object.
    size : int
        Characters of a text or of a number as written, items of a list, keys of an object; else 0.
    digest : str
        First 8 hexadecimal digits of SHA-256 over the value's JSON text: in ASCII, without spaces.
    """

    kind: str
    size: int
    digest: str

    def __str__(self) -> str:
        return f"{self.kind}{self.size}:{self.digest}"

    def matches(self, value: Any) -> bool:
        """Whether the value can be the one that was sealed.

        Parameters
        ----------
        value : JSON value
            What stands under the key now.

        Returns
        -------
        bool
            True for the sealed value, and once in 2**32 for another.
        """
        return check_of(value) == self

    def describe(self) -> str:
        """What is known of the value, in words."""
        one, many = _KINDS[self.kind]
        return (one if self.size == 1 else many).format(f"{self.size:,}")


def check_of(value: Any) -> KeyCheck:
    """The check value of a JSON value."""
    # A number beyond floats, such as 1e999 in a file, is read as infinite; no check value fits it.
    text = json.dumps(value, separators=(",", ":"))
    if isinstance(value, str):
        kind, size = "s", len(value)
    elif isinstance(value, bool):
        kind, size = "b", 0
    elif isinstance(value, (int, float)):
        kind, size = "n", len(text)
    elif value is None:
        kind, size = "l", 0
    else:
        kind, size = ("o" if isinstance(value, Mapping) else "a"), len(value)
    return KeyCheck(kind, size, short_digest(text))


def short_digest(text: str) -> str:
    """The digest in the check value of what has this JSON text."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:8]


def parse(text: object) -> KeyCheck:
    """Read a check value.

    Raises
    ------
    FormatError
        It is none.
    """
    match = _TEXT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise FormatError("the seal's 'keys' hold something else than check values")
    return KeyCheck(match[1], int(match[2]), match[3])
