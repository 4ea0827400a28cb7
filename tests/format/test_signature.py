"""How a signature is spelt: one way, and what it covers cannot be mistaken."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seal._format.signature import SealSignature, close, covered, decode, parse

RAW = st.binary(min_size=64, max_size=64)
BLOCK = SealSignature(
    algorithm="ed25519", key="A" * 59 + "=", value=base64.b64encode(bytes(range(64))).decode()
)


@given(raw=RAW, text=st.binary(), braces=st.sampled_from([b"}", b"}}"]))
def test_what_is_closed_covers_the_text(raw: bytes, text: bytes, braces: bytes) -> None:
    """Whatever the text holds, be it what looks like a signature: all of it, and nothing else."""
    block = SealSignature(
        algorithm="ed25519", key=BLOCK.key, value=base64.b64encode(raw).decode("ascii")
    )
    whole = close(text, braces, lambda data: block if data == text else BLOCK)
    found = covered(whole, block, braces)
    assert found is not None
    assert bytes(found) == text
    assert covered(whole + b" ", block, braces) is None


@given(raw=RAW)
def test_parse_reads_what_is_written(raw: bytes) -> None:
    """`parse(dump(x)) == x`, and the value is that of its bytes."""
    value = base64.b64encode(raw).decode("ascii")
    block = SealSignature(algorithm="ed25519", key=BLOCK.key, value=value)
    text = close(b'{"a":{"b":1', b"}}", lambda _: block)
    assert parse(json.loads(text)["a"]["signature"]) == block
    assert decode(value) == raw


@given(value=st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["algorithm", "key", "value", "x"]), inner, max_size=4),
    max_leaves=9,
))  # fmt: skip
def test_anything_is_read(value: object) -> None:
    """No JSON value makes it raise: it is known, of an unknown algorithm, or has a problem."""
    block = parse(value)
    assert block.problem or block.known or block.algorithm == value["algorithm"]  # type: ignore[index]


@pytest.mark.parametrize("text", ["", "AAAA", "A" * 88, "A" * 86, " " + "A" * 86 + "==", "é"])
def test_only_64_bytes_in_their_own_base64_are_a_signature(text: str) -> None:
    """Neither fewer nor more, nor with white space or spare bits."""
    assert decode(text) is None
