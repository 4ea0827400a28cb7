"""Opening files beside the window: it draws itself, says so, and can be told to stop."""

from __future__ import annotations

import threading
import time

import pytest
from napari.utils.progress import progress
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QWidget

from napari_seal._napari.opening.open_action import open_flagged
from napari_seal._napari.opening.reading import Cancelled, one_by_one, read_beside
from napari_seal.errors import ReadError

PATIENCE = 60


@pytest.fixture
def window(qtbot):
    """A window that would stand still."""
    made = QWidget()
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_what_takes_long_is_said_and_the_window_lives(window):
    """With napari's progress and a pointer, both of which go away with it."""
    seen = threading.Event()
    words = []

    def look():
        words.extend(bar.desc for bar in progress._all_instances)
        if words:
            words.append(QApplication.overrideCursor() is not None)
            seen.set()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(10)

    def work():
        return seen.wait(PATIENCE), threading.current_thread()

    was_seen, thread = read_beside(work, "<b>a</b>.jpg")
    timer.stop()
    assert was_seen
    assert thread is not threading.current_thread()
    assert "Opening" in words[0]
    assert "<b>" not in words[0]
    assert words[-1] is True
    assert not progress._all_instances
    assert QApplication.overrideCursor() is None


def test_one_file_is_cancelled_while_it_is_read(window):
    """By the button: the window does not wait until it is read, and no sign is left."""
    gate, ended = threading.Event(), threading.Event()
    timer = QTimer()
    timer.timeout.connect(lambda: [bar.cancel() for bar in [*progress._all_instances]])
    timer.start(10)

    def work():
        gate.wait(PATIENCE)
        ended.set()

    with pytest.raises(Cancelled, match="was not opened"):
        read_beside(work, "<b>a</b>.jpg")
    timer.stop()
    assert not ended.is_set()
    assert not progress._all_instances
    assert QApplication.overrideCursor() is None
    gate.set()
    assert ended.wait(PATIENCE)


def test_an_error_leaves_no_sign_behind(window):
    """It comes back as it is."""

    def work():
        time.sleep(0.6)
        raise ReadError("no picture")

    with pytest.raises(ReadError, match="no picture"):
        read_beside(work, "a.jpg")
    assert not progress._all_instances
    assert QApplication.overrideCursor() is None


def test_nothing_is_opened_in_a_window_that_was_closed_meanwhile(window):
    """A layer would be added to a viewer that is gone."""
    closed = threading.Event()

    def close():
        window.close()
        closed.set()

    QTimer.singleShot(0, close)
    with pytest.raises(ReadError, match="napari was closed"):
        read_beside(lambda: closed.wait(PATIENCE), "a.jpg")


def test_several_files_are_cancelled_between_two(window, told):
    """By the button in napari's activity; how many were opened is said."""
    came = []
    for path in one_by_one(list("abcde"), window):
        came.append(path)
        if path == "b":
            (bar,) = progress._all_instances
            QTimer.singleShot(0, bar.cancel)
    assert came == ["a", "b"]
    assert told == ["Cancelled: 2 opened, 3 not. To go on, open those as well."]
    assert not progress._all_instances


def test_a_window_that_is_closed_opens_no_more(window):
    """Each would be added to a viewer that is not there."""
    came = []
    for path in one_by_one(list("abcde"), window):
        came.append(path)
        QTimer.singleShot(0, window.close)
    assert came == ["a"]


def test_files_open_in_a_real_window(make_napari_viewer, sealed, edit):
    """In a thread, in their order, with what belongs to them."""
    viewer = make_napari_viewer(show=True)
    paths = [str(sealed("a.sealed.jpg")), str(edit(sealed("b.sealed.jpg"))), "nowhere.jpg"]
    opened = open_flagged(viewer, paths)
    assert [layer.name for layer in opened] == ["a", "⚠ IMAGE CHANGED: b"]
    assert [layer.name for layer in viewer.layers] == [
        "a",
        "⚠ IMAGE CHANGED: b",
        "change strength: b",
        "⚠ changed regions: b",
    ]
