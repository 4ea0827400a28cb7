"""Where and how strongly: boxes and score map lie on the picture, say what they are, stay put."""

from __future__ import annotations

import json

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Shapes
from napari.utils.colormaps.standardize_color import transform_color

from napari_seal._napari.layers.user_metadata import metadata_to_json
from napari_seal._napari.opening.number_colour import ON_DARK, ON_LIGHT
from napari_seal._napari.opening.opened import overlay_of, picture_of, scores_of
from napari_seal._napari.opening.overlays import (
    REGIONS,
    SCORES,
    make_overlays,
    region_layer,
    region_text,
    score_layer,
    strengths,
)
from napari_seal._napari.opening.reader import read_file

TRANSFORM = {
    "scale": (0.5, 0.25),
    "translate": (10, -3),
    "rotate": 20,
    "shear": [0.1],
    "affine": [[1, 0.2, 3], [0, 2, 4], [0, 0, 1]],
    "units": ("um", "um"),
    "axis_labels": ("row", "column"),
}


def test_each_region_says_how_strongly_it_changed(score_map, boxes):
    """The strongest tile of each, also at the edge where the last tile is larger."""
    assert strengths(score_map(), boxes) == [4.12, 1.5]
    assert strengths(score_map(), [[0, 129, 16, 130], [95, 129, 96, 130]]) == [1.5, 0]
    assert strengths(None, boxes) == []


def test_scores_that_are_no_numbers_are_taken_for_the_largest_or_for_none(score_map, boxes):
    """What is written into the metadata must be JSON."""
    scores = score_map()
    scores.scores[0, 0], scores.scores[0, 7] = np.nan, np.inf
    found = strengths(scores, [[0, 0, 16, 16], boxes[1]])
    assert json.dumps(found, allow_nan=False) == "[0.0, 999.0]"


def test_a_region_in_words(boxes):
    """Width times height, as everybody writes it; no number where there is none."""
    assert region_text(3, boxes[0], None) == "region 3: 32 x 48 px"
    assert region_text(3, boxes[0], 0.2) == "region 3: 32 x 48 px"
    assert region_text(1, boxes[0], 999).endswith("strongest more than 100 times the threshold")


def test_a_box_is_drawn_around_each_region(opened, boxes):
    """A box a region, numbered and described, with a casing that keeps it visible."""
    layer = region_layer(opened())
    assert layer.name == "⚠ changed regions: a"
    assert list(layer.features["region"]) == [0, 0, 1, 2]
    # The casing, which comes first, ends at the region's border: nothing in the region is covered.
    for (y0, x0, y1, x1), corners, width in zip(boxes, layer.data, layer.edge_width, strict=False):
        np.testing.assert_allclose(corners.min(axis=0) + width / 2, [y0 - 0.5, x0 - 0.5])
        np.testing.assert_allclose(corners.max(axis=0) - width / 2, [y1 - 0.5, x1 - 0.5])
    np.testing.assert_allclose(layer.data[2:], layer.data[:2])
    assert layer.edge_width[0] == 2 * layer.edge_width[2]
    assert list(layer.text.values) == ["", "", "1", "2"]
    assert layer.features["what"][2] == region_text(1, boxes[0], 4.12)
    assert not layer.face_color[:, 3].any()
    assert layer.opacity == 1


@pytest.mark.parametrize(("limits", "colour"), [([0, 255], ON_DARK), ([0, 41], ON_LIGHT)])
def test_numbers_are_legible_on_the_picture_as_it_is_shown(opened, limits, colour):
    """Dark on light and light on dark; also where only the contrast makes it so."""
    image = opened(contrast_limits=limits)
    image.data[:] = 40
    image.data[:, :20] = 255 - 40  # not where a number stands
    layer = region_layer(image)
    drawn = layer.text.color(layer.features)
    np.testing.assert_allclose(drawn[2:], [transform_color(colour)[0]] * 2, atol=1e-6)


def test_boxes_lie_on_the_picture_wherever_it_lies(opened):
    """Every part of the picture's transform is theirs, too."""
    image = opened(**TRANSFORM)
    layer = region_layer(image)
    for point in [0, 0], [96, 130], [16, 31]:
        np.testing.assert_allclose(layer.data_to_world(point), image.data_to_world(point))
    assert (layer.units, layer.axis_labels) == (image.units, image.axis_labels)


@pytest.mark.parametrize("options", [{}, TRANSFORM])
@pytest.mark.parametrize("size", [1, 15, 16])
def test_a_tile_of_the_map_lies_on_its_pixels(options, size, opened, score_map):
    """The corners of a tile are the outer corners of its first and last pixel, in the world."""
    image = opened(**options)
    layer = score_layer(image, score_map(size=size))
    for row, column in [0, 0], [1, 3], [5, 7]:
        for edge, pixel in (-0.5, 0), (0.5, size):
            tile = np.array([row, column]) + edge
            in_picture = np.array([row, column]) * size + pixel - 0.5
            np.testing.assert_allclose(
                layer.data_to_world(tile), image.data_to_world(in_picture), atol=1e-9
            )
    assert (layer.units, layer.axis_labels) == (image.units, image.axis_labels)


def test_the_map_waits_hidden_and_shows_the_threshold(opened, score_map):
    """Its colours have a step where a tile begins to count as changed; below it is faint."""
    layer = score_layer(opened(), score_map())
    assert not layer.visible
    assert layer.data.max() == np.float32(4.12)
    low, high = layer.contrast_limits
    below, above, nothing = layer.colormap.map((np.array([0.99, 1.01, 0]) - low) / (high - low))
    assert np.abs(below[:3] - above[:3]).max() > 0.3
    assert below[3] < above[3] == 1
    assert nothing[3] == 0


def test_boxes_cannot_be_moved_by_accident(opened):
    """Neither at first nor after a look at the picture in 3-D."""
    viewer = ViewerModel()
    viewer.add_layer(opened())
    layer = viewer.add_layer(region_layer(viewer.layers[0]))
    assert not layer.editable
    viewer.dims.ndisplay = 3
    viewer.dims.ndisplay = 2
    assert not layer.editable
    layer.mode = "select"
    assert layer.mode == "pan_zoom"


def test_a_box_under_the_mouse_says_what_it_is(opened, boxes):
    """In the status bar; beside the boxes nothing is said."""
    viewer = ViewerModel()
    image = viewer.add_layer(opened(**TRANSFORM))
    layer = viewer.add_layer(region_layer(image))
    viewer.mouse_over_canvas = True
    assert viewer.layers.selection.active is layer
    viewer.cursor.position = tuple(image.data_to_world([20, 40]))
    assert region_text(1, boxes[0], 4.12) in viewer.status["coordinates"]
    viewer.cursor.position = tuple(image.data_to_world([0, 129]))
    assert region_text(2, boxes[1], 1.5) in viewer.status["coordinates"]
    for beside in [64, 40], [15, 40], [20, 31], [20, 64]:
        viewer.cursor.position = tuple(image.data_to_world(beside))
        assert viewer.status["coordinates"].endswith("]")
    assert layer.get_status()["value"] == ""


def test_where_nothing_is_localised_there_is_no_empty_layer(opened, score_map):
    """No box, and no map without scores."""
    assert make_overlays(opened(regions=[]), None) == []
    (only,) = make_overlays(opened(regions=[]), score_map())
    assert type(only) is Image
    assert [type(layer) for layer in make_overlays(opened(), score_map())] == [Image, Shapes]


def test_overlays_find_their_picture_again(opened):
    """Of two copies of a file each has its own; one whose picture is gone has none."""
    viewer = ViewerModel()
    for _ in range(2):
        image = viewer.add_layer(opened())
        for layer in make_overlays(image, scores_of(image)):
            viewer.add_layer(layer)
    plain = viewer.add_image(np.zeros((4, 4)), metadata={"seal": {"part": "of the user's own"}})
    layers = list(viewer.layers)
    owners = [picture_of(viewer.layers, layer) for layer in layers]
    assert owners == [layers[0]] * 3 + [layers[3]] * 3 + [plain]
    assert overlay_of(viewer.layers, layers[3], REGIONS) is layers[5]
    assert overlay_of(viewer.layers, layers[0], SCORES) is layers[1]
    assert picture_of(viewer.layers, None) is None
    del viewer.layers[3], viewer.layers[0]
    assert picture_of(viewer.layers, layers[5]) is None


def test_a_duplicate_knows_its_score_map(opened):
    """napari copies the metadata and says which layer it copied."""
    viewer = ViewerModel()
    image = viewer.add_layer(opened())
    viewer.layers.selection = {image}
    from napari.layers._layer_actions import _duplicate_layer

    _duplicate_layer(viewer.layers)
    assert scores_of(viewer.layers[1]) is scores_of(image) is not None


def test_what_describes_the_old_file_is_not_sealed_again(opened, score_map):
    """Neither the verdict with its regions nor what an overlay says of itself."""
    image = opened()
    image.metadata["plate"] = 3
    assert metadata_to_json(image.metadata) == ({"plate": 3}, [])
    for layer in make_overlays(image, score_map()):
        assert metadata_to_json(layer.metadata) == ({}, [])


def test_an_edited_file_opens_with_boxes_around_the_edit(sealed, edit):
    """From file to layers: the boxes contain what was painted, and little else."""
    image, *overlays = read_file(str(edit(sealed("b.sealed.jpg"))))
    assert [type(layer) for layer in overlays] == [Image, Shapes]
    regions = np.array(image.metadata["seal"]["regions"])
    assert len(regions) == len(image.metadata["seal"]["strengths"]) >= 1
    assert (regions[:, :2].min(axis=0) <= 20).all()
    assert (regions[:, 2:].max(axis=0) >= 50).all()
    assert (regions[:, :2].min(axis=0) >= 0).all()
    assert (regions[:, 2:].max(axis=0) <= 66).all()
    json.dumps(image.metadata["seal"], allow_nan=False)


def test_an_intact_file_opens_as_nothing_but_a_picture(sealed):
    """And its scores are not kept."""
    (image,) = read_file(str(sealed("b.sealed.jpg")))
    assert scores_of(image) is None
    assert image.metadata["seal"]["regions"] == []
