"""Sample data: real files with real verdicts."""

from __future__ import annotations

import napari_seal
from napari_seal._napari.opening.opened import scores_of


def test_the_samples_open_in_the_window(make_napari_viewer):
    """One intact; one altered, flagged like any other file."""
    viewer = make_napari_viewer()
    (intact,) = viewer.open_sample("napari-seal", "intact")
    viewer.open_sample("napari-seal", "altered")
    altered, scores, boxes = list(viewer.layers)[1:]
    assert intact.name == "nuclear tracks"
    assert not intact.name_overlay.visible
    assert altered.name.startswith("⚠ IMAGE CHANGED: nuclear tracks")
    assert altered.name_overlay.visible
    assert altered.bounding_box.visible
    for layer in intact, altered:
        entry = layer.metadata["seal"]
        assert napari_seal.check(entry["path"]).verdict == entry["verdict"]
        assert entry["source_dtype"] == "uint16"
    assert list(intact.scale) == list(boxes.scale) == [0.45, 0.45]
    assert not scores.visible
    # What no keyword of a layer says arrives as well.
    assert not boxes.editable
    assert "region 1" in boxes.get_status(boxes.data[0].mean(axis=0), world=False)["value"]
    assert scores_of(altered) is not None
    # The track that was put there is in a box.
    (y0, x0, y1, x1), *_ = altered.metadata["seal"]["regions"]
    assert y0 <= 400 < y1
    assert x0 <= 480 < x1


def test_a_sample_can_be_opened_twice(make_napari_viewer):
    """The flag is drawn each time, and on nothing else."""
    viewer = make_napari_viewer()
    viewer.open_sample("napari-seal", "altered")
    viewer.open_sample("napari-seal", "altered")
    plain = viewer.add_image(viewer.layers[0].data, name="plain")
    flagged = [layer for layer in viewer.layers if layer.bounding_box.visible]
    assert flagged == [viewer.layers[0], viewer.layers[3]]
    assert [layer.editable for layer in viewer.layers] == [True, True, False] * 2 + [True]
    assert plain.name == "plain"
