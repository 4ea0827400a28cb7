"""What the verify widget understands and says."""

from __future__ import annotations

import os
import re
from collections import Counter

import pytest

from napari_seal._napari.notices import breakable
from napari_seal._napari.verifying.verify_text import (
    counts_line,
    typed_paths,
    why_nothing_checked,
)
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.verdict import Outcome, Verdict

posix = pytest.mark.skipif(os.name == "nt", reason="the paths are those of POSIX")


@posix
@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/a b/c", "/a b/c"),
        ("  /a b/c \n", "/a b/c"),
        ("'/a b/c'", "/a b/c"),
        ('"/a b/c"', "/a b/c"),
        ("'/it'\\''s/c'", "/it's/c"),
        ("/it's/c'", "/it's/c'"),
        ("file:///a%20b/%23%25c", "/a b/#%c"),
        ("'file:///a%20b'", "/a b"),
        ("file:///a#b?c", "/a#b?c"),
        ("file://localhost/a", "/a"),
        ("FILE:/a", "/a"),
        ("file:///%C3%A4/ä", "/ä/ä"),
        ("file:///%FF", os.fsdecode(b"/\xff")),
        ("/100%25/%20", "/100%25/%20"),
        ("~/c", os.path.expanduser("~/c")),
        ("'~/c'", os.path.expanduser("~/c")),
        ("'", "'"),
    ],
)
def test_one_path(text, path):
    """Quoted by a terminal, an address from a file manager, or just typed."""
    assert typed_paths(text) == [path]


@posix
def test_another_machine_is_not_this_one():
    """Its address is not taken for a file of the same name here."""
    assert typed_paths("file://elsewhere/etc") == ["file://elsewhere/etc"]


@posix
def test_lines_and_nothing():
    """Each line is a path; blank ones are none."""
    assert typed_paths("file:///a\n'/b'\n\n/c") == ["/a", "/b", "/c"]
    assert typed_paths("  ") == []


def unreadable(path, code):
    """A verdict with one reason."""
    return Verdict(
        path=path, verdict=Outcome.UNREADABLE, reasons=(Reason(code=code, message="So it is."),)
    )


@pytest.mark.parametrize(
    ("code", "found", "chosen", "said"),
    [
        ("empty-folder", ["/x"], ["/x"], "No JPEG or PNG was found in /x:"),
        ("file-missing", ["/x"], ["/x"], "There is no folder or file /x:"),
        ("file-missing", ["/x", "/y"], ["/x", "/y"], "There is no folder or file /x and 1 more:"),
        ("file-missing", ["/x/1", "/x/2"], ["/x"], "None of the 2 files could be read:"),
        ("permission-denied", ["/x"], ["/x"], "/x could not be read:"),
        ("io-error", ["/x/1", "/x/2"], ["/x"], "None of the 2 files could be read:"),
    ],
)
def test_a_run_that_checked_nothing(code, found, chosen, said):
    """It says why, and that it was no check."""
    verdicts = [unreadable(path, ReasonCode(code)) for path in found]
    text = why_nothing_checked(iter(verdicts), len(verdicts), chosen)
    assert text.startswith(f"⚠ {said} nothing was checked")


def test_long_names_can_be_wrapped_and_others_are_left_alone():
    """A path with slashes is wrapped by the label itself."""
    assert breakable("/folder" * 30) == "/folder" * 30
    assert breakable("x" * 100).split("\u200b") == ["x" * 40, "x" * 40, "x" * 20]


@pytest.mark.parametrize(
    ("counts", "found", "arrived", "said"),
    [
        ({}, 0, {}, ""),
        ({"intact": 3}, 3, {}, "✓ intact 3 = 3 checked"),
        ({"intact": 3}, 1000, {}, "✓ intact 3 = 3 checked, 997 not checked"),
        (
            {"intact": 3, "missing": 2},
            3,
            {"moved": 1, "extra": 2},
            "✓ intact 3 ✗ missing 2 = 3 checked + 2 missing (1 moved, 2 extra)",
        ),
        ({"missing": 2, "unreadable": 1}, 1, {}, "⚠ unreadable 1 ✗ missing 2 nothing checked"),
    ],
)
def test_the_counts_add_up(counts, found, arrived, said):
    """Files that are gone stand beside those that were checked, never among them."""
    line = counts_line(
        Counter({Outcome(word): number for word, number in counts.items()}),
        found,
        {ReasonCode(word): number for word, number in arrived.items()},
    )
    plain = re.sub("<[^>]*>", "", line).replace("&nbsp;", " ").replace("&#8209;", "-")
    assert " ".join(plain.split()) == said
