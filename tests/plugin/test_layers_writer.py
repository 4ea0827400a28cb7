"""Saving several layers at once: a folder with a sealed file for each of images and labels."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

import napari_seal
from napari_seal.errors import ImageError, TargetExistsError


@pytest.fixture
def viewer(picture):
    """Two images of one name, labels, a stack and points."""
    made = ViewerModel()
    made.add_image(picture, name="a/b")
    made.add_image(picture + 1, name="A/b")
    made.add_labels((picture > 9000).astype(int), name="cells")
    made.add_image(np.stack([picture, picture]), name="z")
    made.add_points(np.zeros((2, 2)), name="spots")
    return made


def save(viewer, path):
    """As a script does."""
    return viewer.layers.save(str(path), plugin="napari-seal")


def test_each_layer_becomes_a_file(plugin, viewer, tmp_path, told):
    """Labels without loss, a stack as a folder; what is left to napari is named."""
    written = save(viewer, tmp_path / "out")
    assert [path.removeprefix(str(tmp_path)) for path in written] == [
        "/out/a_b.sealed.jpg",
        "/out/A_b 2.sealed.jpg",
        "/out/cells.sealed.png",
        "/out/z.sealed/z.sealed.json",
    ]
    assert all(napari_seal.check(path).intact for path in written[:3])
    assert napari_seal.check_stack(written[3]).intact
    assert any("not saved: points" in message for message in told)


def test_nothing_is_replaced_and_nothing_half_done(plugin, viewer, tmp_path, told):
    """One name that is taken keeps all from being written."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "cells.sealed.png").write_bytes(b"precious")
    with pytest.raises(TargetExistsError, match="cells"):
        save(viewer, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["cells.sealed.png"]


def test_where_there_is_nothing_to_seal_it_is_said(plugin, tmp_path):
    """Points are left to napari."""
    viewer = ViewerModel()
    viewer.add_points(np.zeros((2, 2)))
    viewer.add_points(np.zeros((2, 2)))
    with pytest.raises(ImageError, match="Images and labels"):
        save(viewer, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_save_all_in_the_window(make_napari_viewer, plugin, picture, tmp_path, answer_dialog, told):
    """The filter can be chosen; a typed extension is not taken for the folder's name."""
    from napari._app_model import get_app_model

    viewer = make_napari_viewer()
    viewer.add_image(picture, name="a")
    viewer.add_image(picture, name="b")
    answer_dialog(tmp_path / "out.sealed.jpg", name_filter="folder of sealed images")
    get_app_model().commands.execute_command("napari.window.file.save_layers_dialog")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a.sealed.jpg",
        "b.sealed.jpg",
    ]


def test_what_was_saved_before_an_error_is_told(plugin, picture, tmp_path, told):
    """The layers before it are there."""
    viewer = ViewerModel()
    viewer.add_image(picture, name="a")
    viewer.add_image(np.full((9, 9), np.nan), name="b", contrast_limits=[0, 1])
    with pytest.raises(ImageError, match=r"NaN.*\. 1 of 2 layers are saved\."):
        save(viewer, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.sealed.jpg"]
