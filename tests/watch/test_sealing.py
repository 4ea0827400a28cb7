"""What a worker does with one file: all of it, or nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from watching import picture, sealed_in

import napari_seal
from napari_seal._seal import from_files as seal_images
from napari_seal._seal.from_files import FileOptions
from napari_seal._watch import sealing
from napari_seal._watch.look import Place, look_at
from napari_seal._watch.sealing import Ending, Result, Task, seal_file

IMAGES = {"quality": 90, "metadata": {}, "window": None, "moedal": False, "algorithm": "sha256"}


@pytest.fixture
def seal(tmp_path: Path):
    """Seal ``raw/NAME`` into ``sealed``."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "sealed").mkdir()

    def seal_one(name: str, *, by_plane: bool = False, begun: Any = None) -> Result:
        source = str(tmp_path / "raw" / name)
        stem = str(tmp_path / "sealed" / os.path.splitext(name)[0])
        task = Task(os.fsencode(name), source, stem, look_at(source), begun)
        options = FileOptions("jpeg", by_plane, IMAGES, {})
        return seal_file(task, options=options, out=Place.of(str(tmp_path / "sealed")))

    return seal_one


def after(count: int, what, monkeypatch: pytest.MonkeyPatch, where: object, name: str) -> None:
    """Do something when a function is called for the n-th time, before it does its work."""
    real, calls = getattr(where, name), []

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) == count:
            what()
        return real(*args, **kwargs)

    monkeypatch.setattr(where, name, wrapped)


@pytest.mark.parametrize("by_plane", [False, True])
def test_a_file_that_changes_while_it_is_read_leaves_nothing(seal, tmp_path, monkeypatch, by_plane):
    """Not one plane of it, however many were written, and no folder."""
    path = tmp_path / "raw" / "a.npy"
    np.save(path, picture(1, (6, 24, 32)))
    where = seal_images if by_plane else __import__("napari_seal._seal.stack", fromlist=["seal"])
    name = "seal" if by_plane else "seal_in_steps"
    after(4, lambda: np.save(path, picture(2, (6, 24, 32))), monkeypatch, where, name)
    done = seal("a.npy", by_plane=by_plane)
    assert done.ending is Ending.CHANGED
    assert done.look == look_at(str(path))
    assert list((tmp_path / "sealed").iterdir()) == []
    assert seal("a.npy", by_plane=by_plane).ending is Ending.SEALED
    assert len(sealed_in(tmp_path / "sealed")) == 6


def test_a_plane_that_cannot_be_read_leaves_nothing(seal, tmp_path):
    """Though those before it were sealed."""
    image = picture(1, (3, 24, 32)).astype(float)
    image[2, 0, 0] = np.nan
    np.save(tmp_path / "raw" / "a.npy", image)
    for by_plane in (False, True):
        done = seal("a.npy", by_plane=by_plane)
        assert done.ending is Ending.REFUSED
        assert "NaN" in done.why
        assert sealed_in(tmp_path / "sealed") == []


def test_a_stack_of_somebody_else_is_never_touched(seal, tmp_path):
    """Complete or begun, of other data: the file gets another name."""
    np.save(tmp_path / "raw" / "a.npy", picture(1, (3, 24, 32)))
    other = picture(2, (3, 24, 32))

    def stop(done: int, total: int) -> None:
        if done > total - 3:  # the window is known, and the first plane written
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        napari_seal.seal_stack(other, tmp_path / "sealed" / "a", axes="TYX", progress=stop)
    napari_seal.seal_stack(other, tmp_path / "sealed" / "a_r2", axes="TYX")
    before = {path: path.read_bytes() for path in sealed_in(tmp_path / "sealed")}
    done = seal("a.npy")
    assert done.ending is Ending.SEALED
    assert done.targets == (str(tmp_path / "sealed" / "a_r3.sealed" / "a_r3.sealed.json"),)
    assert {path: path.read_bytes() for path in before} == before
    assert seal("a.npy").ending is Ending.KNOWN


def test_a_damaged_image_of_the_name_is_not_taken_for_the_sealed_one(seal, tmp_path):
    """It is kept as it is, and the file is sealed beside it."""
    np.save(tmp_path / "raw" / "a.npy", picture(1))
    assert seal("a.npy").ending is Ending.SEALED
    path = tmp_path / "sealed" / "a.sealed.jpg"
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    done = seal("a.npy")
    assert [os.path.basename(target) for target in done.targets] == ["a_r2.sealed.jpg"]
    assert path.read_bytes() == data


def test_several_images_in_a_file_stay_together(seal, tmp_path):
    """Where the name of one is taken, all get the next one, and none is left under the first."""
    with tifffile.TiffWriter(tmp_path / "raw" / "a.tif") as file:
        for number in range(3):
            file.write(picture(number, (24, 32 + number)), metadata=None, contiguous=False)
    napari_seal.seal(picture(9), tmp_path / "sealed" / "a_s2.sealed.jpg")
    done = seal("a.tif")
    assert done.images == 3
    names = sorted(path.name for path in sealed_in(tmp_path / "sealed"))
    assert names == ["a_r2_s0.sealed.jpg", "a_r2_s1.sealed.jpg", "a_r2_s2.sealed.jpg",
                     "a_s2.sealed.jpg"]  # fmt: skip


def test_an_exception_of_any_kind_costs_one_file(seal, tmp_path, monkeypatch):
    """It is told as what is wrong with it, and does not end the worker."""
    np.save(tmp_path / "raw" / "a.npy", picture(1))

    def fail(*_: object) -> None:
        raise ZeroDivisionError("by a bug")

    monkeypatch.setattr(sealing, "standing_of", fail)
    done = seal("a.npy")
    assert done.ending is Ending.REFUSED
    assert "by a bug" in done.why
