"""Digests that name their algorithm: ``sha256:<hex>``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from napari_seal._format.algorithms import ALGORITHMS, DEFAULT_ALGORITHM, start_digest
from napari_seal.errors import FormatError, UnknownAlgorithmError

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHAPE: Final = re.compile(r"([a-z0-9_-]{1,20}):([0-9a-f]{2,128})")


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest and the name of its algorithm.

    Parameters
    ----------
    algorithm : str
        As hashlib spells it, such as ``"sha256"``.
    hex : str
        The digest in lower-case hexadecimal digits.
    """

    algorithm: str
    hex: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"

    @classmethod
    def parse(cls, text: object) -> Digest:
        """Read ``sha256:<hex>``.

        Parameters
        ----------
        text : str
            Of anything else it is said that it is no digest.

        Returns
        -------
        Digest
            Equal to any other of the same text.

        Raises
        ------
        SealError
            It is none, or its algorithm is unknown or needs a package that is not installed.
        """
        match = _SHAPE.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise FormatError(f"not a digest of the form algorithm:hex: {str(text)[:80]!r}")
        algorithm, hexadecimal = match.groups()
        size = ALGORITHMS.get(algorithm)
        if size is None:
            raise UnknownAlgorithmError(f"unknown digest algorithm {algorithm!r}")
        if len(hexadecimal) != 2 * size:
            raise FormatError(
                f"a {algorithm} digest has {2 * size} hexadecimal digits, not {len(hexadecimal)}"
            )
        start_digest(algorithm)
        return cls(algorithm, hexadecimal)


def digest_of(pieces: Iterable[bytes | memoryview], algorithm: str = DEFAULT_ALGORITHM) -> Digest:
    """Digest of the concatenated pieces."""
    state = start_digest(algorithm)
    for piece in pieces:
        state.update(piece)
    return Digest(algorithm, state.hexdigest())
