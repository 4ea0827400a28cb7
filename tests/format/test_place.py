"""The place of a plane in a stack: read strictly, and turned into a file name that is safe."""

from __future__ import annotations

import json
import os
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seal import StackPlace
from napari_seal._format import limits
from napari_seal._format.place import parse_place, plane_names
from napari_seal.errors import FormatError

ID = "0123456789abcdef" * 2
PLACE: dict[str, Any] = {"id": ID, "axes": ["T", "Z"], "shape": [10, 31], "index": [3, 12]}

NAMES = st.text(min_size=1, max_size=limits.AXIS_NAME)


@st.composite
def places(draw: st.DrawFn) -> StackPlace:
    """Places of all kinds."""
    axes = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    shape = [draw(st.integers(1, 12)) for _ in axes]
    index = [draw(st.integers(0, size - 1)) for size in shape]
    return StackPlace(id=ID, axes=tuple(axes), shape=tuple(shape), index=tuple(index))


@given(place=places())
def test_a_place_comes_back(place: StackPlace) -> None:
    """What is written as JSON is read as the same."""
    assert parse_place(json.loads(json.dumps(place.as_dict()))) == place


@given(place=places())
def test_planes_are_numbered_with_the_last_axis_fastest(place: StackPlace) -> None:
    """The number is the position in the order of all indexes."""
    assert list(product(*map(range, place.shape)))[place.number] == place.index


def test_a_place_in_words() -> None:
    """The axes with their positions; text from files is made safe."""
    assert str(parse_place(PLACE)) == "T 3, Z 12"
    assert "\x1b" not in str(parse_place(PLACE | {"axes": ["\x1b[2J", "Z"]}))


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": ID[1:]},
        {"id": ID.upper()},
        {"id": ID + "\n"},
        {"axes": "TZ"},
        {"axes": ["T"]},
        {"axes": ["T", "T"]},
        {"axes": ["T", 1]},
        {"axes": ["T", ""]},
        {"axes": ["T", "Z" * 65]},
        {"axes": []},
        {"axes": [], "shape": [], "index": []},
        {"shape": [10]},
        {"shape": [10, 0]},
        {"shape": [10, 31.0]},
        {"shape": [10, True], "index": [0, 0]},
        {"shape": [2**20, 2]},
        {"shape": [2**60, 31]},
        {"index": [3]},
        {"index": [10, 12]},
        {"index": [3, -1]},
        {"index": "3,12"},
        {"axes": list("ABCDEFGHIJKLMNOPQ"), "shape": [1] * 17, "index": [0] * 17},
    ],
    ids=str,
)
def test_a_place_that_is_none_is_refused(change: dict[str, Any]) -> None:
    """Wrong types, lengths and sizes."""
    with pytest.raises(FormatError):
        parse_place(PLACE | change)


def names(axes: list[str], shape: list[int]) -> list[str]:
    """The names of all planes."""
    return [name for _, name in plane_names("cells", axes, shape, ".sealed.jpg")]


def test_names_count_with_as_many_digits_as_the_last_plane_has() -> None:
    """Ten planes need one digit, eleven need two."""
    assert names(["T"], [1]) == ["cells_t0.sealed.jpg"]
    assert names(["T"], [10])[9] == "cells_t9.sealed.jpg"
    assert names(["T"], [11])[9] == "cells_t09.sealed.jpg"
    assert names(["T", "C", "Z"], [10, 2, 31])[-1] == "cells_t9_c1_z30.sealed.jpg"


@given(axes=st.lists(NAMES, min_size=1, max_size=4, unique=True), data=st.data())
def test_names_are_unique_sorted_and_stay_in_the_folder(
    axes: list[str], data: st.DataObject
) -> None:
    """Whatever the axes are called: no name is there twice, or leads anywhere."""
    shape = [data.draw(st.integers(1, 13)) for _ in axes]
    found = names(axes, shape)
    assert found == sorted(set(found))
    for name in found:
        assert os.path.basename(name) == name
        assert name.removeprefix("cells").isascii()
        assert not {*'/\\:*?"<>| \0'} & {*name}


@pytest.mark.parametrize(
    ("axis", "label"),
    [
        ("T", "t"),
        ("Channel", "channel"),
        ("../../etc", "etc"),
        ("a/b\\c", "abc"),
        ("µ", "axis"),
        ("2", "axis"),
        ("position of the stage", "positionofthesta"),
    ],
)
def test_of_an_axis_the_letters_are_left(axis: str, label: str) -> None:
    """At most 16 of them, and a word where there is none."""
    assert names([axis], [1]) == [f"cells_{label}0.sealed.jpg"]
