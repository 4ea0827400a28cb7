"""``napari-seal seal``: stacks as folders, and PNG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

import napari_seal

MOVIE = np.random.default_rng(7).integers(100, 5000, (3, 2, 16, 20), np.uint16)


@pytest.fixture
def movie(tmp_path):
    """An OME-TIFF with times, channels, a pixel size and names of channels."""
    about = {
        "axes": "TCYX",
        "PhysicalSizeX": 0.5,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": 0.5,
        "PhysicalSizeYUnit": "µm",
        "Channel": {"Name": ["DAPI", "GFP"]},
    }
    (tmp_path / "raw").mkdir()
    tifffile.imwrite(tmp_path / "raw" / "movie.ome.tif", MOVIE, metadata=about)


def test_a_stack_becomes_a_folder(run, movie):
    """A sealed file for each plane, and an index with what the microscope wrote."""
    result = run("seal", "raw", "--out", "o", "--metadata", '{"dish": 4}')
    assert (result.exit_code, "6 images sealed" in result.output) == (0, True)
    stack = napari_seal.open_stack("o/movie.ome.sealed")
    assert (stack.axes, stack.shape) == (("T", "C", "Y", "X"), MOVIE.shape)
    assert stack.window == napari_seal.Window(low=int(MOVIE.min()), high=int(MOVIE.max()))
    assert stack.metadata == {"dish": 4}
    assert stack.layer["channels"] == ["DAPI", "GFP"]
    assert stack.layer["scale"] == [1, 1, 0.5, 0.5]
    assert stack.layer["axis_labels"] == ["t", "c", "y", "x"]
    assert "7 files: 7 intact" in run("verify", "o").output


@pytest.mark.parametrize("where", ["o", "o/movie.ome.sealed"])
def test_planes_are_compared_with_their_original(run, movie, where):
    """`--against` finds the file that a stack was made from, also from within its folder."""
    run("seal", "raw", "--out", "o", "--format", "png")
    result = run("verify", where, "--against", "raw")
    assert (result.exit_code, "7 files: 7 intact" in result.output) == (0, True)
    assert "could not be compared" not in result.output


def test_png_keeps_every_value(run, movie):
    """Of a stack, and of a single image, whatever its name."""
    tifffile.imwrite("raw/one.tif", MOVIE[0, 0])
    assert run("seal", "raw", "--out", "o", "--format", "png").exit_code == 0
    assert np.array_equal(napari_seal.open_stack("o/movie.ome").dask(), MOVIE)
    assert np.array_equal(napari_seal.read("o/one.sealed.png")[0], MOVIE[0, 0])
    # A sealed PNG that is sealed again does not get its ending twice.
    assert run("seal", "o/one.sealed.png", "--out", "p", "--format", "png").exit_code == 0
    assert [path.name for path in Path("p").iterdir()] == ["one.sealed.png"]


def test_windows_of_planes(run, movie):
    """`--plane-windows` stretches each plane by itself."""
    run("seal", "raw", "--out", "o", "--plane-windows")
    stack = napari_seal.open_stack("o/movie.ome")
    _, verdict = stack.plane((1, 1))
    assert stack.window is None
    assert verdict.seal.window.high == MOVIE[1, 1].max()


def test_an_unfinished_stack_is_resumed_when_asked(run, movie):
    """Without the option it is refused; with it, the planes that are there are kept."""

    class StopError(Exception):
        pass

    def stop(done, _):
        if done == 9:
            raise StopError

    Path("o").mkdir()
    with pytest.raises(StopError):
        napari_seal.seal_stack(
            MOVIE, "o/movie.ome", axes="TCYX", progress=stop,
            layer={"name": "movie.ome", "axis_labels": list("tcyx"), "scale": [1, 1, 0.5, 0.5],
                   "units": ["pixel", "pixel", "micrometer", "micrometer"],
                   "channels": ["DAPI", "GFP"]},
        )  # fmt: skip
    kept = {path: path.stat().st_mtime_ns for path in Path("o").rglob("*.jpg")}
    assert len(kept) == 3
    refused = run("seal", "raw", "--out", "o")
    assert (refused.exit_code, "resume" in refused.output) == (1, True)
    assert run("seal", "raw", "--out", "o", "--resume").exit_code == 0
    assert napari_seal.check_stack("o/movie.ome").intact
    assert (
        kept.items() <= {path: path.stat().st_mtime_ns for path in Path("o").rglob("*.jpg")}.items()
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--plane-windows", "--window", "0", "9"], "either"),
        (["--resume", "--overwrite"], "leave out"),
        (["--resume", "--planes"], "leave out"),
        (["--moedal"], "--planes"),
    ],
)
def test_options_that_contradict_each_other(run, movie, options, says):
    """Nothing is sealed, and the message says what to do."""
    result = run("seal", "raw", "--out", "o", *options)
    assert result.exit_code in (1, 2)
    assert says in result.output
    assert not [*Path().rglob("*.sealed.*")]
