"""The docks in a window: they fit a small screen, follow the theme, and leave values alone."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.theme import get_theme
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QDockWidget, QLabel, QMainWindow, QScrollArea

from napari_seal._napari.details.details_widget import SealDetails
from napari_seal._napari.saving.seal_widget import SealWidget
from napari_seal._napari.theme import ThemeWatch, is_dark
from napari_seal._napari.verifying.verify_widget import VerifyWidget
from napari_seal._verify.looks import COLOURS, Tone
from napari_seal._verify.verdict import Outcome

KINDS = {"verify": VerifyWidget, "details": SealDetails, "seal": SealWidget}
# 1366 x 768 at 200 %, less the title of the window.
SMALL = (683, 360)
# napari's own dock at the left, with the controls of a shapes layer.
LEFT = 320
_FOREGROUND = Qt.ItemDataRole.ForegroundRole


@pytest.fixture
def window(qtbot, forgotten, picture):
    """A window with each of the docks below each other, as napari adds them."""
    viewer = ViewerModel()
    viewer.add_image(picture, name="a")
    made = QMainWindow()
    qtbot.addWidget(made)
    made.setCentralWidget(QLabel())
    made.parts = {name: kind(viewer) for name, kind in KINDS.items()}
    for part in made.parts.values():
        dock = QDockWidget()
        dock.setWidget(part.native)
        made.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    return made


def test_three_docks_fit_a_small_screen(window):
    """Their least heights do not add up to more than it has: the window would outgrow it."""
    least = window.minimumSizeHint()
    assert least.width() <= SMALL[0] - LEFT
    assert least.height() <= 768 - 80
    # One alone fits at 200 %.
    for part in window.parts.values():
        assert part.native.minimumSizeHint().height() <= SMALL[1] / 2


def test_a_dock_below_another_has_its_share(make_napari_viewer, qtbot, forgotten):
    """Not the least height, as Qt leaves it, and no width that is too small by napari's frame."""
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1366, 740)
    for kind in (SealDetails, VerifyWidget):
        part = kind(viewer)
        viewer.window.add_dock_widget(part, area="right")
        qtbot.waitExposed(part.native)
        qtbot.wait(200)  # as a person does, who opens one after the other
    area = part.native.findChild(QScrollArea)
    qtbot.waitUntil(lambda: area.height() > 240, timeout=60_000)
    qtbot.waitUntil(lambda: area.horizontalScrollBar().maximum() == 0, timeout=60_000)


@pytest.mark.parametrize("name", KINDS)
def test_what_does_not_fit_can_be_reached(window, qtbot, name):
    """The last part of each dock comes into view by scrolling; nothing is cut off for good."""
    window.resize(*SMALL)
    with qtbot.waitExposed(window):
        window.show()
    area = window.parts[name].native.findChild(QScrollArea)
    page = area.widget()
    assert page.width() >= page.minimumSizeHint().width()
    assert page.height() >= page.minimumSizeHint().height()
    room = area.viewport().height()
    assert area.verticalScrollBar().maximum() >= page.height() - room > 0


def test_a_message_comes_into_view(window, qtbot):
    """What is wrong stands below the button; on a small screen it is scrolled to."""
    window.resize(*SMALL)
    with qtbot.waitExposed(window):
        window.show()
    verify = window.parts["verify"]
    verify.run()
    assert "Choose first" in verify.message.text()
    qtbot.waitUntil(lambda: not verify.message.visibleRegion().isEmpty())


def luminance(colour):
    """Relative luminance (WCAG 2.2)."""
    parts = [value / 255 for value in colour]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return np.dot(linear, (0.2126, 0.7152, 0.0722))


def contrast(one, other):
    """Contrast ratio (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def rgb(text):
    """The numbers of ``#rrggbb``."""
    return tuple(int(text[at : at + 2], 16) for at in (1, 3, 5))


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("ground", ["background", "foreground"])
@pytest.mark.parametrize("tone", Tone)
def test_words_are_legible_in_both_themes(theme, ground, tone):
    """At least 4.5 to 1 (WCAG 2.2, 1.4.3, AA), on the ground of docks and on that of tables."""
    behind = getattr(get_theme(theme), ground).as_rgb_tuple()[:3]
    assert contrast(rgb(COLOURS[tone].on(dark=theme == "dark")), behind) >= 4.5


def dress(widget, theme):
    """Give a widget the colours of one of napari's themes, in the way napari does."""
    chosen = get_theme(theme)
    widget.setStyleSheet(
        f"QWidget {{ background-color: {chosen.background.as_hex()}; "
        f"color: {chosen.text.as_hex()}; }}"
    )


def test_a_change_of_the_theme_is_followed(qtbot, widget, sealed):
    """Words that are there already get the colour of the new ground."""
    widget.native.show()
    widget.set_paths([str(sealed())])
    widget.run()
    qtbot.waitUntil(lambda: not widget.running)
    cell = widget.table.results.index(0, 0)
    for theme in ("dark", "light", "dark"):
        dress(widget.native, theme)
        colour = COLOURS[Tone.GOOD].on(dark=theme == "dark")
        for told in (widget.summary.text, lambda: cell.data(_FOREGROUND).name()):
            qtbot.waitUntil(lambda colour=colour, told=told: colour in told())


def test_the_title_of_details_follows_as_well(qtbot, opened):
    """Also where the theme changes while a file is shown."""
    viewer = ViewerModel()
    viewer.add_layer(opened())
    details = SealDetails(viewer)
    qtbot.addWidget(details.native)
    details.native.show()
    for theme in ("dark", "light"):
        dress(details.native, theme)
        colour = COLOURS[Tone.BAD].on(dark=theme == "dark")
        qtbot.waitUntil(lambda colour=colour: colour in details.verdict.styleSheet())


def test_a_watch_tells_each_change_once(qtbot):
    """Not every event that may have been one."""
    label = QLabel()
    qtbot.addWidget(label)
    dress(label, "light")
    label.show()
    watch = ThemeWatch(label)
    told = []
    watch.changed.connect(told.append)
    for theme in ("light", "dark", "dark", "light"):
        dress(label, theme)
        qtbot.wait(20)
    assert told == [True, False]
    assert not is_dark(label)


def wheel(field):
    """Turn the wheel over a field by one notch."""
    middle = QPointF(field.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(field.mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(field, event)


def test_scrolling_changes_no_value(window, qtbot):
    """The quality would be another one without a word, when it came under the mouse."""
    with qtbot.waitExposed(window):
        window.show()
    seal = window.parts["seal"]
    before = seal.quality.value, seal.format.value
    for field in (seal.quality.native, seal.format.native):
        wheel(field)
    assert (seal.quality.value, seal.format.value) == before


def test_each_verdict_has_a_sign_beside_its_colour(widget):
    """So that no one needs to tell colours apart: the signs differ between the tones."""
    from napari_seal._napari.flag import FLAGS

    signs = {tone: {f.symbol for f in FLAGS.values() if f.tone is tone} for tone in Tone}
    assert not signs[Tone.GOOD] & (signs[Tone.MILD] | signs[Tone.BAD])
    assert not signs[Tone.MILD] & signs[Tone.BAD]
    assert FLAGS[Outcome.INTACT].symbol == "✓"
