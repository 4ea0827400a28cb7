"""The record: what may go in, what comes out, and what its digest covers."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from napari_seal import ArrayDigest, ExifDigest, Seal, Window
from napari_seal._format import limits, record
from napari_seal._format.digest import digest_of
from napari_seal.errors import FormatError, JsonError, MetadataError


def a_seal(**changes: Any) -> Seal:
    """A seal with every field set."""
    digest = digest_of([b"x"])
    fields: dict[str, Any] = {
        "codestream": digest,
        "length": 7,
        "scan": digest,
        "pixels": ArrayDigest(digest=digest, shape=(2, 3), dtype="uint8"),
        "source": ArrayDigest(digest=digest_of([b"y"]), shape=(2, 3), dtype="uint16", axes="YX"),
        "window": Window(low=-1, high=2.5),
        "quality": 90,
        "exif": ExifDigest(digest=digest, tags={"IFD0:0x0131": "01234567"}),
        "layer": {"name": "cells", "scale": [1.0, 0.5]},
        "created": "2026-01-31T12:00:00.000Z",
        "software": {"napari-seal": "0"},
        "metadata": {"Žofie": ["\ud800", None, 2**70, 1e-300]},
        "other": {"later": {"deep": True}},
    }
    return Seal(**fields | changes)


@pytest.mark.parametrize("changes", [{}, {"source": None, "window": None, "layer": None}])
def test_parse_is_the_inverse_of_dump(changes: dict[str, Any]) -> None:
    """What is written is what is read, but for the record that writing adds."""
    seal = a_seal(**changes)
    text = record.dump(seal)
    back = record.parse(record.load(text))
    assert back.record == digest_of([text[: text.index(b',"record"')]])
    assert record.dump(back) == text
    for name in Seal.__slots__:
        if name not in ("record", "keys"):  # what dump computes
            assert getattr(back, name) == getattr(seal, name), name
    assert record.record_matches(text, back) is True


def test_the_text_is_laid_out_as_the_format_says() -> None:
    """ASCII, the user's keys first, `seal` last, `record` last in it, no spaces."""
    text = record.dump(a_seal(), moedal="0" * 56)
    value = json.loads(text)
    assert text.isascii()
    assert list(value) == ["Žofie", "sha244", "seal"]
    assert list(value["seal"])[-1] == "record"
    assert json.dumps(value, separators=(",", ":")).encode() == text


def test_identity_comes_from_the_source() -> None:
    """The first 32 digits of the source digest, or of the pixels without one."""
    seal = a_seal()
    assert seal.identity == digest_of([b"y"]).hex[:32]
    assert a_seal(source=None).identity == digest_of([b"x"]).hex[:32]
    assert seal.version == 1


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ((1, 2), [1, 2]),
        (np.uint16(7), 7),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.array(3), 3),
        (OrderedDict(a=1), {"a": 1}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (2**64, 2**64),
        (-0.0, -0.0),
        ("\x00\u2028\U0001f52c", "\x00\u2028\U0001f52c"),
        ({"seal": 1, "sha244": 2}, {"seal": 1, "sha244": 2}),
        ({"": None}, {"": None}),
    ],
)
def test_what_json_can_hold_is_taken(value: object, stored: object) -> None:
    """Tuples and NumPy scalars become plain values; reserved keys are reserved at the top only."""
    plain = record.check_metadata({"key": value})
    assert plain == {"key": stored}
    assert type(plain["key"]) is type(stored)
    text = record.dump(a_seal(metadata={"key": value}))
    assert record.parse(record.load(text)).metadata == {"key": stored}


class Odd:
    """Nothing that JSON knows."""


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ([("a", 1)], "mapping"),
        ("text", "mapping"),
        ({"seal": 1}, "'seal' is reserved"),
        ({"sha244": "x"}, "'sha244' is reserved"),
        ({1: 2}, r"key 1 of type int.*write '1'"),
        ({"a": {"b": [{None: 1}]}}, r"\['a'\]\['b'\]\[0\].*NoneType"),
        ({"a": {b"b": 1}}, "bytes"),
        ({"a": math.nan}, r"\['a'\] is nan"),
        ({"a": [1, -math.inf]}, r"\['a'\]\[1\] is -inf"),
        ({"a": np.float64("nan")}, "nan"),
        ({"a": b"bytes"}, r"\['a'\] is of type bytes"),
        ({"a": datetime(2024, 1, 1, tzinfo=UTC)}, r"isoformat"),
        ({"a": np.datetime64("2024-01-01T00:00:00")}, r"isoformat"),
        ({"a": np.zeros(3)}, r"ndarray.*tolist"),
        ({"a": Path("x")}, r"Path.*str\(\)"),
        ({"a": {1, 2}}, "set"),
        ({"a": 1j}, "complex"),
        ({"a": Odd()}, "Odd"),
        ({"a": 10**5000}, "4,000 digits"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_place(metadata: Any, says: str) -> None:
    """The error names the key, its type and what to do."""
    with pytest.raises(MetadataError, match=says):
        record.check_metadata(metadata)


def nested(depth: int) -> dict[str, Any]:
    """Metadata of some levels."""
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def test_nesting_is_limited_as_written_and_as_read() -> None:
    """What may be written may be read; deeper is refused, also where it never ends."""
    deepest = nested(limits.METADATA_DEPTH - 1)
    text = record.dump(a_seal(metadata=deepest))
    assert record.parse(record.load(text)).metadata == deepest
    with pytest.raises(MetadataError, match="levels deep"):
        record.check_metadata(nested(limits.METADATA_DEPTH))
    endless: dict[str, Any] = {}
    endless["me"] = endless
    with pytest.raises(MetadataError, match="levels deep"):
        record.check_metadata(endless)


def test_values_are_limited_as_read() -> None:
    """A record of the largest size is below the limit; an index cannot fill the memory."""
    assert record.load(b'{"a":[' + b"1," * 32_000 + b"1]}")
    with pytest.raises(JsonError, match="131,072 values"):
        record.load(b'{"a":[' + b"1," * 131_073 + b"1]}", "index")


@pytest.mark.parametrize("text", [b'"' + b'\\"' * 1_000_000, b'"a' * 1_000_001, b"\\" * 1_000_000])
def test_texts_without_an_end_cost_nothing(text: bytes) -> None:
    """Nesting is looked for outside of texts, and a text that does not end is looked at once."""
    began = time.process_time()
    with pytest.raises(JsonError):
        record.load(b'{"a":' + b"[" * 65 + text)
    with pytest.raises(JsonError):
        record.load(b'{"a":' + b"[" * 64 + text)
    assert time.process_time() - began < 2


def test_check_metadata_does_not_change_its_argument() -> None:
    """The user's own dictionary stays as it was."""
    mine = {"a": (1, {"b": np.int8(2)})}
    record.check_metadata(mine)
    assert mine == {"a": (1, {"b": np.int8(2)})}
    assert isinstance(mine["a"], tuple)


def test_sizes() -> None:
    """Entries have the size that they take in the text."""
    assert record.sizes(b'{"a":1,"big":"xxxx","b":[]}') == {"a": 1, "big": 6, "b": 2}


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"7", b'"x"', b"\xff{}", b"{'a':1}", b"{} x", b"[" * 100_000,
     b'{"a":' * 50_000, b'{"a":1' + b"0" * 5000 + b"}"],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(text: bytes) -> None:
    """Broken, deep or endless JSON is one kind of error."""
    with pytest.raises(JsonError):
        record.load(text)


def test_every_byte_counts() -> None:
    """Any change of one byte in the text is seen, as a broken text or a record that differs."""
    text = record.dump(a_seal())
    for at in range(len(text)):
        changed = text[:at] + bytes((text[at] ^ 1,)) + text[at + 1 :]
        with contextlib.suppress(FormatError):
            seal = record.parse(record.load(changed))
            assert record.record_matches(changed, seal) is not True, changed[at - 20 : at + 20]
