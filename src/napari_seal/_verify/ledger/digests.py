"""Digests as a ledger stores them: the bytes, then one byte that names the algorithm."""

from __future__ import annotations

import hashlib
import re
from typing import Final, NamedTuple

from napari_seal._format.digest import Digest
from napari_seal._verify.ledger.states import typed
from napari_seal.errors import LedgerError, OptionError

#: Names by the number in the last byte: a number, once given, is never given again.
_NAMES: Final = {
    1: "sha224", 2: "sha256", 3: "sha384", 4: "sha512", 5: "blake3", 6: "md5", 7: "sha1",
}  # fmt: skip
NUMBERS: Final = {name: bytes([number]) for number, name in _NAMES.items()}

#: Of these there are digests of whole files only, in manifests.
_OF_OLD: Final = ("md5", "sha1")

_PREFIX: Final = re.compile(r"(?:([a-z0-9_-]{1,20}):)?([0-9a-f]{4,128})", re.IGNORECASE)

#: The digests of a file, by the column that holds them.
KINDS: Final = ("codestream", "record", "source", "pixels")


class Digests(NamedTuple):
    """The digests of one file, packed; None where its seal has no such digest."""

    codestream: bytes | None = None
    record: bytes | None = None
    source: bytes | None = None
    pixels: bytes | None = None


#: Of a file without a seal that could be read.
NO_DIGESTS: Final = Digests()


def pack(algorithm: str, hexadecimal: str) -> bytes | None:
    """Pack a digest; None for an algorithm that ledgers do not know."""
    number = NUMBERS.get(algorithm)
    return None if number is None else bytes.fromhex(hexadecimal) + number


def digest_of(data: bytes, algorithm: str) -> bytes:
    """The packed digest of some bytes, by one of hashlib's algorithms."""
    # Manifests of old have MD5 and SHA-1: they are compared, and not relied on.
    found = hashlib.new(algorithm, data, usedforsecurity=False)
    return found.digest() + NUMBERS[algorithm]


def unpack(packed: bytes) -> Digest:
    """The digest of a packed one.

    Raises
    ------
    LedgerError
        It is none.
    """
    name = _NAMES.get(packed[-1]) if typed(packed, bytes) else None
    if name is None:
        raise LedgerError("the ledger is damaged: it has something else where a digest should be")
    return Digest(name, packed[:-1].hex())


_NO_DIGESTS: Final = "the ledger is damaged: it has something else where digests should be"


def join(digests: Digests) -> bytes:
    """All digests of a file as one value: each after its length.

    Raises
    ------
    LedgerError
        One is none.
    """
    try:
        return b"".join(bytes([len(d)]) + d if d else b"\0" for d in digests)
    except (TypeError, ValueError) as error:
        raise LedgerError(_NO_DIGESTS) from error


def split(joined: bytes) -> Digests:
    """What `join` joined.

    Raises
    ------
    LedgerError
        It is nothing of the kind.
    """
    parts: list[bytes | None] = []
    rest = typed(joined, bytes)
    while rest:
        length = rest[0]
        parts.append(rest[1 : 1 + length] or None)
        rest = rest[1 + length :]
    if len(parts) != len(KINDS) or join(Digests(*parts)) != joined:
        raise LedgerError(_NO_DIGESTS)
    return Digests(*parts)


class Prefix(NamedTuple):
    """A piece of a digest to search for: all bytes from ``low`` to below ``high`` begin with it."""

    low: bytes
    high: bytes | None
    hexadecimal: str
    algorithm: str | None

    def fits(self, packed: bytes) -> bool:
        """Whether a packed digest begins so, and is of this algorithm."""
        digest = unpack(packed)
        return self.algorithm in (None, digest.algorithm) and digest.hex.startswith(
            self.hexadecimal
        )


def parse_prefix(text: str) -> Prefix | None:
    """Read the beginning of a digest, such as ``ab12`` or ``sha256:ab12``; None if it is not one.

    Raises
    ------
    OptionError
        The algorithm is none that ledgers know.
    """
    match = _PREFIX.fullmatch(text)
    if match is None:
        return None
    algorithm = match[1] and match[1].lower()
    names = [name for name in NUMBERS if name not in _OF_OLD]
    if algorithm and algorithm not in names:
        raise OptionError(f"unknown digest algorithm {algorithm!r}; known are {', '.join(names)}")
    digits = match[2].lower()
    # The index holds eight bytes; the rest is compared with what it finds.
    low = bytes.fromhex(digits[:16] if len(digits) >= 16 else digits[: len(digits) // 2 * 2])
    return Prefix(low, following(low), digits, algorithm or None)


def following(low: bytes) -> bytes | None:
    """What is above all that begins with ``low``; None if there is no such thing."""
    number = int.from_bytes(low) + 1
    return None if number >> 8 * len(low) else number.to_bytes(len(low))
