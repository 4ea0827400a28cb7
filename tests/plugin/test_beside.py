"""Long work beside the window: it is drawn and answers meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import dask.array
import numpy as np
import pytest
from dock import SlowImage
from napari.components import ViewerModel
from qtpy.QtCore import QEvent, QPointF, Qt, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication, QWidget
from support import PATIENCE, wait_until

import napari_seal
from napari_seal._napari.beside import _TICK_MS, beside_window
from napari_seal._napari.saving.seal_widget import SealWidget
from napari_seal._napari.saving.shown_progress import Cancelled
from napari_seal.errors import ImageError


@pytest.fixture
def window(qtbot):
    """A window that would stand still."""
    made = QWidget()
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def beats():
    """When the window's thread was free: every 10 ms if it can be, by the processor's clock.

    What other programs take of the machine does not count by that.
    """
    times = []
    timer = QTimer()
    timer.setInterval(10)
    timer.timeout.connect(lambda: times.append(time.process_time()))
    timer.start()
    yield times
    timer.stop()


def test_the_window_answers_meanwhile(window, beats):
    """And the caller gets what the work returns, from another thread."""

    def work(step):
        wait_until(lambda: len(beats) >= 10, "an answer of the window")
        return threading.current_thread()

    assert beside_window(work) is not threading.current_thread()


def test_without_a_window_it_is_done_at_once(qapp):
    """As in a script: no thread, no loop of events in the middle of a call."""
    assert not any(widget.isVisible() for widget in qapp.topLevelWidgets())
    steps = []
    look = lambda *reached: steps.append(reached)  # noqa: E731 - compared below
    assert beside_window(lambda step: step, look) is look
    assert beside_window(lambda _: threading.current_thread()) is threading.current_thread()


def test_an_error_comes_back(window):
    """As if it had been raised here."""

    def work(step):
        raise ImageError("no picture")

    with pytest.raises(ImageError, match="no picture"):
        beside_window(work)


def test_looking_ends_the_work(window):
    """At its next step, with what looking raised; how far it was is known."""
    reached = []

    def look(done, total):
        reached.append((done, total))
        if done >= 3:
            raise Cancelled(f"at {done} of {total}")

    begun = []

    def work(step):
        for done in range(3000):
            begun.append(done)
            step(done, 3000)
            time.sleep(0.02)

    with pytest.raises(Cancelled, match="of 3000"):
        beside_window(work, look)
    assert len(begun) < 3000
    assert all(total in (0, 3000) for _, total in reached)


_CLOSED = """
import time
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QWidget
from napari_seal._napari.beside import _TICK_MS, beside_window

def work(step):
    for done in range(2000):
        step(done, 2000)
        time.sleep(0.01)

application = QApplication([])
window = QWidget()
window.show()
QTimer.singleShot(300, window.close)

def begin():
    try:
        beside_window(work)
    except Exception as error:
        print(type(error).__name__, error)

QTimer.singleShot(0, begin)
application.exec()
"""


def test_closing_the_window_ends_the_work():
    """Closing the last window ends the application, which does not wait for a long stack."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    run = [sys.executable, "-c", _CLOSED]
    done = subprocess.run(
        run, capture_output=True, text=True, env=environment, timeout=2 * PATIENCE, check=True
    )
    assert done.stdout == "WriteError It was not finished: napari was closed.\n", done.stderr


@pytest.fixture
def seal(qtbot, tmp_path):
    """The widget "Seal layer..." in a window, with an image and a stack."""
    viewer = ViewerModel()
    random = np.random.default_rng(1)
    viewer.add_image(random.integers(0, 60000, (60, 200, 300), np.uint16), name="stack")
    viewer.add_image(random.integers(0, 60000, (3000, 3000), np.uint16), name="large")
    made = SealWidget(viewer)
    qtbot.addWidget(made.native)
    with qtbot.waitExposed(made.native):
        made.native.show()
    made.target.value = tmp_path / "large.sealed.jpg"
    return made


class Held:
    """The planes of a layer, of which one is read only when something has happened."""

    def __init__(self, layer):
        self._planes = layer.data
        self.shape, self.dtype, self.ndim = layer.data.shape, layer.data.dtype, layer.data.ndim
        self.reads, self._last = 0, None
        self.happened = threading.Event()
        chunks = (*(1,) * (self.ndim - 2), *self.shape[-2:])
        layer.data = dask.array.from_array(self, chunks, name=False)

    def at(self, read):
        """Hold it at such a one of the next reads."""
        self.reads, self._last = 0, read

    def __getitem__(self, where):
        self.reads += 1
        if self.reads == self._last:
            assert self.happened.wait(PATIENCE)
        return self._planes[where]


def test_sealing_a_large_image_stops_nothing(seal, beats, tmp_path):
    """The button and a bar say that it is under way, and no second one is begun."""
    seen = []
    held = Held(seal.layer.value)
    held.at(1)

    def look():
        seen.append((seal.seal_button.text, seal.progress.isVisible(), seal.seal()))
        held.happened.set()

    QTimer.singleShot(60, look)
    began = time.process_time()
    assert seal.seal() is not None
    took = time.process_time() - began
    assert seen == [("Cancel", True, None)]
    assert not seal.progress.isVisible()
    assert seal.seal_button.text == "Seal"
    during = [began, *(beat for beat in beats if beat > began)]
    assert max(np.diff(during)) < max(took / 2, 0.1)
    assert napari_seal.check(tmp_path / "large.sealed.jpg").intact


def test_what_is_painted_meanwhile_is_not_in_it(seal, tmp_path):
    """Source and pixels are those of one picture."""
    layer = seal.layer.value
    QTimer.singleShot(150, lambda: layer.data.fill(0))
    seal.seal()
    assert napari_seal.check(tmp_path / "large.sealed.jpg").intact


def test_a_stack_is_cancelled_by_a_click(seal, tmp_path):
    """At the next plane, and it can be gone on with."""
    seal.layer.value = seal.layer.choices[0]
    seal.target.value = tmp_path / "s"
    clicked = []
    held = Held(seal.layer.value)
    held.at(20)

    def click():
        if seal.progress.value() < 5:
            QTimer.singleShot(20, click)
            return
        seal.seal_button.native.click()
        clicked.append((seal.progress.format(), seal.seal_button.enabled))
        # Not before the click is looked for, which comes first: timers come in their order.
        QTimer.singleShot(10 * _TICK_MS, held.happened.set)

    QTimer.singleShot(20, click)
    assert seal.seal() is None
    assert held.reads <= 21
    assert clicked == [("Cancelling…", False)]
    assert "Cancelled" in seal.problem.text()
    assert "go on" in seal.problem.text()
    assert seal.seal().complete


@pytest.fixture
def slow(seal, picture, tmp_path):
    """A layer in the same widget that is chosen, and whose data are not there yet."""
    data = SlowImage(picture)
    seal._viewer.add_image(data, name="slow", contrast_limits=[0, 65535])
    seal.reset_choices()
    seal.layer.value = seal._viewer.layers["slow"]
    seal.target.value = tmp_path / "slow.sealed.jpg"
    yield data
    data.gate.set()


def once(condition, action):
    """Do something in the window's thread as soon as a condition holds."""
    if condition():
        action()
    else:
        QTimer.singleShot(10, lambda: once(condition, action))


@pytest.mark.parametrize("old", [None, b"old"])
def test_an_image_is_cancelled_by_a_click(seal, slow, tmp_path, old):
    """Nothing is written, and an older file stays; another press seals it."""
    if old is not None:
        (tmp_path / "slow.sealed.jpg").write_bytes(old)
        seal.target.value = tmp_path / "slow.sealed.jpg"
        seal.overwrite.value = True
    shown = []

    def click():
        seal.seal_button.native.click()
        shown.append((seal.progress.format(), seal.seal_button.enabled))
        QTimer.singleShot(100, slow.gate.set)

    once(slow.wanted.is_set, click)
    assert seal.seal() is None
    assert shown == [("Cancelling…", False)]
    assert seal.problem.text() == "⚠ Cancelled: nothing was written to slow.sealed.jpg."
    assert [path.read_bytes() for path in tmp_path.iterdir()] == ([] if old is None else [old])
    assert seal.seal_button.enabled
    assert seal.seal() is not None


def test_a_double_click_does_not_cancel_what_it_began(seal, slow, tmp_path):
    """The second click comes when the button is that for cancelling."""

    def click_again():
        button, left = seal.seal_button.native, Qt.MouseButton.LeftButton
        at = QPointF(button.rect().center())
        for kind in (QEvent.Type.MouseButtonDblClick, QEvent.Type.MouseButtonRelease):
            event = QMouseEvent(kind, at, left, left, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(button, event)
        slow.gate.set()

    once(slow.wanted.is_set, click_again)
    assert seal.seal() is not None


def test_data_that_cannot_be_read_are_told_of(seal, tmp_path):
    """Whatever it is that a lazy layer raises; the widget can be used again."""

    class Gone(SlowImage):
        def __array__(self, dtype=None, copy=None):
            raise OSError("the disk is gone")

    seal._viewer.add_image(Gone(np.ones((9, 9))), name="gone", contrast_limits=[0, 1])
    seal.reset_choices()
    seal.layer.value = seal._viewer.layers["gone"]
    seal.target.value = tmp_path / "gone.sealed.jpg"
    with pytest.raises(OSError, match="the disk is gone"):
        seal.seal()
    assert seal.problem.text() == "⚠ Not sealed: the disk is gone"
    assert seal.seal_button.text == "Seal"
    assert seal.seal_button.enabled
