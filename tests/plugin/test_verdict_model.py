"""The table's model: 100,000 rows, filtered, sorted and appended in batches."""

from __future__ import annotations

import os

import pytest
from qtpy.QtCore import QPersistentModelIndex, Qt

from napari_seal._napari.flag import FLAGS
from napari_seal._napari.verdict_model import NOT_INTACT, VerdictModel
from napari_seal._verify.verdict import Outcome, Reason, ReasonCode, Verdict

ROWS = 100_000


def verdict(n):
    """Every tenth file was changed, every hundredth has no seal."""
    outcome, reasons = Outcome.INTACT, ()
    if n % 100 == 0:
        outcome = Outcome.NO_SEAL
    elif n % 10 == 0:
        outcome = Outcome.IMAGE_CHANGED
        reasons = (Reason(code=ReasonCode.PIXELS_MISMATCH, message="Other pixels."),)
    return Verdict(path=f"/archive/{n % 7}/Field_{n:06d}.jpg", verdict=outcome, reasons=reasons)


@pytest.fixture(scope="module")
def many():
    """The verdicts of an archive."""
    return [verdict(n) for n in range(ROWS)]


@pytest.fixture
def full(qapp, many):
    """A model that got them in batches, as in a run."""
    model = VerdictModel()
    for start in range(0, ROWS, 5000):
        model.append(many[start : start + 5000])
    return model


def test_a_batch_is_one_signal(qapp, many):
    """The view is told once a batch, not once a row."""
    model, told = VerdictModel(), []
    model.rowsInserted.connect(lambda _, first, last: told.append((first, last)))
    model.append(many[:5000])
    model.append(many[5000:10000])
    model.append([])
    assert told == [(0, 4999), (5000, 9999)]


def test_counts_add_up(full):
    """Whatever is shown, every file is counted once."""
    full.set_filter("truncated", "")
    assert full.rowCount() == 0
    assert sum(full.counts.values()) == full.total == ROWS
    assert full.counts[Outcome.NO_SEAL] == ROWS // 100


def test_filter_by_verdict_and_text(full):
    """A word, everything that is not intact, text in any case, or both."""
    full.set_filter("image-changed", "")
    assert full.rowCount() == ROWS // 10 - ROWS // 100
    full.set_filter(NOT_INTACT, "")
    assert full.rowCount() == ROWS // 10
    full.set_filter("", "FIELD_012345")
    assert full.verdict_at(0).path.endswith("Field_012345.jpg")
    full.set_filter(NOT_INTACT, "other pixels")
    assert full.rowCount() == ROWS // 10 - ROWS // 100
    full.set_filter("", "")
    assert full.rowCount() == ROWS
    assert len(full.verdicts()) == ROWS


def test_rows_that_come_later_obey_the_filter(full):
    """A filter set during the run holds for what follows."""
    full.set_filter("no-seal", "")
    before = full.rowCount()
    full.append([verdict(1), verdict(100), verdict(10)])
    assert full.rowCount() == before + 1


@pytest.mark.parametrize("order", list(Qt.SortOrder))
def test_sort_by_every_column(full, order):
    """From good to bad, by name, by reason; and back to the order of the run."""
    flip = order == Qt.SortOrder.DescendingOrder
    severity = {outcome: n for n, outcome in enumerate(Outcome)}
    full.sort(0, order)
    found = [severity[full.verdict_at(r).verdict] for r in range(0, ROWS, 97)]
    assert found == sorted(found, reverse=flip)
    full.sort(1, order)
    names = [full.data(full.index(r, 1)) for r in range(0, ROWS, 97)]
    assert names == sorted(names, reverse=flip)
    full.sort(2, order)
    full.sort(-1, order)
    assert full.verdict_at(0).path.endswith("Field_000000.jpg")


def test_a_selected_row_moves_with_its_file(full):
    """After sorting, the selection is on the same file."""
    index = QPersistentModelIndex(full.index(10, 0))
    path = full.verdict_at(index.row()).path
    full.sort(0, Qt.SortOrder.DescendingOrder)
    assert index.row() != 10
    assert full.verdict_at(index.row()).path == path


def test_cells_say_it_in_words_and_escape_what_is_hidden(qapp):
    """A name from an archive cannot write into the table what it likes."""
    model = VerdictModel()
    model.append([Verdict(path="/x/a\x1b[2J\u202egpj.jpg", verdict=Outcome.TRUNCATED)], "/x")
    assert model.data(model.index(0, 0)) == "⚠ truncated"
    assert model.data(model.index(0, 1)) == "a\\x1b[2J\\u202egpj.jpg"
    assert "\x1b" not in model.data(model.index(0, 1), Qt.ItemDataRole.ToolTipRole)
    assert model.data(model.index(5, 0)) is None
    assert [model.headerData(n, Qt.Orientation.Horizontal) for n in range(3)] == [
        "Verdict",
        "File",
        "Why",
    ]


@pytest.mark.parametrize(
    ("path", "folder", "shown"),
    [
        ("/x/a.jpg", "/x", "a.jpg"),
        ("/x/sub/deep/a.jpg", "/x/", "sub/deep/a.jpg"),
        ("./sub/a.jpg", ".", "sub/a.jpg"),
        ("/x//y/a.jpg", "/x/y", "a.jpg"),
        ("/xy/a.jpg", "/x", "/xy/a.jpg"),
        ("/home/a.jpg", "/", "home/a.jpg"),
        ("/x/empty/", "/x/empty", "empty"),
        ("/x/a.jpg", "", "/x/a.jpg"),
    ],
)
def test_paths_are_shown_from_the_chosen_folder(qapp, path, folder, shown):
    """And whole in the tooltip."""
    model = VerdictModel()
    model.append([Verdict(path=path, verdict=Outcome.INTACT)], folder)
    assert model.data(model.index(0, 1)) == shown.replace("/", os.sep)
    whole = model.data(model.index(0, 1), Qt.ItemDataRole.ToolTipRole)
    assert whole == f"<p>{os.path.abspath(path)}</p>"


def test_a_file_name_is_never_markup(qapp):
    """Qt shows a tooltip that looks like HTML as HTML."""
    model = VerdictModel()
    model.append([Verdict(path="/x/<img src=y>.jpg", verdict=Outcome.INTACT)])
    shown = model.data(model.index(0, 1), Qt.ItemDataRole.ToolTipRole)
    assert "<img" not in shown
    assert "&lt;img" in shown


def test_every_verdict_has_its_signs():
    """Words and a symbol for each, different from those of an intact file."""
    assert set(FLAGS) == set(Outcome)
    assert all(flag.words and flag.symbol for flag in FLAGS.values())
    others = {flag.symbol for outcome, flag in FLAGS.items() if outcome is not Outcome.INTACT}
    assert FLAGS[Outcome.INTACT].symbol not in others


def test_tester_of_qt_finds_nothing(qtmodeltester, many):
    """Qt's own rules for models hold."""
    model = VerdictModel()
    model.append(many[:50])
    model.sort(1, Qt.SortOrder.DescendingOrder)
    qtmodeltester.check(model)
