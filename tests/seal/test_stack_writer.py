"""Stacks whose planes come one by one, in any order."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gate import Gate

import napari_seal
from napari_seal import (
    ImageError,
    MetadataError,
    OptionError,
    Sealer,
    SealerFullError,
    StackWriter,
    TargetExistsError,
    Window,
    WriteError,
    check_stack,
    open_stack,
    seal_stack,
)

MOVIE = (np.arange(2 * 3 * 40 * 50, dtype="uint16") * 7).reshape(2, 3, 40, 50)
INDEXES = [*product(range(2), range(3))]


def index_of(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / f"{name}.sealed" / f"{name}.sealed.json").read_bytes())


@pytest.mark.parametrize("options", [{}, {"format": "png"}, {"window": (100, 900)}], ids=str)
def test_the_same_stack_as_seal_stack_writes(options: dict[str, Any], tmp_path: Path) -> None:
    """Whatever the order in which they come: the same pictures, and an index that says the same."""
    common = {"window": (0, 65535), "metadata": {"sample": "TDR 12"}, **options}
    seal_stack(MOVIE, tmp_path / "a", axes="TCYX", layer={"scale": [1, 2, 3, 4]}, **common)
    with StackWriter(
        tmp_path / "b", MOVIE.shape, MOVIE.dtype, axes="TCYX", layer={"scale": [1, 2, 3, 4]},
        **common,
    ) as writer:  # fmt: skip
        for at in reversed(INDEXES):
            writer.write(MOVIE[at], at)
    one, other = index_of(tmp_path, "a"), index_of(tmp_path, "b")
    own = ("id", "created", "planes", "record")
    assert {k: v for k, v in one.items() if k not in own} == {
        k: v for k, v in other.items() if k not in own
    }
    assert check_stack(tmp_path / "b").intact
    for at in INDEXES:
        expected = open_stack(tmp_path / "a").plane(at)[0]
        np.testing.assert_array_equal(open_stack(tmp_path / "b").plane(at)[0], expected)


def test_planes_have_metadata_of_their_own(tmp_path: Path) -> None:
    """Beside those of the stack; the index has those of the stack alone."""
    with StackWriter(
        tmp_path / "a", MOVIE.shape, MOVIE.dtype, axes="TCYX", metadata={"sample": 1, "n": "all"}
    ) as writer:
        for number, at in enumerate(INDEXES):
            seal = writer.write(MOVIE[at], at, metadata={"n": number})
            assert seal.metadata == {"sample": 1, "n": number}
    assert writer.stack.metadata == {"sample": 1, "n": "all"}
    assert check_stack(tmp_path / "a").intact


def test_a_shared_sealer(tmp_path: Path) -> None:
    """One sealer for two stacks, with planes from several threads."""
    with Sealer(jobs=2) as sealer, ThreadPoolExecutor(4) as threads:
        writers = [
            StackWriter(tmp_path / name, MOVIE.shape, MOVIE.dtype, axes="TCYX", format="png")
            for name in "ab"
        ]
        given = [(writer, at) for at in INDEXES for writer in writers]
        futures = [threads.submit(w.submit, sealer, MOVIE[at], at) for w, at in given]
        seals = [future.result().result() for future in futures]
        stacks = [writer.close() for writer in writers]
    assert [stack.complete for stack in stacks] == [True, True]
    assert [seal.stack.index for seal in seals] == [at for _, at in given]
    for name in "ab":
        assert check_stack(tmp_path / name).intact
        planes = open_stack(tmp_path / name)
        for at in INDEXES:
            np.testing.assert_array_equal(planes.plane(at)[0], MOVIE[at])


def test_a_plane_that_is_missing(tmp_path: Path) -> None:
    """The index says that the stack is not complete; the planes that are there are intact."""
    with StackWriter(tmp_path / "a", MOVIE.shape, MOVIE.dtype, axes="TCYX") as writer:
        for at in INDEXES[1:]:
            writer.write(MOVIE[at], at)
        assert writer.missing == 1
    assert writer.stack.complete is False
    verdict = check_stack(tmp_path / "a")
    assert (verdict.intact, verdict.complete) == (False, False)
    assert [
        file for file in (tmp_path / "a.sealed").glob("*.jpg") if napari_seal.check(file).intact
    ]
    with pytest.raises(TargetExistsError, match="not finished"):
        StackWriter(tmp_path / "a", MOVIE.shape, MOVIE.dtype, axes="TCYX")


def test_a_stack_that_ends_with_an_exception_is_not_complete(tmp_path: Path) -> None:
    """What was raised in the block comes out of it, and the index is as it is."""

    def acquire() -> None:
        with StackWriter(tmp_path / "a", MOVIE.shape, MOVIE.dtype, axes="TCYX") as writer:
            writer.write(MOVIE[0, 0], (0, 0))
            raise RuntimeError("the stage is stuck")

    with pytest.raises(RuntimeError, match="stage"):
        acquire()
    assert index_of(tmp_path, "a")["complete"] is False


def test_a_plane_that_failed_can_be_given_again(tmp_path: Path) -> None:
    """It does not count as given, neither in the foreground nor in the background."""
    floats = MOVIE.astype("float32")
    bad = floats[0, 0].copy()
    bad[0, 0] = np.nan
    writer = StackWriter(tmp_path / "a", MOVIE.shape, "float32", axes="TCYX", window=(0, 65535))
    with Sealer(jobs=1, on_failure=lambda sealing: None) as sealer:
        with pytest.raises(ImageError, match="NaN"):
            writer.write(bad, (0, 0))
        failed = writer.submit(sealer, bad, (0, 0))
        assert isinstance(failed.exception(), ImageError)
        for at in INDEXES:
            writer.submit(sealer, floats[at], at)
        assert writer.close().complete
    assert check_stack(tmp_path / "a").intact


def test_no_room_in_the_sealer_is_no_loss(tmp_path: Path) -> None:
    """A plane that was refused was not given, and can be given when there is room."""
    gate, plane = Gate(), MOVIE[0, 0]
    with (
        Sealer(jobs=1, pending=2, on_failure=gate) as sealer,
        StackWriter(tmp_path / "a", (8, *plane.shape), "uint16", axes="TYX") as writer,
    ):
        gate.hold(sealer, tmp_path)
        writer.submit(sealer, plane, (0,), timeout=0)
        with pytest.raises(SealerFullError):
            writer.submit(sealer, plane, (1,), timeout=0)
        gate.opened.set()
        for t in range(1, 8):
            writer.submit(sealer, plane, (t,))
    assert writer.stack.complete


def test_what_is_refused(tmp_path: Path) -> None:
    """Places that are not there or taken, planes of another kind, and what comes after the end."""
    writer = StackWriter(tmp_path / "a", MOVIE.shape, MOVIE.dtype, axes="TCYX")
    for at in ((0,), (0, 3), (-1, 0), (0, 0, 0), ("0", "0"), (0.0, 0.0)):
        with pytest.raises(OptionError, match="position"):
            writer.write(MOVIE[0, 0], at)
    with pytest.raises(ImageError, match="a plane of this stack is an array of uint16"):
        writer.write(MOVIE[0, 0].astype("uint8"), (0, 0))
    with pytest.raises(ImageError, match="shape"):
        writer.write(MOVIE[0, 0, :-1], (0, 0))
    with pytest.raises(MetadataError):
        writer.write(MOVIE[0, 0], (0, 0), metadata={"seal": 1})
    with pytest.raises(MetadataError):
        writer.write(MOVIE[0, 0], (0, 0), metadata=[1])
    writer.write(MOVIE[0, 0], (0, 0))
    with pytest.raises(WriteError, match="T 0, C 0 was given before"):
        writer.write(MOVIE[0, 0], (0, 0))
    with pytest.raises(WriteError, match="another process"):
        napari_seal.seal_stack(MOVIE, tmp_path / "a", axes="TCYX", window=(0, 65535), resume=True)
    writer.close()
    with pytest.raises(WriteError, match="is closed"):
        writer.write(MOVIE[0, 1], (0, 1))
    for shape, dtype in (((2, -1, 4, 4), "uint16"), ((2, 2, 4, 4), "no type"), (4, "uint8")):
        with pytest.raises((OptionError, ImageError)):
            StackWriter(tmp_path / "b", shape, dtype, axes="TCYX")
    assert not (tmp_path / "b.sealed").exists()


def test_the_window_that_nobody_gave(tmp_path: Path) -> None:
    """The lowest and highest are not known yet: the range of the type; floats need one."""
    for name, dtype, expected in (
        ("a", "uint16", Window(low=0, high=65535)),
        ("b", "int16", Window(low=-32768, high=32767)),
        ("c", "uint8", Window(low=0, high=255)),
        ("d", "bool", Window(low=0, high=1)),
    ):
        with StackWriter(tmp_path / name, (1, 8, 8), dtype, axes="TYX") as writer:
            writer.write(np.zeros((8, 8), dtype), (0,))
        assert writer.stack.window == expected
    with pytest.raises(OptionError, match="need a window"):
        StackWriter(tmp_path / "e", (1, 8, 8), "float32", axes="TYX")
    with StackWriter(tmp_path / "e", (2, 8, 8), "float32", axes="TYX", window="plane") as writer:
        seals = [writer.write(np.full((8, 8), t, "float32"), (t,)) for t in range(2)]
    assert [seal.window.low for seal in seals] == [0.0, 1.0]
    assert writer.stack.plane_windows
