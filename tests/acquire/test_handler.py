"""Acquisitions of pymmcore-plus's own engine become sealed stacks, each frame in its place."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import needs

import napari_seal
from napari_seal import (
    AcquiredRun,
    MetadataError,
    OptionError,
    SealHandler,
    WriteError,
    check_many,
    check_stack,
    open_stack,
)

useq: Any = needs("useq", "pymmcore")
from microscope import NumberedCamera, microscope, numbered  # noqa: E402 - after what skips

TIME = {"interval": 0, "loops": 3}
Z = {"range": 4, "step": 2}


def acquire(folder: Path, core: Any = None, output: bool = True, **sequence: Any) -> AcquiredRun:
    """Run an acquisition to its end, and return what became of it."""
    core = core or microscope()
    with SealHandler(folder / "cells", format="png", jobs=2) as handler:
        if output:
            core.mda.run(useq.MDASequence(**sequence), output=handler)
        else:
            handler.connect(core)
            core.mda.run(useq.MDASequence(**sequence))
    (run,) = handler.runs
    return run


def planes(stack: str) -> dict[tuple[tuple[str, int], ...], napari_seal.Seal]:
    """The seals of a stack's planes, by the index of the event that each tells."""
    seals = [napari_seal.verify(file) for file in sorted(Path(stack).glob("*.png"))]
    return {tuple(sorted(s.metadata["acquisition"]["index"].items())): s for s in seals}


def assert_all_in_place(run: AcquiredRun, events: list[Any]) -> None:
    """The camera numbers its pictures: the nth of the acquisition is that of the nth event."""
    images = [event for event in events if not isinstance(event.action, useq.HardwareAutofocus)]
    assert run.is_complete
    assert run.frames == run.sealed == len(images)
    assert run.single == 0
    found: dict[tuple[tuple[str, int], ...], np.ndarray] = {}
    for stack in run.stacks:
        assert check_stack(stack).intact
        opened = open_stack(stack)
        for index, seal in planes(stack).items():
            found[index] = opened.plane(seal.stack.index)[0]
    for number, event in enumerate(images):
        index = tuple(sorted((str(key), at) for key, at in event.index.items()))
        np.testing.assert_array_equal(found.pop(index), numbered(number))
    assert not found


SEQUENCES: dict[str, dict[str, Any]] = {
    "time": {"time_plan": TIME},
    "time, channels and z": {"time_plan": TIME, "z_plan": Z, "channels": ["DAPI", "FITC"]},
    "z before time": {"time_plan": TIME, "z_plan": Z, "axis_order": "zt"},
    "positions within time": {
        "time_plan": TIME, "stage_positions": [(0, 0, 0), (9, 9, 9)], "axis_order": "tp",
    },
    "a position with z of its own": {
        "stage_positions": [(0, 0, 0), {"x": 5, "y": 5, "z": 1, "sequence": {"z_plan": Z}}],
        "channels": ["DAPI"],
    },
    "channels that skip": {
        "time_plan": TIME, "z_plan": Z,
        "channels": [
            {"config": "DAPI", "do_stack": False}, {"config": "FITC", "acquire_every": 2},
        ],
    },
    "a grid": {"grid_plan": {"rows": 2, "columns": 2}, "z_plan": Z},
    "shutter kept open": {"time_plan": TIME, "z_plan": Z, "keep_shutter_open_across": ("z",)},
}  # fmt: skip


@pytest.mark.parametrize("output", [True, False], ids=["output", "connected"])
@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES)
def test_every_frame_is_in_its_place(
    sequence: dict[str, Any], output: bool, tmp_path: Path
) -> None:
    """None is lost, doubled or swapped, and all that is written is intact and complete."""
    run = acquire(tmp_path, output=output, **sequence)
    assert_all_in_place(run, [*useq.MDASequence(**sequence)])
    assert all(verdict.intact for verdict in check_many([run.folder]))


def test_triggered_sequences_and_single_snaps_alike(tmp_path: Path) -> None:
    """Where the engine runs the camera by itself, frames come in a burst; else one by one."""
    sequence = {"time_plan": TIME}
    for triggered in (True, False):
        core = microscope()
        core.mda.engine.use_hardware_sequencing = triggered
        run = acquire(tmp_path, core, **sequence)
        assert_all_in_place(run, [*useq.MDASequence(**sequence)])
        (seal, *_) = planes(run.stacks[0]).values()
        assert ("hardware_triggered" in seal.metadata["acquisition"]) is triggered


def test_what_the_plane_tells(tmp_path: Path) -> None:
    """Index, channel, exposure, position and time of its frame, bound by its seal."""
    core = microscope()
    sequence = useq.MDASequence(
        channels=["DAPI", "FITC"], stage_positions=[useq.Position(x=10, y=20, z=3, name="well")]
    )
    with SealHandler(tmp_path / "cells", metadata={"sample": "TDR 12"}, format="png") as handler:
        core.mda.run(sequence, output=handler)
    (stack,) = handler.runs[0].stacks
    seal = planes(stack)[("c", 1), ("p", 0)]
    assert seal.metadata["sample"] == "TDR 12"
    told = seal.metadata["acquisition"]
    assert told["channel"] == {"config": "FITC", "group": "Channel"}
    assert told["exposure_ms"] == 20.0
    assert told["position_um"] == {"x": 10.0, "y": 20.0, "z": 3.0}
    assert told["position_name"] == "well"
    assert told["camera"] == "Camera"
    assert told["pixel_size_um"] == 0.25
    assert 0 < told["runner_time_ms"] < 60_000
    assert told["time"].endswith("Z")
    assert {"dev": "Camera", "prop": "Exposure", "val": "20"} in told["properties"]


def test_what_the_index_tells(tmp_path: Path) -> None:
    """The scale that napari shows, the plan, and how the acquisition stands to the whole."""
    run = acquire(
        tmp_path,
        time_plan={"interval": 0.02, "loops": 2},
        z_plan=Z,
        stage_positions=[(0, 0, 0), (1, 1, 1)],
    )
    opened = open_stack(run.stacks[1])
    assert opened.axes == ("T", "Z", "Y", "X")
    assert opened.layer == {
        "axis_labels": ["t", "z", "y", "x"],
        "scale": [0.02, 2.0, 0.25, 0.25],
        "units": ["second", "micrometer", "micrometer", "micrometer"],
    }
    told = opened.metadata["acquisition"]
    assert told["stack"] == "2 of 2"
    assert told["camera"] == "Camera"
    assert told["positions"] == {"t": [0, 1], "z": [0, 1, 2]}
    assert useq.MDASequence(**told["sequence"]).shape == (2, 2, 3)


@pytest.mark.parametrize("as_events", [list, iter], ids=["list", "iterator"])
def test_events_of_unknown_number_become_single_files(as_events: Any, tmp_path: Path) -> None:
    """What is no sequence has no shape: each frame is a sealed file, which tells its index."""
    core, events = microscope(), [useq.MDAEvent(index={"t": t}) for t in range(4)]
    with SealHandler(tmp_path / "cells", format="png") as handler:
        core.mda.run(as_events(events), output=handler)
    (run,) = handler.runs
    assert (run.frames, run.sealed, run.single, run.stacks) == (4, 4, 4, ())
    assert run.is_complete
    files = sorted((tmp_path / "cells" / "frames").iterdir())
    assert [file.name for file in files] == [f"cells_{n:06d}.sealed.png" for n in range(4)]
    for number, file in enumerate(files):
        picture, verdict = napari_seal.read(file)
        np.testing.assert_array_equal(picture, numbered(number))
        assert verdict.seal.metadata["acquisition"]["index"] == {"t": number}


def test_a_camera_of_another_size_within_a_run(tmp_path: Path) -> None:
    """Frames that do not fit their stack are kept as single files; it is not complete."""
    camera = NumberedCamera()
    core = microscope(camera)

    def narrow(event: Any) -> None:
        if event.index.get("t") == 2:
            core.setROI(0, 0, 32, 16)

    core.mda.events.eventStarted.connect(narrow)
    core.mda.engine.use_hardware_sequencing = False
    with SealHandler(tmp_path / "cells", format="png") as handler:
        core.mda.run(useq.MDASequence(time_plan={"interval": 0, "loops": 4}), output=handler)
    (run,) = handler.runs
    assert (run.frames, run.sealed, run.single) == (4, 4, 2)
    assert run.incomplete == run.stacks
    first = np.s_[:16, :32]
    for number, file in enumerate(sorted((tmp_path / "cells" / "frames").iterdir()), 2):
        picture, verdict = napari_seal.read(file)
        assert verdict.intact
        np.testing.assert_array_equal(picture, numbered(number)[first])


def test_two_cameras(tmp_path: Path) -> None:
    """Two frames of one event are two planes, told apart by the axis of the cameras.

    Pure Python has one camera a core: these are the calls that the engine makes with two.
    """
    sequence = useq.MDASequence(time_plan=TIME)
    info = {"camera_label": "Two", "dtype": "uint16", "num_camera_adapter_channels": 2}
    with SealHandler(tmp_path / "cells", format="png") as handler:
        handler.sequenceStarted(sequence, {"image_infos": (info,)})
        for number, (event, camera) in enumerate((e, c) for e in sequence for c in range(2)):
            index = {**event.index, "cam": camera}
            taken = event.model_copy(update={"index": index})
            handler.frameReady(numbered(number), taken, {"camera_device": f"Camera {camera}"})
        handler.sequenceFinished(sequence)
    (stack,) = handler.runs[0].stacks
    opened = open_stack(stack)
    assert check_stack(stack).intact
    assert opened.axes == ("T", "camera", "Y", "X")
    for number in range(6):
        np.testing.assert_array_equal(opened.plane(divmod(number, 2))[0], numbered(number))


def test_colour(tmp_path: Path) -> None:
    """A camera of three colours gives planes of three samples."""
    core = microscope(NumberedCamera("uint8", (48, 64, 3)))
    run = acquire(tmp_path, core, time_plan=TIME)
    opened = open_stack(run.stacks[0])
    assert opened.axes == ("T", "Y", "X", "S")
    np.testing.assert_array_equal(opened.plane((2,))[0], numbered(2, "uint8", (48, 64, 3)))


def test_jpeg_is_windowed_by_what_the_camera_can_give(tmp_path: Path) -> None:
    """All planes have the window of the camera's bits, so that they can be compared."""
    core = microscope()
    with SealHandler(tmp_path / "cells") as handler:
        core.mda.run(useq.MDASequence(time_plan=TIME), output=handler)
    assert open_stack(handler.runs[0].stacks[0]).window == napari_seal.Window(low=0, high=65535)
    with SealHandler(tmp_path / "cells") as handler:
        info = {"pixel_format": "Mono12"}
        handler.sequenceStarted(useq.MDASequence(time_plan=TIME), {"image_infos": (info,)})
        for n, event in enumerate(useq.MDASequence(time_plan=TIME)):
            handler.frameReady(numbered(n), event, {})
        handler.sequenceFinished(None)
    assert open_stack(handler.runs[0].stacks[0]).window == napari_seal.Window(low=0, high=4095)


def test_each_run_has_a_folder_of_its_own(tmp_path: Path) -> None:
    """Nothing is overwritten: a number is added."""
    core = microscope()
    with SealHandler(tmp_path / "cells").connect(core) as handler:
        for _ in range(2):
            core.mda.run(useq.MDASequence(time_plan=TIME))
    with SealHandler(tmp_path / "cells").connect(core) as third:
        core.mda.run(useq.MDASequence(time_plan=TIME))
    runs = [*handler.runs, *third.runs]
    names = ["cells", "cells_001", "cells_002"]
    assert [os.path.basename(run.folder) for run in runs] == names
    for name, run in zip(names, runs, strict=True):
        assert os.path.basename(run.stacks[0]) == f"{name}.sealed"
        assert check_stack(run.stacks[0]).intact


def test_a_connected_handler_stays_until_it_is_closed(tmp_path: Path) -> None:
    """It is heard even where nobody else keeps it, and no more once it is closed."""
    core = microscope()
    SealHandler(tmp_path / "cells").connect(core)
    gc.collect()
    core.mda.run(useq.MDASequence(time_plan=TIME))
    assert check_stack(tmp_path / "cells" / "cells.sealed").intact
    handler = SealHandler(tmp_path / "more").connect(core)
    with pytest.raises(OptionError, match="listens to a core already"):
        handler.connect(core)
    handler.close()
    core.mda.run(useq.MDASequence(time_plan=TIME))
    assert not (tmp_path / "more").exists()
    assert (tmp_path / "cells_001").exists()


def test_what_is_wrong_is_told_before_the_acquisition(tmp_path: Path) -> None:
    """Options are looked at when the handler is made, not when the first frame comes."""
    for options, error in (
        ({"quality": 0}, OptionError),
        ({"format": "tiff"}, OptionError),
        ({"window": "all"}, OptionError),
        ({"window": (9, 1)}, OptionError),
        ({"algorithm": "md5"}, OptionError),
        ({"metadata": {"seal": 1}}, MetadataError),
        ({"metadata": {"acquisition": 1}}, MetadataError),
        ({"exif": {"NoSuchTag": 1}}, MetadataError),
        ({"jobs": 0}, OptionError),
    ):
        with pytest.raises(error):
            SealHandler(tmp_path / "cells", **options)
    with pytest.raises(WriteError, match="does not exist"):
        SealHandler(tmp_path / "missing" / "cells")
    with pytest.raises(OptionError, match="folder of this computer"):
        SealHandler("s3://bucket/cells")
    assert list(tmp_path.iterdir()) == []
