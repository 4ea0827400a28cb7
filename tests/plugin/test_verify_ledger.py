"""The dock with a ledger: what is missing or came, going on, accepting, and errors in words."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from dock import MANY, choose, rows, verify
from napari.components import ViewerModel
from qtpy.QtCore import Qt

import napari_seal
from napari_seal._napari.verifying.verify_ledger import for_people
from napari_seal._napari.verifying.verify_widget import VerifyWidget


def test_a_new_ledger_is_made_by_the_run(widget, qtbot, archive):
    """Before, the dock says so and makes nothing; after, it says what the ledger knows."""
    folder, ledger = archive
    assert not widget.ledger.told.text()
    choose(widget, qtbot, folder, ledger)
    assert widget.ledger.told.text() == "A new ledger: the run will make it."
    assert not ledger.exists()
    verify(widget, qtbot)
    assert "1 complete run, the last of " in widget.ledger.told.text()
    assert "with 5 files." in widget.ledger.told.text()
    with napari_seal.Ledger.open(ledger, read_only=True) as opened:
        assert [run.counts for run in opened.runs()] == [{"intact": 5}]


def test_a_run_waits_until_the_ledger_is_known(widget, qtbot, archive):
    """Enter in its line begins the run, as soon as it is clear that there is nothing to ask."""
    folder, ledger = archive
    widget.set_paths([str(folder)])
    qtbot.keyClicks(widget.ledger.line, str(ledger))
    qtbot.keyClick(widget.ledger.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: widget.running)
    qtbot.waitUntil(lambda: not widget.running)
    assert len(rows(widget)) == 5
    assert ledger.exists()


def test_what_is_missing_and_what_came(widget, qtbot, archive, sealed, picture):
    """Each has a row that says so, and the numbers add up."""
    folder, ledger = archive
    choose(widget, qtbot, folder, ledger)
    verify(widget, qtbot)
    (folder / "0.sealed.jpg").unlink()
    (folder / "sub").mkdir()
    (folder / "1.sealed.jpg").rename(folder / "sub" / "moved.sealed.jpg")
    shutil.copy(folder / "2.sealed.jpg", folder / "copied.sealed.jpg")
    shutil.copy(folder / "3.sealed.jpg", folder / "4.sealed.jpg")
    sealed("archive/new.sealed.jpg", image=picture + 9)
    verify(widget, qtbot)
    assert rows(widget) == {
        "0.sealed.jpg": "✗ missing",
        "2.sealed.jpg": "✓ intact",
        "3.sealed.jpg": "✓ intact",
        "4.sealed.jpg": "⚠ substituted",
        "copied.sealed.jpg": "✓ intact, copied",
        "new.sealed.jpg": "✓ intact, extra",
        os.path.join("sub", "moved.sealed.jpg"): "✓ intact, moved",
    }
    summary = widget.summary.text().replace("&nbsp;", " ")
    assert "= 6 checked + 1 missing (1 copied, 1 extra, 1 moved)" in summary
    widget.table.selectRow(list(rows(widget)).index("0.sealed.jpg"))
    assert "The file was last verified on" in widget.details.toPlainText()
    widget.table.selectRow(list(rows(widget)).index(os.path.join("sub", "moved.sealed.jpg")))
    assert "expected 1.sealed.jpg" in widget.details.toPlainText()
    widget.verdict_filter.value = "missing"
    assert list(rows(widget)) == ["0.sealed.jpg"]


def test_a_file_that_is_missing_cannot_be_opened(widget, qtbot, archive, told):
    """The person is told, and nothing breaks."""
    folder, ledger = archive
    choose(widget, qtbot, folder, ledger)
    verify(widget, qtbot)
    (folder / "0.sealed.jpg").unlink()
    verify(widget, qtbot)
    row = list(rows(widget)).index("0.sealed.jpg")
    widget.table.doubleClicked.emit(widget.table.results.index(row, 1))
    assert not widget._viewer.layers
    assert any("Not opened: 0.sealed.jpg" in message for message in told)


def cancel_a_run(widget, qtbot, folder, ledger):
    """Begin, and cancel when something was done; returns what the ledger has of it."""
    choose(widget, qtbot, folder, ledger)
    widget.start.native.click()
    qtbot.waitUntil(lambda: widget.table.results.total > 0)
    widget.cancel.native.click()
    qtbot.waitUntil(lambda: not widget.running and not widget.ledger.looking)
    with napari_seal.Ledger.open(ledger, read_only=True) as opened:
        (run,) = opened.runs()
    assert run.state == "unfinished"
    return run


def test_going_on_with_a_cancelled_run(widget, qtbot, many_files):
    """The tick is there and says what there is; no file is checked twice, none is left out."""
    folder, ledger = many_files
    run = cancel_a_run(widget, qtbot, folder, ledger)
    done = sum(run.counts.values())
    assert 0 < done < MANY
    assert "can be gone on with" in widget.message.text()
    tick = widget.ledger.go_on
    assert not tick.isHidden()
    assert tick.isChecked()
    begun = f"{run.begun[:10]} {run.begun[11:16]} UTC"
    assert tick.text() == f"go on with the unfinished run,\nbegun {begun}, {done:,} files done"
    assert widget.start.text == "Go on"
    verify(widget, qtbot)
    assert widget.table.results.total == MANY
    assert len(rows(widget)) == MANY
    assert tick.isHidden()
    with napari_seal.Ledger.open(ledger, read_only=True) as opened:
        assert [(run.state, run.counts) for run in opened.runs()] == [
            ("complete", {"intact": MANY})
        ]


def test_the_tick_is_for_the_same_choice_only(widget, qtbot, many_files):
    """Another folder, or another choice of subfolders, has no run that could be gone on with."""
    folder, ledger = many_files
    (folder / "sub").mkdir()
    cancel_a_run(widget, qtbot, folder, ledger)
    tick = widget.ledger.go_on
    for change, there in (
        (lambda: widget.set_paths([str(folder / "sub")]), False),
        (lambda: widget.set_paths([str(folder)]), True),
        (lambda: setattr(widget.recursive, "value", False), False),
        (lambda: setattr(widget.recursive, "value", True), True),
    ):
        change()
        qtbot.waitUntil(lambda: not widget.ledger.looking)
        assert tick.isHidden() is not there
    tick.setChecked(False)
    assert widget.start.text == "Verify"
    verify(widget, qtbot)
    with napari_seal.Ledger.open(ledger, read_only=True) as opened:
        assert [run.state for run in opened.runs()] == ["stopped", "complete"]


def test_the_ledger_is_remembered_in_the_session(widget, qtbot, archive):
    """A dock that is opened again has the same one."""
    folder, ledger = archive
    choose(widget, qtbot, folder, ledger)
    again = VerifyWidget(ViewerModel())
    qtbot.addWidget(again.native)
    assert again.ledger.line.text() == str(ledger)
    qtbot.waitUntil(lambda: not again.ledger.looking)


def test_choosing_and_naming_through_the_dialogs(widget, qtbot, archive, answer_dialog):
    """A name without an extension becomes a `.db`."""
    folder, ledger = archive
    widget.set_paths([str(folder)])
    answer_dialog(ledger.with_suffix(""))
    widget.ledger.new_button.click()
    assert widget.ledger.path == str(ledger)
    qtbot.waitUntil(lambda: not widget.ledger.looking)
    verify(widget, qtbot)
    widget.ledger.line.clear()
    answer_dialog(ledger)
    widget.ledger.open_button.click()
    assert widget.ledger.path == str(ledger)


def other_database(path):
    """Put the database of another program there."""
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")


def damage(path):
    """Overwrite the tables, not the header."""
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "said", "to_do"),
    [
        (lambda p: p.write_text("text " * 999), "is not a ledger", "choose another file"),
        (other_database, "not a ledger of napari-seal", "choose another file"),
        (damage, "damaged", "begin a new one"),
        (lambda p: (p.unlink(), p.mkdir()), "is a folder", "one file in it"),
    ],
)
def test_what_is_no_ledger_is_said_with_what_to_do(widget, qtbot, archive, spoil, said, to_do):
    """In the dock, in words, without the command line's; and nothing can be started with it."""
    folder, ledger = archive
    choose(widget, qtbot, folder, ledger)
    verify(widget, qtbot)
    spoil(ledger)
    widget.ledger.look()
    qtbot.waitUntil(lambda: not widget.ledger.looking)
    text = widget.ledger.told.text().replace("\u200b", "")
    assert text.startswith("⚠ ")
    assert said in text
    assert to_do in text
    assert "--" not in text
    assert not widget.start.enabled
    widget.ledger.line.clear()
    qtbot.waitUntil(lambda: not widget.ledger.looking)
    assert widget.start.enabled


def test_a_folder_that_the_ledger_is_not_about(widget, qtbot, archive, tmp_path):
    """It says which folder it is about."""
    folder, ledger = archive
    choose(widget, qtbot, folder, ledger)
    verify(widget, qtbot)
    (tmp_path / "other").mkdir()
    widget.set_paths([str(tmp_path / "other")])
    qtbot.waitUntil(lambda: not widget.ledger.looking)
    text = widget.ledger.told.text().replace("\u200b", "")
    assert f"is not in {folder}" in text
    assert "choose the ledger of this folder" in text
    assert "--" not in text
    assert not widget.start.enabled


def test_no_folder_for_a_new_ledger(widget, qtbot, archive, tmp_path):
    """Said before a run is begun."""
    choose(widget, qtbot, archive[0], tmp_path / "nowhere" / "ledger.db")
    assert "There is no folder" in widget.ledger.told.text()
    assert not widget.start.enabled


def test_a_ledger_in_use(widget, qtbot, archive):
    """Another run writes into it: said in words, and the results of before are not mixed in."""
    folder, ledger = archive
    choose(widget, qtbot, folder, ledger)
    verify(widget, qtbot)
    with napari_seal.Ledger.open(ledger) as other:
        running = other.check_many(folder, jobs=1)
        next(running)
        widget.start.native.click()
        qtbot.waitUntil(lambda: not widget.running)
        running.close()
    text = widget.message.text().replace("\u200b", "")
    assert text.startswith("⚠ Nothing was checked: Another run is writing into the ledger")
    assert "wait until it has ended." in text
    assert widget.table.results.total == 0


def test_an_empty_folder_is_no_success(widget, qtbot, tmp_path):
    """With a ledger as well."""
    (tmp_path / "empty").mkdir()
    choose(widget, qtbot, tmp_path / "empty", tmp_path / "ledger.db")
    verify(widget, qtbot)
    assert widget.message.text().startswith(
        "⚠ Nothing was checked: There was not one JPEG or PNG file"
    )


def test_errors_of_the_ledger_speak_of_the_dock(archive, tmp_path):
    """What the core says to people at a command line is of no use here."""
    folder, path = archive
    (tmp_path / "other").mkdir()
    with napari_seal.Ledger.open(path, create=True) as ledger:
        unfinished = ledger.check_many(folder, jobs=1)
        next(unfinished)
        unfinished.close()
        errors = []
        for ask in (
            lambda: list(ledger.check_many(folder, jobs=1, recursive=False, resume=True)),
            lambda: list(ledger.check_many(tmp_path / "other", jobs=1)),
            lambda: ledger.accept(folder / "nowhere.jpg"),
            lambda: napari_seal.Ledger.open(tmp_path / "nowhere.db"),
        ):
            with pytest.raises(napari_seal.SealError) as caught:
                ask()
            errors.append(str(caught.value))
    for error in errors:
        told = for_people(error)
        assert "--" not in told
        assert "`" not in told
        assert "Python" not in told
        assert told[0].isupper() or told.startswith("/")
    assert for_people(errors[0]).endswith("choose the same, or untick it.")


def test_tab_goes_from_top_to_bottom(widget):
    """The way of the focus is that of the eye, and leaves the table."""
    choice = widget.ledger
    parts = [
        widget.source,
        widget.folder_button,
        widget.recursive,
        choice.line,
        choice.new_button,
        widget.start,
        widget.text_filter,
        widget.table,
        widget.details,
        widget.export_button,
    ]
    way, at = [], widget.source.native
    for _ in range(80):
        way.append(at)
        at = at.nextInFocusChain()
    places = [way.index(getattr(part, "native", part)) for part in parts]
    assert places == sorted(places)
    assert not widget.table.tabKeyNavigation()


@pytest.mark.parametrize("points", [9, 15, 20])
def test_what_is_known_of_a_ledger_is_not_cut_off(widget, qtbot, points):
    """However often a larger font breaks the line."""
    widget.native.resize(420, 700)
    widget.native.setStyleSheet(f"QLabel, QPushButton {{ font-size: {points}pt; }}")
    widget.native.show()
    qtbot.waitExposed(widget.native)
    told = widget.ledger.told
    widget.ledger.duplicates_button.setVisible(True)
    told.setText("2 complete runs, the last of 2026-11-29 15:06 UTC with 25 files.")
    told.setVisible(True)
    qtbot.waitUntil(lambda: told.height() >= told.heightForWidth(told.width()), timeout=60_000)
