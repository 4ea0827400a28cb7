"""Before and now: means of tiles, one range of grey for both."""

from __future__ import annotations

import numpy as np
import pytest

from napari_seal._napari.details.thumbnails import Thumbnails, _draw
from napari_seal._napari.opening.opened import means_of
from napari_seal._napari.opening.tile_means import tile_means


@pytest.mark.parametrize("colour", [False, True])
def test_means_of_tiles_that_reach_to_the_edge(colour):
    """By hand: 2 x 3 tiles of 4, the last row cut off, the last column larger."""
    data = np.arange(6 * 14, dtype=np.uint8).reshape(6, 14)
    expected = [
        [data[rows, columns].mean() for columns in (slice(0, 4), slice(4, 8), slice(8, 14))]
        for rows in (slice(0, 4), slice(4, 6))
    ]
    picture = np.stack([data] * 3, axis=-1) if colour else data
    np.testing.assert_allclose(tile_means(picture, 4, (2, 3)), expected, rtol=1e-6)


def test_a_picture_of_another_size_has_no_such_tiles():
    """Nothing is drawn that could be taken for a comparison."""
    assert tile_means(np.zeros((6, 14)), 4, (3, 3)) is None
    assert tile_means(np.zeros((6, 14)), 4, (2, 2)) is None


def grey(label):
    """The levels of a thumbnail."""
    image = label.pixmap().toImage()
    across, down = range(image.width()), range(image.height())
    return np.array([[image.pixelColor(x, y).red() for x in across] for y in down])


def show(widget, scores, data, regions):
    """As the details do."""
    means = None if scores is None else tile_means(data, scores.size, scores.sealed.shape)
    widget.show_picture(scores, means, data.shape[:2], regions)


def test_both_are_drawn_alike(qtbot, score_map, boxes):
    """What became brighter looks brighter; regions are framed in both."""
    widget = Thumbnails()
    qtbot.addWidget(widget)
    now = np.full((96, 130), 50, np.uint8)
    now[:, 64:] = 200
    show(widget, score_map(), now, [])
    before = grey(widget.before)
    assert before.shape == (106, 144)
    assert np.ptp(before) <= 1
    now_levels = grey(widget.now)
    # From black to white over both: also a dim picture is seen.
    assert now_levels[50, 10] < 3 < 80 < before[50, 10] < 90 < 252 < now_levels[50, 130]
    show(widget, score_map(), now, boxes)
    assert np.ptp(grey(widget.before)) > 50


def test_of_a_picture_of_another_size_only_the_sealed_one_is_shown(qtbot, score_map, boxes):
    """A flat picture, scores without a picture and no scores at all do no harm."""
    widget = Thumbnails()
    qtbot.addWidget(widget)
    show(widget, score_map(), np.zeros((40, 40), np.uint8), boxes)
    assert not widget.before.isHidden()
    assert widget.now.isHidden()
    show(widget, None, np.zeros((40, 40), np.uint8), [])
    assert widget.isHidden()


def test_means_are_found_once_for_the_same_data(opened, score_map):
    """Not each time that a layer is selected; other data have others."""
    layer = opened()
    first = means_of(layer, score_map())
    assert means_of(layer, score_map()) is first
    layer.data = np.full((96, 130), 7, np.uint8)
    np.testing.assert_allclose(means_of(layer, score_map()), np.full((6, 8), 7))


def test_they_are_sharp_on_a_screen_of_many_pixels(qtbot):
    """With as many pixels as the screen has, and as large as on any other."""
    picture = _draw(np.eye(6, 8, dtype=np.uint8), (96, 128), [], 2.0)
    assert (picture.width(), picture.devicePixelRatio()) == (2 * 144, 2)
