"""The command `napari-seal watch` in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watching import Watching


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Watching]]:
    """Start a watch of ``raw`` into ``sealed``; one that still runs is ended with the test."""
    (tmp_path / "raw").mkdir()
    begun: list[Watching] = []

    def start_one(*options: object, **how: dict[str, str]) -> Watching:
        begun.append(Watching(tmp_path, *options, **how))
        return begun[-1]

    yield start_one
    for watching in begun:
        watching.kill()
