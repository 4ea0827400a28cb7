"""Every input that fuzzing has kept, by the properties that it was grown with.

``fuzzing/fuzz.py`` says how the inputs in ``tests/data/corpus`` came to be.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from properties import PROPERTIES

CORPUS = Path(__file__).parent / "data" / "corpus"


def test_every_reader_has_inputs() -> None:
    """A folder for each property, and for nothing else; small files, few of them."""
    folders = {folder.name: sorted(folder.iterdir()) for folder in CORPUS.iterdir()}
    assert set(folders) == set(PROPERTIES)
    files = [path for paths in folders.values() for path in paths]
    assert all(folders.values())
    assert max(path.stat().st_size for path in files) < 20_000
    assert sum(path.stat().st_size for path in files) < 1_000_000


@pytest.mark.parametrize("name", PROPERTIES)
def test_the_property_holds_for_all_that_was_kept(name: str) -> None:
    """No exception, no false verdict, and no input that keeps the reader busy."""
    for path in sorted((CORPUS / name).iterdir()):
        data = path.read_bytes()
        began = time.process_time()
        PROPERTIES[name](data)
        assert time.process_time() - began < 6, path.name  # 2 s where nothing else runs
