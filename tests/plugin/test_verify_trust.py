"""Signatures in the dock: columns, filter, counts, the tick that requires them, and the export."""

from __future__ import annotations

import json

import pytest
from dock import choose, run, verify

from napari_seal import Signature
from napari_seal._napari.verifying import verify_job
from napari_seal._napari.verifying.export import export
from napari_seal._napari.verifying.verdict_order import NOT_TRUSTED, SIGNATURE, SIGNER


@pytest.fixture
def signed_archive(signatures, sealed, make_key, tmp_path, picture):
    """Two files of a trusted signer, one of an unknown one, and one that nobody signed."""
    known, unknown = make_key("Robot 1"), make_key("Robot 2", trusted=False)
    for n, key in enumerate([known, unknown, None, known]):
        sealed(f"archive/{n}.sealed.jpg", image=picture + n, key=key)
    signatures.trust = str(tmp_path / "trust")
    return tmp_path / "archive"


EXPECTED = {
    "0.sealed.jpg": ("✓ trusted", "Robot 1"),
    "1.sealed.jpg": ("○ unknown-key", "sha256:"),
    "2.sealed.jpg": ("○ none", ""),
    "3.sealed.jpg": ("✓ trusted", "Robot 1"),
}


def shown(widget):
    """State and signer by file, cut after the algorithm of a fingerprint."""
    model = widget.table.results
    cells = [
        [str(model.data(model.index(row, column))) for column in (1, SIGNATURE, SIGNER)]
        for row in range(model.rowCount())
    ]
    return {file: (state, who[: len("Robot 1")]) for file, state, who in cells}


@pytest.mark.parametrize("how", ["thread", "processes", "ledger"])
def test_states_and_signers_are_shown(signed_archive, widget, qtbot, tmp_path, monkeypatch, how):
    """However files are checked; the counts add up."""
    if how == "processes":
        monkeypatch.setattr(verify_job, "_FEW", 1)
    if how == "ledger":
        choose(widget, qtbot, signed_archive, tmp_path / "ledger.db")
        verify(widget, qtbot)
    else:
        run(widget, qtbot, signed_archive)
    assert shown(widget) == EXPECTED
    assert not widget.table.isColumnHidden(SIGNATURE)
    rows = widget.table.results.rows
    assert rows.signed == {Signature.TRUSTED: 2, Signature.UNKNOWN_KEY: 1, Signature.NONE: 1}
    assert "trusted&nbsp;" in widget.summary.text().replace("</span>", "")


def test_without_signatures_nothing_is_said_of_them(widget, qtbot, signatures, mixed):
    """No column, no counts, no choice in the filter."""
    run(widget, qtbot, mixed[0])
    assert widget.table.isColumnHidden(SIGNATURE)
    assert "Signatures" not in widget.summary.text()
    assert NOT_TRUSTED not in widget.verdict_filter.choices


def test_a_trusted_signature_can_be_required(signed_archive, widget, qtbot):
    """Each file without one is marked and counted; the filter finds them; verdicts stay."""
    run(widget, qtbot, signed_archive)
    widget.trust.required.click()
    assert shown(widget)["2.sealed.jpg"] == ("⚠ none", "")
    assert "2&nbsp;without&nbsp;a&nbsp;trusted&nbsp;one" in widget.summary.text()
    widget.verdict_filter.value = NOT_TRUSTED
    assert set(shown(widget)) == {"1.sealed.jpg", "2.sealed.jpg"}
    assert set(widget.table.results.counts) == {"intact"}


def test_filter_and_order(signed_archive, widget, qtbot):
    """By state, by the signer's name as text, and sorted from good to bad or by signer."""
    run(widget, qtbot, signed_archive)
    model = widget.table.results
    model.set_filter("signature unknown-key", "")
    assert list(shown(widget)) == ["1.sealed.jpg"]
    model.set_filter("", "robot 1")
    assert list(shown(widget)) == ["0.sealed.jpg", "3.sealed.jpg"]
    model.set_filter("", "")
    model.sort(SIGNATURE)
    assert [file[0] for file in shown(widget)] == ["0", "3", "1", "2"]
    model.sort(SIGNER)
    assert [file[0] for file in shown(widget)] == ["2", "0", "3", "1"]


def test_the_export_tells_them(signed_archive, widget, qtbot, tmp_path):
    """The same words as those of the command line."""
    run(widget, qtbot, signed_archive)
    export(str(tmp_path / "v.jsonl"), widget.table.results.rows.verdicts())
    lines = [json.loads(line) for line in (tmp_path / "v.jsonl").read_text().splitlines()]
    assert [line["signature"] for line in lines[:4]] == [
        "trusted",
        "unknown-key",
        "none",
        "trusted",
    ]
    assert lines[0]["signer"] == "Robot 1"


def test_whom_to_trust_is_chosen_in_the_dock(signed_archive, widget, qtbot, signatures, tmp_path):
    """It is kept in Preferences; results are judged by it when they are verified again."""
    run(widget, qtbot, signed_archive)
    signatures.trust = str(tmp_path / "untrusted")
    qtbot.waitUntil(lambda: "1 trusted key: " in widget.trust.told.text())
    assert "verify again" in widget.message.text()
    run(widget, qtbot, signed_archive)
    assert shown(widget)["1.sealed.jpg"] == ("✓ trusted", "Robot 2")


def test_a_list_that_cannot_be_used_is_said(signed_archive, widget, qtbot, signatures, tmp_path):
    """Before the run and after it; nothing is verified by another one instead."""
    signatures.trust = str(tmp_path / "gone")
    qtbot.waitUntil(lambda: widget.trust.told.text().startswith("⚠"))
    run(widget, qtbot, signed_archive)
    assert widget.message.text().startswith("⚠ Nothing was checked")
