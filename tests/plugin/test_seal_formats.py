"""The widget "Seal layer...": formats, labels and stacks."""

from __future__ import annotations

import numpy as np
import pytest

import napari_seal


@pytest.fixture
def small(seal_viewer, seal_widget):
    """A stack of four planes is chosen."""
    seal_widget.layer.value = seal_viewer.layers["stack"]
    return seal_widget


def test_the_format_is_that_of_the_name(seal_widget, tmp_path):
    """Whichever of the two is changed, the other follows."""
    seal_widget.format.value = "PNG, lossless"
    assert seal_widget.target.value.name == "x.sealed.png"
    assert not seal_widget.quality.enabled
    seal_widget.target.value = tmp_path / "y.sealed.jpg"
    assert seal_widget.format_name == "jpeg"
    assert seal_widget.quality.enabled
    seal_widget.format.value = "PNG, lossless"
    seal_widget.target.value = tmp_path / "y"
    assert seal_widget.seal().format == "png"
    assert (tmp_path / "y.sealed.png").exists()


def test_labels_and_transparency_go_into_png(seal_viewer, seal_widget, tmp_path):
    """That is proposed; JPEG is refused before the button can be pressed."""
    seal_viewer.add_labels(np.ones((9, 9), int), name="cells")
    seal_viewer.add_image(np.zeros((9, 9, 4), np.uint8), rgb=True, name="glass")
    for name in "cells", "glass":
        seal_widget.layer.value = seal_viewer.layers[name]
        assert seal_widget.format_name == "png"
        seal_widget.format.value = "JPEG, small"
        assert ".sealed.png" in seal_widget.problem.text()
        assert not seal_widget.seal_button.enabled
        seal_widget.format.value = "PNG, lossless"
        seal_widget.target.value = tmp_path / name
        assert napari_seal.check(tmp_path / f"{name}.sealed.png").verdict == "unreadable"
        assert seal_widget.seal() is not None
    assert napari_seal.check(tmp_path / "cells.sealed.png").seal.layer["type"] == "labels"


def test_a_stack_becomes_a_folder(small, tmp_path):
    """It is said before, with what its axes are taken for, and after."""
    small.target.value = tmp_path / "s.sealed.png"
    assert f"{tmp_path / 's.sealed'} of 4 planes (Z 4)" in small.problem.text()
    small.table.set_metadata({"plate": 4})
    assert small.seal().count == 4
    assert "4 planes" in small.result.text()
    found = napari_seal.open_stack(tmp_path / "s.sealed")
    assert found.metadata == {"plate": 4}
    assert napari_seal.check_stack(tmp_path / "s.sealed").intact


def test_a_stack_that_is_there_needs_the_box(small, tmp_path):
    """As a file does; its folder may be named as well."""
    small.target.value = tmp_path / "s"
    small.seal()
    first = napari_seal.open_stack(tmp_path / "s.sealed").stack
    small.target.value = tmp_path / "s.sealed"
    assert "s.sealed exists" in small.problem.text()
    small.overwrite.value = True
    assert small.seal().id != first.id
    assert napari_seal.check_stack(tmp_path / "s.sealed").intact


def test_a_stack_can_be_cancelled_and_gone_on_with(small, tmp_path):
    """The button says so; what was written is kept, and the folder says that it is not finished."""
    small.target.value = tmp_path / "s"
    texts = []

    def press(text):
        texts.append(small.seal_button.text)
        if "6 of" in text:
            small.seal_button.native.click()

    wait = small._progress

    def progress(done, total):
        press(f"{done} of")
        wait(done, total)

    small._progress = progress
    assert small.seal() is None
    assert set(texts) == {"Cancel"}
    assert "Cancelled: 6 of" in small.problem.text()
    assert small.seal_button.text == "Seal"
    assert napari_seal.check_stack(tmp_path / "s.sealed").verdict == "truncated"
    small._progress = wait
    small.target.value = tmp_path / "s.sealed.jpg"
    assert "begun before" in small.problem.text()
    assert small.seal().complete


def test_windows_are_in_the_fold(small, seal_viewer, tmp_path):
    """An image has the choice of an image, a stack that of a stack; both hold."""
    small.advanced.setChecked(True)
    assert small.stack_window.native.isVisibleTo(small.native)
    assert not small.window.native.isVisibleTo(small.native)
    assert not small.moedal.native.isVisibleTo(small.native)
    small.stack_window.value = "range of each plane"
    small.target.value = tmp_path / "s"
    assert small.seal().plane_windows
    small.layer.value = seal_viewer.layers["a/b: c"]
    assert small.window.native.isVisibleTo(small.native)
    small.window.value = "range of its type"
    small.target.value = tmp_path / "t"
    assert small.seal().window.high == 65535


def test_a_stack_that_was_opened_is_sealed_beside_it(seal_viewer, seal_widget, tmp_path):
    """Not among its planes."""
    from napari.layers._source import Source

    layer = seal_viewer.add_image(np.zeros((3, 9, 9)), name="again")
    layer._source = Source(path=str(tmp_path / "s.sealed" / "s.sealed.json"))
    seal_widget.layer.value = layer
    assert seal_widget.target.value == tmp_path / "again.sealed.jpg"
