"""The codes of refusals: listed for people, and forced by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from napari_seal._adopt.refusal import FORCEABLE, Forced, Refusal, refuse
from napari_seal.errors import AdoptError, OptionError

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "adopt.md"


def test_the_page_lists_every_code() -> None:
    """In the order of the code: first those that can be forced."""
    section = PAGE.read_text(encoding="utf-8").partition("## Why a file is refused")[2]
    listed = re.findall(r"^\| `([a-z0-9-]+)` \|", section, re.MULTILINE)
    assert listed == [str(code) for code in Refusal]
    assert listed[: len(FORCEABLE)] == [str(code) for code in FORCEABLE]


def test_what_is_forced_is_noted_once_it_is_needed() -> None:
    """What was not needed is not; what is not forced is refused."""
    forced = Forced(["c2pa", "offsets"])
    forced.allows(Refusal.C2PA, "it has a claim")
    assert forced.used == ["c2pa"]
    with pytest.raises(AdoptError, match=r"it has names .*force 'hard-links'"):
        forced.allows(Refusal.HARD_LINKS, "it has names")
    with pytest.raises(OptionError, match="'truncated' cannot be forced; c2pa, "):
        Forced("truncated")


def test_texts_from_files_are_escaped() -> None:
    """A refusal may quote the file."""
    error = refuse(Refusal.METADATA, "key \x1b[2J")
    assert str(error) == "key \\x1b[2J"
    assert error.code == "metadata"
