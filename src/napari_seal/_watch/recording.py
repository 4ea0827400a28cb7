"""Checking what was sealed, and writing it into the ledger, beside the sealing."""

from __future__ import annotations

import threading
from typing import NamedTuple

from napari_seal._text import printable
from napari_seal._verify.engine import Settings
from napari_seal._verify.ledger.ledger import Ledger
from napari_seal._watch.look import Place
from napari_seal.errors import SealError


class Recorded(NamedTuple):
    """What became of a portion.

    Parameters
    ----------
    keys : list of bytes
        The raw files whose sealed images are in the ledger now.
    bad : list of (str, str)
        Sealed images that are not intact, with the verdict.
    problem : str
        Why nothing more could be written.
    """

    keys: list[bytes]
    bad: list[tuple[str, str]]
    problem: str = ""


class Recording:
    """One portion at a time is recorded, in a thread, as a run of the ledger.

    Parameters
    ----------
    ledger : str
        Its file.
    out : str
        The folder of sealed images: what a new ledger is about.

    Raises
    ------
    LedgerError
        It cannot be used, or is about another folder.
    """

    def __init__(self, ledger: str, out: str) -> None:
        self._path, self._out = ledger, out
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._done: Recorded | None = None
        self._place = Place.of(out)
        with self._open(create=True) as opened:
            opened._where.of([out])

    def start(self, portion: list[tuple[bytes, list[str]]]) -> None:
        """Begin to record raw files, by their keys, and their sealed images."""
        self._done = None
        self._thread = threading.Thread(target=self._run, args=(portion,), daemon=True)
        self._thread.start()

    @property
    def is_idle(self) -> bool:
        """Whether there is no portion that was not taken out."""
        return self._thread is None

    def take(self, wait: float = 0) -> Recorded | None:
        """What became of the portion, once that is known; waits for so many seconds."""
        if self._thread is None:
            return None
        self._thread.join(wait)
        if self._thread.is_alive():
            return None
        self._thread = None
        return self._done

    def stop(self) -> None:
        """End early; what is not recorded then will be after the next start."""
        self._stop.set()

    def _open(self, *, create: bool = False) -> Ledger:
        ledger = Ledger.open(self._path, create=create)
        if ledger.root is None:  # a new one
            ledger.close()
            ledger = Ledger.open(self._path, root=self._out)
        return ledger

    def _run(self, portion: list[tuple[bytes, list[str]]]) -> None:
        bad: list[tuple[str, str]] = []
        if not self._place.is_there():
            self._done = Recorded([], bad, f"{printable(self._out)} is not there")
            return
        try:
            with self._open() as ledger:
                run = ledger._run(
                    [path for _, paths in portion for path in paths],
                    Settings(jobs=1, cancel=self._stop),
                    full=False, against=None, resume=False, seals=False, kind="seal",
                )  # fmt: skip
                bad += ((v.path, str(v.verdict)) for v in run if not v.intact)
        except (SealError, OSError) as error:
            self._done = Recorded([], bad, printable(error))
            return
        keys = [key for key, _ in portion] if run.stopped is None else []
        self._done = Recorded(keys, bad)
