"""Worker processes: in order or not, whatever hangs or is killed, and none left behind."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from support import PATIENCE, wait_until

import napari_seal
from napari_seal._parallel import _QUICK, Run, map_items
from napari_seal._workers import AT, Pool

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")

# Larger than a pipe takes at once, so that workers are killed while they write.
_LOAD = "x" * 5_000


def work(item: int) -> str:
    """Answer each item with a long text; fail on request."""
    if item == -1:
        raise ArithmeticError("asked to fail")
    time.sleep(0.0005)
    return _LOAD


def died(item: int) -> str:
    """The answer for an item whose worker died."""
    return f"died at {item}"


def late(item: int) -> str:
    """The answer for an item that took too long."""
    return f"late at {item}"


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    """Every test leaves no child behind."""
    yield
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("ordered", [True, False])
def test_killed_workers_cost_no_item(ordered: bool) -> None:
    """Workers killed again and again, also while they answer: each item is answered."""
    chance = random.Random(3)
    answers = []
    kills = 0
    for item, answer in map_items(work, range(900), jobs=2, died=died, ordered=ordered):
        answers.append((item, answer))
        children = multiprocessing.active_children()
        if children and chance.random() < 0.02:
            os.kill(chance.choice(children).pid or 0, signal.SIGKILL)
            kills += 1
    assert kills > 5
    assert sorted(item for item, _ in answers) == list(range(900))
    if ordered:
        assert [item for item, _ in answers] == list(range(900))
    # An item at which the worker was killed twice counts as the cause.
    assert Counter(answer for _, answer in answers)[_LOAD] >= 900 - kills


def test_a_process_with_threads_is_not_forked() -> None:
    """Its workers are started anew, and tell just as well at which item they hang."""
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        answers = dict(
            map_items(hang_at_sevens, range(12), jobs=2, died=died, timeout=3, timed_out=late)
        )
    finally:
        ended.set()
        thread.join()
    assert answers == {item: "done" if item != 7 else late(7) for item in range(12)}


def die_at_7(item: int) -> str:
    """Kill the worker at item 7."""
    if item == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def kill_once(item: tuple[int, str]) -> bytes:
    """Die at item 40, the first time; answer with more than a pipe takes at once."""
    number, marker = item
    if number == 40 and not os.path.exists(marker):
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return b"%d" % number * 50_000


def test_answers_on_their_way_are_not_lost_with_the_worker(tmp_path: Path) -> None:
    """A worker goes on while nobody listens; when it dies then, no item is mistaken for another."""
    items = [(number, str(tmp_path / "marker")) for number in range(60)]
    pool: Pool[tuple[int, str], bytes] = Pool(kill_once, 0.0)

    def no_answer(item: tuple[int, str]) -> bytes:
        raise AssertionError(f"item {item[0]} was given up")

    run = Run(
        pool, items, jobs=1, ordered=True, died=no_answer, timeout=None, timed_out=no_answer,
        stop=lambda: False,
    )  # fmt: skip
    run._size = _QUICK
    try:
        run._feed()
        run._feed()
        (worker,) = pool.busy.values()
        assert [task.count for task in worker.tasks] == [16, 16, 16]
        worker.process.join(60)  # in the midst of its third task
        assert worker.process.exitcode == -signal.SIGKILL
        assert (worker.task, int(worker.beat[AT])) == (worker.tasks[2], 8)
        answers = list(run)
    finally:
        pool.close()
    assert answers == [(item, b"%d" % item[0] * 50_000) for item in items]


def test_an_item_that_kills_its_worker_is_named() -> None:
    """Of all items, only the one that kills the process has no answer."""
    answers = list(map_items(die_at_7, range(40), jobs=2, died=died))
    assert [item for item, _ in answers] == list(range(40))
    assert [item for item, answer in answers if answer != "done"] == [7]


def hang_at_sevens(item: int) -> str:
    """Hang where the item ends with 7, deaf to all signals that one can be deaf to."""
    if item % 10 == 7:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        time.sleep(600)
    return "done"


@pytest.mark.parametrize("ordered", [True, False])
def test_items_that_hang_are_named(ordered: bool) -> None:
    """A time-out an item; the others of its task are answered, and the run goes on."""
    answers = dict(
        map_items(
            hang_at_sevens, range(40), jobs=2, died=died, ordered=ordered,
            timeout=1, timed_out=late,
        )
    )  # fmt: skip
    assert sorted(answers) == list(range(40))
    assert [n for n in sorted(answers) if answers[n] != "done"] == [7, 17, 27, 37]
    assert answers[17] == "late at 17"


def stop_at_3(item: int) -> str:
    """Be stopped at item 3: like a process in a system call that never returns, it cannot go on."""
    if item == 3:
        os.kill(os.getpid(), signal.SIGSTOP)
    return "done"


def test_a_stopped_worker_is_not_waited_for() -> None:
    """A process that does nothing any more, not even end, is left and replaced."""
    answers = dict(map_items(stop_at_3, range(9), jobs=1, died=died, timeout=1, timed_out=late))
    assert answers == {n: "late at 3" if n == 3 else "done" for n in range(9)}


def test_a_slow_taker_is_no_hang() -> None:
    """The clock of an item is the worker's: results that nobody takes for a while are not late."""
    answers = []
    for item, answer in map_items(work, range(60), jobs=2, died=died, timeout=1, timed_out=late):
        if item in (0, 20):
            time.sleep(1.5)
        answers.append(answer)
    assert answers == [_LOAD] * 60


def nap(item: int) -> int:
    """Take a while."""
    time.sleep(0.02)
    return item


def wait_at_0(told: str, item: int) -> str:
    """End with the first item when a file is there; the others take a while, too."""
    if item == 0:
        return wait_for(told)
    time.sleep(0.02)
    return "done"


def wait_for(path: str) -> str:
    """Wait for a file, but not for ever."""
    deadline = time.monotonic() + PATIENCE
    while not os.path.exists(path):
        if time.monotonic() > deadline:
            return "in vain"
        time.sleep(0.01)
    return "done"


def test_unordered_results_come_as_they_are_there(tmp_path: Path) -> None:
    """One slow item holds up the others only where order was asked for."""
    others = tmp_path / "the others are done"
    work = partial(wait_at_0, str(others))
    unordered = []
    for item, answer in map_items(work, range(30), jobs=2, died=str, ordered=False):
        assert answer == "done"
        unordered.append(item)
        if len(unordered) == 29:
            others.touch()
    assert unordered[-1] == 0
    assert sorted(unordered) == list(range(30))
    others.unlink()
    threading.Timer(0.5, others.touch).start()
    ordered = [item for item, _ in map_items(work, range(30), jobs=2, died=str)]
    assert ordered == list(range(30))


def test_results_are_handed_over_while_a_task_goes_on(tmp_path: Path) -> None:
    """When items become slow after fast ones, each is told of before the next ones are done."""
    told = tmp_path / "told"
    run = map_items(partial(slower, str(told)), range(2_000), jobs=1, died=str)
    for item, answer in run:
        assert answer == "done", item
        if item == 1_890:
            told.touch()
        if item == 1_901:
            break
    run.close()


def slower(told: str, item: int) -> str:
    """Be fast until item 1,880, and do not end with item 1,900 until an earlier one was told."""
    if item > 1_880:
        time.sleep(0.1)
    return wait_for(told) if item == 1_900 else "done"


@pytest.mark.parametrize("ordered", [True, False])
def test_a_run_stops_between_items(ordered: bool) -> None:
    """What was done until then is yielded, each item once, and few more are waited for."""
    done: list[int] = []
    run = map_items(
        nap, range(1, 10_000), jobs=2, died=died, ordered=ordered,
        stop=lambda: len(done) >= 20,
    )  # fmt: skip
    for item, _ in run:
        done.append(item)
    assert 20 <= len(done) < 200
    assert len(set(done)) == len(done)


def test_a_run_stops_although_a_worker_hangs() -> None:
    """Cancelled in the middle of a task and of an item, which would take minutes."""
    cancelled = threading.Event()
    timer = threading.Timer(0.5, cancelled.set)
    run = map_items(hang_at_sevens, range(40), jobs=2, died=died, stop=cancelled.is_set)
    begun = time.monotonic()
    first = next(run)
    timer.start()
    done = [first, *run]
    timer.join()
    assert cancelled.is_set()
    assert time.monotonic() - begun < 2 * PATIENCE
    assert 0 < len(done) < 40


def test_errors_come_through() -> None:
    """An error in a worker is raised where the results are awaited, and ends the workers."""
    with pytest.raises(ArithmeticError, match="asked to fail"):
        list(map_items(work, [1, 2, -1, 3], jobs=2, died=died))


@pytest.mark.parametrize("ordered", [True, False])
def test_items_are_taken_as_needed(ordered: bool) -> None:
    """An endless source is read only a little ahead of what is used."""
    taken = 0

    def source() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    run = map_items(work, source(), jobs=2, died=died, ordered=ordered)
    for _ in range(50):
        next(run)
    run.close()
    assert taken <= 50 + 4 * 2 * 256


@pytest.mark.parametrize("jobs", [1, 2, 5])
@pytest.mark.parametrize("number", [0, 1, 7, 300])
def test_every_item_once(jobs: int, number: int) -> None:
    """Whatever the numbers of items and processes."""
    assert list(map_items(echo, range(number), jobs=jobs, died=died)) == [
        (n, -n) for n in range(number)
    ]


def echo(item: int) -> int:
    """Answer at once."""
    return -item


def write_in_two_steps(path: str) -> str:
    """Write, and write more when another file is there."""
    if not path:
        return path
    with open(path, "w", encoding="ascii") as file:
        file.write("half")
        file.flush()
        wait_for(path + " may end")
        file.write(" and half")
    return path


@pytest.mark.parametrize(("patience", "expected"), [(PATIENCE, "half and half"), (0.0, "half")])
def test_patience_lets_work_be_done(patience: float, expected: str, tmp_path: Path) -> None:
    """What must not be killed in the middle is not, where a run is left."""
    path = tmp_path / "b"
    items = ["", str(path)]
    run = map_items(write_in_two_steps, items, jobs=2, died=str, ordered=False, patience=patience)
    next(run)  # both workers have got an item, and this one was quick
    wait_until(lambda: path.exists() and path.read_text())
    if patience:
        threading.Timer(0.4, (tmp_path / "b may end").touch).start()
    run.close()
    assert path.read_text() == expected


def test_no_worker_outlives_a_killed_parent(tmp_path: Path) -> None:
    """Workers of a process that is killed end by themselves."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import itertools, multiprocessing, sys\n"
        "from napari_seal._parallel import map_items\n"
        "if __name__ == '__main__':\n"
        "    for item, _ in map_items(str, itertools.count(), jobs=2, died=str):\n"
        "        if item == 100:\n"
        "            print(*(p.pid for p in multiprocessing.active_children()), flush=True)\n"
    )
    command = [sys.executable, script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(workers) == 2
    wait_until(lambda: not any(_is_running(pid) for pid in workers), "the end of the workers")


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


UNGUARDED = """
import pathlib, threading, time
from napari_seal import check_many
pathlib.Path("runs").open("a").write("x")
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()  # so that nothing is forked
print(sum(1 for _ in check_many(["none.jpg"] * 200, jobs=2)))
"""


def test_a_script_is_not_run_again(tmp_path: Path) -> None:
    """Not even one that does not guard itself, where its processes have to be spawned."""
    (tmp_path / "script.py").write_text(UNGUARDED)
    source = Path(napari_seal.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(source)},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "200\n", "")
    assert (tmp_path / "runs").read_text() == "x"
