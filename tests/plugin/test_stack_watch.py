"""What is found out about an opened stack, and that nobody can overlook it."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Shapes

import napari_seal
from napari_seal._napari.opening.open_action import open_flagged
from napari_seal._napari.opening.stack_reader import read_stack
from napari_seal._napari.opening.stack_watch import watch_of
from napari_seal._napari.preferences import Preferences
from napari_seal._napari.saving.sealing import seal_layer_stack
from napari_seal._napari.saving.writer import write_sealed
from napari_seal.errors import ImageError, TargetExistsError


@pytest.fixture
def stack(tmp_path, picture):
    """A stack of 2 x 3 planes; returns its folder."""
    planes = [[np.roll(picture, 5 * t + 9 * z, 1) for z in range(3)] for t in range(2)]
    layer = {"name": "cells", "scale": [4, 2, 1, 1], "translate": [10, 0, 0, 0], "opacity": 0.4}
    napari_seal.seal_stack(
        np.array(planes), tmp_path / "cells", axes="TZYX", layer=layer, metadata={"plate": 3}
    )
    return tmp_path / "cells.sealed"


@pytest.fixture
def damaged(stack, edit):
    """One plane is edited, one is gone."""
    edit(stack / "cells_t0_z1.sealed.jpg")
    (stack / "cells_t1_z2.sealed.jpg").unlink()
    return stack


def opened(path, viewer, qtbot=None):
    """Open it in a viewer; with qtbot, wait until all of it was checked."""
    (layer,) = open_flagged(viewer, [str(path)])
    if qtbot is not None:
        qtbot.waitUntil(lambda: watch_of(layer).final)
    return layer


def mark_of(viewer):
    """The words on the canvas about the plane that is shown; empty where there are none."""
    texts = [o.text for key, o in viewer.canvas.overlays.items() if key.startswith("seal_")
             and o.visible]  # fmt: skip
    return "; ".join(texts)


def test_all_planes_are_checked_in_the_background(stack, qtbot, told):
    """Until then it is not called intact; then it is, in metadata, status bar and words."""
    viewer = ViewerModel()
    layer = opened(stack, viewer)
    assert layer.metadata["seal"]["verdict"] == "not-checked"
    qtbot.waitUntil(lambda: watch_of(layer).final)
    assert layer.metadata["seal"]["verdict"] == "intact"
    assert layer.metadata["seal"]["stack"]["checked"] == 6
    assert viewer.help.startswith("✓ all 6 planes verified")
    assert layer.name == "cells"
    assert layer.opacity == 0.4
    assert not layer.name_overlay.visible
    assert mark_of(viewer) == ""
    assert told[-1].startswith("✓ intact")


def test_bad_planes_are_found_without_being_looked_at(damaged, qtbot, told):
    """Name, words on the canvas, metadata, a warning."""
    viewer = ViewerModel()
    layer = opened(damaged, viewer, qtbot)
    assert layer.name == "✗ PLANES MISSING: cells"
    assert layer.name_overlay.visible
    assert layer.opacity == 1
    entry = layer.metadata["seal"]
    assert entry["verdict"] == "missing"
    assert entry["meaning"] == "2 of 6 planes are not as sealed."
    bad = [(plane["index"], plane["verdict"]) for plane in entry["stack"]["bad"]]
    assert bad == [([0, 1], "image-changed"), ([1, 2], "missing")]
    assert told[-1].startswith("✗ missing")
    assert viewer.help.startswith("✗ 2 of 6 planes not intact")


def test_the_position_of_a_bad_plane_is_marked(damaged, qtbot):
    """On the canvas while it is shown, and only then."""
    viewer = ViewerModel()
    layer = opened(damaged, viewer, qtbot)
    shown = {}
    for t in range(2):
        for z in range(3):
            viewer.dims.set_current_step((0, 1), (t, z))
            shown[t, z] = mark_of(viewer), layer.bounding_box.visible
    assert shown.pop((0, 1)) == ("⚠ IMAGE CHANGED: T 0, Z 1", True)
    assert shown.pop((1, 2)) == ("✗ MISSING: T 1, Z 2", True)
    assert set(shown.values()) == {("", False)}
    layer.visible = False
    viewer.dims.set_current_step((0, 1), (0, 1))
    assert mark_of(viewer) == ""


def test_in_three_dimensions_all_in_view_are_marked(damaged, qtbot):
    """A volume shows the planes of an axis at once."""
    viewer = ViewerModel(ndisplay=3)
    layer = opened(damaged, viewer, qtbot)
    viewer.dims.set_current_step(0, 1)
    assert mark_of(viewer) == "✗ MISSING: T 1, Z 2"
    viewer.dims.order = (1, 0, 2, 3)  # all times of one z
    viewer.dims.set_current_step(1, 1)
    assert mark_of(viewer) == "⚠ IMAGE CHANGED: T 0, Z 1"
    assert layer.bounding_box.visible


def test_a_plane_is_verified_when_it_is_shown(damaged, told):
    """Also where nothing is checked in the background, as in a script."""
    layer = read_stack(str(damaged))
    watch = watch_of(layer)
    assert watch.bad == {}
    plane = np.asarray(layer.data[1, 2])
    assert not plane.any()  # there is nothing that could be shown
    watch.take()
    assert watch.bad == {(1, 2): "missing"}
    assert layer.name == "✗ PLANES MISSING: cells"


def test_changed_regions_lie_in_their_plane(damaged, qtbot, told):
    """One box a region, at its position, with words under the mouse."""
    viewer = ViewerModel()
    layer = opened(damaged, viewer, qtbot)
    (boxes,) = [other for other in viewer.layers if isinstance(other, Shapes)]
    assert boxes.name == "⚠ changed regions: cells"
    assert {tuple(shape[0, :2]) for shape in boxes.data} == {(0, 1)}
    assert tuple(boxes.scale) == tuple(layer.scale)
    assert viewer.layers.selection.active is layer
    y0, x0, y1, x1 = boxes.metadata["seal"]["regions"][0]
    inside = (10 + 0 * 4, 1 * 2, (y0 + y1) / 2, (x0 + x1) / 2)
    told_of = boxes.get_status(inside, world=True)["value"]
    assert told_of.startswith("T 0, Z 1, region 1:")
    elsewhere = boxes.get_status((10 + 4, 2, *inside[2:]), world=True)["value"]
    assert elsewhere == ""


def test_an_unfinished_stack_says_so_at_once(stack, qtbot, told):
    """Before any plane was looked at."""
    shutil.rmtree(stack)
    planes = np.zeros((3, 40, 50), np.uint8)

    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        napari_seal.seal_stack(planes, stack, axes="ZYX", progress=stop)
    viewer = ViewerModel()
    layer = opened(stack, viewer)
    assert layer.name.startswith("✗ TRUNCATED") or "truncated" in told[0]
    qtbot.waitUntil(lambda: watch_of(layer).final)
    assert layer.metadata["seal"]["verdict"] == "truncated"
    viewer.dims.set_current_step(0, 2)
    assert "Z 2" in mark_of(viewer)


def test_it_is_saved_again_without_what_was_found_out(stack, edit, tmp_path, told):
    """The verdict on the old stack is no metadata of a new one, nor is the flag its name."""
    edit(stack / "cells_t1_z2.sealed.jpg")
    layer = read_stack(str(stack))
    data, meta, _ = layer.as_layer_data_tuple()
    (index,) = write_sealed(str(tmp_path / "copy"), data, meta)
    found = napari_seal.open_stack(index).stack
    assert found.metadata == {"plate": 3}
    assert found.layer["name"] == "cells"
    assert layer.name == "⚠ IMAGE CHANGED: cells"  # each plane was verified when it was read
    assert any("opened as image-changed" in message for message in told)


@pytest.mark.parametrize("known", [True, False])
def test_a_plane_that_is_missing_is_never_sealed_as_a_black_one(stack, tmp_path, told, known):
    """Whether it is known before or found on the way; the new stack is not called complete."""
    (stack / "cells_t1_z2.sealed.jpg").unlink()
    layer = read_stack(str(stack))
    if known:
        np.asarray(layer.data[1, 2])
    data, meta, _ = layer.as_layer_data_tuple()
    with pytest.raises(ImageError, match="T 1, Z 2"):
        write_sealed(str(tmp_path / "copy"), data, meta)
    made = tmp_path / "copy.sealed"
    assert not made.exists() or not napari_seal.open_stack(made).stack.complete
    assert made.exists() is not known


def test_a_stack_is_never_replaced_by_itself(stack, told):
    """Its planes would be gone before they are read."""
    layer = read_stack(str(stack))
    before = {path: path.read_bytes() for path in stack.iterdir()}
    data, meta, _ = layer.as_layer_data_tuple()
    target = str(stack.with_name("cells.sealed.jpg"))
    with pytest.raises(TargetExistsError, match="another name"):
        seal_layer_stack(target, data, meta, preferences=Preferences(), overwrite=True)
    assert {path: path.read_bytes() for path in stack.iterdir()} == before


def test_the_check_ends_with_the_layer(tmp_path, qtbot, told):
    """Nobody waits for an answer about what is no longer there; the canvas is left clean."""
    napari_seal.seal_stack(np.zeros((400, 60, 60), np.uint8), tmp_path / "x", axes="TYX")
    viewer = ViewerModel()
    layer = opened(tmp_path / "x.sealed", viewer)
    task = watch_of(layer).task
    viewer.layers.remove(layer)
    assert task.cancelled
    qtbot.waitUntil(lambda: task.done or task.ended)
    assert task.checked < 400
    assert not any(key.startswith("seal_") for key in viewer.canvas.overlays)


def test_the_window_marks_and_ends_it(make_napari_viewer, damaged, qtbot, told):
    """In a real window: opened as napari opens files, marked, and closed while it is checked."""
    viewer = make_napari_viewer()
    index = damaged / "cells.sealed.json"
    (layer,) = viewer.open(str(index), plugin="napari-seal")
    qtbot.waitUntil(lambda: watch_of(layer).final)
    viewer.dims.set_current_step((0, 1), (1, 2))
    assert mark_of(viewer) == "✗ MISSING: T 1, Z 2"
    watch_of(layer).check_again()
    task = watch_of(layer).task
    viewer.close()
    assert task.cancelled
    qtbot.waitUntil(lambda: task.done or task.ended)


def test_planes_that_were_put_back_are_intact_again(stack, edit, tmp_path, qtbot, told):
    """After "Check all planes again"; flag and boxes go with their reason, and pixels are new."""
    shutil.copytree(stack, tmp_path / "backup")
    edit(stack / "cells_t0_z1.sealed.jpg")
    (stack / "cells_t1_z2.sealed.jpg").unlink()
    viewer = ViewerModel()
    layer = opened(stack, viewer, qtbot)
    viewer.dims.set_current_step((0, 1), (1, 2))
    assert not np.asarray(layer.data[1, 2]).any()
    shutil.copytree(tmp_path / "backup", stack, dirs_exist_ok=True)
    watch_of(layer).check_again()
    assert layer.metadata["seal"]["verdict"] == "not-checked"
    qtbot.waitUntil(lambda: watch_of(layer).final)
    assert layer.metadata["seal"]["verdict"] == "intact"
    assert np.asarray(layer.data[1, 2]).any()
    assert layer.name == "cells"
    assert not layer.name_overlay.visible
    assert not layer.bounding_box.visible
    assert mark_of(viewer) == ""
    assert list(viewer.layers) == [layer]


def test_two_stacks_are_marked_by_themselves(damaged, tmp_path, picture, qtbot, told):
    """Each has words of its own, which go with its layer."""
    layer = {"scale": [2, 1, 1]}
    napari_seal.seal_stack(np.stack([picture] * 3), tmp_path / "other", axes="ZYX", layer=layer)
    (tmp_path / "other.sealed" / "other_z1.sealed.jpg").unlink()
    viewer = ViewerModel()
    opened(damaged, viewer, qtbot)
    other = opened(tmp_path / "other.sealed", viewer, qtbot)
    viewer.dims.set_point((0, 1), (10, 2))
    assert mark_of(viewer) == "⚠ IMAGE CHANGED: T 0, Z 1; ✗ MISSING: Z 1"
    viewer.layers.remove(other)
    assert mark_of(viewer) == "⚠ IMAGE CHANGED: T 0, Z 1"


def test_an_image_that_is_no_stack_has_no_watch(picture):
    """Nothing is done to other layers."""
    assert watch_of(Image(picture)) is None
    assert watch_of(None) is None
