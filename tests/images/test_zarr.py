"""OME-Zarr, versions 0.4 and 0.5, from folders that zarr and yaozarrs write."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import counted, needs

from napari_seal import ImageError
from napari_seal._images import open_images, planes

zarr = needs("zarr")
yaozarrs = needs("yaozarrs")

KINDS = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
STEPS = {"t": 0.5, "c": 1.0, "z": 2.0, "y": 0.25, "x": 0.25}
UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}
SIZES = {"t": 2, "c": 2, "z": 3, "y": 8, "x": 10}


def multiscales(axes: str, path: str = "0", *, units: bool = True) -> list[dict[str, Any]]:
    """The metadata of one image of two levels."""
    scale = [STEPS[axis] for axis in axes]
    coarse = [step * 2 if axis in "yx" else step for axis, step in zip(axes, scale, strict=True)]
    return [
        {
            "version": "0.4",
            "name": "a",
            "axes": [
                {"name": axis, "type": KINDS[axis]}
                | ({"unit": UNITS[axis]} if units and axis in UNITS else {})
                for axis in axes
            ],
            "datasets": [
                {
                    "path": name,
                    "coordinateTransformations": [{"type": "scale", "scale": factors}],
                }
                for name, factors in ((path, scale), ("1", coarse))
            ],
        }
    ]


def write_image(
    folder: Path, data: np.ndarray, axes: str, version: str = "0.5", **more: Any
) -> None:
    """An image with a second, coarser level, one plane a chunk."""
    about: dict[str, Any] = {"multiscales": multiscales(axes), **more}
    if version == "0.5":
        del about["multiscales"][0]["version"]
        about = {"ome": {"version": "0.5", **about}}
    group = zarr.open_group(
        folder, mode="w", zarr_format=3 if version == "0.5" else 2, attributes=about
    )
    chunks = (*(1 for _ in axes[:-2]), *data.shape[-2:])
    for name, level in (("0", data), ("1", data[..., ::2, ::2])):
        array = group.create_array(name, shape=level.shape, dtype=level.dtype, chunks=chunks)
        array[:] = level


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["tczyx", "zyx", "cyx", "yx"])
def test_axes_and_sizes(axes: str, version: str, tmp_path: Path) -> None:
    """The finest level, with its steps and units, and the names of channels."""
    data = counted(*(SIZES[axis] for axis in axes))
    omero = {"channels": [{"label": "DAPI"}, {"label": "GFP"}]}
    write_image(tmp_path / "a.ome.zarr", data, axes, version, omero=omero)
    with open_images(str(tmp_path / "a.ome.zarr")) as [image]:
        assert (image.axes, image.name) == (axes.upper(), "")
        assert image.scale == {a.upper(): STEPS[a] for a in axes if a != "c"}
        assert image.units == {a.upper(): UNITS[a] for a in axes if a != "c"}
        assert image.channels == (("DAPI", "GFP") if "c" in axes else ())
        for position, plane in planes(image):
            assert np.array_equal(plane, data[tuple(position.values())])


def test_what_yaozarrs_writes(tmp_path: Path) -> None:
    """Axes of length one are left out, as five axes are usual whatever the image."""
    from yaozarrs import DimSpec, v05
    from yaozarrs.write.v05 import write_image as write

    data = counted(1, 2, 1, 8, 10)
    dims = [DimSpec(name=n, size=s, scale=STEPS[n], unit=UNITS.get(n)) for n, s in
            zip("tczyx", data.shape, strict=True)]  # fmt: skip
    about = v05.Image(multiscales=[v05.Multiscale.from_dims(dims)])
    write(tmp_path / "a.zarr", about, data, writer="zarr")
    with open_images(str(tmp_path / "a.zarr")) as [image]:
        assert image.axes == "CYX"
        assert image.units["X"] == "micrometer"
        assert np.array_equal(np.asarray(image.array), data[0, :, 0])


def test_one_plane_is_read_at_a_time(tmp_path: Path) -> None:
    """A broken chunk is noticed when its plane is read, and not before."""
    data = counted(3, 8, 10)
    write_image(tmp_path / "a.zarr", data, "zyx")
    (tmp_path / "a.zarr" / "0" / "c" / "1" / "0" / "0").write_bytes(b"text")
    with open_images(str(tmp_path / "a.zarr")) as [image]:
        assert np.array_equal(image.array[0], data[0])
        with pytest.raises(ImageError, match="not a readable Zarr file"):
            image.array[1]
        assert np.array_equal(image.array[2], data[2])


def test_a_plain_array(tmp_path: Path) -> None:
    """Without metadata of axes, its shape tells which are the planes."""
    data = counted(3, 8, 10)
    array = zarr.create_array(tmp_path / "a.zarr", shape=data.shape, dtype=data.dtype)
    array[:] = data
    with open_images(str(tmp_path / "a.zarr")) as [image]:
        assert (image.axes, image.scale) == ("IYX", {})
        assert np.array_equal(np.asarray(image.array), data)


def test_series_and_plates(tmp_path: Path) -> None:
    """Each series of bioformats2raw, and each field of a plate, is an image."""
    for layout in ("series", "plate"):
        root = tmp_path / f"{layout}.zarr"
        ome: dict[str, Any] = {"version": "0.5"}
        if layout == "series":
            ome["bioformats2raw.layout"] = 3
            places = ["0", "1"]
        else:
            ome["plate"] = {
                "rows": [{"name": "A"}], "columns": [{"name": "1"}],
                "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}],
            }  # fmt: skip
            places = ["A/1/0", "A/1/1"]
        zarr.open_group(root, mode="w", attributes={"ome": ome})
        if layout == "plate":
            well = {"version": "0.5", "well": {"images": [{"path": "0"}, {"path": "1"}]}}
            zarr.open_group(root / "A" / "1", mode="w", attributes={"ome": well})
        for number, place in enumerate(places):
            write_image(root / place, counted(8, 10) + number, "yx")
        with open_images(str(root)) as images:
            found = [(image.name, int(image.array[0, 0])) for image in images]
        names = ["series 0", "series 1"] if layout == "series" else places
        assert found == list(zip(names, [1, 2], strict=True))


def test_the_number_of_images_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file can name one image any number of times."""
    monkeypatch.setattr("napari_seal._format.limits.ZARR_IMAGES", 2)
    write_image(tmp_path / "a.zarr", counted(8, 10), "yx")
    path = tmp_path / "a.zarr" / "zarr.json"
    about = json.loads(path.read_text())
    about["attributes"]["ome"]["multiscales"] *= 3
    for number, one in enumerate(about["attributes"]["ome"]["multiscales"]):
        about["attributes"]["ome"]["multiscales"][number] = one | {"name": f"{number}"}
    path.write_text(json.dumps(about))
    folder = str(tmp_path / "a.zarr")
    with pytest.raises(ImageError, match="more than 2 images"), open_images(folder):
        pass


def test_a_codec_that_runs_code_is_refused(tmp_path: Path) -> None:
    """Zarr 2 lets a file name the codec "pickle", which would run whatever is in a chunk."""
    folder, trace = tmp_path / "a.zarr", tmp_path / "trace"
    write_image(folder, counted(8, 10), "yx", "0.4")

    class Bomb:
        def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
            return Path.touch, (trace,)

    about = json.loads((folder / "0" / ".zarray").read_text())
    for where, value in (("compressor", {"id": "pickle"}), ("filters", [{"id": "pickle"}])):
        changed = about | {"compressor": None, "filters": None, where: value}
        (folder / "0" / ".zarray").write_text(json.dumps(changed))
        (folder / "0" / "0.0").write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(ImageError, match="pickle"), open_images(str(folder)) as [image]:
            image.array[:]
        assert not trace.exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"shape": [1 << 20, 1 << 20], "chunk": [8, 10]}, "pixels"),
        ({"chunk": [1 << 20, 1 << 20]}, "chunks of"),
        ({"shape": [8, 0], "chunk": [8, 10]}, "no pixels"),
        ({"shape": [8], "chunk": [8]}, "names the axes"),
        ({"data_type": "string"}, "no image|not a readable"),
        ({"data_type": "complex64"}, "no image|not a readable"),
    ],
)
def test_what_an_array_may_claim(change: dict[str, Any], says: str, tmp_path: Path) -> None:
    """Sizes are looked at before a byte of the image is read."""
    folder = tmp_path / "a.zarr"
    write_image(folder, counted(8, 10), "yx")
    path = folder / "0" / "zarr.json"
    about = json.loads(path.read_text())
    if "chunk" in change:
        about["chunk_grid"]["configuration"]["chunk_shape"] = change.pop("chunk")
    path.write_text(json.dumps(about | change))
    with pytest.raises(ImageError, match=says), open_images(str(folder)):
        pass


@pytest.mark.parametrize("path", ["../b.zarr/0", "/", "", "0/../../b.zarr/0", "nothing", "\0"])
def test_levels_are_below_the_image(path: str, tmp_path: Path) -> None:
    """A file cannot make itself out of another."""
    write_image(tmp_path / "b.zarr", counted(8, 10), "yx")
    folder = tmp_path / "a.zarr"
    write_image(folder, counted(8, 10), "yx")
    about = json.loads((folder / "zarr.json").read_text())
    about["attributes"]["ome"]["multiscales"][0]["datasets"][0]["path"] = path
    (folder / "zarr.json").write_text(json.dumps(about))
    with pytest.raises(ImageError), open_images(str(folder)) as [image]:
        image.array[:]


def test_without_units_a_step_of_one_is_a_pixel(tmp_path: Path) -> None:
    """A scale is kept where it says something."""
    folder = tmp_path / "a.zarr"
    write_image(folder, counted(3, 8, 10), "zyx")
    about = json.loads((folder / "zarr.json").read_text())
    ome = about["attributes"]["ome"]
    for axis in ome["multiscales"][0]["axes"]:
        axis.pop("unit", None)
    ome["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"] = [1, 0.5, 0.5]
    (folder / "zarr.json").write_text(json.dumps(about))
    with open_images(str(folder)) as [image]:
        assert (image.scale, image.units) == ({"Y": 0.5, "X": 0.5}, {})


def test_other_folders(tmp_path: Path) -> None:
    """A group without the metadata of OME-Zarr, and a folder with nothing, are said to be that."""
    zarr.open_group(tmp_path / "a.zarr", mode="w")
    (tmp_path / "b.zarr").mkdir()
    (tmp_path / "c.zarr").mkdir()
    (tmp_path / "c.zarr" / "zarr.json").write_text("{")
    (tmp_path / "d.zarr").write_text("text")
    for name, says in (
        ("a", "without the metadata"),
        ("b", "not a readable|cannot be read"),
        ("c", "not a readable"),
        ("d", "not a readable|cannot be read"),
    ):
        with pytest.raises(ImageError, match=says), open_images(str(tmp_path / f"{name}.zarr")):
            pass


@given(st.integers(0, 10**6), st.sampled_from(['"', "0", "null", "[", "-1", "1e99", "{}", "a"]))
def test_damaged_metadata_are_image_errors(
    tmp_path_factory: pytest.TempPathFactory, place: int, text: str
) -> None:
    """Whatever stands in them, nothing else is raised."""
    folder = tmp_path_factory.mktemp("bad") / "a.zarr"
    write_image(folder, counted(8, 10), "yx")
    path = folder / ("zarr.json" if place % 2 else "0/zarr.json")
    content = path.read_text()
    at = place // 2 % len(content)
    path.write_text(content[:at] + text + content[at + 1 :])
    try:
        with open_images(str(folder)) as [image]:
            plane = image.array[:]
    except ImageError:
        return
    assert plane.ndim == 2
