"""The law of mutations, for some hundred; ``fuzzing/mutation_law.py`` says it and runs more."""

from __future__ import annotations

import warnings
from random import Random

import pytest
from mutation_law import IMAGE_WORDS, Sealed, judge, run, shown
from rewrites import ANYWHERE, outside
from seeds import pictures

FILES = [
    Sealed(name, data, shown(data)) for name, data in pictures().items() if "moedal" not in name
]


@pytest.mark.parametrize("seed", range(4))
def test_the_law_holds(seed: int) -> None:
    """Whatever is changed: `intact` and `reencoded` only where the picture is the sealed one, and
    no word about the picture where only bytes outside the codestream were changed.
    """
    counts, broken = run(FILES, seed, 150)
    assert counts.total() == 150
    assert [case.law for case in broken] == []


def test_the_law_can_be_broken() -> None:
    """It is told of a file that is intact and shows another picture, and of a word out of place."""
    gray, rgb = FILES[0], FILES[1]
    assert judge("swap", gray._replace(shown=rgb.shown), gray.data)[1]
    longer = gray.data.replace(b"\xff\xda", b"\xff\xdd\0\4\0\0\xff\xda", 1)
    word, law = judge("outside the codestream", gray, longer)
    assert word in IMAGE_WORDS
    assert law


def test_mutations_change_something() -> None:
    """Each way of changing files does so mostly, and gives the same for the same seed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for rewrite in (*ANYWHERE, outside):
            made = [rewrite(file.data, Random(9)) for file in FILES]
            assert made == [rewrite(file.data, Random(9)) for file in FILES]
            assert sum(new != file.data for new, file in zip(made, FILES, strict=True)) > 4
