"""What a seal says of the time before; the rule of its digest is in the vectors."""

from __future__ import annotations

from typing import Any

import pytest

from napari_seal._format.adoption import Adoption, parse_adoption
from napari_seal._format.digest import digest_of
from napari_seal.errors import FormatError

BESIDE = digest_of([b"x"])


@pytest.mark.parametrize(
    "adoption",
    [
        Adoption(sha244="none", beside=BESIDE),
        Adoption(
            sha244="broken", beside=BESIDE, expected="a" * 56, found="0" * 56, forced=("c2pa",)
        ),
    ],
)
def test_what_is_written_is_read(adoption: Adoption) -> None:
    """Also beside keys that a later version may add."""
    assert parse_adoption(adoption.as_dict()) == adoption
    assert parse_adoption(adoption.as_dict() | {"later": 1}) == adoption


@pytest.mark.parametrize(
    "change",
    [
        {"sha244": "maybe"},
        {"sha244": None},
        {"beside": "sha256:00"},
        {"beside": None},
        {"expected": 1},
        {"found": "x" * 56},
        {"forced": "c2pa"},
        {"forced": ["C2PA\x1b"]},
        {"forced": [1]},
    ],
)
def test_what_it_cannot_be(change: dict[str, Any]) -> None:
    """Wrong types, and texts that nobody writes."""
    body = Adoption(sha244="none", beside=BESIDE).as_dict() | change
    with pytest.raises(FormatError):
        parse_adoption(body)
