"""The digest that a report carries of itself, in the last 86 bytes whatever its form.

So two standard commands check it: ``head -c -86 FILE | sha256sum`` and ``tail -c 86 FILE``.  It
finds a report that was cut, edited or saved again by a spreadsheet.  Like every digest without a
key it does not stop somebody who makes a new one: a signature does, which takes 174 bytes before
it::

    … report … │ , "signature": "ed25519 KEY VALUE" │ ,"digest": "sha256:…"}
    ───────────┘ signed: a digest of this           │
    ────────────────────────────────────────────────┘ digested

What is signed is a text that names the digest of all before, so that a report of any size is signed
while it is written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from napari_seal._format import signature

if TYPE_CHECKING:
    from napari_seal._format.signature import SealSignature, Signer

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

#: Bytes that a signature takes, and what encloses it: algorithm, key and value in Base64.
SIGNED_TAIL: Final = 174
_AROUND: Final = {
    "jsonl": (b', "signature": "', b'"'),
    "csv": (b"signature,,,,,", b"\r\n#"),  # the row's "#" stands before
    "html": (b"<!--signature ", b"-->"),
}
_SIGNATURES: Final = {
    form: re.compile(rb"%b([ -~]{157})%b\Z" % (re.escape(before), re.escape(after)))
    for form, (before, after) in _AROUND.items()
}

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

    def finish(self, signer: Signer | None = None) -> None:
        """Write the signature, if there is to be one, and the digest of all that was written."""
        if signer is not None:
            block = signer(signed_text(self._sha256.hexdigest()))
            before, after = _AROUND[self._form]
            text = f"{block.algorithm} {block.key} {block.value}".encode("ascii")
            self.write_bytes(before + text + after)
        before, after = ENCLOSED[self._form]
        self._write(before + b"sha256:" + self._sha256.hexdigest().encode() + after)


def signed_text(digest: str) -> bytes:
    """What is signed of a report with this SHA-256 of all that stands before its signature."""
    return f"napari-seal report sha256:{digest}".encode("ascii")


def read_digest(end: bytes, form: str) -> str | None:
    """Return the digest at the end of a report, or None where there is none."""
    match = _TAILS[form].search(end)
    return match[1].decode() if match else None


def read_signature(end: bytes, form: str) -> SealSignature | None:
    """Return the signature at the end of what stands before the digest, or None."""
    match = _SIGNATURES[form].search(end)
    if match is None:
        return None
    names = ("algorithm", "key", "value")
    return signature.parse(dict(zip(names, match[1].decode().split(" "), strict=False)))
