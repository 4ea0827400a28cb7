"""What tests of `napari-seal watch` share: the command in a process, and raw files for it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from support import PATIENCE

import napari_seal
from napari_seal._watch.journal import NAME

#: A `sitecustomize` by which each sealed image takes its time to be written, as on a slow disk.
SLOW = """
import sys, time
def slow(event, arguments):
    if event in ("os.link", "os.rename") and ".sealed.jpg" in str(arguments):
        time.sleep(0.05)
sys.addaudithook(slow)
"""


def slow_disk(folder: Path) -> dict[str, str]:
    """The environment of a watch with a slow disk, so that it can be killed in its midst."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SLOW)
    return {"PYTHONPATH": str(folder)}


class Watching:
    """A watch of ``raw`` into ``sealed``, both below a folder.

    Parameters
    ----------
    folder : Path
    *options
        Of the command.
    environment : dict, optional
        Further variables; ``{LOG}`` stands for device and inode of what it writes to.
    """

    def __init__(
        self, folder: Path, *options: object, environment: dict[str, str] | None = None
    ) -> None:
        self.raw, self.out = folder / "raw", folder / "sealed"
        self.log = folder / f"log-{len(list(folder.glob('log-*')))}"
        command = [sys.executable, "-m", "napari_seal", "watch", self.raw, "--out", self.out]
        command += ["--settle", "0.2", "--jobs", "2", *map(str, options)]
        with self.log.open("wb") as log:
            about = os.fstat(log.fileno())
            here = {"{LOG}": f"{about.st_dev}:{about.st_ino}"}
            environment = {k: here.get(v, v) for k, v in (environment or {}).items()}
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **environment},
            )  # fmt: skip

    @property
    def text(self) -> str:
        """What it has told."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def until(self, condition: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"it did not happen\n{self.text[-3000:]}"
            assert self.process.poll() is None, f"it has ended\n{self.text[-3000:]}"
            time.sleep(0.05)

    def until_told(self, words: str) -> None:
        """Wait until it has told something."""
        self.until(lambda: words in self.text)

    def until_sealed(self, count: int) -> None:
        """Wait until so many sealed images are there; with new patience for each that comes."""
        while (there := len(sealed_in(self.out))) < count:
            self.until(lambda there=there: len(sealed_in(self.out)) > there)

    def until_it_looks(self) -> None:
        """Wait until it will find what comes: by events, unless it was told to do without."""
        self.until_told("watching")
        if "--poll" not in self.process.args:
            self.until(self._has_events)

    def _has_events(self) -> bool:
        for descriptor in Path(f"/proc/{self.process.pid}/fdinfo").iterdir():
            with suppress(FileNotFoundError):
                if "\ninotify wd:" in descriptor.read_text():
                    return True
        return False

    def stop(self) -> int:
        """End it as systemd does; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End it in the midst of things."""
        self.process.kill()
        self.process.wait()


def picture(seed: int, shape: tuple[int, ...] = (24, 32)) -> np.ndarray:
    """A small picture of its own."""
    return np.random.default_rng(seed).integers(0, 60_000, shape, np.uint16)


def save(path: Path, seed: int) -> None:
    """Write a NumPy file in one go, as a program that writes under another name does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        np.save(file, picture(seed))
    part.rename(path)


def sealed_in(out: Path) -> list[Path]:
    """The sealed images, without the index of a stack."""
    return sorted(out.rglob("*.sealed.jpg"))


def assert_each_is_sealed_once(raw: Path, out: Path) -> None:
    """Of each raw NumPy file there is one sealed image, intact, and the ledger has them all."""
    images = Counter(str(napari_seal.verify(path).source.digest) for path in sealed_in(out))
    from napari_seal._format.pixels import digest_array

    raws = Counter(str(digest_array(np.load(path)).digest) for path in raw.rglob("*.npy"))
    assert images == raws
    with napari_seal.Ledger.open(out / "ledger.db") as ledger:
        assert ledger.files == len(raws)
        verdicts = list(ledger.check_many(out))
    assert [v for v in verdicts if not v.intact or v.reasons] == []
    assert len(verdicts) == len(raws)


def journal_of(out: Path) -> dict[bytes, tuple[str, str | None]]:
    """What the journal says: the state of each raw file, and why it failed."""
    connection = sqlite3.connect(out / NAME)
    try:
        rows = connection.execute("SELECT path, state, why FROM files").fetchall()
    finally:
        connection.close()
    return {bytes(path): (state, why) for path, state, why in rows}
