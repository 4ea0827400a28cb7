"""The algorithms of digests, as hashlib spells them."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from napari_seal.errors import UnknownAlgorithmError

#: What new seals are made with.
DEFAULT_ALGORITHM: Final = "sha256"

#: Algorithms that a version-1 seal may name, with their size in bytes.
ALGORITHMS: Final = {"sha256": 32, "sha384": 48, "sha512": 64, "blake3": 32}


def start_digest(algorithm: str) -> Any:
    """An object of hashlib's kind that has digested nothing yet.

    Raises
    ------
    UnknownAlgorithmError
        The algorithm is unknown, or needs a package that is not installed.
    """
    if algorithm not in ALGORITHMS:
        raise UnknownAlgorithmError(f"unknown digest algorithm {algorithm!r}")
    if algorithm != "blake3":
        return hashlib.new(algorithm)
    try:
        from blake3 import blake3
    except ImportError as error:
        raise UnknownAlgorithmError(
            "digests of the algorithm 'blake3' need the package blake3; install napari-seal[blake3]"
        ) from error
    return blake3()
