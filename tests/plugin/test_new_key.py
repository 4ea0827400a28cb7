"""Making a key in napari: two files, chosen to sign with, and trusted here if wanted."""

from __future__ import annotations

import os
import stat
import sys

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

import napari_seal
from napari_seal import Signature, load_signing_key
from napari_seal._napari.saving.new_key_dialog import NewKeyDialog


@pytest.fixture
def own_list(monkeypatch, tmp_path):
    """An own list of trusted keys, empty, in a folder of the test."""
    folder = tmp_path / "config" / "trust"
    monkeypatch.delenv("NAPARI_SEAL_TRUST", raising=False)
    for module in ("napari_seal._trust.trusted", "napari_seal._napari.saving.new_key_dialog"):
        monkeypatch.setattr(f"{module}.default_folder", lambda: str(folder))
    return folder


@pytest.fixture
def dialog(signatures, own_list, qtbot, tmp_path):
    """The dialog, for a key anna."""
    made = NewKeyDialog(str(tmp_path))
    qtbot.addWidget(made)
    made.show()
    made.name.setText("anna")
    return made


def test_a_key_with_a_passphrase_signs_at_once(dialog, signatures, own_list, tmp_path, seal_widget):
    """It is chosen, its passphrase is not asked for again, and its signature is a trusted one."""
    for line in (dialog.passphrase, dialog.again):
        line.setText("secret")
    dialog.make.click()
    private = tmp_path / "anna.pem"
    assert signatures.key == str(private)
    key = load_signing_key(private, "secret")
    told = dialog.told.text().replace("\u200b", "")
    for expected in (str(private), str(tmp_path / "anna.pub.pem"), key.public.fingerprint):
        assert expected in told
    assert (own_list / "anna.pub.pem").read_text() == key.public.pem
    assert not dialog.passphrase.text()
    assert not dialog.again.text()
    dialog.copy.click()
    assert QApplication.clipboard().text() == key.public.fingerprint
    assert seal_widget.signing.sign.text() == "sign as anna"
    assert seal_widget.seal() is not None
    verdict = napari_seal.check(tmp_path / "x.sealed.jpg")
    assert (verdict.signature, verdict.signer) == (Signature.TRUSTED, "anna")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_without_a_passphrase_only_the_owner_reads_it(dialog, tmp_path):
    """As the note in the dialog says."""
    dialog.make.click()
    private = tmp_path / "anna.pem"
    load_signing_key(private)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_it_need_not_be_trusted(dialog, own_list, tmp_path):
    """The tick is taken away: only the two files are made."""
    dialog.trust.click()
    dialog.make.click()
    assert (tmp_path / "anna.pub.pem").exists()
    assert not own_list.exists()


@pytest.mark.parametrize(
    ("name", "again", "said"),
    [
        ("anna", "secrex", "passphrases are not the same"),
        ("../anna", "secret", "plain file name"),
        ("", "secret", "plain file name"),
        ("taken", "secret", "exists, and keys are not overwritten"),
    ],
)
def test_what_cannot_be_made_is_said(dialog, signatures, tmp_path, name, again, said):
    """Nothing is written then, and what was typed stays to be mended."""
    (tmp_path / "taken.pub.pem").write_text("a key")
    before = sorted(tmp_path.rglob("*.pem"))
    dialog.name.setText(name)
    dialog.passphrase.setText("secret")
    dialog.again.setText(again)
    dialog.make.click()
    assert said in dialog.problem.text()
    assert dialog.problem.isVisible()
    assert dialog.name.isVisible()
    assert dialog.passphrase.text() == "secret"
    assert sorted(tmp_path.rglob("*.pem")) == before
    assert not signatures.key


def test_a_name_that_the_list_has_is_told(dialog, signatures, own_list, tmp_path):
    """The key is made and chosen; the other one stays in the list."""
    own_list.mkdir(parents=True)
    (own_list / "anna.pub.pem").write_text("another key")
    dialog.make.click()
    assert signatures.key == str(tmp_path / "anna.pem")
    assert "not trusted on this computer" in dialog.problem.text()
    assert (own_list / "anna.pub.pem").read_text() == "another key"


def test_another_list_is_not_added_to(signatures, own_list, qtbot, tmp_path, monkeypatch):
    """Where Preferences or the environment name one, whoever keeps it adds keys."""
    signatures.trust = str(tmp_path / "theirs")
    other = NewKeyDialog(str(tmp_path))
    qtbot.addWidget(other)
    assert other.trust.isHidden()
    signatures.trust = ""
    monkeypatch.setenv("NAPARI_SEAL_TRUST", str(tmp_path / "theirs"))
    other = NewKeyDialog(str(tmp_path))
    qtbot.addWidget(other)
    assert other.trust.isHidden()


def test_from_the_menu_with_the_keyboard(
    seal_widget, signatures, own_list, repeated, qtbot, tmp_path
):
    """Return makes the key, Escape closes the dialog then."""
    seen: list[str] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, NewKeyDialog):
            return
        if not seen:
            seen.append(dialog.folder.text())
            dialog.name.setText("anna")
            dialog.folder.setText(str(tmp_path))
            qtbot.keyClick(dialog.passphrase, Qt.Key.Key_Return)
        else:
            seen.append(dialog.told.text() or dialog.problem.text())
            qtbot.keyClick(dialog, Qt.Key.Key_Escape)

    timer = repeated(look, 20)
    seal_widget.signing.new_key.trigger()
    timer.stop()
    assert seen[0] == os.path.expanduser("~")
    assert seen[1].startswith("✓ The key was made")
    assert signatures.key == str(tmp_path / "anna.pem")
