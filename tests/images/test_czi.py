"""CZI files, written and read by Zeiss' library."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import counted, needs

from napari_seal import ImageError
from napari_seal._images import open_images, planes

czi = needs("pylibCZIrw.czi")


def write_czi(
    path: Path, data: np.ndarray, axes: str, *, scenes: int = 1, lost: Sequence[int] = ()
) -> None:
    """Write each scene at a place of its own; colours last, red first."""
    colour = axes.endswith("S")
    leading = axes.removesuffix("S")[:-2]
    shape = data.shape[: len(leading)]
    with czi.create_czi(str(path)) as file:
        for scene in range(scenes):
            for number, index in enumerate(np.ndindex(*shape)):
                plane = data[index] + scene
                stored = plane[..., ::-1] if colour else plane[..., None]
                if number not in lost:
                    at = dict(zip(leading, index, strict=True))
                    file.write(
                        np.ascontiguousarray(stored.astype(data.dtype)),
                        location=(100 * scene, 0),
                        plane=at,
                        scene=scene,
                    )
        file.write_metadata(
            "a", channel_names={0: "DAPI", 1: "GFP"}, scale_x=1e-7, scale_y=2e-7, scale_z=5e-7
        )


@pytest.mark.parametrize("axes", ["TZCYX", "ZYX", "CYX", "TYX", "YX", "YXS", "ZYXS"])
def test_axes_and_sizes(axes: str, tmp_path: Path) -> None:
    """Each plane at its place, with the pixel size in micrometers."""
    sizes = {"T": 2, "Z": 3, "C": 2, "Y": 7, "X": 9, "S": 3}
    kind = "u1" if axes == "YXS" else "u2"
    data = counted(*(sizes[axis] for axis in axes), dtype=kind)
    path = tmp_path / "a.czi"
    write_czi(path, data, axes)
    with open_images(str(path)) as [image]:
        assert (image.axes, image.name, image.array.dtype) == (axes, "", data.dtype)
        assert image.scale == {"X": 0.1, "Y": 0.2, "Z": 0.5}
        assert set(image.units.values()) == {"micrometer"}
        assert image.channels == (("DAPI", "GFP") if "C" in axes else image.channels[:1])
        for position, plane in planes(image):
            assert np.array_equal(plane, data[tuple(position.values())])


def test_each_scene_is_an_image(tmp_path: Path) -> None:
    """Cut out of the area that all scenes cover."""
    path, data = tmp_path / "a.czi", counted(2, 7, 9)
    write_czi(path, data, "ZYX", scenes=3)
    with open_images(str(path)) as images:
        assert [image.name for image in images] == ["scene 0", "scene 1", "scene 2"]
        for number, image in enumerate(images):
            assert np.array_equal(np.asarray(image.array), data + number)


def test_tiles_are_put_together(tmp_path: Path) -> None:
    """One scene of two tiles is one picture."""
    path, data = tmp_path / "a.czi", counted(7, 18)
    with czi.create_czi(str(path)) as file:
        for left in (0, 9):
            tile = np.ascontiguousarray(data[:, left : left + 9, None])
            file.write(tile, location=(left, 0), plane={"T": 0, "Z": 0, "C": 0}, scene=0)
        file.write_metadata("a")
    with open_images(str(path)) as [image]:
        assert np.array_equal(np.asarray(image.array), data)
        assert image.scale == {}


def test_a_missing_plane_is_not_read_as_black(tmp_path: Path) -> None:
    """libCZI gives black for it; here that is an error."""
    path, data = tmp_path / "a.czi", counted(3, 2, 7, 9)
    write_czi(path, data, "ZCYX", lost=[3])
    with open_images(str(path)) as [image]:
        assert np.array_equal(image.array[1, 0], data[1, 0])
        with pytest.raises(ImageError, match="lacks the plane Z=1, C=1"):
            image.array[1, 1]


@pytest.mark.parametrize("content", [b"", b"text", b"ZISRAWFILE" + bytes(200)])
def test_broken_files(content: bytes, tmp_path: Path) -> None:
    """Files that are no CZI files are said to be none."""
    path = tmp_path / "a.czi"
    path.write_bytes(content)
    with pytest.raises(ImageError, match="not a readable CZI file"), open_images(str(path)):
        pass


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8),
    st.floats(0.01, 1),
)
def test_damaged_files_are_image_errors(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]], kept: float
) -> None:
    """Whatever bytes are changed or missing, nothing else is raised."""
    path = tmp_path_factory.mktemp("bad") / "a.czi"
    write_czi(path, counted(2, 5, 6), "ZYX")
    content = bytearray(path.read_bytes())
    used = [n for n, byte in enumerate(content) if byte]
    for place, byte in changes:
        content[used[place % len(used)]] = byte
    path.write_bytes(content[: max(1, round(kept * len(content)))])
    with contextlib.suppress(ImageError), open_images(str(path)) as images:
        for image in images:
            for _, plane in planes(image):
                assert plane.shape == image.array.shape[len(image.leading) :]
