"""Lines of a manifest, as ``sha256sum``, its relatives and BagIt tools write and read them."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from typing import IO, Final, NamedTuple

from napari_seal._format import limits
from napari_seal._text import printable
from napari_seal.errors import FormatError, OptionError

FORMATS: Final = ("sha256sum", "bagit")

#: What is read, by the hexadecimal digits of a digest, which tell the algorithm where no name does.
ALGORITHMS: Final = {
    32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512",
}  # fmt: skip

# GNU coreutils, "sha2 utilities": a backslash before the line says that the name is escaped.
_ESCAPES: Final = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}
_UNESCAPES: Final = {escape: byte for byte, escape in _ESCAPES.items()}
_SUM: Final = re.compile(rb"(\\?)([0-9a-fA-F]{32,128}) [ *](.+)", re.DOTALL)
# The same with --tag, which is how BSD systems write them.
_TAG: Final = re.compile(
    rb"(\\?)(MD5|SHA(?:1|224|256|384|512)) \((.+)\) = ([0-9a-fA-F]+)", re.DOTALL
)

# RFC 8493, section 2.1.3: these characters, and only these, are percent-encoded.
_PERCENT: Final = {b"%": b"%25", b"\r": b"%0D", b"\n": b"%0A"}
_UNPERCENT: Final = {code: byte for byte, code in _PERCENT.items()}
_BAG: Final = re.compile(rb"([0-9a-fA-F]{32,128})[ \t]+\*?(.+)", re.DOTALL)
_PAYLOAD: Final = b"data/"

# RFC 8493, section 2.4: the name in lower-case letters; older bags spell it as they like.
_BAG_NAME: Final = re.compile(r"manifest-([a-z0-9-]+)\.txt", re.IGNORECASE)


class Line(NamedTuple):
    """A file and a digest of all its bytes; ``path`` is relative, with ``/``."""

    path: bytes
    digest: bytes
    algorithm: str = "sha256"


class Manifest(NamedTuple):
    """A manifest's path, its format, and the algorithm of its digests where the name says it."""

    path: str
    form: str
    algorithm: str | None = None

    @classmethod
    def named(cls, path: str | os.PathLike[str], form: str | None) -> Manifest:
        """What a path and a format, if one was asked for, say of a manifest.

        Raises
        ------
        OptionError
            There is no such format, or the algorithm in the name is none of `ALGORITHMS`.
        """
        if form is not None and form not in FORMATS:
            raise OptionError(
                f"a manifest has one of the formats {', '.join(FORMATS)}, not {form!r}"
            )
        name = os.fsdecode(path)
        bag = _BAG_NAME.fullmatch(os.path.basename(name))
        if form == "sha256sum" or bag is None:
            return cls(name, form or "sha256sum")
        algorithm = bag[1].lower().replace("-", "")
        if algorithm not in ALGORITHMS.values():
            known = ", ".join(ALGORITHMS.values())
            raise OptionError(f"manifests of {known} are read, not {printable(bag[0])}")
        return cls(name, "bagit", algorithm)

    def to_write(self) -> Manifest:
        """The same, if it is one that can be written.

        Raises
        ------
        OptionError
            Its name says that its digests are not of SHA-256.
        """
        if self.algorithm not in (None, "sha256"):
            shown = printable(os.path.basename(self.path))
            raise OptionError(f"only manifests of SHA-256 are written, not {shown}")
        return self


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
    text = text.removesuffix(b"\r")  # of a manifest made on Windows: in names, it is escaped
    if form == "bagit":
        match = _BAG.fullmatch(text)
        if match is None or not match[2].startswith(_PAYLOAD):
            raise FormatError("not a line of a BagIt manifest: a digest and a path in data/")
        name = re.sub(
            rb"%(?:25|0[dDaA])", lambda found: _UNPERCENT[found[0].upper()], match[2]
        ).removeprefix(_PAYLOAD)
        return _line(name, match[1])
    if match := _SUM.fullmatch(text):
        return _line(_unescaped(match[3], match[1]), match[2])
    if match := _TAG.fullmatch(text):
        line = _line(_unescaped(match[3], match[1]), match[4])
        if line.algorithm.upper() != match[2].decode("ascii"):
            raise FormatError("a digest that is not as long as those of its algorithm")
        return line
    raise FormatError("not a line of sha256sum: a digest, two spaces, and a name")


def _line(name: bytes, hexadecimal: bytes) -> Line:
    algorithm = ALGORITHMS.get(len(hexadecimal))
    if algorithm is None:
        known = ", ".join(ALGORITHMS.values())
        raise FormatError(f"a digest of {len(hexadecimal)} digits, which is none of {known}")
    return Line(name, bytes.fromhex(hexadecimal.decode("ascii")), algorithm)


def _unescaped(name: bytes, mark: bytes) -> bytes:
    if not mark:
        return name
    if re.search(rb"\\(?![\\nr])", name.replace(b"\\\\", b"")):
        raise FormatError("a name with a backslash that escapes nothing")
    return re.sub(rb"\\[\\nr]", lambda found: _UNESCAPES[found[0]], name)


def read_lines(
    file: IO[bytes], form: str, algorithm: str | None = None
) -> Iterator[tuple[int, Line | FormatError]]:
    """Yield each line that is not empty, or what is wrong with it, with its number."""
    number = 0
    while text := file.readline(limits.MANIFEST_LINE):
        number += 1
        if number == 1:
            text = text.removeprefix(codecs.BOM_UTF8)
        if not text.strip():
            continue
        try:
            if len(text) == limits.MANIFEST_LINE:
                raise FormatError("the line is too long")
            line = parse_line(text.removesuffix(b"\n"), form)
            if algorithm not in (None, line.algorithm):
                raise FormatError(f"the digest is not as long as those of {algorithm}")
            yield number, line
        except FormatError as error:
            yield number, error
            while len(text) == limits.MANIFEST_LINE and not text.endswith(b"\n"):
                text = file.readline(limits.MANIFEST_LINE)
