"""Sample data: real files with real verdicts."""

from __future__ import annotations

import napari_seal


def test_the_samples_open_in_the_window(make_napari_viewer):
    """One intact; one altered, flagged like any other file."""
    viewer = make_napari_viewer()
    (intact,) = viewer.open_sample("napari-seal", "intact")
    (altered,) = viewer.open_sample("napari-seal", "altered")
    assert intact.name == "nuclear tracks"
    assert not intact.name_overlay.visible
    assert altered.name.startswith("⚠ IMAGE CHANGED: nuclear tracks")
    assert altered.name_overlay.visible
    assert altered.bounding_box.visible
    for layer in intact, altered:
        entry = layer.metadata["seal"]
        assert napari_seal.check(entry["path"]).verdict == entry["verdict"]
        assert entry["source_dtype"] == "uint16"
    assert list(intact.scale) == [0.45, 0.45]


def test_a_sample_can_be_opened_twice(make_napari_viewer):
    """The flag is drawn each time, and on nothing else."""
    viewer = make_napari_viewer()
    viewer.open_sample("napari-seal", "altered")
    viewer.open_sample("napari-seal", "altered")
    plain = viewer.add_image(viewer.layers[0].data, name="plain")
    assert [layer.bounding_box.visible for layer in viewer.layers] == [True, True, False]
    assert plain.name == "plain"
