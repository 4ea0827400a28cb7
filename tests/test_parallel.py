"""Worker processes: in order, whatever is killed, and none left behind."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from napari_seal._parallel import map_batches

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")

# Larger than a pipe takes at once, so that workers are killed while they write.
_LOAD = "x" * 5_000


def work(items: list[int]) -> list[tuple[int, str]]:
    """Answer each item with a long text; fail on request."""
    if -1 in items:
        raise ArithmeticError("asked to fail")
    time.sleep(0.0005 * len(items))
    return [(item, _LOAD) for item in items]


def died(item: int) -> tuple[int, str]:
    """The answer for an item whose worker died."""
    return item, "died"


def test_killed_workers_cost_no_item() -> None:
    """Workers killed again and again, also while they answer: each item is answered, in order."""
    chance = random.Random(3)
    answers = []
    kills = 0
    for answer in map_batches(work, range(900), jobs=2, batch=32, died=died):
        answers.append(answer)
        children = multiprocessing.active_children()
        if children and chance.random() < 0.02:
            os.kill(chance.choice(children).pid or 0, signal.SIGKILL)
            kills += 1
    assert kills > 5
    assert [item for item, _ in answers] == list(range(900))
    assert multiprocessing.active_children() == []


def test_an_item_that_kills_its_worker_is_named(tmp_path: Path) -> None:
    """Of a batch in which one item kills the process, the others are answered."""
    answers = list(map_batches(die_at_7, range(20), jobs=2, batch=10, died=died))
    assert [item for item, _ in answers] == list(range(20))
    assert [item for item, answer in answers if answer == "died"] == [7]


def die_at_7(items: list[int]) -> list[tuple[int, str]]:
    """Kill the worker at item 7."""
    if 7 in items:
        os.kill(os.getpid(), signal.SIGKILL)
    return [(item, "done") for item in items]


def test_errors_come_through() -> None:
    """An error in a worker is raised where the results are awaited, and ends the workers."""
    with pytest.raises(ArithmeticError, match="asked to fail"):
        list(map_batches(work, [1, 2, -1, 3], jobs=2, batch=1, died=died))
    assert multiprocessing.active_children() == []


def test_items_are_taken_as_needed() -> None:
    """An endless source is read only a little ahead of what is used."""
    taken = 0

    def source():
        nonlocal taken
        while True:
            taken += 1
            yield taken

    run = map_batches(work, source(), jobs=2, batch=5, died=died)
    for _ in range(50):
        next(run)
    run.close()
    assert taken <= 50 + 2 * 4 * 2 * 5


def test_no_worker_outlives_a_killed_parent(tmp_path: Path) -> None:
    """Workers of a process that is killed end by themselves."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import itertools, multiprocessing, sys\n"
        "from napari_seal._parallel import map_batches\n"
        "def died(item): return item\n"
        "if __name__ == '__main__':\n"
        "    run = map_batches(list, itertools.count(), jobs=2, batch=10, died=died)\n"
        "    for item in run:\n"
        "        if item == 100:\n"
        "            print(*(p.pid for p in multiprocessing.active_children()), flush=True)\n"
    )
    command = [sys.executable, script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(workers) == 2
    deadline = time.monotonic() + 10
    while any(_is_running(pid) for pid in workers):
        assert time.monotonic() < deadline, "a worker is still there"
        time.sleep(0.05)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
