"""The table of keys and values: what is typed is what is stored, or it says otherwise."""

from __future__ import annotations

import json

import pytest
from napari.components import ViewerModel

import napari_seal
from napari_seal._napari.saving.metadata_table import MetadataTable
from napari_seal._napari.saving.seal_widget import SealWidget


@pytest.fixture
def table(qtbot):
    """An empty table."""
    made = MetadataTable()
    qtbot.addWidget(made)
    return made


def type_in(table, text, key="k"):
    """Add a row as a person does."""
    table.add_button.click()
    row = table.rows.rowCount() - 1
    table.rows.item(row, 0).setText(key)
    table.rows.item(row, 1).setText(text)


def test_values_keep_their_kind(table):
    """What is shown as text is read back as the same value."""
    values = {
        "n": 12,
        "t": "12",
        "f": 0.5,
        "l": [1, "a"],
        "b": True,
        "s": "NaN",
        "e": "",
        "q": '"x"',
    }
    values |= {"ns": 1_700_000_000_123_456_789, "o": {"k": None}, "null": "null"}
    table.set_metadata(values)
    assert table.metadata() == values
    table.add_button.click()
    assert table.metadata() == values
    table.rows.selectRow(0)
    table.remove_button.click()
    assert "n" not in table.metadata()


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("12", 12),
        ("-0.5e3", -500.0),
        ("0.1", 0.1),
        ("1.50", 1.5),
        ("1e-300", 1e-300),
        (str(2**70 + 1), 2**70 + 1),
        ("9" * 4000, 10**4000 - 1),
        ('{"a": [1, null]}', {"a": [1, None]}),
        ('"1e999"', "1e999"),
        ("1e", "1e"),
        ("{not json}", "{not json}"),
        (" TDR 12", " TDR 12"),
    ],
)
def test_what_json_says_exactly_is_stored_as_json(table, typed, value):
    """Large whole numbers too; nothing to note, for what is no JSON looks like text."""
    type_in(table, typed)
    assert table.metadata() == {"k": value}
    assert type(table.metadata()["k"]) is type(value)
    assert table.problem() == table.note() == ""


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("1e999", "1e999 cannot be stored exactly"),
        ("-1e999", "-1e999 cannot be stored exactly"),
        ("1e-999", "1e-999 cannot be stored exactly"),
        ("1e99999999999999999999", "cannot be stored exactly"),
        ("0e99999999999999999999", "cannot be stored exactly"),
        ("[1, 1e999]", "1e999 cannot be stored exactly"),
        ("9007199254740993.0", "cannot be stored exactly"),
        ("3.14159265358979323846", "cannot be stored exactly"),
        ("9" * 4001, "4,000 digits"),
        ("NaN", "NaN is no JSON number"),
        ("[-Infinity]", "-Infinity is no JSON number"),
        ('{"a":1,"a":2}', '"a" stands twice'),
        ('[{"b": {"a":1,"a":1}}]', '"a" stands twice'),
    ],
)
def test_what_would_not_be_exact_is_kept_as_text(table, typed, why):
    """Every character that was typed is stored, and the table says so."""
    type_in(table, typed)
    assert table.metadata() == {"k": typed}
    json.dumps(table.metadata(), allow_nan=False)
    assert table.problem() == ""
    assert "k is stored as text, as typed" in table.note()
    assert why in table.note()


@pytest.mark.parametrize(
    "text", ["1e999", "NaN", '{"a":1,"a":2}', "12", "9" * 5000, "\n", "\ud800"]
)
def test_a_text_of_the_layer_stays_a_text(table, text):
    """What was text before it came into the table needs no note."""
    table.set_metadata({"k": text})
    assert table.metadata() == {"k": text}
    assert table.note() == ""


def test_spaces_around_a_key_are_kept_and_noted(table):
    """They do not show, and who looks the key up later will not find it."""
    table.set_metadata({"k ": 1, "k": 2})
    assert table.metadata() == {"k ": 1, "k": 2}
    assert 'The key "k " begins or ends with a space.' in table.note()


def test_too_long_a_number_is_named(qtbot, picture):
    """Python does not write it; the widget opens all the same and says what it leaves out."""
    viewer = ViewerModel()
    viewer.add_image(picture, metadata={"huge": 10**5000, "plate": 3})
    widget = SealWidget(viewer)
    qtbot.addWidget(widget.native)
    assert widget.table.metadata() == {"plate": 3}
    assert "huge" in widget.problem.text()


def test_the_widget_shows_the_note_and_seals_the_text(qtbot, picture, tmp_path):
    """Nothing is lost in silence on the way into the file."""
    viewer = ViewerModel()
    viewer.add_image(picture)
    widget = SealWidget(viewer)
    qtbot.addWidget(widget.native)
    widget.target.value = tmp_path / "x"
    type_in(widget.table, "1e999", key="dose")
    assert "dose is stored as text, as typed: 1e999" in widget.problem.text()
    widget.seal()
    metadata = napari_seal.check(tmp_path / "x.sealed.jpg").seal.metadata
    assert metadata == {"dose": "1e999"}
