"""Files that ask for as much as files may ask for: verdict, time and memory.

``fuzzing/worst_cases.py`` has the files; ``fuzzing/measure.py`` prints what they take.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from measure import MEMORY, SECONDS, measure
from worst_cases import CASES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measured with Linux's /proc")


@pytest.mark.parametrize("name", CASES)
def test_a_file_takes_little_beyond_its_picture(name: str, tmp_path: Path) -> None:
    """The stated verdict; not much more time and memory than the decoder itself needs."""
    case = CASES[name]
    found = measure(name, tmp_path)
    if found.beyond[0] > SECONDS:  # something else may have been running
        (tmp_path / "again").mkdir()
        found = measure(name, tmp_path / "again")
    assert found.verdict == case.verdict, found.codes
    assert case.code in [*found.codes, ""]
    seconds, memory = found.beyond
    assert seconds < 3 * SECONDS
    assert memory < MEMORY
