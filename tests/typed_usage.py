"""How users write code with napari-seal: what type checkers are to make of it.

Not run: ``tests/test_types.py`` has mypy and pyright look at it.  `assert_type` fails there where a
type is another one, or is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import numpy.typing as npt

import napari_seal


def sealing(image: npt.NDArray[np.uint16], folder: Path) -> napari_seal.Seal:
    """Paths of both kinds, metadata of any, a key or its file."""
    key = napari_seal.load_signing_key("robot.pem", lambda: "secret")
    assert_type(key, napari_seal.SigningKey)
    assert_type(key.public, napari_seal.PublicKey)
    seal = napari_seal.seal(
        image, folder / "a.sealed.jpg", metadata={"sample": "A"}, window=(0, 4095), key=key
    )
    assert_type(seal, napari_seal.Seal)
    assert_type(seal.codestream, napari_seal.Digest)
    assert_type(seal.source, napari_seal.ArrayDigest | None)
    assert_type(seal.window, napari_seal.Window | None)
    return napari_seal.adopt("old.jpg", "new.jpg", force=("sha244-broken",))


def checking(path: Path) -> bool:
    """A verdict is asked for its word; `verify` gives a seal or raises."""
    verdict = napari_seal.check(path, full=True)
    assert_type(verdict, napari_seal.Verdict)
    assert_type(verdict.verdict, napari_seal.Outcome)
    assert_type(verdict.reasons, tuple[napari_seal.Reason, ...])
    assert_type(verdict.regions, tuple[tuple[int, int, int, int], ...])
    assert_type(verdict.seal, napari_seal.Seal | napari_seal.MoedalSeal | None)
    levels, same = napari_seal.read(path)
    assert_type(levels, npt.NDArray[Any])
    assert_type(same, napari_seal.Verdict)
    try:
        assert_type(napari_seal.verify(path), napari_seal.Seal | napari_seal.MoedalSeal)
    except napari_seal.VerificationError as error:
        assert_type(error.verdict, napari_seal.Verdict)
    return verdict.intact


def restoring(levels: npt.NDArray[np.uint8], seal: napari_seal.Seal) -> npt.NDArray[np.float64]:
    """Levels back to intensities."""
    return napari_seal.restore_intensity(levels, seal.window)


def archives(folders: list[Path]) -> Iterator[str]:
    """A run is an iterator over verdicts, and knows how far it is."""
    shown: list[int] = []
    run = napari_seal.check_many(folders, progress=lambda told: shown.append(told.done))
    assert_type(run, napari_seal.CheckRun)
    for verdict in run:
        assert_type(verdict, napari_seal.Verdict)
        yield verdict.path
    with napari_seal.Ledger.open("ledger.db", create=True) as ledger:
        assert_type(ledger, napari_seal.Ledger)
        assert_type(ledger.runs(), list[napari_seal.LedgerRun])
        for entry in ledger.find("ab12"):
            assert_type(entry, napari_seal.LedgerEntry)


def stacks(movie: npt.NDArray[np.uint16], frame: npt.NDArray[np.uint16]) -> None:
    """Whole ones, and planes that come one by one."""
    assert_type(napari_seal.seal_stack(movie, "movie", axes=("T", "Y", "X")), napari_seal.Stack)
    opened = napari_seal.open_stack("movie.sealed")
    levels, verdict = opened.plane((0,))
    assert_type(levels, npt.NDArray[Any] | None)
    assert_type(verdict, napari_seal.Verdict)
    assert_type(opened.path, str)
    assert_type(napari_seal.check_stack("movie.sealed"), napari_seal.StackVerdict)
    with (
        napari_seal.Sealer(jobs=2) as sealer,
        napari_seal.StackWriter("live", (3, 64, 64), "uint16", axes="TYX") as writer,
    ):
        assert_type(sealer.submit(frame, "a.sealed.jpg", quality=95), napari_seal.Sealing)
        assert_type(sealer.statistics(), napari_seal.SealerStatistics)
        assert_type(writer.submit(sealer, frame, (0,)).result(), napari_seal.Seal)
