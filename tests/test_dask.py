"""On a Dask cluster: every file has exactly one verdict, whatever happens to the workers."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from support import skip_or_fail, wait_until

from napari_seal import (
    Ledger,
    OptionError,
    Seal,
    SealError,
    Verdict,
    _dask,
    check_many,
    check_stack,
    seal_stack,
)
from napari_seal._cli import main
from napari_seal._dask import map_on_cluster
from napari_seal._verify import engine

if sys.platform == "win32":
    pytest.skip("no SIGKILL", allow_module_level=True)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers, each a process of this machine with one thread, restarted where they die."""
    try:
        import cloudpickle
        import dask
        import distributed
    except ImportError as error:
        skip_or_fail("dask", str(error))
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
        ) as made,
    ):
        yield made


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    """Connected to the cluster."""
    from distributed import Client

    with Client(cluster, set_as_default=False) as made:
        made.wait_for_workers(2)
        yield made


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, sealed: dict[str, bytes]) -> Path:
    """A folder of 600 files; every seventh is changed."""
    folder = tmp_path_factory.mktemp("archive")
    for number in range(600):
        content = sealed["gray"] if number % 7 else sealed["gray"][:-2]
        (folder / f"{number:04}.jpg").write_bytes(content)
    return folder


def assert_complete(verdicts: list[Verdict], archive: Path) -> None:
    """One verdict a file, in order, and the right one."""
    names = sorted(os.listdir(archive))
    assert [v.path for v in verdicts] == [str(archive / name) for name in names]
    expected = ["intact" if int(name[:4]) % 7 else "truncated" for name in names]
    assert [str(v.verdict) for v in verdicts] == expected


def test_the_same_verdicts_as_here(client: Any, archive: Path) -> None:
    """In the order of the files, as without a cluster."""
    verdicts = list(check_many(archive, client=client))
    assert_complete(verdicts, archive)
    assert verdicts == list(check_many(archive, jobs=1))


def test_planes_of_a_stack(client: Any, tmp_path: Path) -> None:
    """What must be in a file's place travels with its path."""
    seal_stack(np.zeros((300, 8, 8), np.uint8), tmp_path / "a", axes="TYX")
    folder = tmp_path / "a.sealed"
    (folder / "a_t007.sealed.jpg").unlink()
    (folder / "a_t250.sealed.jpg").write_bytes((folder / "a_t001.sealed.jpg").read_bytes())
    verdicts = list(check_many(folder, client=client))
    assert verdicts == list(check_many(folder, jobs=1))
    bad = {Path(v.path).name: str(v.verdict) for v in verdicts if not v.intact}
    assert bad == {"a_t007.sealed.jpg": "missing", "a_t250.sealed.jpg": "substituted"}
    assert check_stack(folder, client=client).counts["intact"] == 298


def test_a_killed_worker_costs_no_file(
    client: Any, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a worker is killed mid-run, another does its work: every file has one verdict."""
    monkeypatch.setattr(engine, "BATCH", 5)
    checked = check_many(archive, client=client)
    verdicts = list(itertools.islice(checked, 100))
    victim, *_ = client.run(os.getpid).values()
    os.kill(victim, signal.SIGKILL)
    verdicts += checked
    assert_complete(verdicts, archive)
    assert victim not in client.run(os.getpid).values()


def test_with_a_ledger(client: Any, archive: Path, tmp_path: Path) -> None:
    """The facts that a ledger keeps come from the workers, too."""
    with Ledger.open(tmp_path / "l.db", create=True) as ledger:
        verdicts = list(ledger.check_many(archive, client=client))
        assert_complete(verdicts, archive)
        seal = verdicts[1].seal
        assert isinstance(seal, Seal)
        found = {entry.path for entry in ledger.find(seal.codestream)}
        assert verdicts[1].path in found
        assert [run.state for run in ledger.runs()] == ["complete"]


def double_or_die(numbers: list[int]) -> list[int]:
    if 13 in numbers:
        os.kill(os.getpid(), signal.SIGKILL)
    return [2 * number for number in numbers]


def test_an_item_that_kills_its_workers(client: Any) -> None:
    """It has a result of its own, and those beside it in the batch have theirs."""
    options: Any = {"client": client, "batch": 3, "died": lambda number: -number}
    results = list(map_on_cluster(double_or_die, range(11, 17), **options))
    assert results == [22, 24, -13, 28, 30, 32]


def slow(numbers: list[int]) -> list[int]:
    time.sleep(0.01)
    return numbers


def test_only_so_much_is_under_way(client: Any) -> None:
    """Of an endless source so many items are taken as keep the workers busy; leaving ends it."""
    taken = []

    def source() -> Iterator[int]:
        for number in itertools.count():
            taken.append(number)
            yield number

    results = map_on_cluster(slow, source(), client=client, batch=10, died=abs)
    assert list(itertools.islice(results, 500)) == list(range(500))
    assert len(taken) <= 500 + 10 * (_dask._AHEAD * 2 + 1)
    results.close()  # type: ignore[attr-defined]
    wait_until(lambda: not any(client.processing().values()), "the end of all tasks")


def fail(numbers: list[int]) -> list[int]:
    raise OptionError(f"no {numbers}")


def test_errors_of_the_work_are_raised_here(client: Any) -> None:
    """As if the work were done here."""
    with pytest.raises(OptionError, match=r"no \[1\]"):
        list(map_on_cluster(fail, [1], client=client, batch=1, died=abs))


def test_another_version_is_refused(
    client: Any, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers that would judge by other rules, or cannot judge at all, are named at once."""
    monkeypatch.setattr(_dask, "__version__", "99.0")
    with pytest.raises(OptionError, match=r"need napari-seal 99\.0.* has 0\..*1 more worker"):
        list(check_many(archive, client=client))
    monkeypatch.setattr(_dask, "_check_workers", lambda _: None)  # they join later
    with pytest.raises(OptionError, match=r"need napari-seal 99\.0"):
        list(check_many(archive, client=client))
    monkeypatch.undo()
    monkeypatch.setattr(_dask, "_VERSION", "napari_seal_not_there:x")
    with pytest.raises(OptionError, match="has none"):
        list(check_many(archive, client=client))


def test_a_cluster_without_workers(monkeypatch: pytest.MonkeyPatch, cluster: Any) -> None:
    """It is not waited for ever, neither at the beginning nor when all have gone."""
    from distributed import Client, LocalCluster

    monkeypatch.setattr(_dask, "_PATIENCE", 0.5)
    monkeypatch.setattr(_dask, "_LOOK", 0.2)
    with (
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", silence_logs=50) as empty,
        Client(empty, set_as_default=False) as client,
    ):
        with pytest.raises(OptionError, match="no workers"):
            list(map_on_cluster(slow, [1], client=client, batch=1, died=abs))
        empty.scale(1)
        client.wait_for_workers(1)
        results = map_on_cluster(slow, itertools.count(), client=client, batch=1, died=abs)
        next(results)
        empty.scale(0)
        with pytest.raises(SealError, match="no workers any more"):
            list(results)


def test_options_that_do_not_fit(client: Any, archive: Path) -> None:
    """The number of jobs is the cluster's."""
    with pytest.raises(OptionError, match="jobs"):
        check_many(archive, client=client, jobs=2)
    with pytest.raises(OptionError, match="Client"):
        check_many(archive, client="tcp://127.0.0.1:8786")


def test_the_command_line(
    cluster: Any, archive: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """``--dask`` takes the address of a scheduler; relative paths are those of this process."""
    monkeypatch.chdir(archive.parent)
    arguments = ["verify", archive.name, "--dask", cluster.scheduler_address]
    result = CliRunner().invoke(main, [*arguments, "--csv", str(tmp_path / "r.csv")])
    assert result.exit_code == 1, result.output
    assert "600 files: 514 intact, 86 truncated" in result.output
    assert cluster.scheduler_address in (tmp_path / "r.csv").read_text()
    result = CliRunner().invoke(main, [*arguments, "--jobs", "2"])
    assert result.exit_code == 2
    monkeypatch.setattr(_dask, "_CONNECT", 0.5)
    result = CliRunner().invoke(main, ["verify", archive.name, "--dask", "tcp://127.0.0.1:1"])
    assert result.exit_code == 2
    assert "no Dask scheduler at tcp://127.0.0.1:1" in " ".join(result.output.split())


@pytest.mark.parametrize("address", ["nowhere", "tcp://nowhere", "gopher://127.0.0.1:8786"])
def test_an_address_that_is_none(address: str, archive: Path) -> None:
    """It is told at once, and no client is left to tell of it in a traceback when Python ends."""
    done = subprocess.run(
        [sys.executable, "-m", "napari_seal", "verify", archive, "--dask", address],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"no Dask scheduler at {address}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_distributed(monkeypatch: pytest.MonkeyPatch, archive: Path) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = CliRunner().invoke(main, ["verify", str(archive), "--dask", "tcp://127.0.0.1:8786"])
    assert result.exit_code == 2
    assert "pip install 'napari-seal[dask]'" in " ".join(result.output.split())
