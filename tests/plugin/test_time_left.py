"""How long a run will still take, in words."""

from __future__ import annotations

import random

import pytest

from napari_seal import Progress
from napari_seal._napari.verifying.time_left import TimeLeft, in_words, rate


def progress(done: int, seconds: float, total: int | None = 10_000, before: int = 0) -> Progress:
    return Progress(done=done, total=total, bytes=0, seconds=seconds, before=before)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a few seconds"), (9.9, "a few seconds"), (12, "about 10 seconds"),
        (16, "about 20 seconds"), (54, "about 50 seconds"), (56, "about 1 minute"),
        (89, "about 1 minute"), (91, "about 2 minutes"), (3540, "about 59 minutes"),
        (3590, "about 1 hour"), (7200, "about 2 hours"), (86_400 * 2.2, "about 2 days"),
        (86_400 * 400, "about 400 days"),
    ],
)  # fmt: skip
def test_times_in_words(seconds, words):
    """The longer, the rougher."""
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    ("files", "words"),
    [(0.001, "1 files/min"), (0.25, "15 files/min"), (7.4, "7 files/s"), (43.6, "44 files/s"),
     (1234, "1,200 files/s"), (98_765, "99,000 files/s")],
)  # fmt: skip
def test_rates_in_words(files, words):
    """Two digits."""
    assert rate(files) == words


def test_nothing_is_said_before_anything_is_known():
    """In the first seconds, without a total, before the first file, and at the end."""
    left = TimeLeft()
    assert left.text(progress(500, 1.0)) == ""
    assert left.text(progress(500, 9.0, total=None)) == ""
    assert left.text(progress(0, 9.0)) == ""
    assert left.text(progress(300, 9.0, before=300)) == ""
    assert left.text(progress(10_000, 9.0)) == ""


def test_files_of_an_earlier_run_do_not_count():
    """A run that is gone on with is no faster for what was done before."""
    assert (
        TimeLeft().text(progress(5_100, 10.0, before=5_000)) == "· 10 files/s, about 8 minutes left"
    )


def test_it_does_not_jump_about():
    """With files that take now longer, now less, the words change seldom, and never up and down."""
    rng = random.Random(3)
    left, said, done, seconds = TimeLeft(), list[str](), 0.0, 0.0
    while done < 60_000:
        seconds += 0.1
        done += 10 * rng.choice((0.2, 1.0, 1.0, 1.8, 4.0))
        text = left.text(progress(min(int(done), 60_000), seconds, total=60_000))
        words = text.partition(", ")[2]
        if words and (not said or said[-1] != words):
            said.append(words)
    assert len(said) == len(set(said)) < 15
    assert said[-1] == "a few seconds left"
