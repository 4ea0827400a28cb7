"""ND2 files, laid out by `nd2_files` and read by the package nd2."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nd2_files import write_nd2
from support import counted, needs

from napari_seal import ImageError
from napari_seal._images import open_images, planes

needs("nd2")

TIME = {"kind": 1, "uiCount": 2, "dStart": 0.0, "dPeriod": 500.0, "dDuration": 1000.0}
DEPTH = {
    "kind": 4, "uiCount": 3, "dZLow": 0.0, "dZHigh": 1.0, "dZStep": 0.5, "dZHome": 0.0, "iType": 2,
}  # fmt: skip


def positions(*names: str) -> dict[str, Any]:
    """A loop over places of the stage."""
    points = [
        {"dPosX": 10.0 * n, "dPosY": 20.0 * n, "dPosZ": 0.0, "dPosName": name}
        for n, name in enumerate(names)
    ]
    return {"kind": 2, "uiCount": len(names), "bUseZ": False, "Points": points}


def test_time_depth_and_channels(tmp_path: Path) -> None:
    """Axes, steps, units, names and what is told of the microscope; each plane at its place."""
    path, frames = tmp_path / "a.nd2", counted(6, 7, 9, 2)
    write_nd2(path, frames, [TIME, DEPTH], channels=["DAPI", "GFP"])
    with open_images(str(path)) as [image]:
        assert image.axes == "TZCYX"
        assert image.name == ""
        assert image.scale == {"X": 0.25, "Y": 0.25, "Z": 0.5, "T": 500.0}
        assert image.units == {
            "X": "micrometer", "Y": "micrometer", "Z": "micrometer", "T": "millisecond",
        }  # fmt: skip
        assert image.channels == ("DAPI", "GFP")
        assert image.metadata == {"objective": "Plan Apo 20x", "acquired": "3/5/2026 12:08:52"}
        for position, plane in planes(image):
            frame = position["T"] * 3 + position["Z"]
            assert np.array_equal(plane, frames[frame, :, :, position["C"]])


def test_each_position_is_an_image(tmp_path: Path) -> None:
    """Wherever its loop stands among the others, with its name and place."""
    path, frames = tmp_path / "a.nd2", counted(12, 7, 9, 1)
    write_nd2(path, frames, [TIME, positions("A1", "B2"), DEPTH])
    with open_images(str(path)) as images:
        assert [image.name for image in images] == ["A1", "B2"]
        assert images[1].metadata["position"] == {"X": "10.0 µm", "Y": "20.0 µm", "Z": "0.0 µm"}
        for number, image in enumerate(images):
            assert image.axes == "TZYX"
            whole = np.asarray(image.array)
            assert np.array_equal(whole, frames.reshape(2, 2, 3, 7, 9)[:, number])


def test_one_picture(tmp_path: Path) -> None:
    """Gray or of colours, without any loop; positions without a name are counted."""
    path = tmp_path / "a.nd2"
    write_nd2(path, counted(1, 7, 9, 1, dtype="u1"), pixel_size=0.5)
    with open_images(str(path)) as [image]:
        assert (image.axes, image.scale) == ("YX", {"X": 0.5, "Y": 0.5})
    write_nd2(path, counted(1, 7, 9, 3, dtype="u1"), rgb=True)
    with open_images(str(path)) as [image]:
        assert image.axes == "YXS"
        assert np.array_equal(np.asarray(image.array), counted(7, 9, 3, dtype="u1"))
    write_nd2(path, counted(2, 7, 9, 1), [positions("", "")])
    with open_images(str(path)) as images:
        assert [image.name for image in images] == ["position 0", "position 1"]


@pytest.mark.parametrize("damage", ["lost", "zeros"])
def test_frames_that_are_not_there_are_no_black_planes(damage: str, tmp_path: Path) -> None:
    """nd2 reads zeros for a frame that was never written; here that is an error."""
    path, frames = tmp_path / "a.nd2", counted(3, 7, 9, 1)
    if damage == "zeros":
        frames[1] = 0
    write_nd2(path, frames, [DEPTH], lost=[1] if damage == "lost" else [])
    with open_images(str(path)) as [image]:
        assert np.array_equal(image.array[0], frames[0, ..., 0])
        with pytest.raises(ImageError, match="lacks frame 1"):
            image.array[1]
        assert np.array_equal(image.array[2], frames[2, ..., 0])


def test_the_file_is_closed(tmp_path: Path) -> None:
    """Planes stay what they are after that, also where one was refused."""
    path, frames = tmp_path / "a.nd2", counted(3, 7, 9, 1)
    write_nd2(path, frames, [DEPTH], lost=[2])
    with pytest.raises(ImageError, match="lacks frame 2"), open_images(str(path)) as [image]:
        kept = [plane for _, plane in planes(image)]
    with open_images(str(path)) as [image]:
        kept = [image.array[0], image.array[1]]
    assert np.array_equal(kept, frames[:2, ..., 0])
    with pytest.raises(ImageError):
        image.array[0]


@pytest.mark.parametrize("content", [b"", b"text", b"\xda\xce\xbe\n" + bytes(200)])
def test_broken_files(content: bytes, tmp_path: Path) -> None:
    """Files that are no ND2 files are said to be none."""
    path = tmp_path / "a.nd2"
    path.write_bytes(content)
    with (
        pytest.raises(ImageError, match=r"not a readable ND2 file|not recognized as ND2"),
        open_images(str(path)),
    ):
        pass


@pytest.mark.parametrize("claims", [{"uiWidth": 1 << 30}, {"uiComp": 1 << 20}])
def test_what_a_file_may_claim(claims: dict[str, int], tmp_path: Path) -> None:
    """Sizes are looked at before anything is read."""
    path = tmp_path / "a.nd2"
    write_nd2(path, counted(1, 100, 100, 1), claims=claims)
    with pytest.raises(ImageError, match="frames of"), open_images(str(path)):
        pass


@given(st.data())
def test_damaged_files_are_image_errors(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever bytes are changed or missing, nothing else is raised."""
    path = tmp_path_factory.mktemp("bad") / "a.nd2"
    write_nd2(path, counted(3, 5, 6, 1), [DEPTH])
    content = bytearray(path.read_bytes())
    used = [n for n, byte in enumerate(content) if byte]
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.sampled_from(used))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(len(content) - 300, len(content)))])
    with contextlib.suppress(ImageError), open_images(str(path)) as images:
        for image in images:
            for _, plane in planes(image):
                assert plane.shape == image.array.shape[len(image.leading) :]
