"""TIFF files: their axes, sizes, units and planes, from real files that tifffile writes."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from support import MICROSCOPY, counted, needs, skip_or_fail

from napari_seal import ImageError
from napari_seal._images import open_images, planes

OME = {
    "PhysicalSizeX": 0.25,
    "PhysicalSizeXUnit": "µm",
    "PhysicalSizeY": 300.0,
    "PhysicalSizeYUnit": "nm",
    "PhysicalSizeZ": 1.5,
    "PhysicalSizeZUnit": "µm",
    "TimeIncrement": 500.0,
    "TimeIncrementUnit": "ms",
}


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("axes", ["TZCYX", "CYX", "ZTYX", "TCZYX"])
def test_ome_tiff(axes: str, compression: str | None, tmp_path: Path) -> None:
    """Axes in the file's order, pixel size, units, steps, channels; each plane at its place."""
    sizes = {"T": 2, "Z": 3, "C": 2, "Y": 7, "X": 9}
    data = counted(*(sizes[axis] for axis in axes))
    metadata: dict[str, Any] = OME | {"axes": axes}
    if "C" in axes:
        metadata["Channel"] = {"Name": ["DAPI", "001"]}
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, data, metadata=metadata, compression=compression, ome=True)
    with open_images(str(path)) as [image]:
        assert image.axes == axes
        assert image.name == ""
        assert image.array.shape == data.shape
        assert image.channels == (("DAPI", "001") if "C" in axes else ())
        assert image.scale == {"X": 0.25, "Y": 300.0, "Z": 1.5, "T": 500.0}
        assert image.units == {
            "X": "micrometer", "Y": "nanometer", "Z": "micrometer", "T": "millisecond",
        }  # fmt: skip
        assert np.array_equal(np.asarray(image.array), data)
        for position, plane in planes(image):
            assert np.array_equal(plane, data[tuple(position.values())])
            assert "".join(position) == axes[:-2]


def test_one_plane_is_read_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a compressed stack, page after page is decoded, and none when it is opened."""
    data = counted(5, 8, 9)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, data, photometric="minisblack", compression="zlib")
    decoded = []
    really = tifffile.TiffPage.asarray

    def asarray(page: tifffile.TiffPage, *arguments: Any, **options: Any) -> np.ndarray:
        decoded.append(page.index)
        return really(page, *arguments, **options)

    monkeypatch.setattr(tifffile.TiffPage, "asarray", asarray)
    monkeypatch.setattr(tifffile.TiffFrame, "asarray", asarray)
    with open_images(str(path)) as [image]:
        assert decoded == []
        for number, (_, plane) in enumerate(planes(image)):
            assert decoded == list(range(number + 1))
            assert np.array_equal(plane, data[number])


@pytest.mark.parametrize("compression", ["lzw", "zstd", "jpeg"])
def test_other_compressions(compression: str, tmp_path: Path) -> None:
    """imagecodecs decodes them, colours of JPEG included; without it, the error names the extra."""
    needs("imagecodecs")
    path = tmp_path / "a.tif"
    if compression == "jpeg":
        # tifffile stores the values as they are, for luma and two differences of colours.
        stored = np.full((16, 16, 3), (200, 30, 60), np.uint8)
        data = np.full((16, 16, 3), (105, 255, 26), np.uint8)
        tifffile.imwrite(path, stored, photometric="ycbcr", compression="jpeg", subsampling=(1, 1))
    else:
        data = counted(3, 16, 16)
        tifffile.imwrite(path, data, photometric="minisblack", compression=compression)
    with open_images(str(path)) as [image]:
        assert np.abs(np.asarray(image.array).astype(int) - data).max() <= 3
    code = (
        "import sys; sys.modules['imagecodecs'] = None\n"
        "from napari_seal._images import open_images\n"
        f"with open_images({str(path)!r}) as [image]: image.array[(0,) * len(image.leading)]"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if compression == "zstd" and sys.version_info >= (3, 14):  # Python itself knows it
        assert done.returncode == 0, done.stderr
        return
    assert "ImageError: is compressed in a way" in done.stderr
    assert "pip install 'napari-seal[tiff]'" in done.stderr


def test_planes_that_follow_one_page(tmp_path: Path) -> None:
    """ImageJ describes a hyperstack in its first page; the others have none."""
    data = counted(4, 7, 9)
    path = tmp_path / "a.tif"
    for order in "<>":
        tifffile.imwrite(path, data, imagej=True, truncate=True, byteorder=order)  # type: ignore[arg-type]
        with tifffile.TiffFile(path) as file:
            assert len(file.pages) == 1
        with open_images(str(path)) as [image]:
            assert np.array_equal(np.asarray(image.array), data)
    path.write_bytes(path.read_bytes()[:-20])
    says = "4 planes, of which 1 are there"
    with pytest.raises(ImageError, match=says), open_images(str(path)):
        pass


def test_imagej(tmp_path: Path) -> None:
    """Pixel size from the resolution tags, in the unit that ImageJ's text names."""
    data = counted(2, 3, 7, 9)
    metadata = {"axes": "TZYX", "unit": "micron", "spacing": 2.5, "finterval": 3.0}
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, data, imagej=True, resolution=(4, 2), metadata=metadata)
    with open_images(str(path)) as [image]:
        assert image.axes == "TZYX"
        assert image.scale == {"X": 0.25, "Y": 0.5, "Z": 2.5, "T": 3.0}
        assert image.units["X"] == image.units["Z"] == "micrometer"
        assert image.units["T"] == "second"
        assert np.array_equal(np.asarray(image.array), data)


@pytest.mark.parametrize("unit", [None, "pixel", "inch of paper"])
def test_pixels_are_no_unit(unit: str | None, tmp_path: Path) -> None:
    """An uncalibrated ImageJ file has no pixel size, whatever its tags hold."""
    path = tmp_path / "a.tif"
    metadata = {} if unit is None else {"unit": unit}
    tifffile.imwrite(path, counted(7, 9), imagej=True, resolution=(72, 72), metadata=metadata)
    with open_images(str(path)) as [image]:
        assert (image.scale, image.units) == ({}, {})


def test_dots_per_inch_are_no_pixel_size(tmp_path: Path) -> None:
    """Plain TIFF files say at how many dots an inch to print."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counted(7, 9), resolution=(300, 300), resolutionunit="INCH")
    with open_images(str(path)) as [image]:
        assert image.scale == {}


def test_samples_are_colours_where_the_file_says_so(tmp_path: Path) -> None:
    """Three samples of red, green and blue; other samples are channels, and three planes planes."""
    colour, planar = counted(8, 9, 3, dtype="u1"), counted(3, 8, 9, dtype="u1")
    options: dict[str, Any]
    for name, data, options, axes, shape in (
        ("rgb", colour, {"photometric": "rgb"}, "YXS", (8, 9, 3)),
        ("tagged", planar, {"photometric": "rgb", "planarconfig": "separate"}, "YXS", (8, 9, 3)),
        ("stack", planar, {"photometric": "minisblack"}, "IYX", (3, 8, 9)),
        ("samples", planar, {"photometric": "minisblack", "planarconfig": "separate"}, "CYX",
         (3, 8, 9)),
        ("pairs", colour[..., :2], {"photometric": "minisblack", "planarconfig": "contig"}, "CYX",
         (2, 8, 9)),
        ("rgba", counted(8, 9, 4, dtype="u1"),
         {"photometric": "rgb", "extrasamples": ["UNASSALPHA"]}, "YXS", (8, 9, 4)),
        ("stack of rgb", np.stack([colour, colour + 1]), {"photometric": "rgb"}, "IYXS",
         (2, 8, 9, 3)),
    ):  # fmt: skip
        path = tmp_path / f"{name}.tif"
        tifffile.imwrite(path, data, **options)
        with open_images(str(path)) as [image]:
            assert (image.axes, image.array.shape) == (axes, shape), name
            whole = np.asarray(image.array)
        if name == "tagged":
            assert np.array_equal(whole, np.moveaxis(data, 0, -1))
        if name == "pairs":
            assert np.array_equal(whole, np.moveaxis(data, -1, 0))


@pytest.mark.parametrize(
    ("options", "shape", "says"),
    [
        ({"photometric": "minisblack", "extrasamples": ["UNASSALPHA"]}, (8, 9, 2), "alpha"),
        ({"photometric": "separated"}, (8, 9, 4), "CMYK"),
        ({"photometric": "cielab"}, (8, 9, 3), "CIELAB"),
    ],
)
def test_other_colours_are_refused(
    options: dict[str, Any], shape: tuple[int, ...], says: str, tmp_path: Path
) -> None:
    """They would be read as what they are not."""
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, counted(*shape, dtype="u1"), planarconfig="contig", **options)
    with pytest.raises(ImageError, match=says), open_images(str(path)):
        pass


def test_several_series(tmp_path: Path) -> None:
    """Each is an image, with its name and what is said of it."""
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as file:
        for name, size in (("left", 0.5), ("right", 0.25)):
            metadata = {"axes": "YX", "Name": name, "PhysicalSizeX": size, "PhysicalSizeY": size}
            file.write(counted(7, 9), metadata=metadata)
        file.write(counted(2, 7, 9), metadata={"axes": "ZYX", "Name": "stack"})
    with open_images(str(path)) as images:
        assert [image.name for image in images] == ["left", "right", "stack"]
        assert [image.scale.get("X") for image in images] == [0.5, 0.25, None]
        assert [image.axes for image in images] == ["YX", "YX", "ZYX"]


def test_the_only_channel_has_its_name(tmp_path: Path) -> None:
    """Also where there is no axis of channels."""
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, counted(7, 9), metadata={"axes": "YX", "Channel": {"Name": "DAPI"}})
    with open_images(str(path)) as [image]:
        assert (image.axes, image.channels) == ("YX", ("DAPI",))


def test_a_pyramid_is_read_at_full_resolution(tmp_path: Path) -> None:
    """Its smaller copies are no images of their own."""
    path, data = tmp_path / "a.ome.tif", counted(64, 64)
    with tifffile.TiffWriter(path, ome=True) as file:
        file.write(data, subifds=1, tile=(16, 16), metadata={"axes": "YX"})
        file.write(data[::2, ::2], subfiletype=1, tile=(16, 16))
    with open_images(str(path)) as [image]:
        assert np.array_equal(np.asarray(image.array), data)


def test_a_missing_part_is_not_read_as_black(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Planes that the metadata name and no file holds are an error, not zeros."""
    caplog.set_level(logging.CRITICAL, "tifffile")
    data = counted(2, 7, 9)
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, data, metadata={"axes": "ZYX"}, ome=True)
    content = path.read_bytes()
    assert b'SizeZ="2"' in content
    path.write_bytes(content.replace(b'SizeZ="2"', b'SizeZ="3"'))
    with pytest.raises(ImageError, match="lacks planes"), open_images(str(path)):
        pass


@given(
    st.lists(st.integers(1, 4), min_size=2, max_size=5),
    st.sampled_from(["u1", "u2", "i2", "f4", "f8"]),
    st.sampled_from("<>"),
    st.booleans(),
)
def test_any_shape_comes_back(
    tmp_path_factory: pytest.TempPathFactory, shape: list[int], kind: str, order: Any, squeeze: bool
) -> None:
    """Of any type and byte order, compressed or not: every plane is the array's."""
    # tifffile takes a last axis of length one for that of samples when it writes.
    data = counted(*shape[:-1], shape[-1] + 1, dtype=kind)
    path = tmp_path_factory.mktemp("any") / "a.tif"
    tifffile.imwrite(
        path, data, photometric="minisblack", byteorder=order,
        compression="zlib" if squeeze else None,
    )  # fmt: skip
    with open_images(str(path)) as [image]:
        found = [plane for _, plane in planes(image)]
    expected = data.reshape(-1, *data.shape[-2:])
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype.name == data.dtype.name
        assert np.array_equal(one, other)


@given(st.data())
def test_damaged_files_are_image_errors(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever bytes are changed or missing, nothing else is raised."""
    path = tmp_path_factory.mktemp("bad") / "a.tif"
    tifffile.imwrite(path, counted(3, 5, 6), metadata={"axes": "ZYX"}, ome=True)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(8, len(content)))])
    with contextlib.suppress(ImageError), open_images(str(path)) as images:
        for image in images:
            for _, plane in planes(image):
                assert plane.shape == image.array.shape[len(image.leading) :]


def test_files_from_microscopes() -> None:
    """MetaMorph's pixel size is found, and the resolution of a plain file is not taken for one."""
    if not MICROSCOPY.is_dir():
        skip_or_fail("data", "there is no folder of microscope images")
    expected = {
        "cellprofiler_metamorph_uint16.tif": ("YX", 0.645),
        "cellprofiler_speckles_uint16_1200x1000.tif": ("YX", None),
        "imagecodecs_bigendian_2x83x111_uint16.tif": ("IYX", None),
        "pims_beads_stack_5x512x512_uint16.tif": ("IYX", None),
        "stardist_nuclei_3d_uint16.tif": ("IYX", None),
    }
    for name, (axes, size) in expected.items():
        path = MICROSCOPY / name
        with open_images(str(path)) as [image]:
            assert (image.axes, image.scale.get("X")) == (axes, size), name
            assert np.array_equal(np.asarray(image.array), tifffile.imread(path)), name
            assert image.units == ({} if size is None else dict.fromkeys("XY", "micrometer"))
            if "metamorph" in name:
                assert image.metadata["acquired"].startswith("2010-03-05T12:08:52")


@pytest.mark.parametrize("kind", ["pages", "ome", "bigtiff", "appended", "zlib"])
def test_a_file_that_was_cut_off_is_not_taken_for_whole(tmp_path: Path, kind: str) -> None:
    """Wherever within its pages: tifffile itself gives those before as if they were all."""
    stack = np.random.default_rng(1).integers(0, 60_000, (4, 32, 40), np.uint16)
    whole, path = tmp_path / "whole.tif", tmp_path / "cut.tif"
    options = {
        "pages": {"metadata": None},
        "ome": {"ome": True},
        "bigtiff": {"metadata": None, "bigtiff": True},
        "zlib": {"metadata": None, "compression": "zlib"},
    }
    if kind == "appended":
        for plane in stack:
            tifffile.imwrite(whole, plane, append=True, metadata=None)
    else:
        tifffile.imwrite(whole, stack, photometric="minisblack", **options[kind])
    data = whole.read_bytes()
    with tifffile.TiffFile(whole) as file:
        end = file.pages[3].dataoffsets[-1] + file.pages[3].databytecounts[-1]
    for length in range(0, end, 97):
        path.write_bytes(data[:length])
        with pytest.raises(ImageError), open_images(str(path)) as (image,):
            np.asarray(image.array)
    path.write_bytes(data)
    with open_images(str(path)) as (image,):
        np.testing.assert_array_equal(np.asarray(image.array), stack)
