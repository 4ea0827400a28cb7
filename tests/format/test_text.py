"""Text from files, made safe to show."""

from __future__ import annotations

import time
import unicodedata

import pytest

from napari_seal._text import printable, without_credentials


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Žofie µm 試料", "Žofie µm 試料"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("gpj.\u202egpj", r"gpj.\u202egpj"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("bad\udc80name", r"bad\udc80name"),
        ("line\u2028", r"line\u2028"),
        (7, "7"),
        (None, "None"),
    ],
)
def test_what_does_not_show_is_escaped(text: object, shown: str) -> None:
    """Controls, overrides and surrogates become escapes; letters of any script stay."""
    assert printable(text) == shown


def test_long_texts_are_cut() -> None:
    """A text longer than the limit ends in an ellipsis."""
    assert printable("x" * 5000) == "x" * 4000 + "…"
    assert printable("x" * 10, 10) == "x" * 10


def test_the_result_can_always_be_encoded() -> None:
    """Whatever character goes in, what comes out is UTF-8 without controls."""
    for code in range(0x11_0000):
        out = printable(chr(code))
        assert out.encode()
        assert unicodedata.category(out[0]) not in {"Cc", "Cf", "Cs"}


@pytest.mark.parametrize("part", ["http://", "://", "http://a?", "://a@", "https://?"])
def test_addresses_without_end_cost_nothing(part: str) -> None:
    """Addresses in addresses are looked at once."""
    began = time.process_time()
    without_credentials(part * 300_000)
    printable(part * 3_000_000)
    assert time.process_time() - began < 2


def test_credentials_at_the_place_of_the_cut_are_left_out() -> None:
    """A text is cut behind what is left out, not within it."""
    text = "x" * 3_990 + " sftp://anna:secret@host/a.jpg"
    assert printable(text) == "x" * 3_990 + " sftp://ho…"
    assert without_credentials("http://a?") == "http://a?"
