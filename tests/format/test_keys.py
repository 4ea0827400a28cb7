"""Check values of the user's keys."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seal._format import keys
from napari_seal.errors import FormatError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "text", "start", "words"),
    [
        ("TDR 12", '"TDR 12"', "s6:", "a text of 6 characters"),
        ("", '""', "s0:", "a text of 0 characters"),
        ("Ž", '"\\u017d"', "s1:", "a text of 1 character"),
        ("\U0001f52c", '"\\ud83d\\udd2c"', "s1:", "a text of 1 character"),
        (7, "7", "n1:", "a number of one digit"),
        (-1.5, "-1.5", "n4:", "a number of 4 characters"),
        (10**1200, "1" + "0" * 1200, "n1201:", "a number of 1,201 characters"),
        (True, "true", "b0:", "true or false"),
        (False, "false", "b0:", "true or false"),
        (None, "null", "l0:", "null"),
        ([], "[]", "a0:", "a list of 0 items"),
        ([1, [2]], "[1,[2]]", "a2:", "a list of 2 items"),
        ({"a": {"b": 1}}, '{"a":{"b":1}}', "o1:", "an object of 1 key"),
    ],
)
def test_a_check_value_can_be_had_by_hand(value: Any, text: str, start: str, words: str) -> None:
    """Kind, size, and the first digits of SHA-256 over the JSON text without spaces."""
    check = keys.check_of(value)
    assert str(check) == start + hashlib.sha256(text.encode()).hexdigest()[:8]
    assert check.describe() == words


@given(value=JSON)
def test_what_is_written_is_read_and_matches(value: Any) -> None:
    """`parse` is the inverse of `str`, and the value that was sealed agrees."""
    check = keys.check_of(value)
    assert keys.parse(str(check)) == check
    assert check.matches(value)


@pytest.mark.parametrize(
    ("sealed", "now"),
    [(1, True), (0, False), (1, 1.0), (1, "1"), ("", None), ([], {}), (None, False), ("a", "b"),
     (1.5, math.inf), ([1], [math.inf]), ("null", None)],
)  # fmt: skip
def test_values_that_python_takes_for_equal_are_not(sealed: Any, now: Any) -> None:
    """Numbers, truth values, texts and null are told apart; infinity, which JSON lacks, is none."""
    assert not keys.check_of(sealed).matches(now)


@pytest.mark.parametrize(
    "text",
    ["", "s6", "x6:00000000", "s6:0000000", "s6:000000000", "s6:0000000G", "s-1:00000000",
     "S6:00000000", "s6:00000000\n", " s6:00000000", "s٣:00000000", "s1234567890:00000000",
     "s:00000000", "s6:ABCDEF00", None, 7, ["s6:00000000"], b"s6:00000000"],
)  # fmt: skip
def test_what_is_no_check_value_is_refused(text: object) -> None:
    """A strict parser: another spelling is another text."""
    with pytest.raises(FormatError, match="check values"):
        keys.parse(text)
