"""The table of results and the lines below it: what fits, and what a selection tells."""

from __future__ import annotations

import dataclasses

import pytest
from dock import add_results
from qtpy.QtCore import QRect, Qt
from qtpy.QtWidgets import QStyleOptionViewItem, QVBoxLayout, QWidget

from napari_seal._napari.table_parts import hint_that_fits
from napari_seal._napari.verifying.verdict_details import VerdictDetails
from napari_seal._napari.verifying.verdict_order import FILE, SIGNATURE, VERDICT
from napari_seal._napari.verifying.verdict_rows import VerdictRows
from napari_seal._napari.verifying.verdict_table import EMPTY, MOST_OPENED, VerdictTable
from napari_seal._trust.states import Signature
from napari_seal._verify.reasons import Reason, ReasonCode
from napari_seal._verify.verdict import Outcome, Verdict

CHANGED = Verdict(
    path="/x/sub/changed.jpg",
    verdict=Outcome.IMAGE_CHANGED,
    reasons=(
        Reason(
            code=ReasonCode.SIZE_CHANGED,
            message="Another size.",
            expected="4 x 6 pixels",
            found="2 x 3 pixels",
        ),
        Reason(
            code=ReasonCode.PIXELS_MISMATCH,
            message="Other pixels.",
            expected="sha256:" + "a" * 64,
            found="sha256:" + "b" * 64,
        ),
    ),
)


@pytest.fixture
def panel(qtbot):
    """Table above details, as in the dock widget."""
    widget = QWidget()
    layout = QVBoxLayout(widget)
    widget.table = VerdictTable()
    widget.details = VerdictDetails(widget.table)
    layout.addWidget(widget.table)
    layout.addWidget(widget.details)
    qtbot.addWidget(widget)
    return widget


def test_the_selected_row_is_told_in_full(panel):
    """Path, verdict, each reason with its values; digests are left to the export."""
    add_results(panel.table.results, [CHANGED], "/x")
    assert panel.details.toPlainText() == ""
    panel.table.selectRow(0)
    assert panel.details.toPlainText().splitlines() == [
        "/x/sub/changed.jpg",
        "⚠ image-changed: The picture is not the one that was sealed.",
        "• Another size. (expected 4 x 6 pixels, found 2 x 3 pixels)",
        "• Other pixels.",
    ]
    assert panel.details.isReadOnly()


def test_the_details_go_with_the_selection(panel):
    """They follow a sort, survive "select all", and leave with the filter or a new run."""
    results = panel.table.results
    add_results(results, [Verdict(path="/x/a.jpg", verdict=Outcome.INTACT), CHANGED], "/x")
    panel.table.selectRow(0)
    before = panel.details.toPlainText()
    assert "/x/a.jpg" in before
    panel.table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.DescendingOrder)
    assert panel.table.selected_paths() == ["/x/a.jpg"]
    assert panel.details.toPlainText() == before
    panel.table.selectAll()
    assert panel.details.toPlainText()
    results.set_filter("image-changed", "")
    assert panel.details.toPlainText() == ""
    panel.table.selectAll()
    assert "/x/sub/changed.jpg" in panel.details.toPlainText()
    results.show_rows(VerdictRows())
    assert panel.details.toPlainText() == ""


def test_return_opens_the_selected_rows(panel, qtbot):
    """Without a mouse; of many no more are named than are needed to say that they are too many."""
    add_results(panel.table.results, [CHANGED] * 100, "/x")
    panel.table.selectRow(3)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.table.setFocus()
    with qtbot.waitSignal(panel.table.opened) as told:
        qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert told.args == [[CHANGED.path]]
    panel.table.selectAll()
    with qtbot.waitSignal(panel.table.opened) as told:
        qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert len(told.args[0]) == MOST_OPENED + 1


def test_the_details_are_no_markup(panel):
    """A name from an archive is shown letter by letter, with what is hidden in it."""
    path = "/x/<b>c\u202egpj.jpg"
    add_results(panel.table.results, [Verdict(path=path, verdict=Outcome.INTACT)])
    panel.table.selectRow(0)
    assert "/x/<b>c\\u202egpj.jpg" in panel.details.toPlainText()


@pytest.mark.parametrize("width", [400, 900])
def test_nothing_has_to_be_scrolled_sideways(panel, qtbot, width):
    """The reasons have a column where there is room for them."""
    add_results(panel.table.results, [CHANGED] * 100, "/x")
    panel.resize(400, 700)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.resize(width, 700)
    qtbot.waitUntil(lambda: panel.table.isColumnHidden(2) == (width == 400))
    assert not panel.table.horizontalScrollBar().isVisible()
    assert panel.table.columnWidth(1) > 180
    assert width == 400 or panel.table.columnWidth(2) > 300


@pytest.mark.parametrize("points", [9, 15, 20])
@pytest.mark.parametrize("width", [300, 400, 900])
def test_columns_follow_the_font(panel, qtbot, points, width):
    """With a larger one nothing is scrolled sideways, and words are whole where there is room."""
    signed = [dataclasses.replace(CHANGED, signature=state, signer="R") for state in Signature]
    add_results(panel.table.results, signed, "/x")
    panel.table.show_signatures(True)
    panel.resize(width, 700)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.setStyleSheet(f"QTableView {{ font-size: {points}pt; }}")
    table = panel.table
    line = lambda: table.fontMetrics().height()  # noqa: E731
    qtbot.waitUntil(lambda: table.verticalHeader().defaultSectionSize() == line() + 8)
    assert table.horizontalScrollBar().maximum() == 0
    digits = 14 * table.fontMetrics().horizontalAdvance("0")
    assert table.columnWidth(FILE) >= min(digits, table.viewport().width() // 2)
    if width == 900:
        for column in (VERDICT, SIGNATURE):
            texts = [table.results.index(row, column).data() for row in range(len(signed))]
            assert table.columnWidth(column) >= table.width_of(texts)


@pytest.mark.parametrize(
    ("path", "start", "end"),
    [
        ("a/b.jpg", "a/b.jpg", "a/b.jpg"),
        (f"{'folder/' * 20}b.jpg", "…", "folder/b.jpg"),
        (f"{'folder/' * 20}field_0017_{'x' * 99}.sealed.jpg", "field_0017", ".sealed.jpg"),
        (f"{'y' * 99}/plate_3.jpg", "…", "/plate_3.jpg"),
    ],
)
def test_a_cut_path_keeps_what_tells_files_apart(panel, path, start, end):
    """Folders go first, then the middle of the name."""
    add_results(panel.table.results, [Verdict(path=f"/x/{path}", verdict=Outcome.INTACT)], "/x")
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, 180, 20)
    index = panel.table.results.index(0, 1)
    panel.table.itemDelegateForColumn(1).initStyleOption(option, index)
    shown = option.fontMetrics.elidedText(option.text, option.textElideMode, 172)
    assert shown.startswith(start)
    assert shown.endswith(end)


def test_the_header_does_not_look_at_selected_rows(panel):
    """With 100,000 of them it would take more than a second whenever the mouse passes over it."""
    add_results(panel.table.results, [CHANGED] * 10)
    panel.table.selectAll()
    assert not panel.table.horizontalHeader().selectionModel().hasSelection()
    assert panel.table.selected_paths() == [CHANGED.path] * 10


def test_an_empty_table_says_why(panel):
    """Nothing was checked yet, nothing has come yet, or nothing passes the filter."""
    assert "Choose a folder" in panel.table.hint
    panel.table.running = True
    assert panel.table.hint == ""
    panel.table.results.set_filter("intact", "")
    add_results(panel.table.results, [CHANGED])
    assert panel.table.hint.startswith("No result passes the filter.")
    panel.table.results.set_filter("", "")
    assert panel.table.hint == ""


def test_in_a_low_table_the_first_paragraph_is_whole(panel, qtbot):
    """Not the middle of the text, of which beginning and end are cut off."""
    with qtbot.waitExposed(panel):
        panel.show()
    shown = {}
    for height in (900, 230):
        panel.resize(300, height)
        shown[height] = hint_that_fits(panel.table, panel.table.hint)
    assert shown[900] == EMPTY
    assert shown[230] == EMPTY.partition("\n\n")[0]


def test_our_ending_is_cut_before_the_name(qtbot):
    """In a narrow column all files have it; what is before it tells them apart."""
    table = VerdictTable()
    qtbot.addWidget(table)
    verdict = Verdict(path="/x/field_0017.sealed.jpg", verdict=Outcome.INTACT)
    add_results(table.results, [verdict], "/x")
    index, option = table.results.index(0, 1), QStyleOptionViewItem()
    option.rect = QRect(0, 0, option.fontMetrics.horizontalAdvance("field_0017…") + 12, 20)
    table.itemDelegateForColumn(1).initStyleOption(option, index)
    assert option.text == "field_0017…"
