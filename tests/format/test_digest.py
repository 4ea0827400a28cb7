"""Digests that name their algorithm."""

from __future__ import annotations

import hashlib
import sys

import pytest

from napari_seal import Digest
from napari_seal._format.algorithms import ALGORITHMS
from napari_seal._format.digest import digest_of
from napari_seal.errors import FormatError, UnknownAlgorithmError

#: FIPS 180-4's example message, with the value that NIST gives.
ABC = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_known_answer() -> None:
    """Pieces are concatenated, and the text names the algorithm."""
    assert str(digest_of([b"a", memoryview(b"b"), b"c"])) == ABC


@pytest.mark.parametrize("algorithm", sorted({*ALGORITHMS} - {"blake3"}))
def test_parse_is_the_inverse_of_str(algorithm: str) -> None:
    """Every algorithm of the format reads back."""
    digest = digest_of([b"x"], algorithm)
    assert Digest.parse(str(digest)) == digest
    assert digest.hex == hashlib.new(algorithm, b"x").hexdigest()


def test_blake3() -> None:
    """The known answer for ``abc``, as ``b3sum`` gives it."""
    pytest.importorskip("blake3", reason="the package blake3 is not installed")
    answer = "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
    digest = digest_of([b"a", memoryview(b"bc")], "blake3")
    assert str(digest) == f"blake3:{answer}"
    assert Digest.parse(str(digest)) == digest


def test_without_the_package_the_text_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known to the format, and unknown here."""
    monkeypatch.setitem(sys.modules, "blake3", None)  # what `import` takes for "not there"
    with pytest.raises(UnknownAlgorithmError, match=r"napari-seal\[blake3\]"):
        Digest.parse("blake3:" + "0" * 64)


@pytest.mark.parametrize(
    "text",
    [None, 7, b"", "", ABC[7:], ABC.upper(), ABC[:-1], ABC + "0", ABC + "\n", " " + ABC, "sha256:",
     "sha256:" + "é" * 64, "sha256:" + "\u0660" * 64, "sha256:" + "g" * 64, ["sha256"], "a:" * 99],
)  # fmt: skip
def test_what_is_no_digest_is_refused(text: object) -> None:
    """Anything but algorithm and complete lower-case hex is a format error."""
    with pytest.raises(FormatError) as raised:
        Digest.parse(text)
    assert not isinstance(raised.value, UnknownAlgorithmError)


@pytest.mark.parametrize("text", ["md5:" + "0" * 32, "sha1:" + "0" * 40, "blake2b:" + "0" * 64])
def test_unknown_algorithms_are_told_apart(text: str) -> None:
    """A digest of an algorithm that is not in the format is unknown, not broken."""
    with pytest.raises(UnknownAlgorithmError, match=text.split(":", maxsplit=1)[0]):
        Digest.parse(text)
