"""Faults at system calls: kills, errors, other processes, a wrong clock; nothing is ever lost.

The trials are those of ``table.py``, which tries every call; here it is every n-th, so that all of
it takes about a minute.  ``NAPARI_SEAL_FAULTS=full`` tries every one.
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest
from faults.shim import build, why_not
from faults.table import run
from support import skip_or_fail


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What makes calls fail, compiled."""
    if (why := why_not()) is not None:
        skip_or_fail("faults", why)
    return build(tmp_path_factory.mktemp("shim"))


def tried(what: str, shim: Path, every: int = 1, *options: str) -> list[dict[str, Any]]:
    """Try a group of faults at every n-th call, each group from another call on."""
    if os.environ.get("NAPARI_SEAL_FAULTS") == "full":
        every = 1
    offset = random.Random(what).randrange(every)
    return run(what, shim, f"--every={every}", f"--offset={offset}", *options)


def assert_nothing_lost(rows: list[dict[str, Any]], least: int) -> None:
    """Nothing was, and so many times something could have been."""
    assert [loss for row in rows for loss in row["losses"]] == []
    assert sum(row["tried"] for row in rows) >= least


@pytest.mark.parametrize(
    ("what", "every", "least"),
    [("files", 1, 110), ("stacks", 23, 30), ("ledgers", 29, 80), ("reports", 19, 25)],
)
def test_kills(what: str, every: int, least: int, shim: Path) -> None:
    """Killed before, after and within a call: old or new, and what is left over is recognised."""
    assert_nothing_lost(tried(f"{what}:kills", shim, every), least)


@pytest.mark.parametrize(
    ("what", "every", "least"),
    [
        ("files", 5, 70),
        ("stacks", 41, 50),
        ("ledgers", 53, 60),
        ("reports", 31, 30),
        ("checks", 7, 20),
    ],
)
def test_errors(what: str, every: int, least: int, shim: Path) -> None:
    """An error of any call is told by one of ours, and what was there stays."""
    assert_nothing_lost(tried(f"{what}:errors", shim, every), least)


def test_other_processes(shim: Path) -> None:
    """Another process that comes at any call, or four at once: one wins, and the others say why."""
    assert_nothing_lost(tried("together", shim, 37, "--rounds=3"), 40)


def test_the_clock(shim: Path) -> None:
    """A clock that is set back between runs, or within one, changes times and nothing else."""
    assert_nothing_lost(tried("clock", shim, 3), 6)


def test_real_disks(shim: Path) -> None:
    """Limits to the size of files, folders and disks that are read-only, disks that are full."""
    assert_nothing_lost(tried("real", shim, 12), 10)


def test_the_order_that_a_power_failure_needs(shim: Path) -> None:
    """Contents are synchronised before names are given, and the folder after that."""
    assert_nothing_lost(tried("order", shim), 30)


def test_that_the_trials_find_what_is_lost(shim: Path) -> None:
    """A writer that is careless is found out by each of them."""
    kills = {row["fault"]: row["losses"] for row in tried("careless:kills", shim)}
    assert all(kills.values())
    errors = [row["losses"] for row in tried("careless:errors", shim) if "ENOSPC" in row["fault"]]
    assert all(errors)
    (row,) = tried("unsynchronised", shim)
    assert "has its name before its content" in row["losses"][0]
