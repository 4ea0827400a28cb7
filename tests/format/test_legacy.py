"""Files of the MoEDAL function: its text and its digest."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from napari_seal import MoedalSeal
from napari_seal._format.legacy import digest_moedal, parse_moedal
from napari_seal.errors import FormatError, JsonError

SHA = "0123456789abcdef" * 3 + "01234567"


def test_digest_is_the_functions_own() -> None:
    """The digest is SHA-224 of the picture's values as 32-bit floats."""
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert digest_moedal(image) == hashlib.sha224(np.float32(image).tobytes()).hexdigest()
    assert digest_moedal(image) == digest_moedal(np.asfortranarray(image))
    tall = np.random.default_rng(1).integers(0, 256, (1000, 7, 3), np.uint8)
    assert digest_moedal(tall) == hashlib.sha224(np.float32(tall).tobytes()).hexdigest()


@pytest.mark.parametrize("metadata", [{}, {"a": 1, "b": [None]}, {"x": float("nan")}, {"é": "ž"}])
def test_what_the_function_wrote_is_read(metadata: dict[str, object]) -> None:
    """The user's keys come back, NaN included, without the digest among them."""
    text = json.dumps(metadata | {"sha244": SHA}).encode("ascii")
    seal = parse_moedal(text)
    assert isinstance(seal, MoedalSeal)
    assert (seal.pixels, seal.version) == (SHA, 0)
    assert json.dumps(seal.metadata) == json.dumps(metadata)


@pytest.mark.parametrize(
    "text",
    [b"", b"hello", b"{}", b'{"a":1}', b'["sha244"]', b'{"a":"sha244"}', b'{"a":{"sha244":1}}',
     b'{"sha244":"' + SHA.encode() + b'","seal":1}'],
)  # fmt: skip
def test_other_texts_hold_no_moedal_seal(text: bytes) -> None:
    """Where the key is not at the top level, or stands beside a seal, there is none."""
    assert parse_moedal(text) is None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b'{"sha244":1}', FormatError),
        (b'{"sha244":"00"}', FormatError),
        (b'{"sha244":"' + SHA.upper().encode() + b'"}', FormatError),
        (b'{"sha244":', JsonError),
        (b'\xff"sha244"', JsonError),
        (b'{"sha244":' + b"[" * 30_000, JsonError),
    ],
)
def test_broken_texts_are_refused(text: bytes, error: type[FormatError]) -> None:
    """The key without a digest, or without JSON around it, is a format error."""
    with pytest.raises(error):
        parse_moedal(text)
