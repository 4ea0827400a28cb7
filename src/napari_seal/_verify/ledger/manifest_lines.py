"""Lines of a manifest, as ``sha256sum`` and BagIt tools write and read them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import IO, Final, NamedTuple

from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal.errors import FormatError, OptionError

FORMATS: Final = ("sha256sum", "bagit")

# GNU coreutils, "sha2 utilities": a backslash before the line says that the name is escaped.
_ESCAPES: Final = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}
_UNESCAPES: Final = {escape: byte for byte, escape in _ESCAPES.items()}
_SUM: Final = re.compile(rb"(\\?)([0-9a-fA-F]{64}) [ *](.+)", re.DOTALL)

# RFC 8493, section 2.1.3: these characters, and only these, are percent-encoded.
_PERCENT: Final = {b"%": b"%25", b"\r": b"%0D", b"\n": b"%0A"}
_UNPERCENT: Final = {code: byte for byte, code in _PERCENT.items()}
_BAG: Final = re.compile(rb"([0-9a-fA-F]{64})[ \t]+\*?(.+)", re.DOTALL)
_PAYLOAD: Final = b"data/"


class Line(NamedTuple):
    """A file and the SHA-256 of all its bytes; ``path`` is relative, with ``/``."""

    path: bytes
    digest: bytes


def format_of(path: str) -> str:
    """The format of a manifest, by its name: BagIt's are named so."""
    name = os.path.basename(path)
    if not (name.startswith("manifest-") and name.endswith(".txt")):
        return "sha256sum"
    if name != "manifest-sha256.txt":
        raise OptionError(f"only manifests of SHA-256 are read and written, not {printable(name)}")
    return "bagit"


def resolve(path: str | os.PathLike[str], form: str | None) -> tuple[str, str]:
    """A manifest's path as text, and its format: the one that was asked for, or by its name."""
    if form is not None and form not in FORMATS:
        raise OptionError(f"a manifest has one of the formats {', '.join(FORMATS)}, not {form!r}")
    name = os.fsdecode(path)
    return name, form or format_of(name)


def dump_line(line: Line, form: str) -> bytes:
    """One line, with the newline.

    Raises
    ------
    FormatError
        The name cannot stand in a manifest of this format.
    """
    if form == "bagit":
        try:
            line.path.decode("utf-8")
        except UnicodeDecodeError as error:
            raise FormatError("a BagIt manifest is in UTF-8, and the name is not") from error
        name = re.sub(rb"[%\r\n]", lambda found: _PERCENT[found[0]], line.path)
        return b"%s  %s%s\n" % (line.digest.hex().encode(), _PAYLOAD, name)
    name = re.sub(rb"[\\\r\n]", lambda found: _ESCAPES[found[0]], line.path)
    mark = b"\\" if name != line.path else b""
    return b"%s%s  %s\n" % (mark, line.digest.hex().encode(), name)


def parse_line(text: bytes, form: str) -> Line:
    """Read one line, without its newline.

    Raises
    ------
    FormatError
        It is none of this format.
    """
    if form == "bagit":
        match = _BAG.fullmatch(text.removesuffix(b"\r"))
        if match is None or not match[2].startswith(_PAYLOAD):
            raise FormatError("not a line of a BagIt manifest: a SHA-256 and a path in data/")
        name = re.sub(
            rb"%(?:25|0[dDaA])", lambda found: _UNPERCENT[found[0].upper()], match[2]
        ).removeprefix(_PAYLOAD)
        return Line(name, bytes.fromhex(match[1].decode()))
    match = _SUM.fullmatch(text)
    if match is None:
        raise FormatError("not a line of sha256sum: a SHA-256, two spaces, and a name")
    name = match[3]
    if match[1]:
        if re.search(rb"\\(?![\\nr])", name.replace(b"\\\\", b"")):
            raise FormatError("a name with a backslash that escapes nothing")
        name = re.sub(rb"\\[\\nr]", lambda found: _UNESCAPES[found[0]], name)
    return Line(name, bytes.fromhex(match[2].decode()))


def read_lines(file: IO[bytes], form: str) -> Iterator[tuple[int, Line | FormatError]]:
    """Yield each line that is not empty, or what is wrong with it, with its number."""
    number = 0
    while text := file.readline(limits.MANIFEST_LINE):
        number += 1
        if not text.strip():
            continue
        try:
            if len(text) == limits.MANIFEST_LINE:
                raise FormatError("the line is too long")
            yield number, parse_line(text.removesuffix(b"\n"), form)
        except FormatError as error:
            yield number, error
            while len(text) == limits.MANIFEST_LINE and not text.endswith(b"\n"):
                text = file.readline(limits.MANIFEST_LINE)
