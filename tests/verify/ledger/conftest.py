"""An archive of a few sealed images and a ledger beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from support import run_command

import napari_seal
from napari_seal import Ledger, Verdict

Check = Callable[..., dict[str, Verdict]]


@pytest.fixture(scope="session")
def images(tracks: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Files of different images, by letter; ``A`` is ``a`` sealed again with other metadata."""
    folder = tmp_path_factory.mktemp("images")
    for number, letter in enumerate("abcd"):
        image = np.roll(tracks, 5 * number, axis=1)
        napari_seal.seal(image, folder / f"{letter}.jpg", metadata={"sample": letter})
    napari_seal.seal(tracks, folder / "again.jpg", metadata={"sample": "other"})
    napari_seal.seal(tracks, folder / "worse.jpg", quality=40)
    return {path.stem: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def archive(tmp_path: Path, images: dict[str, bytes]) -> Path:
    """``a``, ``b`` and ``c``, the last in a folder below."""
    folder = tmp_path / "archive"
    (folder / "below").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(images["a"])
    (folder / "b.jpg").write_bytes(images["b"])
    (folder / "below" / "c.jpg").write_bytes(images["c"])
    return folder


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A new ledger, outside the archive."""
    with Ledger.open(tmp_path / "ledger.db", create=True) as opened:
        yield opened


@pytest.fixture
def check(archive: Path, ledger: Ledger) -> Check:
    """Check the archive against the ledger: verdicts by path below the archive."""

    def run(paths: object = None, **options: object) -> dict[str, Verdict]:
        given = archive if paths is None else paths
        verdicts = list(ledger.check_many(given, jobs=1, **options))  # type: ignore[arg-type]
        found = {Path(v.path).relative_to(archive).as_posix(): v for v in verdicts}
        assert len(found) == len(verdicts)
        return found

    return run


@pytest.fixture
def busy(check, archive, images, ledger) -> Ledger:
    """A ledger of six runs: a change, its repair, a new file, a moved one, and an accepted one."""
    check()
    (archive / "a.jpg").write_bytes(images["a"][:-300])
    check()
    (archive / "a.jpg").write_bytes(images["again"])
    (archive / "d.jpg").write_bytes(images["d"])
    check()
    ledger.accept(archive / "a.jpg", note="sealed again on purpose")
    shutil.move(archive / "b.jpg", archive / "below" / "b.jpg")
    check()
    check()
    return ledger


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Run a command beside the archive."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "250")
    return run_command
