"""``napari-seal seal`` on what microscopes write."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from nd2_files import write_nd2
from support import needs

import napari_seal
from napari_seal._images import PlaneArray

OME = {
    "axes": "TCYX", "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5,
    "Channel": {"Name": ["DAPI", "GFP"]},
}  # fmt: skip


@pytest.fixture
def stack(tracks: np.ndarray) -> np.ndarray:
    """Two times of two channels."""
    return np.stack([tracks // n for n in range(1, 5)]).reshape(2, 2, *tracks.shape)


def test_pixel_size_units_and_place_are_sealed(run, stack, tmp_path):
    """Each plane of an OME-TIFF says which it is, and how large its pixels are."""
    tifffile.imwrite(tmp_path / "cells.ome.tif", stack, metadata=OME)
    result = run("seal", "cells.ome.tif", "--out", "o", "--planes", "--metadata", '{"run": 7}')
    assert "1 input: 4 images sealed" in result.output
    names = [f"cells.ome_t{t}_c{c}.sealed.jpg" for t in range(2) for c in range(2)]
    assert sorted(path.name for path in Path("o").iterdir()) == names
    seal = napari_seal.verify("o/cells.ome_t1_c0.sealed.jpg")
    assert seal.metadata == {"run": 7}
    assert seal.layer == {
        "name": "cells.ome T=1 C=0 (DAPI)",
        "scale": [0.5, 0.25],
        "units": ["micrometer", "micrometer"],
        "axis_labels": ["y", "x"],
    }
    verdicts = list(napari_seal.check_many("o", against="."))
    assert {str(v.verdict) for v in verdicts} == {"intact"}
    assert {str(v.reasons[0].code) for v in verdicts} == {"original-confirmed"}


def test_a_single_picture_has_its_pixel_size_too(run, tracks, tmp_path):
    """And neither a place nor a name."""
    metadata = {"axes": "YX", "unit": "nm"}
    tifffile.imwrite(tmp_path / "a.tif", tracks, imagej=True, resolution=(2, 4), metadata=metadata)
    assert run("seal", "a.tif", "--out", "o").exit_code == 0
    assert napari_seal.verify("o/a.sealed.jpg").layer == {
        "scale": [0.25, 0.5], "units": ["nanometer", "nanometer"], "axis_labels": ["y", "x"],
    }  # fmt: skip


def test_several_images_of_one_file(run, tracks, tmp_path):
    """Each is sealed under its number; a stack among them becomes a folder, or single planes."""
    with tifffile.TiffWriter(tmp_path / "two.tif") as file:
        file.write(tracks)
        file.write(tracks[:50].astype(np.uint8))
    assert "2 images sealed" in run("seal", "two.tif", "--out", "o").output
    assert napari_seal.verify("o/two_s1.sealed.jpg").pixels.shape == (50, tracks.shape[1])
    with tifffile.TiffWriter(tmp_path / "mixed.tif") as file:
        file.write(tracks)
        file.write(np.stack([tracks, tracks])[:, :50], photometric="minisblack")
    assert "3 images sealed" in run("seal", "mixed.tif", "--out", "o").output
    assert napari_seal.check_stack("o/mixed_s1").complete
    assert "3 images sealed" in run("seal", "mixed.tif", "--out", "p", "--planes").output
    assert {path.name for path in Path("p").iterdir()} == {
        "mixed_s0.sealed.jpg", "mixed_s1_i0.sealed.jpg", "mixed_s1_i1.sealed.jpg",
    }  # fmt: skip


def test_a_folder_of_all_kinds(run, stack, tmp_path):
    """ND2, CZI and OME-Zarr are found in folders; the inside of an OME-Zarr is not searched."""
    czi = needs("pylibCZIrw.czi")
    zarr = needs("zarr")
    needs("yaozarrs")
    needs("nd2")
    raw = tmp_path / "raw"
    (raw / "below").mkdir(parents=True)
    planes = stack.reshape(4, *stack.shape[2:])
    loop = {"kind": 1, "uiCount": 4, "dStart": 0.0, "dPeriod": 1.0, "dDuration": 4.0}
    write_nd2(raw / "a.nd2", planes[..., None], [loop])
    with czi.create_czi(str(raw / "b.czi")) as file:
        for t, plane in enumerate(planes):
            file.write(np.ascontiguousarray(plane[..., None]), plane={"T": t, "C": 0, "Z": 0})
        file.write_metadata("b", scale_x=2.5e-7, scale_y=2.5e-7)
    for name in ("c.ome.zarr", "below/d.zarr"):
        axes = [
            {"name": n, "type": k, "unit": u}
            for n, k, u in (
                ("t", "time", "second"),
                ("y", "space", "micrometer"),
                ("x", "space", "micrometer"),
            )
        ]
        level = {
            "path": "0",
            "coordinateTransformations": [{"type": "scale", "scale": [1, 0.25, 0.25]}],
        }
        ome = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": [level]}]}
        group = zarr.open_group(raw / name, mode="w", attributes={"ome": ome})
        group.create_array("0", shape=planes.shape, dtype="u2", chunks=(1, *planes.shape[1:]))[
            :
        ] = planes
    (raw / "c.ome.zarr" / "thumbnail.png").write_bytes(b"not looked at")
    result = run("seal", raw, "--out", "o", "--planes", "--jobs", 1)
    assert "4 inputs: 16 images sealed in o, 0 failed" in result.output
    for stem in ("a", "b", "c.ome", "below/d"):
        for t, plane in enumerate(planes):
            seal = napari_seal.verify(f"o/{stem}_t{t}.sealed.jpg")
            assert seal.layer["scale"] == [0.25, 0.25]
            assert seal.layer["units"] == ["micrometer", "micrometer"]
            assert seal.layer["name"] == f"{Path(stem).name} T={t}"
            verdict = napari_seal.check(f"o/{stem}_t{t}.sealed.jpg", source=plane)
            assert str(verdict.reasons[0].code) == "original-confirmed"
    verdicts = list(napari_seal.check_many("o", against=raw))
    assert {str(v.reasons[0].code) for v in verdicts} == {"original-confirmed"}
    assert run("seal", raw / "c.ome.zarr", "--out", "p", "--planes").exit_code == 0
    assert napari_seal.verify("p/c.ome_t0.sealed.jpg").source.shape == planes.shape[1:]


def test_a_missing_package_is_said_and_ends_nothing(run, tracks, tmp_path, monkeypatch):
    """The input is named with the command that brings the package; the others are sealed."""
    monkeypatch.setitem(sys.modules, "nd2", None)
    write_nd2(tmp_path / "a.nd2", tracks[None, ..., None])
    np.save(tmp_path / "b.npy", tracks)
    result = run("seal", "a.nd2", "b.npy", "--out", "o")
    assert result.exit_code == 1
    assert "pip install 'napari-seal[nd2]'" in result.output
    assert "1 image sealed" in result.output


def test_what_was_sealed_before_a_plane_failed_is_counted(run, tracks, tmp_path):
    """A frame that the file lacks is no black picture, and the ones before it stay."""
    needs("nd2")
    loop = {"kind": 1, "uiCount": 3, "dStart": 0.0, "dPeriod": 1.0, "dDuration": 4.0}
    frames = np.stack([tracks, tracks // 2, tracks // 3])[..., None]
    write_nd2(tmp_path / "a.nd2", frames, [loop], lost=[1])
    result = run("seal", "a.nd2", "--out", "o", "--planes")
    assert result.exit_code == 1
    assert "lacks frame 1" in result.output
    assert "1 image sealed" in result.output
    assert [path.name for path in Path("o").iterdir()] == ["a_t0.sealed.jpg"]


def test_find_knows_a_stack_by_its_planes(run, stack, tmp_path):
    """``find`` takes a file of any kind for the image that is looked for."""
    needs("nd2")
    planes = stack.reshape(4, *stack.shape[2:])
    loop = {"kind": 1, "uiCount": 4, "dStart": 0.0, "dPeriod": 1.0, "dDuration": 4.0}
    write_nd2(tmp_path / "a.nd2", planes[..., None], [loop])
    napari_seal.seal(planes[2], "one.sealed.jpg")
    run("verify", ".", "--ledger", "l.sqlite")
    result = run("find", "a.nd2", "--ledger", "l.sqlite")
    assert result.exit_code == 0, result.output
    assert "plane 2" in result.output


def test_a_plane_is_compared_with_its_own(run, tracks, tmp_path, monkeypatch):
    """The seal says which plane it is, so that a long stack is not read for each of its planes."""
    needs("nd2")
    count = 6
    loop = {"kind": 1, "uiCount": count, "dStart": 0.0, "dPeriod": 1.0, "dDuration": 4.0}
    planes = np.stack([tracks // n for n in range(1, count + 1)])
    write_nd2(tmp_path / "a.nd2", planes[..., None], [loop])
    run("seal", "a.nd2", "--out", "o", "--planes")
    read = []
    really = PlaneArray.__getitem__
    monkeypatch.setattr(
        PlaneArray, "__getitem__", lambda self, index: (read.append(index), really(self, index))[1]
    )
    for t in range(count):
        verdict = napari_seal.check(f"o/a_t{t}.sealed.jpg", source="a.nd2")
        assert str(verdict.reasons[0].code) == "original-confirmed"
    assert read == [(t,) for t in range(count)]
    os.replace("o/a_t1.sealed.jpg", "o/a_t2.sealed.jpg")
    again = napari_seal.check("o/a_t2.sealed.jpg", source="a.nd2")
    assert str(again.reasons[0].code) == "original-confirmed"
